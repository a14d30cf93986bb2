"""The tables are copied into a file and back, row by row."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.tables import RESTORED, TABLES, backup, main, restore
from servorg.customers import Customers
from servorg.ledger import TableLedger
from servorg.records import ChangeRow, LeaseTaken, Run, RunStatus
from shared.core.model import AccountId, Address, ContactLink
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from tests.azurite import Azurite

NOW = datetime(2026, 11, 24, 10, 53, 12, tzinfo=UTC)
RUN = Run(
    "contoso-20261124-105312-4f2a9c1b",
    "contoso",
    (2,),
    RunStatus.SUCCEEDED,
    queued_at=NOW,
    ended_at=NOW,
    skipped=tuple((f"„{number}“\u2028@contoso.example", "guest", "") for number in range(200)),
)
LINK = ContactLink(leaving_since=1.0, service_group=5)


@pytest.fixture
def tables(azurite: Azurite) -> Tables:
    made = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))
    empty(made)
    Customers(made).put(id="contoso", name="Contoso", url="https://custorg.example", account=4711)
    ledger = TableLedger(made)
    ledger.create_run(RUN)
    ledger.write_changes(RUN.id, [ChangeRow(RUN.id, number, "create contact") for number in range(12)])
    ledger.write_links("contoso", AccountId(4711), {Address("ann@contoso.example"): LINK}, {})
    return made


def empty(tables: Tables) -> None:
    for name in TABLES:
        for partition in {entity["PartitionKey"] for entity in tables.table(name).list_entities()}:
            delete_partition(tables.table(name), partition)


def test_what_was_lost_comes_back_as_it_was(tables: Tables, tmp_path: Path) -> None:
    file = tmp_path / "tables.jsonl"
    copied = backup(tables, file)
    empty(tables)
    lost = Customers(tables).all()
    written, again = restore(tables, file, NOW), restore(tables, file, NOW)
    ledger = TableLedger(tables)

    assert lost == ()
    assert copied == written == again
    assert (copied["changes"], copied["links"], copied["runs"]) == (12, 1, 2)
    assert ledger.run(RUN.id) == RUN
    assert len(ledger.changes(RUN.id)) == 12
    assert ledger.links("contoso")[AccountId(4711)].contacts == {Address("ann@contoso.example"): LINK}
    assert [one.name for one in Customers(tables).all()] == ["Contoso"]


def test_rows_that_came_or_changed_since_stay(tables: Tables, tmp_path: Path) -> None:
    file = tmp_path / "tables.jsonl"
    backup(tables, file)
    customers = Customers(tables)
    customers.put(id="fabrikam", name="Fabrikam", url="https://other.example", account=4712)
    customers.put(id="contoso", name="Contoso today", url="https://custorg.example", account=4711)
    restore(tables, file, NOW)

    assert [one.name for one in customers.all()] == ["Contoso today", "Fabrikam"]


def test_a_run_that_was_under_way_is_not_gone_on_with(tables: Tables, tmp_path: Path) -> None:
    file, ledger = tmp_path / "tables.jsonl", TableLedger(tables)
    lying = replace(RUN, id="contoso-20261124-105313-4f2a9c1c", status=RunStatus.RUNNING, ended_at=None)
    ledger.create_run(lying)
    ledger.take_lease("contoso", lying.id, "a host", NOW, 120)
    backup(tables, file)
    empty(tables)
    restore(tables, file, NOW)
    found = ledger.run(lying.id)
    taken = ledger.take_lease("contoso", RUN.id, "another", NOW, 120)

    assert found is not None
    assert (found.status, found.ended_at, found.reason) == (RunStatus.CANCELLED, NOW, RESTORED)
    assert found.over
    assert isinstance(taken, LeaseTaken)
    assert taken.previous is None


def test_the_file_is_for_its_owner_alone(tables: Tables, tmp_path: Path) -> None:
    file = tmp_path / "tables.jsonl"
    backup(tables, file)

    assert file.stat().st_mode & 0o077 == 0


def test_the_command_line_copies_the_storage_of_the_settings(
    tables: Tables,
    azurite: Azurite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "local.settings.json").write_text(
        json.dumps({"Values": {"AzureWebJobsStorage": azurite.connection_string}}), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLE", "servorg")
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    status = main(["backup", "tables.jsonl"])

    assert (status, "changes: 12 rows" in capsys.readouterr().out) == (0, True)
    assert Customers(tables).all() != ()
    assert main(["backup"]) == 64
