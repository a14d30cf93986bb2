"""Each check sees its fault: one is planted into a copy of infra/, and the check that should see it must."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra import parity, policies, resources, symbols, telemetry

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
TYPES = ROOT.parent / "shared" / "reference" / "azure-resource-types.json"


def _types(folder: Path) -> list[str]:
    if not TYPES.exists():
        pytest.skip(f"the published types are not at hand: {TYPES}")
    return resources.type_faults(folder, resources.published(TYPES))


def _of(role: str, check: Callable[[Path, str], list[str]]) -> Callable[[Path], list[str]]:
    return lambda folder: check(folder, role)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, the check that must see it, the text of a file that becomes another, and what the check says."""

    what: str
    check: Callable[[Path], list[str]]
    file: str
    right: str
    wrong: str
    said: str


FAULTS = [
    Fault(
        "a query names an event that nobody logs",
        telemetry.name_faults,
        "queries/permission-lost.kql",
        '"run ended by an error"',
        '"run ended badly"',
        "nobody logs 'run ended badly'",
    ),
    Fault(
        "a query names a field that its event does not have",
        telemetry.name_faults,
        "queries/poison.kql",
        "toint(said.poison) > 0",
        "toint(said.poisoned) > 0",
        "no event of it has 'poisoned'",
    ),
    Fault(
        "the workbook names a metric that is not there",
        telemetry.name_faults,
        "workbook.json",
        r"\"graph_calls\"",
        r"\"graph_requests\"",
        "there is no metric 'graph_requests'",
    ),
    Fault(
        "a brace is missing",
        symbols.syntax_faults,
        "modules/identity.bicep",
        "  tags: tags\n}",
        "  tags: tags\n",
        "identity.bicep",
    ),
    Fault(
        "a parameter file is cut off",
        symbols.syntax_faults,
        "custorg.bicepparam",
        "TRANSITIVE_MEMBERS: 'true'\n}",
        "",
        "custorg.bicepparam",
    ),
    Fault(
        "a name is misspelled",
        symbols.symbol_faults,
        "modules/storage.bicep",
        "  location: location",
        "  location: locaton",
        "locaton is not declared",
    ),
    Fault(
        "a loop's variable hides a name",
        symbols.symbol_faults,
        "modules/storage.bicep",
        "[for tableName in tables: {\n  parent: tableService\n  name: tableName\n",
        "[for table in tables: {\n  parent: tableService\n  name: table\n",
        "table is declared, and a loop's variable",
    ),
    Fault(
        "a parameter is not used",
        symbols.symbol_faults,
        "modules/workbook.bicep",
        "    sourceId: workspaceId\n",
        "",
        "workspaceId is not used",
    ),
    Fault(
        "a module lacks a parameter", symbols.module_faults, "main.bicep", "    sku: storageSku\n", "", "sku is missing"
    ),
    Fault(
        "a module gets what it does not take",
        symbols.module_faults,
        "main.bicep",
        "emails: alert",
        "mails: alert",
        "no parameter mails",
    ),
    Fault(
        "an output is not there",
        symbols.module_faults,
        "main.bicep",
        "storage.outputs.id",
        "storage.outputs.key",
        "no output key",
    ),
    Fault(
        "a module gets a text for a number",
        symbols.module_faults,
        "main.bicep",
        "logRetentionDays: logRetentionDays",
        "logRetentionDays: '90'",
        "logRetentionDays must be int",
    ),
    Fault(
        "a value of a parameter file is unknown",
        symbols.parameter_file_faults,
        "servorg.bicepparam",
        "param alertEmails",
        "param alertMails",
        "no parameter alertMails",
    ),
    Fault(
        "a property is misspelled",
        _types,
        "modules/functionapp.bicep",
        "httpsOnly: true",
        "httpsOnlyy: true",
        "httpsOnlyy",
    ),
    Fault(
        "a value is none of those allowed",
        _types,
        "modules/vault.bicep",
        "'standard'",
        "'basic'",
        "sku.name",
    ),
    Fault(
        "a property has another type",
        _types,
        "modules/vault.bicep",
        "InDays: 90",
        "InDays: '90'",
        "softDeleteRetentionInDays",
    ),
    Fault(
        "a version was never published",
        _types,
        "modules/vault.bicep",
        "vaults@2024-11-01' = {",
        "vaults@2024-11-02' = {",
        "vaults@2024-11-02",
    ),
    Fault(
        "authentication settings are wrong",
        _types,
        "modules/signin.bicep",
        "requireAuthentication",
        "requireSignIn",
        "requireSignIn",
    ),
    Fault(
        "a role id is another's", resources.role_faults, "modules/roles.bicep", "'b7e6dc6d-", "'b7e6dc6e-", "b7e6dc6e"
    ),
    Fault(
        "a role is named wrongly",
        resources.role_faults,
        "modules/vaultroles.bicep",
        "// Key Vault Secrets User:",
        "// Key Vault Secrets Officer:",
        "Key Vault Secrets User",
    ),
    Fault(
        "a setting of the code is missing",
        _of("servorg", parity.setting_faults),
        "modules/settings.bicep",
        "  MAX_REMOVALS: '25'\n",
        "",
        "MAX_REMOVALS is not in",
    ),
    Fault(
        "a setting is read by nobody",
        _of("custorg", parity.setting_faults),
        "modules/settings.bicep",
        "TRANSITIVE_MEMBERS",
        "TRANSITIVE_PEOPLE",
        "TRANSITIVE_PEOPLE is no setting",
    ),
    Fault(
        "a default is another",
        _of("servorg", parity.setting_faults),
        "modules/settings.bicep",
        "GRACE_DAYS_CONTACTS: '7'",
        "GRACE_DAYS_CONTACTS: '0'",
        "GRACE_DAYS_CONTACTS",
    ),
    Fault(
        "a setting is refused by Flex Consumption",
        _of("custorg", parity.setting_faults),
        "modules/settings.bicep",
        "  AZURE_CLIENT_ID: ",
        "  FUNCTIONS_WORKER_RUNTIME: 'python'\n  AZURE_CLIENT_ID: ",
        "FUNCTIONS_WORKER_RUNTIME may not",
    ),
    Fault(
        "a timer's schedule is another",
        _of("custorg", parity.timer_faults),
        "modules/settings.bicep",
        "REFRESH_SCHEDULE: '0 0 1 ",
        "REFRESH_SCHEDULE: '0 0 3 ",
        "0 0 3 ",
    ),
    Fault(
        "a parameter file names no setting",
        _of("servorg", parity.override_faults),
        "servorg.bicepparam",
        "MAIL_SENDER",
        "MAIL_SENDERS",
        "MAIL_SENDERS",
    ),
    Fault(
        "a queue is missing",
        _of("servorg", parity.storage_faults),
        "modules/storage.bicep",
        "  'sync-jobs-poison'\n",
        "",
        "sync-jobs-poison is missing",
    ),
    Fault(
        "a table is used by nobody",
        _of("custorg", parity.storage_faults),
        "modules/storage.bicep",
        "'entragroups'",
        "'groups'",
        "groups is used by nobody",
    ),
    Fault(
        "an address is served by nobody",
        _of("custorg", parity.route_faults),
        "main.bicep",
        "}/picker'",
        "}/chooser'",
        "nobody serves chooser",
    ),
    Fault(
        "an event is logged by nobody",
        parity.query_faults,
        "queries/runs-held.kql",
        "run finished",
        "run ended",
        "nobody logs 'run ended'",
    ),
    Fault(
        "a query is not there",
        parity.query_faults,
        "modules/alerts.bicep",
        "runs-failed.kql",
        "failed-runs.kql",
        "no query failed-runs.kql",
    ),
    Fault(
        "the app answers without TLS",
        policies.policy_faults,
        "modules/functionapp.bicep",
        "httpsOnly: true",
        "httpsOnly: false",
        "CKV_AZURE_14",
    ),
    Fault(
        "a file is unreadable for the policies",
        policies.policy_faults,
        "modules/identity.bicep",
        "param name string",
        "param name string[]",
        "could not be read",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_seen(fault: Fault, tmp_path: Path) -> None:
    folder = tmp_path / "infra"
    shutil.copytree(INFRA, folder)
    file = folder / fault.file
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace(fault.right, fault.wrong, 1), encoding="utf-8")

    assert fault.right in right
    assert [said for said in fault.check(folder) if fault.said in said]
