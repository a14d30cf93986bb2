"""The daily report as a value: how a customer stands, and what is told of its runs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.report import KINDS, NAMES, OTHERS, Alike, News, OnTheBooks, Verdict, make_report, news_of, told_about
from shared.core.report_words import subject
from tests.unit.core.reports import NOW, WINDOW, Case, a_run, in_group, of_contact

CONTOSO = OnTheBooks("contoso", "Contoso Ltd", NOW - timedelta(hours=4))
NOT_DUE = OnTheBooks("contoso", "Contoso Ltd", NOW - timedelta(days=3))


def news(*cases: Case, customer: OnTheBooks = CONTOSO) -> News:
    """The news of runs, newest first."""
    return news_of(customer, [case.run for case in cases], {case.run.id: case.rows for case in cases}, WINDOW)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("failed", Verdict.FAILED),
        ("partly", Verdict.PARTLY),
        ("held", Verdict.HELD),
        ("cancelled", Verdict.CANCELLED),
        ("succeeded", Verdict.UNCHANGED),
    ],
)
def test_a_customer_stands_as_its_last_run_ended(status: str, verdict: Verdict) -> None:
    told = news(a_run(status), a_run("failed", hours=9))

    assert told.verdict == verdict
    assert told.last
    assert told.last.status == status
    assert sum(told.runs.values()) == 2


def test_what_several_runs_did_is_told_together_and_what_is_open_by_the_last() -> None:
    first = a_run("partly", of_contact("ann", "applied"), of_contact("bob", "failed", "no"), hours=9, seconds=30)
    last = a_run("succeeded", of_contact("bob", "applied"), in_group("IT", "bob", "applied"), hours=2, seconds=12)
    told = news(last, first)

    assert told.verdict == Verdict.CHANGED
    assert told.done == {"create contact": 2, "add to contact group": 1}
    assert (told.failed, told.seconds, told.runs) == ((), 42, {"succeeded": 1, "partly": 1})


def test_what_an_approved_run_did_before_the_window_was_told_before() -> None:
    rows = [replace(of_contact(f"p{n}", "applied"), at=NOW - timedelta(hours=hours)) for n, hours in enumerate((2, 50))]

    assert news(a_run("succeeded", *rows)).done == {"create contact": 1}


def test_an_earlier_failed_run_is_told_with_its_reason() -> None:
    told = news(a_run("succeeded"), a_run("failed", hours=9, reason="DeskDirector answered 503"))

    assert [run.reason for run in told.earlier] == ["DeskDirector answered 503"]


def test_a_due_run_that_was_not_there_is_missed() -> None:
    old = a_run("succeeded", hours=60)

    assert news(old).verdict == Verdict.NO_RUN
    assert news().verdict == Verdict.NO_RUN
    assert news(old, customer=OnTheBooks("contoso", "Contoso Ltd")).verdict == Verdict.NO_RUN


@pytest.mark.parametrize(("status", "verdict"), [("succeeded", Verdict.UNCHANGED), ("failed", Verdict.FAILED)])
def test_when_no_run_was_due_the_last_one_counts(status: str, verdict: Verdict) -> None:
    told = news(a_run(status, hours=60), customer=NOT_DUE)

    assert (told.verdict, told.runs, told.done) == (verdict, {}, {})


def test_a_run_that_has_been_held_for_days_still_waits_for_a_person() -> None:
    told = news(a_run("held", in_group("IT", "ann", "held", kind="remove from contact group"), hours=60))

    assert told.verdict == Verdict.HELD
    assert told.held == (Alike("", "remove from contact group 'IT'", 1, ("ann",)),)


def test_a_run_at_work_leaves_the_verdict_to_the_one_before() -> None:
    working = a_run("running", hours=0.2)

    assert news(working).verdict == Verdict.AT_WORK
    told = news(working, a_run("held", hours=5))
    assert told.verdict == Verdict.HELD
    assert told.at_work
    assert told.at_work.id == working.run.id


@pytest.mark.parametrize("status", ["queued", "running"])
@pytest.mark.parametrize("hours", [4.0, 60.0])
def test_a_run_that_has_not_ended_for_hours_is_overdue(status: str, hours: float) -> None:
    assert news(a_run(status, hours=hours), a_run("succeeded", hours=70)).verdict == Verdict.OVERDUE


def test_a_run_without_an_end_is_overdue_also_behind_newer_ones() -> None:
    endless = a_run("queued", hours=60, reason="nobody was at work on it, so it was sent again (5 of 5 times)")
    told = news(a_run("succeeded", hours=2), endless)

    assert told.verdict == Verdict.OVERDUE
    assert told.at_work
    assert (told.at_work.id, told.at_work.reason) == (endless.run.id, endless.run.reason)
    assert told.last
    assert told.last.status == "succeeded"


def test_changes_are_grouped_by_reason_and_kind_with_ten_names() -> None:
    people = [f"p{number:02}" for number in range(NAMES + 3)]
    rows = [in_group("IT", one, "failed", "no such user") for one in reversed(people)]
    told = news(a_run("partly", *rows, of_contact("kim", "in doubt")))
    [failed, doubtful] = told.failed

    assert failed == Alike("no such user", "add to contact group 'IT'", 13, tuple(people[:NAMES]))
    assert failed.more == 3
    assert (doubtful.kind, doubtful.names) == ("create contact", ("kim",))
    assert "answer was lost" in doubtful.reason


def test_so_many_reasons_are_told_and_the_rest_is_summed_up() -> None:
    changes = news(a_run("partly", *(of_contact("ann", "failed", f"reason {n}") for n in range(KINDS + 2)))).failed
    skipped = news(a_run("succeeded", skipped=[("x", f"reason {n}", "") for n in range(KINDS + 2)])).skipped

    assert [len(changes), changes[-1]] == [KINDS, Alike(OTHERS, "changes", 3, ())]
    assert skipped[-1] == Alike(OTHERS, "", 3, ())


def test_a_group_that_was_not_read_is_a_failure_and_the_other_reasons_are_not() -> None:
    skipped = [("Sales", "group not read", "the count differs"), ("gast@x.example", "guest", "id")]
    told = news(a_run("partly", of_contact("old", "skipped", "rejected"), skipped=skipped))

    assert told.failed == (Alike("group not read: the count differs", "", 1, ("Sales",)),)
    assert told.skipped == (
        Alike("guest", "", 1, ("gast@x.example",)),
        Alike("rejected", "create contact", 1, ("old",)),
    )


def test_what_waits_is_told_by_the_day() -> None:
    rows = [of_contact(f"p{n}", "waiting", f"waits until 2026-12-0{n} 02:3{n} UTC") for n in (1, 1, 2)]
    told = news(a_run("succeeded", *rows))

    assert [(one.reason, one.count) for one in told.waiting] == [
        ("waits until 2026-12-01", 2),
        ("waits until 2026-12-02", 1),
    ]


def test_those_who_need_somebody_come_first_then_by_name() -> None:
    mixed = [News(name, name, verdict) for name, verdict in zip("abcdefghi", reversed(Verdict), strict=True)]
    report = make_report(WINDOW, [*mixed, News("z", "A", Verdict.FAILED)])

    assert [one.name for one in report.customers] == ["A", "i", "h", "g", "f", "e", "d", "c", "b", "a"]
    assert report.needy == 6


def test_the_subject_tells_the_verdicts_in_numbers() -> None:
    verdicts = [Verdict.FAILED, Verdict.HELD, Verdict.NO_RUN, *[Verdict.CHANGED, Verdict.UNCHANGED] * 2]
    report = make_report(WINDOW, [News("x", "\r\nBcc: y", verdict) for verdict in verdicts])

    assert subject(report) == "Sync Entra Groups: 1 failed, 1 held, 1 without a run, 4 fine"
    assert subject(make_report(WINDOW, [])) == "Sync Entra Groups: 0 fine"
    assert subject(make_report(WINDOW, [News("x", "X", Verdict.HELD)])) == "Sync Entra Groups: 1 held"


def test_a_run_without_any_time_is_no_run_of_the_window() -> None:
    case = a_run("succeeded")
    case.run.ended_at = case.run.started_at = case.run.queued_at = None

    assert news(case).runs == {}


def test_changes_are_needed_of_the_windows_runs_or_else_of_the_last_one() -> None:
    fresh, older, oldest = (a_run("succeeded", hours=hours).run for hours in (2, 9, 60))

    assert told_about([fresh, older, oldest], WINDOW) == [fresh, older]
    assert told_about([oldest], WINDOW) == [oldest]
    assert told_about([], WINDOW) == []
