"""Jobs from message to record: one per customer at a time, and what becomes of a message whatever happens."""

from itertools import count

import pytest

from servorg.jobs import MOST_TRIES, WAIT_SECONDS, work
from servorg.messages import SyncJob
from servorg.records import LeaseTaken, RunStatus
from shared.core.gates import Limits
from shared.errors import (
    DeskThrottled,
    GraphThrottled,
)
from tests.builders import ACCOUNT, a_group, a_side, mail
from tests.unit.servorg.office import CUSTOMER, LEASE, FakeOffice

PEOPLE = ["ann", "bob", "cid", "dan"]


def an_office(*people: str, limits: Limits | None = None) -> FakeOffice:
    return FakeOffice(a_side(a_group("it", people or PEOPLE)), limits)


def test_a_first_sync_makes_everything_and_the_second_one_nothing() -> None:
    office = an_office()

    first = office.sync()
    writes = len(office.desk.writes)
    second = office.sync()

    assert (first.status, second.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED)
    assert first.counts == {"applied": 9, "changes": 9, "removed": 0}
    assert office.active() == set(PEOPLE)
    assert len(office.desk.writes) == writes
    assert office.ledger.leases == {}


def test_a_run_exists_before_its_message() -> None:
    office = an_office()

    run = office.enqueue(1, 2)

    assert office.jobs.sent == [(SyncJob(run.id, CUSTOMER), 0)]
    assert office.run(run.id).status is RunStatus.QUEUED
    assert (run.modes, run.trigger, run.queued_at) == ((1, 2), "timer", office.now)


@pytest.mark.parametrize("customer", ["contoso", "fabrikam"])
def test_a_message_without_its_run_is_refused(customer: str) -> None:
    office = an_office()
    run = office.enqueue()
    job = SyncJob(run.id if customer == "fabrikam" else f"{run.id[:-1]}x", customer)

    with pytest.raises(ValueError, match="there is no run"):
        work(office.office, job, 1)

    assert office.desk.calls == []


def test_a_message_that_comes_again_after_its_runs_end_changes_nothing() -> None:
    office = an_office()
    run = office.sync()
    calls = len(office.desk.calls)

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert office.run(run.id) == run
    assert len(office.desk.calls) == calls


def test_a_job_that_finds_another_at_work_looks_again_later() -> None:
    office = an_office()
    run = office.enqueue()
    office.ledger.take_lease(CUSTOMER, "another", "holder", office.now, LEASE)

    office.deliver()

    assert office.jobs.sent == [(SyncJob(run.id, CUSTOMER), WAIT_SECONDS)]
    assert office.run(run.id).status is RunStatus.QUEUED
    assert office.desk.calls == []


def test_a_message_is_not_run_twice_while_its_lease_is_alive() -> None:
    office = an_office()
    run = office.enqueue()
    office.ledger.take_lease(CUSTOMER, run.id, "the first delivery", office.now, LEASE)

    office.deliver()

    assert office.desk.calls == []
    assert office.jobs.sent == [(SyncJob(run.id, CUSTOMER), WAIT_SECONDS)]


def test_throttling_by_deskdirector_is_a_continuation_and_no_failed_try() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskThrottled(17), after=2)
    run = office.enqueue()

    office.deliver(tries=MOST_TRIES)
    [(job, delay)] = office.jobs.sent
    office.settle()

    assert (job.run, delay) == (run.id, 17)
    assert office.run(run.id).status is RunStatus.SUCCEEDED
    assert [call.arguments[1] for call in office.desk.writes if call.name == "create_contact"] == [
        *map(mail, PEOPLE[:3]),
        *map(mail, PEOPLE[2:]),
    ]


@pytest.mark.parametrize("who", ["graph", "deskdirector"])
def test_throttling_while_reading_delays_the_message_in_the_same_run(who: str) -> None:
    office = an_office()
    if who == "graph":
        office.entra.then(GraphThrottled(33))
    else:
        office.desk.fail("account", DeskThrottled(33))
    run = office.enqueue()

    office.deliver(tries=MOST_TRIES)
    delays = [delay for _, delay in office.jobs.sent]
    office.settle()

    assert delays == [33]
    assert office.run(run.id).status is RunStatus.SUCCEEDED


def test_the_customer_is_kept_for_a_continuation_and_its_token_works_once() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskThrottled(17))
    office.enqueue()
    office.deliver()
    continuation, _ = office.jobs.sent[0]
    other = office.enqueue()
    office.jobs.sent.pop()

    work(office.office, SyncJob(other.id, CUSTOMER), 1)
    busy = office.jobs.sent.pop()
    office.settle()
    taken = office.ledger.take_lease(CUSTOMER, "other", "holder", office.now, LEASE)
    work(office.office, continuation, 1)

    assert busy == (SyncJob(other.id, CUSTOMER), WAIT_SECONDS)
    assert continuation.handed
    assert isinstance(taken, LeaseTaken)
    assert office.run(continuation.run).status is RunStatus.SUCCEEDED


def test_a_slice_that_is_over_goes_on_in_a_message_of_its_own() -> None:
    office = an_office()
    office.seconds = count(0.0, 10.0)
    run = office.enqueue()

    office.deliver()
    delays = [delay for _, delay in office.jobs.sent]
    status = office.run(run.id).status
    office.settle()

    assert delays == [0.0]
    assert status is RunStatus.RUNNING
    assert office.run(run.id).status is RunStatus.SUCCEEDED
    assert office.active() == set(PEOPLE)
    assert len(office.entra.reads) == 1


def test_a_second_run_while_lists_lack_what_the_first_one_made_makes_nothing_twice() -> None:
    office = FakeOffice(a_side(a_group("it", ["jan", "eva"])))
    office.desk.index_lag = 4
    runs = [office.sync(2), office.sync(2)]
    groups = [group.name for group in office.desk.read(ACCOUNT).groups.values()]

    assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * 2
    assert groups == ["it"]
    assert office.active() == {"jan", "eva"}
