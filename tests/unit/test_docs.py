"""Settings are told alike in code, example and README, and the locks agree with each other."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from shared.settings import CustOrgSettings, ServOrgSettings, StorageSettings
from shared.version import APP_VERSION

ROOT = Path(__file__).parents[2]
# Those that the code reads by itself, without settings.py.
SHIPPED = [
    ROOT / "function_app.py",
    *(file for role in ("shared", "servorg", "custorg") for file in (ROOT / role).rglob("*.py")),
]
GIVEN_BY_AZURE = {"AZURE_CLIENT_ID", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
CODE = {*StorageSettings.names(), *ServOrgSettings.names(), *CustOrgSettings.names()}
# Read by the Functions host, and one function key per customer: not settings of ours.
OTHERS = {"FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT", "CUSTOMER_KEY_CONTOSO"}


def example() -> dict[str, str]:
    values: dict[str, str] = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    return values


def readme_settings() -> list[str]:
    """The names in the first cell of each row of the tables under the README's heading `Settings`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## .*Settings.*$", readme, flags=re.MULTILINE)[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_the_example_names_every_setting_and_no_other() -> None:
    assert example().keys() - OTHERS == CODE


def test_the_readme_names_every_setting_once_and_no_other() -> None:
    told = readme_settings()

    assert sorted(told) == sorted(CODE)


@pytest.mark.parametrize("role", [ServOrgSettings, CustOrgSettings])
def test_the_example_can_be_run_as_it_is(role: type[ServOrgSettings | CustOrgSettings]) -> None:
    settings = role.read(example())

    assert settings.role == "both"


def test_the_code_reads_no_setting_that_is_not_told() -> None:
    read = re.compile(r"""environ(?:\.get\(|\[)\s*["'](\w+)["']""")
    found = {name for file in SHIPPED for name in read.findall(file.read_text(encoding="utf-8"))}

    assert found - GIVEN_BY_AZURE <= CODE


def test_the_example_repeats_the_defaults() -> None:
    needed = {name: value for name, value in example().items() if name in NEEDED}

    assert ServOrgSettings.read(needed).model_dump(exclude=SHOWN) == ServOrgSettings.read(example()).model_dump(
        exclude=SHOWN
    )


NEEDED = {
    *StorageSettings.names(),
    *(
        field.alias
        for role in (ServOrgSettings, CustOrgSettings)
        for field in role.model_fields.values()
        if field.is_required()
    ),
}
SHOWN = {"dev_principal"}  # without it nobody could open the pages of a local run


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9._-]+==[^ ]+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_what_ships_is_pinned_as_it_is_tested() -> None:
    shipped, tested = pins("requirements.txt"), pins("requirements-dev.txt")

    assert shipped
    assert shipped < tested


def test_both_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(project["project"]["dependencies"]) <= pins("requirements.txt")
    assert set(project["dependency-groups"]["dev"]) <= pins("requirements-dev.txt")


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    azurite = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]["azurite"]

    assert [name for name in named if not re.fullmatch(r"[a-z0-9-]+==[\d.]+", name)] == []
    assert re.fullmatch(r"[\d.]+", azurite)


def test_package_lock_names_no_address_of_a_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_every_test_that_the_table_of_modes_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "modes.md").read_text(encoding="utf-8")))
    written = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))

    assert named
    assert named - set(re.findall(r"def (test_\w+)", written)) == set()


def test_the_version_is_told_alike() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    newest = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest
    assert newest[1] == project == APP_VERSION
