"""The daily report in words: what people read, and what they are to do."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shared.core.changes import Kind
from shared.core.report import CustOrgFacts, News, OnTheBooks, Verdict, make_report, news_of
from shared.core.report_text import Line, lines
from shared.core.report_words import NAME, SENTENCE, cut, done, duration, gist, headline, runs_of
from tests.unit.core.reports import NOW, WINDOW, Case, a_run, in_group, of_contact

CONTOSO = OnTheBooks("contoso", "Contoso Ltd", NOW)
RUN = "contoso-20261125-023000-4f2a9c1b"
GOOD_NIGHT = "succeeded 2026-11-25 02:30 UTC, took 12 s"


def news(*cases: Case, customer: OnTheBooks = CONTOSO) -> News:
    return news_of(customer, [case.run for case in cases], {case.run.id: case.rows for case in cases}, WINDOW)


def text(*told: News) -> str:
    """The report about these customers, as text."""
    return "\n".join(" " * line.indent + line.text for line in lines(make_report(WINDOW, told)))


def test_a_held_run_tells_what_waits_and_how_to_decide() -> None:
    removals = [in_group("IT", one, "held", kind="remove from contact group") for one in ("ann", "bob")]
    told = text(news(a_run("held", *removals, objections=["2 of 4 would be removed from IT, 20 % are allowed"])))

    assert (
        told
        == f"""1 of 1 customers needs you
2026-11-24 06:00 to 2026-11-25 06:00 UTC, 1 run

HELD  Contoso Ltd (contoso)
  held 2026-11-25 02:30 UTC, took 12 s
  Held: 2 changes wait for a person
  - because 2 of 4 would be removed from IT, 20 % are allowed
  - remove from contact group 'IT' (2): ann, bob
  To see all that waits:
    python -m servorg run {RUN}
  If it is right:
    python -m servorg approve {RUN} 9f86d081884c7d65
  If it is not, put it right in Entra, and:
    python -m servorg reject {RUN}"""
    )


def test_a_run_without_an_end_tells_what_was_tried_already() -> None:
    told = text(news(a_run("running", hours=9, reason="nobody was at work on it, so it was sent again (5 of 5 times)")))

    assert "  A run does not end\n  - nobody was at work on it, so it was sent again (5 of 5 times)\n" in told


def test_a_custorg_that_was_not_refreshed_or_is_older_is_told_below_a_good_run() -> None:
    custorg = CustOrgFacts(NOW, "the CustOrg could not be reached", ("The CustOrg is older than this ServOrg.",))
    told = text(news(a_run("succeeded"), customer=replace(CONTOSO, custorg=custorg)))
    never = text(news(a_run("succeeded"), customer=replace(CONTOSO, custorg=replace(custorg, refreshed_at=None))))

    assert told.endswith(f"""
