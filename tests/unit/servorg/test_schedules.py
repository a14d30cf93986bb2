"""Schedules of customers' own: when one is due, it gives one run."""

from datetime import UTC, datetime, timedelta

import pytest

from servorg.customer import Configuration
from servorg.records import Run
from servorg.schedules import Look, enqueue_due
from tests.fakes.upkeep import FakeLooks
from tests.unit.servorg.office import CUSTOMER, FakeOffice

NIGHTLY = Configuration(modes=(2, 3), schedule="0 30 2 * * *")
EVENING = datetime(2026, 11, 24, 22, tzinfo=UTC)
DUE = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


class SlowLooks(FakeLooks):
    """What it read before the other instance wrote."""

    read: Look | None = None

    def last(self, customer: str) -> Look | None:
        return self.read


class Timer:
    """An office with one scheduled customer, whose schedule was set the evening before."""

    def __init__(self) -> None:
        self.fake, self.looks = FakeOffice(), FakeLooks()
        self.looks.configured(CUSTOMER, EVENING)

    def tick(self, at: datetime, configuration: Configuration = NIGHTLY) -> list[Run]:
        self.fake.now = at
        return enqueue_due(self.fake.office, self.looks, [(CUSTOMER, configuration)])


@pytest.fixture
def timer() -> Timer:
    return Timer()


def test_a_run_is_queued_once_when_its_time_has_come(timer: Timer) -> None:
    minutes = [timer.tick(DUE + timedelta(minutes=5 * step, milliseconds=20)) for step in range(-2, 4)]

    assert [len(runs) for runs in minutes] == [0, 0, 1, 0, 0, 0]
    [run] = minutes[2]
    assert (run.modes, run.trigger) == ((2, 3), "schedule")
    assert [job.run for job, _ in timer.fake.jobs.sent] == [run.id]
    assert timer.fake.run(run.id) == run


def test_what_is_due_at_the_very_tick_comes_with_the_next_one_at_the_latest(timer: Timer) -> None:
    assert len(timer.tick(DUE) + timer.tick(DUE + timedelta(minutes=5))) == 1


def test_missed_times_are_caught_up_by_one_run(timer: Timer) -> None:
    assert len(timer.tick(DUE + timedelta(days=3))) == 1
    assert timer.tick(DUE + timedelta(days=3, minutes=5)) == []


def test_what_was_due_before_the_schedule_was_set_gives_no_run(timer: Timer) -> None:
    timer.looks.configured(CUSTOMER, DUE + timedelta(minutes=1))

    assert timer.tick(DUE + timedelta(minutes=5)) == []


@pytest.mark.parametrize("configuration", [Configuration(), Configuration(schedule="0 0 0 30 2 *")])
def test_without_a_schedule_or_with_one_that_never_comes_there_is_no_run(
    timer: Timer, configuration: Configuration
) -> None:
    assert timer.tick(DUE + timedelta(days=9), configuration) == []


def test_a_customer_that_was_never_configured_has_no_run() -> None:
    fake = FakeOffice()

    assert enqueue_due(fake.office, FakeLooks(), [("fabrikam", NIGHTLY)]) == []


def test_of_two_instances_that_look_at_once_one_queues_the_run(timer: Timer) -> None:
    slower = SlowLooks()
    slower.kept, slower.read = timer.looks.kept, timer.looks.last(CUSTOMER)
    first = timer.tick(DUE + timedelta(seconds=1))
    second = enqueue_due(timer.fake.office, slower, [(CUSTOMER, NIGHTLY)])

    assert (len(first), second, len(timer.fake.jobs.sent)) == (1, [], 1)


def test_a_run_that_was_noted_and_not_written_is_queued_by_the_next_look(timer: Timer) -> None:
    last = timer.looks.last(CUSTOMER)
    assert last
    timer.looks.note(CUSTOMER, last, DUE + timedelta(seconds=1), f"{CUSTOMER}-20261125-023001-00000001")
    runs = timer.tick(DUE + timedelta(minutes=5)) + timer.tick(DUE + timedelta(minutes=10))

    assert [run.id for run in runs] == [f"{CUSTOMER}-20261125-023001-00000001"]


def test_a_run_that_is_forgotten_by_now_is_not_owed_any_more(timer: Timer) -> None:
    last = timer.looks.last(CUSTOMER)
    assert last
    timer.looks.note(CUSTOMER, last, DUE + timedelta(seconds=1), f"{CUSTOMER}-20261125-023001-00000001")

    assert timer.tick(DUE + timedelta(hours=30), Configuration(schedule="0 30 2 25 11 *")) == []


def test_a_clock_that_is_put_back_a_little_runs_nothing_twice(timer: Timer) -> None:
    first = timer.tick(DUE + timedelta(minutes=3))
    again = [timer.tick(DUE + timedelta(minutes=step)) for step in (-4, 1, 6)]

    assert len(first) == 1
    assert again == [[], [], []]


def test_a_clock_that_was_far_ahead_stops_no_schedule(timer: Timer) -> None:
    ahead = timer.tick(DUE + timedelta(days=400))
    back = [timer.tick(DUE + timedelta(hours=hours)) for hours in (1, 2, 24.1)]

    assert len(ahead) == 1
    assert [len(runs) for runs in back] == [0, 0, 1]
