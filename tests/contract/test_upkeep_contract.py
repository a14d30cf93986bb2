"""What the timers look at: in memory, and in tables (with Azurite)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from servorg.customers import Customers
from servorg.ledger import TableLedger
from servorg.records import ChangeRow, Ledger, Run, RunStatus, new_run_id
from servorg.rows import NEWEST
from servorg.schedules import Looks
from servorg.upkeep import RunRows
from servorg.upkeep_rows import TableLooks, TableRunRows
from shared.settings import StorageSettings
from shared.tables import Tables, row
from tests.azurite import Azurite
from tests.fakes.ledger import FakeLedger
from tests.fakes.upkeep import FakeLooks, FakeRunRows

NOW = datetime(2026, 11, 24, 10, 53, 12, tzinfo=UTC)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
RANDOM = Random(11)


@dataclass(frozen=True, slots=True)
class Stage:
    """One implementation: a ledger, its rows, and schedules. `configure` sets the customer's schedule now."""

    ledger: Ledger
    rows: RunRows
    looks: Looks
    configure: Callable[[str], None]


@pytest.fixture(scope="module")
def tables(azurite: Azurite) -> Tables:
    return Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))


@pytest.fixture(params=["memory", "tables"])
def stage(request: pytest.FixtureRequest) -> Stage:
    if request.param == "memory":
        ledger, looks = FakeLedger(), FakeLooks()
        return Stage(ledger, FakeRunRows(ledger), looks, lambda one: looks.configured(one, datetime.now(UTC)))
    tables: Tables = request.getfixturevalue("tables")
    book = Customers(tables)

    def configure(customer: str) -> None:
        if not any(one.id == customer for one in book.all()):
            book.put(id=customer, name="C", url="https://c.example", account=RANDOM.getrandbits(30) + 1)
        book.configure(customer, {"schedule": "0 30 2 * * *"})

    return Stage(TableLedger(tables), TableRunRows(tables), TableLooks(tables), configure)


@pytest.fixture
def customer() -> str:
    """A customer of this test alone: Azurite is shared."""
    return f"customer-{RANDOM.getrandbits(40):x}"


def a_run(customer: str, at: datetime = NOW, status: RunStatus = RunStatus.QUEUED) -> Run:
    return Run(new_run_id(customer, at, RANDOM), customer, (2,), status, queued_at=at)


# schedules


def test_a_customer_that_was_never_configured_has_no_look(stage: Stage, customer: str) -> None:
    assert stage.looks.last(customer) is None


def test_before_the_first_look_it_counts_when_the_schedule_was_set(stage: Stage, customer: str) -> None:
    before = datetime.now(UTC)
    stage.configure(customer)
    last = stage.looks.last(customer)

    assert last
    assert last.owed == ""
    assert before - timedelta(seconds=1) <= last.at <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_look_is_remembered_until_the_schedule_is_set_anew(stage: Stage, customer: str) -> None:
    stage.configure(customer)
    last = stage.looks.last(customer)
    assert last
    noted = stage.looks.note(customer, last, NOW, "run-1")
    seen = stage.looks.last(customer)
    stage.configure(customer)
    anew = stage.looks.last(customer)

    assert noted
    assert seen
    assert (seen.at, seen.owed) == (NOW, "run-1")
    assert anew
    assert (anew.at != NOW, anew.owed) == (True, "")


def test_another_change_of_the_configuration_leaves_when_the_schedule_was_set(tables: Tables, customer: str) -> None:
    book, looks = Customers(tables), TableLooks(tables)
    book.put(id=customer, name="C", url="https://c.example", account=RANDOM.getrandbits(30) + 1)
    book.configure(customer, {"schedule": "0 30 2 * * *"})
    before = looks.last(customer)
    book.configure(customer, {"modes": (2,)})
    book.configure(customer, {"modes": (3,)})
    after = looks.last(customer)

    assert before
    assert after
    assert after.at == before.at


def test_of_two_looks_at_once_one_is_noted(stage: Stage, customer: str) -> None:
    stage.configure(customer)
    last = stage.looks.last(customer)
    assert last

    assert stage.looks.note(customer, last, NOW, "run-1")
    assert not stage.looks.note(customer, last, NOW, "run-2")
    found = stage.looks.last(customer)
    assert found
    assert found.owed == "run-1"


# unfinished runs


def test_what_is_not_over_is_told_oldest_first_with_its_last_sign_of_life(stage: Stage, customer: str) -> None:
    times = [NOW - timedelta(hours=hours) for hours in range(8, 0, -1)]
    made = [a_run(customer, at, status) for at, status in zip(times, RunStatus, strict=False)]
    started = replace(made[1], started_at=NOW - timedelta(minutes=3))
    closed = replace(a_run(customer, NOW, RunStatus.CANCELLED), ended_at=NOW)
    for run in (made[0], started, *made[2:], closed):
        stage.ledger.create_run(run)
    found = stage.rows.unfinished(customer)
    by_status = {run.status: run for run in made}

    assert [run.id for run in found] == [
        by_status[status].id for status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLED)
    ]
    assert [run.since for run in found] == [times[0], started.started_at, by_status[RunStatus.CANCELLED].queued_at]
    assert {(run.customer, run.sent) for run in found} == {(customer, 0)}


