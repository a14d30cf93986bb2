"""What becomes of a message and its run when a side is gone, refuses, breaks, or the host is killed."""

from datetime import timedelta

import pytest

from servorg.jobs import MOST_TRIES, WAIT_SECONDS, work
from servorg.messages import SyncJob
from servorg.records import ChangeStatus, RunStatus
from shared.core.gates import Limits
from shared.core.model import Reason
from shared.errors import (
    CustOrgRefused,
    CustOrgUnreachable,
    DeskForbidden,
    DeskRejected,
    DeskThrottled,
    DeskUnavailable,
    SyncError,
)
from tests.builders import ACCOUNT, REGULAR, a_group, a_side, mail
from tests.fakes.desk import FakeDesk
from tests.unit.servorg.office import CUSTOMER, LEASE, FakeOffice

PEOPLE = ["ann", "bob", "cid", "dan"]


def an_office(*people: str, limits: Limits | None = None) -> FakeOffice:
    return FakeOffice(a_side(a_group("it", people or PEOPLE)), limits)


@pytest.mark.parametrize(
    "error", [CustOrgUnreachable("no answer"), DeskUnavailable("503", 503), DeskUnavailable("gone")]
)
def test_an_unreachable_side_is_redelivered_under_the_same_run_and_fails_at_the_fifth_try(error: SyncError) -> None:
    office = an_office()
    run = office.enqueue()
    statuses = []
    for tries in range(1, MOST_TRIES + 1):
        if isinstance(error, CustOrgUnreachable):
            office.entra.then(error)
        else:
            office.desk.fail("account", error)
        with pytest.raises(type(error)):
            work(office.office, SyncJob(run.id, CUSTOMER), tries)
        statuses.append(office.run(run.id).status)

    assert statuses == [RunStatus.QUEUED] * 4 + [RunStatus.FAILED]
    assert office.run(run.id).reason == str(error)
    assert office.desk.writes == []
    assert office.ledger.leases == {}


def test_an_error_of_ours_is_redelivered_too() -> None:
    office = an_office()
    run = office.enqueue()

    def broken(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work(office.replacing(order=broken), SyncJob(run.id, CUSTOMER), 1)
    first = office.run(run.id)
    with pytest.raises(ZeroDivisionError):
        work(office.replacing(order=broken), SyncJob(run.id, CUSTOMER), MOST_TRIES)

    assert (first.status, first.reason) == (RunStatus.QUEUED, "an error of ours: ZeroDivisionError")
    assert office.run(run.id).status is RunStatus.FAILED


def test_a_run_that_reached_its_plan_is_not_planned_again_when_it_is_redelivered() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskUnavailable("no connection"), after=2)
    run = office.enqueue()
    with pytest.raises(DeskUnavailable):
        office.deliver()

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert office.run(run.id).status is RunStatus.SUCCEEDED
    assert len(office.entra.reads) == 1


def test_a_plan_that_was_left_lying_for_more_than_a_day_is_not_gone_on_with() -> None:
    office = an_office(limits=Limits(25, 100, 100))
    office.sync()
    office.entra.side = a_side(a_group("it", PEOPLE[:2]))
    office.desk.fail("remove_group_user", DeskUnavailable("no connection"))
    run = office.enqueue()
    with pytest.raises(DeskUnavailable):
        office.deliver()
    office.entra.side = a_side(a_group("it", PEOPLE))
    before = len(office.desk.writes)
    office.now += timedelta(days=1, seconds=1)

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert office.run(run.id).status is RunStatus.FAILED
    assert office.run(run.id).reason == "its plan is more than a day old; the next run reads both sides afresh"
    assert len(office.desk.writes) == before
    assert office.sync().status is RunStatus.SUCCEEDED


def test_a_custorg_that_refuses_ends_the_run_at_once() -> None:
    office = an_office()
    office.entra.then(CustOrgRefused("the key is wrong"))

    run = office.sync()

    assert (run.status, run.reason) == (RunStatus.FAILED, "the key is wrong")
    assert office.jobs.sent == []


def test_forbidden_ends_the_run_and_what_was_done_is_on_record() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskForbidden("403 after a fresh token"), after=1, times=-1)

    run = office.sync()

    statuses = [row.status for row in office.ledger.changes(run.id)]
    assert (run.status, run.reason) == (RunStatus.PARTLY, "403 after a fresh token")
    assert statuses == [ChangeStatus.APPLIED] + [ChangeStatus.FAILED] * 8