UNCHANGED  Contoso Ltd (contoso)
  {GOOD_NIGHT}
  Groups not refreshed
  - the CustOrg could not be reached
  - it was refreshed last 2026-11-25 06:00 UTC
  To try it again now:
    python -m servorg groups contoso --refresh
  Versions
  - The CustOrg is older than this ServOrg.""")
    assert "  - it was never refreshed\n" in never


def test_a_failed_run_tells_why_and_how_to_try_again() -> None:
    told = text(news(a_run("failed", reason="the CustOrg could not be reached")))

    assert "  Failed\n  - the CustOrg could not be reached\n" in told
    assert f"python -m servorg run {RUN}" in told
    assert "python -m servorg sync contoso --wait" in told


def test_failures_of_a_held_run_and_the_reason_of_a_cancelled_one_are_told() -> None:
    held = text(news(a_run("held", of_contact("ann", "failed", "no"), of_contact("bob", "held"))))
    cancelled = text(news(a_run("cancelled", reason="rejected")))

    assert "  Failed\n  - no — create contact (1): ann\n  Held: 1 change waits" in held
    assert cancelled.endswith("  Reason\n  - rejected")


def test_a_missed_run_tells_how_to_run_it() -> None:
    told = text(news(a_run("succeeded", hours=60)))

    assert "NO RUN  Contoso Ltd (contoso)\n  no run since: the last one succeeded 2026-11-22 18:00 UTC" in told
    assert "    python -m servorg sync contoso --wait" in told


def test_a_customer_without_any_run_and_one_whose_first_is_at_work_are_told() -> None:
    working = text(news(a_run("running", hours=0.5)))

    assert "  there was no run yet\n  No run\n" in text(news())
    assert working.endswith(
        "AT WORK  Contoso Ltd (contoso): contoso-20261125-053000-4f2a9c1b is running since 2026-11-25 05:30 UTC"
    )


def test_a_run_that_does_not_end_can_be_stopped() -> None:
    told = text(news(a_run("running"), a_run("succeeded", hours=9)))

    assert f"    python -m servorg cancel {RUN}" in told
    assert "At work" not in told


def test_a_newer_run_at_work_is_told_beside_the_verdict() -> None:
    told = text(news(a_run("running", hours=0.5), a_run("partly")))

    assert "  At work\n  - contoso-20261125-053000-4f2a9c1b is running since 2026-11-25 05:30 UTC" in told


def test_customers_without_news_take_one_line_each() -> None:
    calm = news(a_run("succeeded"))
    again = news(a_run("succeeded"), customer=OnTheBooks("b", "b", NOW))
    told = text(calm, again)

    assert told.splitlines()[2:] == [
        "",
        f"UNCHANGED  Contoso Ltd (contoso): {GOOD_NIGHT}",
        f"UNCHANGED  b: {GOOD_NIGHT}",
    ]


def test_what_was_done_waits_or_was_skipped_is_told() -> None:
    rows = [
        of_contact("ann", "applied"),
        in_group("IT", "ann", "applied"),
        in_group("IT", "bob", "applied"),
        of_contact("old", "waiting", "waits until 2026-12-01 02:30 UTC", kind="deactivate contact"),
    ]
    people = [(f"g{n:02}@x.example", "guest", "") for n in range(12)]
    failed = a_run("failed", hours=9, reason="DeskDirector answered 503")
    told = text(news(a_run("succeeded", *rows, skipped=people), failed))

    assert "  Done\n  - 1 contact created, 2 added to groups\n" in told
    assert "  Waiting\n  - waits until 2026-12-01 — deactivate contact (1): old\n" in told
    assert "is a guest in the tenant; guests are not synced (12): g00@x.example, " in told
    assert ", g09@x.example and 2 more\n" in told
    assert "  2 runs (1 succeeded, 1 failed) took 24 s; the last: succeeded 2026-11-25 02:30 UTC\n" in told
    assert told.endswith("  Failed earlier\n  - 2026-11-24 21:00 UTC: DeskDirector answered 503")


def test_whoever_has_a_contact_in_another_account_is_told_under_skipped_with_that_account() -> None:
    told = text(news(a_run("succeeded", skipped=[("ann@x.example", "in another account", "account 40 Fabrikam")])))

    assert "  Skipped\n  - gets a contact though another account has one of this address" in told
    assert told.endswith(" (1): ann@x.example (account 40 Fabrikam)")


def test_the_gist_is_one_line_for_every_verdict() -> None:
    held = [of_contact("a", "held"), of_contact("b", "held"), of_contact("c", "failed", "no")]
    unread = [("Sales", "group not read", "why")]
    waits = of_contact("a", "waiting", "waits until 2026-12-01 02:30 UTC")
    told = {
        "held": gist(news(a_run("held", *held, skipped=unread))),
        "failed": gist(news(a_run("failed", reason="x" * 500))),
        "overdue": gist(news(a_run("running"))),
        "no run": gist(news()),
        "at work": gist(news(a_run("queued", hours=1))),
        "changed": gist(news(a_run("succeeded", of_contact("a", "applied"), waits))),
        "unchanged": gist(news(a_run("succeeded"))),
    }

    assert len(told.pop("failed")) == 90
    assert told == {
        "held": "1 group not read, 1 change failed, 2 changes wait for a person",
        "overdue": "a run has not ended since 2026-11-25 02:30 UTC",
        "no run": "there was no run yet",
        "at work": "queued since 2026-11-25 05:00 UTC",
        "changed": "1 contact created, 1 in grace",
        "unchanged": "nothing to do",
    }


def did(counts: Mapping[str, int]) -> tuple[str, ...]:
    return done(News("x", "X", Verdict.CHANGED, done=counts))


def test_what_was_done_is_counted_in_words_also_what_only_an_earlier_release_knew() -> None:
    told = did({"create contact group": 1_000, "raise role": 1, "new kind": 2})

    assert told == ("1,000 contact groups created", "1 role raised", "2 times new kind")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_change_has_words_of_its_own(kind: Kind) -> None:
    said = (*did({kind: 1}), *did({kind: 2}))

    assert [one for one in said if kind in one] == []
    assert len({one.partition(" ")[2] for one in said}) == 2


def test_what_became_of_service_groups_is_told_in_the_order_of_the_plan() -> None:
    rows = [
        of_contact("ann", "applied", kind="clear service group"),
        of_contact("eva", "applied", kind="clear service group"),
        in_group("IT", "bob", "applied", kind="move service group"),
        in_group("IT", "cid", "applied", kind="link service group"),
    ]
    failed = in_group("IT", "dan", "failed", "no", kind="link service group")
    told = text(news(a_run("partly", *rows, failed)))

    assert "  Done\n  - 1 linked to a service group, 1 moved to another service group, 2 service groups cleared" in told
    assert "  Failed\n  - no — link service group 'IT' (1): dan\n" in told


def test_sums_that_name_nobody_have_no_colon() -> None:
    rows = [of_contact("ann", "failed", f"reason {n}") for n in range(12)]

    assert "  - other reasons — changes (3)\n" in text(news(a_run("partly", *rows)))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3_599, "59 min 59 s"), (3_660, "1 h 1 min")],
)
def test_durations_are_told_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], "There are no customers yet"),
        ([Verdict.CHANGED], "The customer needs nobody"),
        ([Verdict.CHANGED] * 2, "None of the 2 customers needs you"),
        ([Verdict.HELD, Verdict.CHANGED], "1 of 2 customers needs you"),
        ([Verdict.HELD, Verdict.NO_RUN, Verdict.CHANGED], "2 of 3 customers need you"),
    ],
)
def test_the_headline_tells_whether_somebody_is_needed(verdicts: list[Verdict], said: str) -> None:
    report = make_report(WINDOW, [News(str(n), "X", verdict) for n, verdict in enumerate(verdicts)])

    assert headline(report) == said


@pytest.mark.parametrize(
    ("long", "short"),
    [("a\r\n b\u2028c", "a b c"), ("x" * 500, "x" * 59 + "…"), ("x" + " " * 500 + "y", "x…"), ("", "")],
)
def test_names_are_cut_and_stay_on_one_line(long: str, short: str) -> None:
    assert cut(long) == short


def test_hostile_texts_do_not_lengthen_the_report() -> None:
    long = "\n" * 1_000 + "x" * 10_000
    run = a_run("failed", of_contact(long, "failed", long), reason=long, skipped=[(long, long, long)])
    told = list(lines(make_report(WINDOW, [news(run, customer=OnTheBooks("c", long, NOW))])))

    assert max(len(line.text) for line in told) < NAME + 2 * SENTENCE
    assert not any("\n" in line.text for line in told)


def test_commands_are_never_broken() -> None:
    told = list(lines(make_report(WINDOW, [news(a_run("failed"))])))

    assert [line.text for line in told if line.whole] == [
        f"python -m servorg run {RUN}",
        "python -m servorg sync contoso --wait",
    ]
    assert Line("") in told


def test_a_run_outside_of_the_window_is_told_with_its_end() -> None:
    quiet = OnTheBooks("contoso", "Contoso Ltd", NOW.replace(year=2025))

    assert runs_of(news(a_run("succeeded", hours=60), customer=quiet)).startswith("no run since: the last one")
