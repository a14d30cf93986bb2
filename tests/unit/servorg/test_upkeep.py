"""Runs that nobody works on are sent again; runs that are long over are forgotten."""

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from servorg.decisions import approve
from servorg.jobs import enqueue
from servorg.records import Run, RunStatus
from servorg.upkeep import FORGOTTEN_AT_ONCE, MOST_SENT, SECONDS, Unfinished, forget_old, take_up
from shared.core.gates import Limits
from tests.builders import a_group, a_side
from tests.fakes.upkeep import FakeRunRows
from tests.unit.servorg.office import CUSTOMER, FakeOffice

LATER = timedelta(minutes=16)
YEAR = 400
SIDE = a_side(a_group("it", ["ann", "bob"]))


class SlowRows(FakeRunRows):
    """What it read before the other instance wrote."""

    read: Sequence[Unfinished] = ()

    def unfinished(self, _customer: str) -> list[Unfinished]:
        return list(self.read)


class Keeper:
    """An office, its upkeep, and what waits in the queue."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.fake = FakeOffice(SIDE, limits)
        self.rows = FakeRunRows(self.fake.ledger)
        self.waiting: datetime | None = None

    def tick(self, after: timedelta = timedelta(), *customers: str) -> list[str]:
        """The runs that are sent again."""
        self.fake.now += after
        return take_up(self.fake.office, self.rows, lambda: self.waiting, customers or (CUSTOMER,))

    def lose(self) -> None:
        """Every message is lost."""
        self.fake.jobs.sent.clear()

    def forget(self, days: int = YEAR, *customers: str) -> int:
        return forget_old(self.fake.office, self.rows, days, customers or (CUSTOMER,))


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


def test_a_run_whose_message_never_came_is_sent_again_and_ends(keeper: Keeper) -> None:
    run = keeper.fake.enqueue()
    keeper.lose()
    early, late = keeper.tick(timedelta(minutes=14)), keeper.tick(timedelta(minutes=2))
    said = keeper.fake.run(run.id).reason
    keeper.fake.settle()

    assert (early, late) == ([], [run.id])
    assert said == "nobody was at work on it at 2026-11-24 11:09 UTC, so it was sent again (1 of 5 times)"
    assert keeper.fake.run(run.id).status is RunStatus.SUCCEEDED
    assert keeper.fake.run(run.id).reason == ""


def test_it_is_not_sent_again_before_a_quarter_of_an_hour_is_over(keeper: Keeper) -> None:
    run = keeper.fake.enqueue()

    assert [keeper.tick(after) for after in (LATER, timedelta(minutes=5), timedelta(minutes=11))] == [
        [run.id],
        [],
        [run.id],
    ]


def test_a_run_at_work_is_left_alone_however_long_it_takes(keeper: Keeper) -> None:
    run = keeper.fake.enqueue()
    keeper.fake.ledger.take_lease(CUSTOMER, run.id, "at work", keeper.fake.now + timedelta(hours=2), 120)

    assert keeper.tick(timedelta(hours=2)) == []


def test_a_run_that_waits_for_another_of_its_customer_is_left_alone(keeper: Keeper) -> None:
    working, _ = keeper.fake.enqueue(), keeper.fake.enqueue()
    keeper.fake.ledger.take_lease(CUSTOMER, working.id, "at work", keeper.fake.now + LATER, 120)

    assert keeper.tick(LATER) == []


def test_after_a_killed_host_the_run_it_left_comes_first_once_its_lease_is_long_over(keeper: Keeper) -> None:
    waiting = keeper.fake.enqueue()
    killed = keeper.fake.kill(1, done=True)
    keeper.lose()
    soon, later = keeper.tick(timedelta(minutes=11)), keeper.tick(timedelta(minutes=6))
    keeper.fake.settle()
    then = keeper.tick(timedelta(minutes=1))

    assert (soon, later, then) == ([], [killed.id], [waiting.id])
    assert keeper.fake.run(killed.id).status is RunStatus.SUCCEEDED
    assert len(keeper.fake.desk.read(12).contacts) == 2


def test_an_approved_run_whose_message_was_lost_is_sent_again() -> None:
    keeper = Keeper(Limits(max_removals=0))
    keeper.fake.sync()
    keeper.fake.entra.side = a_side(a_group("it", ["ann"]))
    held = keeper.fake.sync()
    approve(keeper.fake.office, held.id, held.digest)
    keeper.lose()
    sent = keeper.tick(LATER)
    keeper.fake.settle()

    assert sent == [held.id]
    assert keeper.fake.run(held.id).status is RunStatus.SUCCEEDED


def test_a_held_run_is_nobodys_to_take_up() -> None:
    keeper = Keeper(Limits(max_removals=0))
    keeper.fake.sync()
    keeper.fake.entra.side = a_side(a_group("it", ["ann"]))

    assert keeper.fake.sync().status is RunStatus.HELD
    assert keeper.tick(timedelta(days=9)) == []


def test_a_cancelled_run_that_nobody_closed_is_closed_and_keeps_its_reason(keeper: Keeper) -> None:
    run = keeper.fake.kill(1, done=True)
    keeper.lose()
    keeper.fake.ledger.update_run(run.id, status=RunStatus.CANCELLED, reason="cancelled")
    sent = keeper.tick(LATER)
    keeper.fake.settle()
    closed = keeper.fake.run(run.id)

    assert sent == [run.id]
    assert (closed.status, closed.reason, closed.ended_at) == (RunStatus.CANCELLED, "cancelled", keeper.fake.now)


def test_while_messages_wait_for_minutes_nothing_is_sent_and_so_the_queue_grows_no_longer(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    run = keeper.fake.enqueue()
    keeper.waiting = keeper.fake.now
    with caplog.at_level(logging.INFO):
        crowded = keeper.tick(LATER)
    keeper.waiting = keeper.fake.now - timedelta(minutes=4)

    assert (crowded, keeper.tick()) == ([], [run.id])
    assert "jobs wait for their turn" in caplog.text


def test_a_run_that_ends_its_host_each_time_is_left_to_a_person_and_others_go_on(keeper: Keeper) -> None:
    bad = keeper.fake.enqueue()
    sent = [keeper.tick(LATER) for _ in range(MOST_SENT + 1)]
    good = keeper.fake.enqueue()

    assert sent == [[bad.id]] * MOST_SENT + [[]]
    assert "(5 of 5 times)" in keeper.fake.run(bad.id).reason
    assert keeper.tick(LATER) == [good.id]


def test_of_two_instances_that_look_at_once_one_sends_it(keeper: Keeper) -> None:
    keeper.fake.enqueue()
    slower = SlowRows(keeper.fake.ledger)
    slower.read = keeper.rows.unfinished(CUSTOMER)
    keeper.tick(LATER)
    keeper.lose()
    keeper.rows = slower

    assert keeper.tick() == []
    assert keeper.fake.jobs.sent == []


def test_the_log_says_which_run_was_sent_again(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    run = keeper.fake.enqueue()
    with caplog.at_level(logging.WARNING):
        keeper.tick(LATER)

    [record] = caplog.records
    assert json.loads(record.getMessage()) == {
        "event": "a run that nobody worked on is sent again",
        "run": run.id,
        "customer": "contoso",
        "status": "queued",
        "times": 1,
    }


# Forgetting


def ended(keeper: Keeper, days: int) -> Run:
    """A whole run that ended so many days before the last one."""
    now = keeper.fake.now
    keeper.fake.now -= timedelta(days=days)
    run = keeper.fake.sync()
    keeper.fake.now = now
    return run


def test_runs_and_their_changes_are_forgotten_and_links_stay(keeper: Keeper) -> None:
    old, newer = ended(keeper, YEAR + 2), ended(keeper, YEAR - 1)
    links = keeper.fake.ledger.links(CUSTOMER)

    assert keeper.fake.ledger.changes(old.id)
    assert keeper.forget() == 1
    assert [run.id for run in keeper.fake.ledger.runs(CUSTOMER, 9)] == [newer.id]
    assert keeper.fake.ledger.changes(old.id) == []
    assert keeper.fake.ledger.links(CUSTOMER) == links


def test_the_newest_run_of_a_customer_is_never_forgotten_unless_the_customer_is_gone(keeper: Keeper) -> None:
    ended(keeper, YEAR + 2)

    assert keeper.forget() == 0
    assert keeper.forget(YEAR, "fabrikam") == 1


@pytest.mark.parametrize("status", [RunStatus.HELD, RunStatus.RUNNING, RunStatus.QUEUED])
def test_what_is_held_or_not_over_is_never_forgotten(keeper: Keeper, status: RunStatus) -> None:
    old = ended(keeper, YEAR + 2)
    ended(keeper, 1)
    keeper.fake.ledger.update_run(old.id, status=status)

    assert keeper.forget() == 0


def test_a_run_counts_by_its_end_and_not_by_its_beginning(keeper: Keeper) -> None:
    old = ended(keeper, YEAR + 2)
    ended(keeper, 1)
    keeper.fake.ledger.update_run(old.id, ended_at=keeper.fake.now - timedelta(days=YEAR - 1))

    assert keeper.forget() == 0


def test_a_limited_number_is_forgotten_at_once_and_the_rest_later(keeper: Keeper) -> None:
    for number in range(FORGOTTEN_AT_ONCE + 5):
        ended(keeper, YEAR + 200 - number)
    ended(keeper, 1)

    assert [keeper.forget(), keeper.forget(), keeper.forget()] == [FORGOTTEN_AT_ONCE, 5, 0]


def test_forgetting_stops_when_its_time_is_over(keeper: Keeper) -> None:
    for number in range(3):
        ended(keeper, YEAR + 9 - number)
    ended(keeper, 1)
    keeper.fake.seconds = iter([0.0, 1.0, SECONDS + 1])

    assert keeper.forget() == 1


def test_a_run_that_was_half_forgotten_is_forgotten_wholly(keeper: Keeper) -> None:
    enqueue(keeper.fake.office, CUSTOMER, (2,), "timer")
    listed = [f"{CUSTOMER}-20240101-000000-00000001"]
    keeper.rows.queued_before = lambda *_: listed  # type: ignore[method-assign]  # the list's entry is left

    assert keeper.forget() == 1