def test_a_run_that_is_sent_again_shows_it_once(stage: Stage, customer: str) -> None:
    run = a_run(customer)
    stage.ledger.create_run(run)
    [found] = stage.rows.unfinished(customer)
    later = NOW + timedelta(hours=1)

    assert stage.rows.note_sent(found, later, "sent again")
    assert not stage.rows.note_sent(found, later, "sent again too")
    [again] = stage.rows.unfinished(customer)
    assert (again.sent, again.since) == (1, later)
    assert stage.ledger.run(run.id) == replace(run, reason="sent again")


def test_without_a_reason_the_runs_own_stays(stage: Stage, customer: str) -> None:
    run = replace(a_run(customer, status=RunStatus.CANCELLED), reason="cancelled")
    stage.ledger.create_run(run)
    [found] = stage.rows.unfinished(customer)

    assert stage.rows.note_sent(found, NOW, "")
    assert stage.ledger.run(run.id) == run


def test_a_run_that_changed_meanwhile_is_not_sent_again(stage: Stage, customer: str) -> None:
    run = a_run(customer)
    stage.ledger.create_run(run)
    [found] = stage.rows.unfinished(customer)
    stage.ledger.update_run(run.id, status=RunStatus.RUNNING)

    assert not stage.rows.note_sent(found, NOW, "sent again")


def test_a_lease_is_seen_as_it_is_written(stage: Stage, customer: str) -> None:
    none = stage.rows.lease(customer)
    taken = stage.ledger.take_lease(customer, "run-1", "me", NOW, 60)

    assert none is None
    assert stage.rows.lease(customer) == taken


# forgetting


def test_a_forgotten_run_is_gone_with_its_changes_and_the_others_stay(stage: Stage, customer: str) -> None:
    old, newer = a_run(customer, NOW - timedelta(days=500)), a_run(customer)
    for run in (old, newer):
        stage.ledger.create_run(run)
        stage.ledger.write_changes(run.id, [ChangeRow(run.id, number, "create contact") for number in range(7)])
    stage.rows.forget(old.id)
    stage.rows.forget(old.id)

    assert stage.ledger.runs(customer, 9) == [newer]
    assert old.id not in {run.id for run in stage.ledger.runs(None, 100)}
    assert (stage.ledger.run(old.id), stage.ledger.changes(old.id)) == (None, [])
    assert len(stage.ledger.changes(newer.id)) == 7


def test_runs_of_all_customers_are_found_by_the_time_when_they_were_queued(stage: Stage) -> None:
    names = [f"customer-{RANDOM.getrandbits(40):x}" for _ in range(3)]
    runs = [a_run(name, LONG_AGO + timedelta(days=day)) for day, name in enumerate(names)]
    for run in runs:
        stage.ledger.create_run(run)

    assert sorted(stage.rows.queued_before(LONG_AGO + timedelta(days=2), 10)) == sorted(run.id for run in runs[:2])
    assert len(stage.rows.queued_before(LONG_AGO + timedelta(days=2), 1)) == 1


def test_what_was_too_much_for_a_runs_row_is_forgotten_too(tables: Tables, customer: str) -> None:
    ledger, rows = TableLedger(tables), TableRunRows(tables)
    noise = tuple((f"{RANDOM.getrandbits(800):x}", "r", "d") for _ in range(3_000))
    run = replace(a_run(customer), skipped=noise)
    ledger.create_run(run)
    before = list(tables.table("changes").query_entities(f"PartitionKey eq '{run.id}'", select=["RowKey"]))
    rows.forget(run.id)

    assert before
    assert list(tables.table("changes").query_entities(f"PartitionKey eq '{run.id}'")) == []


def test_a_forgetting_that_was_interrupted_is_found_again(tables: Tables, customer: str) -> None:
    ledger, rows = TableLedger(tables), TableRunRows(tables)
    run = a_run(customer, LONG_AGO - timedelta(days=9))
    ledger.create_run(run)
    runs = tables.table("runs")
    [entity] = runs.query_entities(f"PartitionKey eq '{customer}'")
    runs.delete_entity(entity)

    assert run.id in rows.queued_before(LONG_AGO, 10)
    rows.forget(run.id)
    assert run.id not in rows.queued_before(LONG_AGO, 10)
    assert row(runs, NEWEST, f"{entity['RowKey']}:{customer}") is None
