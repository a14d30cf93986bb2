"""Who may import whom. The contracts stand in pyproject.toml; `make layers` checks them on the project as it is."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("shared", "servorg", "custorg", "localhost", "doubles")
PURE = {
    *("__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib", "heapq"),
    *("itertools", "json", "math", "operator", "re", "string", "textwrap", "types", "typing", "unicodedata"),
}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
OFFENCES = {
    "core": ("shared/core/model.py", "import logging"),
    "roles": ("servorg/ports.py", "import custorg.ports"),
    "shared": ("shared/errors.py", "import servorg.ports"),
    "local": ("custorg/ports.py", "import doubles.faults"),
    "honest": ("doubles/faults.py", "import shared.wire"),
    "use-cases": ("custorg/commands.py", "import requests"),
    "adapters-servorg": ("servorg/deskdirector.py", "import servorg.ledger"),
    "adapters-custorg": ("custorg/graph.py", "import custorg.choices"),
}


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_core_imports_itself_and_the_pure_part_of_the_standard_library_only() -> None:
    files = list((ROOT / "shared/core").rglob("*.py"))
    found = {name for file in files for name in imports(file)}
    of_sys = {line for file in files for line in re.findall(r"^.*\bsys\b.*$", file.read_text(), re.MULTILINE)}
    foreign = {name for name in found if not name.startswith("shared.core") and name.split(".")[0] not in PURE}

    assert foreign <= {"sys"}
    assert of_sys == {"from sys import intern"}  # which is as pure as a string; nothing else of `sys` is


def test_function_app_imports_nothing_that_runs_on_a_developers_machine_only() -> None:
    found = {name.split(".")[0] for name in imports(ROOT / "function_app.py")}

    assert not found & {"localhost", "doubles", "bench", "tests", "scripts"}


def test_each_contract_is_told_in_a_sentence_and_tried_by_an_offence() -> None:
    assert all(contract["name"].endswith(".") for contract in CONTRACTS)
    assert {contract["id"] for contract in CONTRACTS} == OFFENCES.keys()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each contract, without blanks, in a copy of the project with every offence in it."""
    folder = tmp_path_factory.mktemp("offences")
    for package in OURS:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, line in OFFENCES.values():
        with (folder / file).open("a", encoding="utf-8") as offender:
            offender.write(f"\n{line}\n")
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    said = subprocess.run(lint, cwd=folder, capture_output=True, text=True, check=False)

    assert said.returncode == 1, said.stdout + said.stderr

    # A long name is wrapped: the report is told apart by the names without their blanks.
    report = "".join(said.stdout.partition("Broken contracts")[2].split())
    names = {contract["id"]: "".join(contract["name"].split()) for contract in CONTRACTS}
    parts = re.split("|".join(f"({re.escape(name)})-+" for name in names.values()), report)
    found = [part for part in parts if part is not None]
    told = dict(zip(found[1::2], found[2::2], strict=True))
    return {contract: told[name] for contract, name in names.items()}


@pytest.mark.parametrize("contract", OFFENCES)
def test_an_offence_breaks_its_contract(contract: str, broken: dict[str, str]) -> None:
    file, line = OFFENCES[contract]
    offender, offence = file.removesuffix(".py").replace("/", "."), line.removeprefix("import ")

    assert f"{offender}->{offence}(" in broken[contract]
