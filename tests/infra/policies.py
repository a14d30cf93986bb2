"""checkov and shellcheck, in an environment of their own: their pins are not the app's."""

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".local" / "infra" / "bin"


class ToolMissing(AssertionError):
    """A tool is not installed; the message says how to get it."""


def tool(name: str) -> str:
    """The tool's path, or ToolMissing."""
    path = TOOLS / name
    if not path.exists():
        raise ToolMissing(f"{name} is not installed in {TOOLS}: `make setup` or `scripts/setup infra` installs it")
    return str(path)


def checkov(folder: Path) -> dict[str, Any]:
    """checkov's report on the folder, made without a connection."""
    options = ["--framework", "bicep", "--skip-download", "--quiet", "--compact", "--output", "json"]
    command = [tool("checkov"), "--directory", str(folder), *options]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def policy_faults(folder: Path) -> list[str]:
    """What checkov finds that is not skipped with a reason, and how many files it could not read."""
    report = checkov(folder)
    unread = report["summary"]["parsing_errors"]
    return [
        *(f"{one['check_id']} {one['file_path']} {one['check_name']}" for one in report["results"]["failed_checks"]),
        *(["a file could not be read by checkov"] * unread),
    ]


def script_faults(scripts: list[Path]) -> str:
    """What shellcheck says of the scripts; nothing when they are in order."""
    command = [tool("shellcheck"), *map(str, scripts)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