def test_a_change_that_fails_leaves_the_run_partly_and_the_next_run_makes_it_good() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskRejected(400, "no"))

    first, second = office.sync(), office.sync()

    assert (first.status, second.status) == (RunStatus.PARTLY, RunStatus.SUCCEEDED)
    assert office.active() == set(PEOPLE)


def test_a_5xx_of_one_change_goes_on_after_some_seconds_and_fails_alone() -> None:
    office = an_office()
    office.desk.fail("set_group_user", DeskUnavailable("500", 500), times=16)

    run = office.sync()

    assert run.status is RunStatus.PARTLY
    assert run.counts == {"applied": 5, "failed": 4, "changes": 9, "removed": 0}


def test_a_join_beyond_fifty_groups_leaves_the_run_succeeded() -> None:
    office = an_office("ann")
    ann = office.desk.add_contact(ACCOUNT, mail("ann"))
    for number in range(50):
        office.desk.add_group(ACCOUNT, f"club {number}", {ann: REGULAR})

    run = office.sync()

    assert run.status is RunStatus.SUCCEEDED
    assert office.rows(run)["add to contact group ann@contoso.example"].reason == Reason.TOO_MANY_GROUPS


def test_a_lost_lease_stops_the_work_and_says_nothing_of_the_run() -> None:
    office = an_office()
    run = office.enqueue()

    def late() -> FakeDesk:
        office.now += timedelta(seconds=LEASE + 1)
        return office.desk

    work(office.replacing(desk=late), SyncJob(run.id, CUSTOMER), 1)

    assert office.run(run.id).status is RunStatus.RUNNING
    assert office.desk.writes == []


def test_a_run_whose_lease_was_lost_goes_on_by_a_message_of_its_own() -> None:
    office = an_office()
    run = office.enqueue()
    office.jobs.sent.clear()  # this delivery's own message is gone when it has returned

    def late() -> FakeDesk:
        office.now += timedelta(seconds=LEASE + 1)
        return office.desk

    work(office.replacing(desk=late), SyncJob(run.id, CUSTOMER), 1)
    office.settle()

    assert office.run(run.id).status is RunStatus.SUCCEEDED
    assert office.active() == set(PEOPLE)


@pytest.mark.parametrize("done", [True, False])
def test_the_same_message_takes_up_a_run_whose_holder_was_killed(done: bool) -> None:
    office = an_office()
    run = office.kill(2, done=done)
    office.now += timedelta(seconds=LEASE + 1)

    work(office.office, SyncJob(run.id, CUSTOMER), 2)
    office.settle()

    assert office.run(run.id).status is RunStatus.SUCCEEDED
    assert office.active() == set(PEOPLE)
    assert len(office.entra.reads) == 1


def test_another_job_first_completes_what_a_killed_holder_left() -> None:
    office = an_office()
    killed = office.kill(2, done=True)
    office.now += timedelta(seconds=LEASE + 1)

    later = office.sync()

    assert office.run(killed.id).status is RunStatus.SUCCEEDED
    assert later.status is RunStatus.SUCCEEDED
    assert later.counts["changes"] == 0
    assert office.active() == set(PEOPLE)


def test_a_job_waits_while_what_a_killed_holder_left_takes_more_than_a_slice() -> None:
    office = an_office()
    killed = office.kill(2, done=True)
    office.now += timedelta(seconds=LEASE + 1)
    office.desk.fail("create_contact", DeskThrottled(9))

    later = office.enqueue()
    office.deliver()
    sent = [(job.run, bool(job.handed), delay) for job, delay in office.jobs.sent]
    office.settle()

    assert sent == [(killed.id, True, 9), (later.id, False, WAIT_SECONDS)]
    assert office.run(killed.id).status is RunStatus.SUCCEEDED
    assert office.run(later.id).status is RunStatus.SUCCEEDED


def test_a_killed_run_that_had_no_plan_yet_is_superseded_in_silence() -> None:
    office = an_office()
    dead = office.enqueue()
    office.jobs.sent.clear()
    office.ledger.take_lease(CUSTOMER, dead.id, "the killed holder", office.now, LEASE)
    office.now += timedelta(seconds=LEASE + 1)

    run = office.sync()

    assert run.status is RunStatus.SUCCEEDED
    assert office.run(dead.id).status is RunStatus.QUEUED
