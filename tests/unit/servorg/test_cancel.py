"""Rejecting what a run holds, and cancelling runs: no later write brings them back."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from servorg.decisions import DecisionRefused, approve, cancel, reject
from servorg.jobs import work
from servorg.messages import SyncJob
from servorg.records import Run, RunStatus
from shared.errors import (
    DeskForbidden,
    DeskThrottled,
    DeskUnavailable,
    SyncError,
)
from tests.builders import ACCOUNT, mail
from tests.unit.servorg.decisions_rig import (
    APPLIED,
    PEOPLE,
    SKIPPED,
    MeddledDesk,
    an_office,
    holding,
    people,
    statuses,
)
from tests.unit.servorg.office import CUSTOMER, LEASE, FakeOffice


def test_a_rejected_run_is_cancelled_and_the_next_one_shows_the_same_again() -> None:
    office, held, _ = holding("ann", "bob", "zoe")

    run = reject(office.office, held.id)
    following = office.sync()

    assert (run.status, run.reason, office.run(held.id)) == (RunStatus.CANCELLED, "rejected", run)
    assert statuses(office, held) == [(APPLIED, "")] * 2 + [(SKIPPED, "rejected")] * 4
    assert following.status is RunStatus.HELD
    assert [row.kind for row in office.ledger.changes(following.id)] == [
        row.kind for row in office.ledger.changes(held.id) if row.status is SKIPPED
    ]
    assert office.active() == {*PEOPLE, "zoe"}


def test_a_rejected_run_cannot_be_approved_nor_rejected_again() -> None:
    office, held, _ = holding("ann")
    reject(office.office, held.id)

    with pytest.raises(DecisionRefused, match=r"cancelled .rejected."):
        approve(office.office, held.id, held.digest)
    with pytest.raises(DecisionRefused, match=r"cancelled .rejected."):
        reject(office.office, held.id)

    assert office.jobs.sent == []


def test_a_queued_run_is_cancelled_at_once_and_its_message_changes_nothing() -> None:
    office, desk = an_office()
    office.entra.side = people(*PEOPLE, "eva")
    desk.calls.clear()
    run = office.enqueue()

    cancelled = cancel(office.office, run.id)
    office.settle()

    assert (cancelled.status, cancelled.reason, cancelled.ended_at) == (RunStatus.CANCELLED, "cancelled", office.now)
    assert office.run(run.id) == cancelled
    assert desk.calls == []


def test_a_run_at_work_stops_at_its_next_mark_and_lists_what_it_did_not_do() -> None:
    office, desk = an_office()
    office.entra.side = people(*PEOPLE, "eva", "fay", "gus")
    run = office.enqueue()
    desk.meddle, desk.after = lambda: cancel(office.office, run.id), 1
    writes = len(desk.writes)

    office.deliver()

    ended = office.run(run.id)
    done = [status for status, _ in statuses(office, run)].count(APPLIED)
    assert (ended.status, ended.reason, ended.ended_at) == (RunStatus.CANCELLED, "cancelled", office.now)
    assert 2 <= done <= 4
    assert len(desk.writes) - writes == done
    assert statuses(office, run)[done:] == [(SKIPPED, "cancelled")] * (6 - done)
    assert ended.counts == {"applied": done, "skipped": 6 - done, "changes": 6, "removed": 0}
    assert (office.jobs.sent, office.ledger.leases) == ([], {})


def test_a_run_that_is_cancelled_while_it_reads_writes_nothing() -> None:
    office, desk = an_office()
    office.entra.side = people(*PEOPLE, "eva")
    desk.calls.clear()
    run = office.enqueue()
    order = office.office.order

    def meanwhile(read: Run) -> Any:
        cancel(office.office, read.id)
        return order(read)

    work(office.replacing(order=meanwhile), SyncJob(run.id, CUSTOMER), 1)

    assert office.run(run.id).status is RunStatus.CANCELLED
    assert office.run(run.id).ended_at == office.now
    assert desk.writes == []
    assert mail("eva") not in office.ledger.links(CUSTOMER)[ACCOUNT].contacts


def test_a_run_that_is_cancelled_with_its_last_change_stays_cancelled() -> None:
    office, desk = an_office()
    office.seconds = count(0.0, 0.0)
    office.entra.side = people(*PEOPLE, "eva")
    run = office.enqueue()
    desk.meddle, desk.after = lambda: cancel(office.office, run.id), 1

    office.deliver()

    assert office.run(run.id).status is RunStatus.CANCELLED
    assert statuses(office, run) == [(APPLIED, "")] * 2


@pytest.mark.parametrize(
    "error", [DeskThrottled(17), DeskUnavailable("gone"), DeskForbidden("403")], ids=lambda error: type(error).__name__
)
def test_trouble_does_not_bring_a_cancelled_run_back(error: SyncError) -> None:
    office, desk = an_office()
    office.seconds = count(0.0, 0.0)
    office.entra.side = people(*PEOPLE, "eva")
    run = office.enqueue()
    desk.meddle, desk.after = lambda: cancel(office.office, run.id), 0
    desk.fail("create_contact", error)
    job, _ = office.jobs.sent.pop()
    try:
        work(office.office, job, 1)
    except DeskUnavailable:
        work(office.office, job, 2)
    office.settle()

    assert (office.run(run.id).status, office.run(run.id).reason) == (RunStatus.CANCELLED, "cancelled")
    assert office.run(run.id).ended_at is not None
    assert APPLIED not in [status for status, _ in statuses(office, run)]
    assert office.active() == set(PEOPLE)


def test_what_a_cancelled_run_made_is_known_to_the_next_one() -> None:
    office = FakeOffice(people(*PEOPLE))
    desk = MeddledDesk()
    desk.add_account(ACCOUNT)
    office.desk, office.seconds = desk, count(0.0, 0.4)
    run = office.enqueue()
    desk.meddle, desk.after = lambda: cancel(office.office, run.id), 4
    office.deliver()
    groups = dict(desk.read(ACCOUNT).groups)

    following = office.sync()

    assert len(groups) == 1
    assert office.run(run.id).status is RunStatus.CANCELLED
    assert (following.status, desk.read(ACCOUNT).groups.keys()) == (RunStatus.SUCCEEDED, groups.keys())
    assert all(link.made for link in office.ledger.links(CUSTOMER)[ACCOUNT].groups.values())


def test_a_held_run_is_cancelled_as_if_it_was_rejected() -> None:
    office, held, _ = holding("ann")

    run = cancel(office.office, held.id)

    assert (run.status, run.reason) == (RunStatus.CANCELLED, "cancelled")
    assert set(statuses(office, held)) == {(SKIPPED, "cancelled")}


def test_an_approved_run_can_be_cancelled_while_it_is_queued() -> None:
    office, held, desk = holding("ann")
    approve(office.office, held.id, held.digest)

    run = cancel(office.office, held.id)
    office.settle()

    assert (run.status, office.run(held.id)) == (RunStatus.CANCELLED, run)
    assert set(statuses(office, held)) == {(SKIPPED, "cancelled")}
    assert desk.writes == []


def test_an_approved_run_stops_when_it_is_cancelled_while_it_removes() -> None:
    office, held, desk = holding("ann")
    approve(office.office, held.id, held.digest)
    desk.meddle, desk.after = lambda: cancel(office.office, held.id), 1

    office.settle()

    run = office.run(held.id)
    assert run.status is RunStatus.CANCELLED
    assert run.counts["approved"] == len(desk.writes) < 6
    assert run.counts["skipped"] == 6 - len(desk.writes)


@pytest.mark.parametrize("status", ["succeeded", "cancelled"])
def test_a_run_that_is_over_cannot_be_cancelled(status: str) -> None:
    office, _ = an_office()
    run = office.sync() if status == "succeeded" else cancel(office.office, office.enqueue().id)

    with pytest.raises(DecisionRefused, match=f"is {status} already"):
        cancel(office.office, run.id)

    assert office.run(run.id) == run


def test_a_cancelled_run_whose_holder_was_killed_is_closed_by_its_next_message() -> None:
    office, desk = an_office()
    office.entra.side = people(*PEOPLE, "eva", "fay", "gus")
    run = office.kill(1, done=True)
    cancelled = cancel(office.office, run.id)
    office.now += timedelta(seconds=LEASE + 1)
    calls = len(desk.calls)

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert (cancelled.status, cancelled.ended_at) == (RunStatus.CANCELLED, None)
    assert office.run(run.id).ended_at == office.now
    assert {reason for _, reason in statuses(office, run)} == {"cancelled"}
    assert len(desk.calls) == calls


def test_a_run_whose_lease_ran_out_is_closed_by_whoever_cancels_it() -> None:
    office, _ = an_office()
    office.entra.side = people(*PEOPLE, "eva", "fay", "gus")
    run = office.kill(1, done=True)
    office.now += timedelta(seconds=LEASE + 1)

    cancelled = cancel(office.office, run.id)

    assert cancelled.ended_at == office.now
    assert {reason for _, reason in statuses(office, run)} == {"cancelled"}
    assert office.ledger.leases == {}


def test_cancelling_one_run_does_not_hide_what_a_killed_holder_left_of_another() -> None:
    office, _ = an_office()
    office.entra.side = people(*PEOPLE, "eva", "fay", "gus")
    killed = office.kill(1, done=True)
    office.now += timedelta(seconds=LEASE + 1)
    other = office.enqueue()
    cancel(office.office, other.id)

    office.sync()

    assert office.run(killed.id).status is RunStatus.SUCCEEDED
    assert office.run(other.id).status is RunStatus.CANCELLED


def test_cancelling_a_run_that_was_asked_to_wait_ends_it_at_once_and_frees_its_customer() -> None:
    office = FakeOffice(people("ann", "bob"))
    office.desk.fail("create_contact", DeskThrottled(900))
    waiting = office.enqueue()
    office.deliver()
    cancelled = cancel(office.office, waiting.id)
    late = office.jobs.sent.pop()
    following = office.sync()
    office.jobs.sent.append(late)
    office.settle()

    assert (cancelled.status, cancelled.ended_at is not None) == (RunStatus.CANCELLED, True)
    assert following.status is RunStatus.SUCCEEDED
    assert office.run(waiting.id) == cancelled
