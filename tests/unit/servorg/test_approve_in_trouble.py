"""Approving while a side cannot be read, refuses, throttles, or a host is killed: nothing is guessed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from servorg.decisions import approve
from servorg.jobs import MOST_TRIES, work
from servorg.messages import SyncJob
from servorg.records import ChangeStatus, Run, RunStatus
from shared.core.gates import Limits
from shared.core.model import EntraSide, Reason
from shared.errors import (
    CustOrgRefused,
    CustOrgUnreachable,
    DeskForbidden,
    DeskRejected,
    DeskThrottled,
    DeskUnavailable,
    SyncError,
)
from tests.builders import ACCOUNT, a_group, a_side, a_user, an_unread_group, mail
from tests.unit.core.worlds import Killed
from tests.unit.servorg.decisions_rig import (
    APPLIED,
    FAILED,
    PEOPLE,
    SKIPPED,
    TIGHT,
    an_office,
    approved,
    holding,
    people,
    statuses,
)
from tests.unit.servorg.office import CUSTOMER, LEASE, FakeOffice


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (a_side(an_unread_group("it")), "1 of the chosen groups could not be read completely"),
        (a_side(a_group("it", ["ann"]), an_unread_group("hr")), "1 of the chosen groups could not be read completely"),
    ],
)
def test_an_incomplete_read_applies_nothing_and_the_run_is_held_again(side: EntraSide, reason: str) -> None:
    office, held, desk = holding("ann", "bob")
    complete = office.entra.side
    office.entra.side = side

    again = approved(office, held)
    writes = desk.writes
    office.entra.side = complete
    run = approved(office, again)

    assert (again.status, again.reason) == (RunStatus.HELD, f"approved, but nothing was applied: {reason}")
    assert again.counts["held"] == 4
    assert writes == []
    assert run.status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob"}


def test_a_group_that_could_not_be_read_when_it_was_shown_either_is_no_obstacle() -> None:
    office = FakeOffice(a_side(a_group("it", PEOPLE), a_group("hr", ["eva"])), TIGHT)
    office.sync()
    office.entra.side = a_side(a_group("it", ["ann", "bob"]), an_unread_group("hr"))
    held = office.sync()

    run = approved(office, held)

    assert held.status is RunStatus.HELD
    assert run.status is RunStatus.PARTLY
    assert {row.status for row in office.ledger.changes(run.id)} == {APPLIED}
    assert set(office.rows(run)) == {f"remove from contact group {mail(name)}" for name in ("cid", "dan")}


def test_two_fresh_reads_that_disagree_apply_nothing() -> None:
    office, held, desk = holding("ann", "bob")
    office.limits = Limits(max_removals=5, max_removal_share=100)
    office.entra.then(people("ann", "bob"), people("ann", "bob", "cid"))

    run = approved(office, held)

    assert run.status is RunStatus.HELD
    assert "two reads of the directory disagree" in run.reason
    assert desk.writes == []


@pytest.mark.parametrize("error", [CustOrgRefused("the key is wrong"), DeskForbidden("403 after a fresh token")])
def test_a_side_that_refuses_leaves_the_run_held(error: SyncError) -> None:
    office, held, desk = holding("ann", "bob")
    if isinstance(error, CustOrgRefused):
        office.entra.then(error)
    else:
        desk.fail("account", error)

    run = approved(office, held)

    assert (run.status, run.reason) == (RunStatus.HELD, f"approved, but nothing was applied: {error}")
    assert desk.writes == []
    assert approved(office, run).status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("error", [CustOrgUnreachable("no answer"), DeskUnavailable("gone")])
def test_an_unreachable_side_is_tried_again_and_after_the_fifth_try_the_run_is_held_again(error: SyncError) -> None:
    office, held, desk = holding("ann", "bob")
    approve(office.office, held.id, held.digest)
    seen = []
    for tries in range(1, MOST_TRIES + 1):
        if isinstance(error, CustOrgUnreachable):
            office.entra.then(error)
        else:
            desk.fail("account", error)
        with pytest.raises(type(error)):
            work(office.office, SyncJob(held.id, CUSTOMER), tries)
        seen.append(office.run(held.id).status)

    run = office.run(held.id)
    assert seen == [RunStatus.QUEUED] * 4 + [RunStatus.HELD]
    assert run.reason == f"approved, but nothing was applied: {error}"
    assert desk.writes == []


def test_a_deskdirector_that_comes_back_in_time_is_enough() -> None:
    office, held, desk = holding("ann", "bob")
    approve(office.office, held.id, held.digest)
    desk.fail("account", DeskUnavailable("gone"))
    with pytest.raises(DeskUnavailable):
        office.deliver()

    work(office.office, SyncJob(held.id, CUSTOMER), 2)

    assert office.run(held.id).status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob"}


def test_throttling_continues_an_approved_run_without_asking_again() -> None:
    office, held, desk = holding("ann", "bob")
    desk.fail("deactivate_contact", DeskThrottled(17), after=1)
    reads = len(office.entra.reads)

    run = approved(office, held)

    assert run.status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob"}
    assert len(office.entra.reads) == reads + 1


def test_a_removal_that_is_refused_leaves_the_approved_run_partly() -> None:
    office, held, desk = holding("ann", "bob")
    desk.fail("deactivate_contact", DeskRejected(400, "no"))

    run = approved(office, held)

    assert run.status is RunStatus.PARTLY
    assert (FAILED, "no") in statuses(office, run)
    assert office.active() == {"ann", "bob", "cid"}


def test_a_message_that_comes_again_after_an_approved_runs_end_changes_nothing() -> None:
    office, held, desk = holding("ann", "bob")
    run = approved(office, held)
    calls = len(desk.calls)

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert office.run(run.id) == run
    assert len(desk.calls) == calls


@pytest.mark.parametrize("at", ["deactivate_contact", "account"])
def test_an_approved_run_whose_holder_is_killed_is_taken_up(at: str) -> None:
    office, held, desk = holding("ann", "bob")
    approve(office.office, held.id, held.digest)
    [(job, _)] = office.jobs.sent
    office.jobs.sent.clear()
    desk.fail(at, Killed(), after=int(at == "deactivate_contact"))
    desk.meddle, desk.after = lambda: setattr(office.ledger, "dying", True), 0
    with pytest.raises(Killed):
        work(office.office, job, 1)
    office.ledger.dying = False
    office.ledger.take_lease(CUSTOMER, held.id, "the killed holder", office.now, LEASE)
    office.now += timedelta(seconds=LEASE + 1)

    work(office.office, job, 2)
    office.settle()

    assert office.run(held.id).status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob"}


@pytest.mark.parametrize("readable", [True, False])
def test_what_a_killed_holder_had_let_through_is_checked_once_more(readable: bool) -> None:
    office, held, desk = holding("ann", "bob")
    approve(office.office, held.id, held.digest)
    office.ledger.mark([replace(row, status=ChangeStatus.PLANNED) for row in office.ledger.changes(held.id)])
    office.entra.side = people("ann", "bob", "cid") if readable else a_side(an_unread_group("it"))

    office.settle()

    run = office.run(held.id)
    wanted = {"applied": 2, "skipped": 2} if readable else {"held": 4}
    assert {name: number for name, number in run.counts.items() if name in {"applied", "skipped", "held"}} == wanted
    assert run.status is (RunStatus.SUCCEEDED if readable else RunStatus.HELD)
    assert len(desk.writes) == (2 if readable else 0)


def test_a_run_that_was_reading_while_somebody_approved_leaves_the_approval_alone() -> None:
    office, held, _ = holding("ann", "bob")
    newer = office.enqueue()
    order = office.office.order

    def meanwhile(run: Run) -> Any:
        if run.id == newer.id:
            approve(office.office, held.id, held.digest)
        return order(run)

    work(office.replacing(order=meanwhile), SyncJob(newer.id, CUSTOMER), 1)
    queued = office.run(held.id).status
    office.settle()

    assert queued is RunStatus.QUEUED
    assert office.run(held.id).status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob"}
    assert approved(office, office.run(newer.id)).counts["skipped"] == 4


def test_a_changed_address_waits_for_its_additions_after_an_approval_too() -> None:
    office, desk = an_office(Limits(max_removals=0, max_removal_share=100))
    renamed = replace(a_user("ann"), mail=mail("ann.new"), upn=mail("ann.new"))
    side = people(*PEOPLE)
    office.entra.side = replace(side, users={**side.users, renamed.id: renamed})
    held = office.sync()
    [group] = desk.read(ACCOUNT).groups
    desk.take(group, desk.read(ACCOUNT).contacts[mail("ann.new")].id)

    run = approved(office, held)

    assert run.status is RunStatus.PARTLY
    assert (SKIPPED, Reason.REPLACEMENT_MISSING) in statuses(office, run)
    assert {"ann", "ann.new"} <= office.active()
