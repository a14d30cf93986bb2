"""infra/: syntax, names, published types, roles, and what the code expects of a deployment."""

from pathlib import Path

import pytest

from tests.infra import parity, resources, symbols, telemetry
from tests.infra.bicep import read

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
TYPES = ROOT.parent / "shared" / "reference" / "azure-resource-types.json"
ROLES = ["servorg", "custorg"]


def test_every_file_parses() -> None:
    assert symbols.syntax_faults(INFRA) == []


def test_every_name_is_declared_and_used() -> None:
    assert symbols.symbol_faults(INFRA) == []


def test_modules_get_what_they_take() -> None:
    assert symbols.module_faults(INFRA) == []


def test_parameter_files_give_what_the_template_takes() -> None:
    assert symbols.parameter_file_faults(INFRA) == []


def test_every_resource_is_as_azure_publishes_its_type() -> None:
    if not TYPES.exists():
        pytest.skip(f"the published types are not at hand: {TYPES}")

    assert resources.type_faults(INFRA, resources.published(TYPES)) == []


def test_every_role_is_a_known_one_with_its_name_and_reason() -> None:
    assert resources.role_faults(INFRA) == []


@pytest.mark.parametrize("role", ROLES)
def test_settings_and_their_defaults_are_those_of_the_code(role: str) -> None:
    assert parity.setting_faults(INFRA, role) == []


@pytest.mark.parametrize("role", ROLES)
def test_timers_run_when_the_template_says(role: str) -> None:
    assert parity.timer_faults(INFRA, role) == []


@pytest.mark.parametrize("role", ROLES)
def test_parameter_files_name_settings_of_the_code(role: str) -> None:
    assert parity.override_faults(INFRA, role) == []


@pytest.mark.parametrize("role", ROLES)
def test_queues_and_tables_are_those_of_the_code(role: str) -> None:
    assert parity.storage_faults(INFRA, role) == []


@pytest.mark.parametrize("role", ROLES)
def test_the_addresses_that_it_tells_are_the_routes_of_the_code(role: str) -> None:
    assert parity.route_faults(INFRA, role) == []


def test_queries_name_what_the_code_logs_and_each_has_its_alert() -> None:
    assert parity.query_faults(INFRA) == []


def test_queries_name_events_fields_and_metrics_that_are_told() -> None:
    assert telemetry.queries(INFRA)
    assert telemetry.name_faults(INFRA) == []


def test_each_alert_says_what_to_do() -> None:
    alerts = read(INFRA / "modules" / "alerts.bicep")
    rules = [rule for name in ("ofServOrg", "ofCustOrg", "ofBoth") for rule in alerts.value(name)]

    assert len({rule["name"] for rule in rules}) == len(rules)
    assert all(rule["does"].endswith(".") and rule["title"] for rule in rules)


def test_each_module_says_what_it_owns() -> None:
    silent = [path.name for path in INFRA.rglob("*.bicep") if not path.read_text(encoding="utf-8").startswith("// ")]

    assert silent == []
