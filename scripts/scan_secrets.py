"""Looks for secrets in every file that git would take: python -m scripts.scan_secrets [--accept].

What was looked at and is none, such as the made-up keys of the doubles, stands in .secrets.baseline by file and hash.
Ends with 1 when something else is found; with --accept that is written down as none.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import configure_settings_from_baseline
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).parents[1]
BASELINE = ROOT / ".secrets.baseline"
HASHES = {"package-lock.json", "requirements.txt", "requirements-dev.txt", "requirements-infra.txt", BASELINE.name}
"""Files that are made of hashes."""


def main(arguments: list[str]) -> int:
    """The exit status."""
    words = argparse.ArgumentParser(prog="python -m scripts.scan_secrets", description=__doc__)
    words.add_argument("--accept", action="store_true", help="what is found is no secret, and is recorded so")
    asked = words.parse_args(arguments)
    known = baseline.load_from_file(str(BASELINE))
    configure_settings_from_baseline(known)
    found = scan(ROOT)
    if asked.accept:
        return _accept(found)
    accepted = {(name, one["hashed_secret"]) for name, several in known["results"].items() for one in several}
    new = [f"{name}:{one.line_number}: {one.type}" for name, one in found if (name, one.secret_hash) not in accepted]
    if new:
        new.append("If these are no secrets, say so with: python -m scripts.scan_secrets --accept")
        sys.stderr.write("\n".join(new) + "\n")
    return int(bool(new))


def scan(root: Path) -> SecretsCollection:
    """What looks like a secret in the files below `root` that its .gitignore does not name, baseline or not."""
    found = SecretsCollection(root=str(root))
    found.scan_files(*_files(root), num_processors=2)
    return found


def _accept(found: SecretsCollection) -> int:
    for name, one in found:
        one.filename = name  # not where it stands on this machine
        one.is_secret = False
        one.line_number = 0  # it would change with every edit
    baseline.save_to_file(found, str(BASELINE))
    return 0


def _files(root: Path) -> Iterator[str]:
    ignored = GitIgnoreSpec.from_lines([".git/", *(root / ".gitignore").read_text(encoding="utf-8").splitlines()])
    for folder, folders, names in root.walk():
        place = folder.relative_to(root)
        folders[:] = [name for name in folders if not ignored.match_file(f"{place / name}/")]
        yield from (str(place / name) for name in names if not ignored.match_file(place / name) and name not in HASHES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
