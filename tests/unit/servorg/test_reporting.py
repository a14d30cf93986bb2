"""The daily report from the ledger to the mail."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from servorg.customer import Customer
from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus
from servorg.reporting import DAY, Sources, gather, mail_report
from servorg.schedules import last_due
from shared.core.changes import CreateContact, to_json
from shared.core.report import CustOrgFacts, Verdict
from tests.builders import ACCOUNT, mail
from tests.fakes.ledger import FakeLedger
from tests.unit.servorg.cli_rig import FakeMailer

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
NIGHTLY = "0 30 2 * * *"


class CountingLedger(FakeLedger):
    """Keeps the limits that runs were asked with, and the runs whose changes were read."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []
        self.read: list[str] = []

    def runs(self, customer: str | None, limit: int) -> list[Run]:
        self.limits.append(limit)
        return super().runs(customer, limit)

    def changes(self, run: str) -> list[ChangeRow]:
        self.read.append(run)
        return super().changes(run)


def sources(ledger: FakeLedger, *names: str, schedule: str = NIGHTLY) -> Sources:
    def customers() -> Iterable[Customer]:
        return [Customer(one, one.title(), "https://x.example", place) for place, one in enumerate(names, 1)]

    return Sources(ledger, customers, lambda _: schedule)


def add_run(ledger: FakeLedger, customer: str, hours: float, changes: int = 0) -> Run:
    at = NOW - timedelta(hours=hours)
    run = Run(f"{customer}-{at:%Y%m%d-%H%M%S}-4f2a9c1b", customer, (1,), RunStatus.SUCCEEDED)
    ledger.create_run(replace(run, queued_at=at, started_at=at, ended_at=at, counts={"changes": changes}))
    created = to_json(CreateContact(ACCOUNT, mail("ann"), "Ann", "Lee"))
    rows = [ChangeRow(run.id, n, "create contact", ChangeStatus.APPLIED, change=created) for n in range(changes)]
    ledger.write_changes(run.id, rows)
    return run


def test_every_customer_is_told_also_without_a_run() -> None:
    ledger = FakeLedger()
    add_run(ledger, "fabrikam", 3, changes=2)
    add_run(ledger, "contoso", 3)
    report = gather(sources(ledger, "contoso", "fabrikam", "litware"), NOW - DAY, NOW)

    assert [(news.id, news.verdict) for news in report.customers] == [
        ("litware", Verdict.NO_RUN),
        ("fabrikam", Verdict.CHANGED),
        ("contoso", Verdict.UNCHANGED),
    ]
    assert report.customers[1].done == {"create contact": 2}


def test_all_runs_of_the_window_are_read_and_changes_only_where_there_are_some() -> None:
    ledger = CountingLedger()
    runs = [add_run(ledger, "contoso", hours / 4, changes=hours % 2) for hours in range(1, 121)]
    [news] = gather(sources(ledger, "contoso"), NOW - DAY, NOW).customers

    assert sum(news.runs.values()) == 96
    assert ledger.limits == [20, 80, 320]
    assert ledger.read == [run.id for run in runs[:96:2]]


def test_a_longer_window_reaches_further_back() -> None:
    ledger = FakeLedger()
    add_run(ledger, "contoso", 60, changes=1)
    [news] = gather(sources(ledger, "contoso"), NOW - 7 * DAY, NOW).customers

    assert news.done == {"create contact": 1}


@pytest.mark.parametrize(
    ("schedule", "verdict"),
    [
        (NIGHTLY, Verdict.NO_RUN),
        ("0 30 2 * * MON", Verdict.UNCHANGED),
        ("0 0 6 * * *", Verdict.NO_RUN),
        ("0 58 5 25 11 *", Verdict.UNCHANGED),
        ("24:00:00", Verdict.NO_RUN),
        ("%OTHER%", Verdict.NO_RUN),
    ],
)
def test_a_missed_run_is_one_that_the_schedule_wanted(schedule: str, verdict: Verdict) -> None:
    ledger = FakeLedger()
    add_run(ledger, "contoso", 49)
    [news] = gather(sources(ledger, "contoso", schedule=schedule), NOW - DAY, NOW).customers

    assert news.verdict == verdict


def test_the_last_due_time_is_azures_and_in_utc() -> None:
    assert last_due(NIGHTLY, NOW) == datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    assert last_due("0 0 1 13 * FRI", NOW) == datetime(2026, 11, 13, 1, tzinfo=UTC)


def test_a_run_of_long_ago_that_has_no_end_and_what_is_known_of_the_custorg_are_told() -> None:
    ledger = FakeLedger()
    endless = add_run(ledger, "contoso", 24 * 9)
    for hours in range(1, 25):
        add_run(ledger, "contoso", hours)
    ledger.update_run(endless.id, status=RunStatus.RUNNING, ended_at=None)
    facts = CustOrgFacts(NOW, "it was down")
    known = replace(sources(ledger, "contoso"), custorg=lambda _: facts, unfinished=lambda _: [endless.id, "gone"])
    [news] = gather(known, NOW - DAY, NOW).customers

    assert news.verdict == Verdict.OVERDUE
    assert news.at_work
    assert news.at_work.id == endless.id
    assert news.custorg == facts


def test_a_mail_goes_out_also_when_nothing_changed() -> None:
    ledger, mailer = FakeLedger(), FakeMailer()
    add_run(ledger, "contoso", 3)
    mail_report(sources(ledger, "contoso"), mailer, NOW)
    mail_report(sources(ledger), mailer, NOW, test=True)
    [(subject, html), (test, _)] = mailer.sent

    assert subject == "Sync Entra Groups: 1 fine"
    assert test == "Test: Sync Entra Groups: 0 fine"
    assert "The customer needs nobody" in html
    assert "Contoso" in html


def test_the_log_counts_and_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    ledger = FakeLedger()
    add_run(ledger, "contoso", 3, changes=1)
    with caplog.at_level(logging.INFO):
        mail_report(sources(ledger, "contoso"), FakeMailer(), NOW)

    assert [record.getMessage() for record in caplog.records] == [
        '{"event": "report sent", "customers": 1, "need_somebody": 0, "runs": 1}'
    ]
