"""The zip that Azure runs: the same bytes each time, only what the role needs, and it runs where nothing else is."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from shared.version import APP_VERSION
from tests.azurite import Azurite
from tests.infra.parity import triggers
from tests.localhost.host_rig import wait_until

ROOT = Path(__file__).parents[2]
PACKAGES = ".python_packages/lib/site-packages"
TENANT = "11111111-1111-1111-1111-111111111111"
ROLES = ["servorg", "custorg"]
SETTINGS = {
    "custorg": {},
    "servorg": {
        "DESKDIRECTOR_URL": "http://127.0.0.1:9",
        "DESKDIRECTOR_API_KEY": "a key",
        "DESKDIRECTOR_AGENT_ID": "1",
    },
}
# Without this environment's packages and without the project's folder: what is imported comes from the zip.
START = """
import runpy, sys
app, host = sys.argv[1:3]
sys.path[:0] = [app, f"{app}/.python_packages/lib/site-packages"]
sys.path.append(host)
sys.argv = ["localhost", "--port", "0"]
runpy.run_module("localhost", run_name="__main__", alter_sys=True)
"""
IMPORT_ALL = """
import importlib, pkgutil, sys
app, role = sys.argv[1:3]
sys.path[:0] = [app, f"{app}/.python_packages/lib/site-packages"]
for name in (role, "shared"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
assert all(app in (module.__file__ or app) for name, module in sys.modules.items() if name.startswith(("azure.", role)))
"""


SHIPPED = ("shared", "servorg", "custorg", "scripts", "function_app.py", "host.json", "requirements.txt", ".funcignore")


def build(role: str, folder: Path, project: Path = ROOT) -> Path:
    command = [sys.executable, "-m", "scripts.package", role, "--dist", str(folder)]
    ran = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr
    made = folder / f"sync-entra-groups-{role}-{APP_VERSION}.zip"
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    shown = made.relative_to(project) if made.is_relative_to(project) else made
    assert ran.stdout.strip() == f"{shown} {made.stat().st_size / 1e6:.1f} MB sha256:{digest}"
    return made


@pytest.fixture(scope="module", params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def package(role: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(role, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def unzipped(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def copy(project: Path) -> Path:
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    return project


def test_the_same_files_give_the_same_bytes_whatever_lies_around(tmp_path: Path) -> None:
    bare = copy(tmp_path / "bare")
    used = Path(shutil.copytree(bare, tmp_path / "used"))
    for name in ("local.settings.json", ".env", "notes.md", "shared/__pycache__/old.pyc", ".python_packages/old.py"):
        (used / name).parent.mkdir(exist_ok=True)
        (used / name).write_text("a secret, or of yesterday")
    os.utime(used / "function_app.py", (1_000_000_000, 1_000_000_000))
    first, second = (build("servorg", project / "dist", project).read_bytes() for project in (bare, used))

    assert hashlib.sha256(first).hexdigest() == hashlib.sha256(second).hexdigest()


def test_azd_gets_the_packages_alone(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    (folder / "of_yesterday").mkdir(parents=True)
    command = [sys.executable, "-m", "scripts.package", "custorg", "--wheels", str(folder)]
    subprocess.run(command, cwd=ROOT, timeout=100, check=True)

    assert (folder / "azure" / "functions" / "__init__.py").exists()
    assert not (folder / "of_yesterday").exists()


def test_it_holds_the_role_and_nothing_of_a_developers_machine(package: Path, role: str) -> None:
    names = zipfile.ZipFile(package).namelist()
    own = {name.partition("/")[0] for name in names}
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / role).rglob("*.py")}

    assert own == {".python_packages", "function_app.py", "host.json", "requirements.txt", role, "shared"}
    assert wanted <= set(names)
    assert [name for name in names if name.endswith((".pyc", "/RECORD")) or "__pycache__" in name] == []
    assert names == sorted(names)


def test_its_packages_are_for_the_machines_of_azure(package: Path) -> None:
    compiled = [name for name in zipfile.ZipFile(package).namelist() if name.endswith(".so")]

    assert compiled
    assert [name for name in compiled if "x86_64-linux-gnu" not in name and ".abi3." not in name] == []


def test_every_module_finds_what_it_imports(unzipped: Path, role: str) -> None:
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(unzipped), role]
    ran = subprocess.run(command, cwd=unzipped, capture_output=True, text=True, timeout=100, check=False)

    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def ready(unzipped: Path, role: str, azurite: Azurite, tmp_path: Path) -> Iterator[str]:
    """The line that the host prints when the unzipped app is loaded."""
    (tmp_path / "localhost").symlink_to(ROOT / "localhost")
    environ = {"PATH": os.environ["PATH"], "ROLE": role, "TENANT_ID": TENANT} | SETTINGS[role]
    out = tmp_path / "out.txt"
    with out.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START, str(unzipped), str(tmp_path)],
            cwd=unzipped,
            env=environ | {"AzureWebJobsStorage": azurite.connection_string},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "READY" in out.read_text() or process.poll() is not None, 60)
        assert "READY" in out.read_text(), out.read_text()
        yield next(line for line in out.read_text().splitlines() if line.startswith("READY"))
    finally:
        process.terminate()
        process.wait(30)


def test_it_runs_where_nothing_else_is_installed(ready: str, role: str) -> None:
    _word, url, count, _functions = ready.split()
    health = requests.get(f"{url}/api/health", timeout=30)

    assert int(count) == len(triggers(role))
    assert (health.status_code, health.json()) == (200, {"status": "ok", "role": role, "version": APP_VERSION})
