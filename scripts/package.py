"""The zip that Azure runs: `python -m scripts.package servorg|custorg`, or `--wheels FOLDER` for the packages alone.

The same commit gives the same bytes: sorted names, fixed times, packages by hash. What goes in: the files that
`.funcignore` does not leave out, without the other role's, and the packages of requirements.txt as Linux wheels, since
a build in Azure may take another Python (deployment.md §6).
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from shared.version import APP_VERSION

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PACKAGES = ".python_packages/lib/site-packages"
OTHER = {"servorg": "custorg", "custorg": "servorg"}
# ServOrg asks no Graph through the SDK, whose 16,741 modules are three quarters of the packages (runtime.md §5).
NEEDLESS = {"servorg": ("msgraph", "msgraph_sdk-*.dist-info"), "custorg": ()}
# What differs from machine to machine (RECORD has the hashes of bin/, which names an interpreter), or is remade.
OF_THE_MACHINE = (".lock", "bin", "*.pyc", "__pycache__", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can name
MODE = 0o644 << 16


def main() -> int:
    """Builds one package and prints its path, size and hash in one line."""
    parser = argparse.ArgumentParser("python -m scripts.package", description="Builds the zip that Azure runs.")
    parser.add_argument("role", choices=sorted(OTHER))
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="install the packages there instead, for azd")
    parser.add_argument("--dist", type=Path, default=DIST, metavar="FOLDER", help="where the zip goes (dist)")
    arguments = parser.parse_args()
    if arguments.wheels:
        shutil.rmtree(arguments.wheels, ignore_errors=True)
        install(arguments.wheels)
        return 0
    made = build(arguments.role, arguments.dist)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    shown = made.relative_to(ROOT) if made.is_relative_to(ROOT) else made
    sys.stdout.write(f"{shown} {made.stat().st_size / 1e6:.1f} MB sha256:{digest}\n")
    return 0


def build(role: str, dist: Path) -> Path:
    """The role's zip in `dist`; CalledProcessError when the packages cannot be installed."""
    dist.mkdir(parents=True, exist_ok=True)
    made = dist / f"sync-entra-groups-{role}-{APP_VERSION}.zip"
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        files = {name: ROOT / name for name in app_files(role)}
        files |= {f"{PACKAGES}/{name}": Path(folder) / name for name in package_files(role, Path(folder))}
        write(made, files)
    return made


def install(folder: Path) -> None:
    """The packages of requirements.txt, each with its hash, as wheels for the machines of Azure."""
    command = [_uv(), "pip", "install", "--quiet", "--target", str(folder), "--requirement", "requirements.txt"]
    for_azure = ["--python-platform", "x86_64-unknown-linux-gnu", "--python-version", "3.13"]
    # The running interpreter only reads wheels here; which one it is changes nothing of what is installed.
    strict = ["--only-binary", ":all:", "--require-hashes", "--no-compile-bytecode", "--python", sys.executable]
    subprocess.run([*command, *for_azure, *strict], cwd=ROOT, check=True)


def app_files(role: str) -> list[str]:
    """The app's files, from the project's root, in order."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines([*lines, "/.python_packages/", f"/{OTHER[role]}/"])
    return sorted(_not_ignored(ignored, ROOT))


def package_files(role: str, folder: Path) -> list[str]:
    """The files of the installed packages that the role needs, in order."""
    ignored = GitIgnoreSpec.from_lines([*OF_THE_MACHINE, *(f"/{name}/" for name in NEEDLESS[role])])
    return sorted(_not_ignored(ignored, folder))


def _not_ignored(ignored: GitIgnoreSpec, root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        # not entered: node_modules alone has thousands of folders
        folders[:] = [name for name in folders if not ignored.match_file(f"{(here / name).as_posix()}/")]
        names = [(here / name).as_posix() for name in files]
        yield from (name for name in names if not ignored.match_file(name))


def write(made: Path, files: dict[str, Path]) -> None:
    """The zip of these files by name, the same bytes each time."""
    with zipfile.ZipFile(made, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = MODE
            archive.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED, 6)


def _uv() -> str:
    own = ROOT / ".local" / "uv" / "bin" / "uv"  # where scripts/setup puts it when there is none on PATH
    return shutil.which("uv") or str(own)


if __name__ == "__main__":
    sys.exit(main())
