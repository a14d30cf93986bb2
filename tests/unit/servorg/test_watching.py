"""What is looked at every five minutes, and the one line that alerts read."""

import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from servorg.records import Run, RunStatus
from servorg.watching import LATE, MOST_READ, Watched, look
from tests.unit.servorg.office import CUSTOMER, FakeOffice


@dataclass(slots=True)
class FakeQueue:
    messages: int = 0
    oldest: datetime | None = None
    poison: int = 0

    def count(self) -> int:
        return self.messages

    def oldest_waiting(self) -> datetime | None:
        return self.oldest

    def count_poison(self) -> int:
        return self.poison


class Watch:
    """A ledger of one customer's runs, two queues, and what is said of them."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.office, self.jobs, self.events = FakeOffice(), FakeQueue(), FakeQueue()
        self.refreshed: datetime | None = None
        self._caplog = caplog

    def run(self, status: RunStatus, hours: float) -> Run:
        """A run that was queued and ended so many hours ago."""
        now, self.office.now = self.office.now, self.office.now - timedelta(hours=hours)
        run = replace(self.office.enqueue(), status=status, ended_at=self.office.now)
        self.office.ledger.update_run(run.id, status=status, ended_at=run.ended_at)
        self.office.now = now
        return run

    def said(self, *customers: str, schedule: str | None = None) -> dict[str, object]:
        """The line that one look writes."""
        queues = {"sync-jobs": self.jobs, "events": self.events}
        watched = Watched(self.office.ledger, queues, lambda _: self.refreshed, lambda: self.office.now)
        with self._caplog.at_level(logging.INFO):
            look(watched, dict.fromkeys(customers or (CUSTOMER,), schedule))
        said: dict[str, object] = json.loads(self._caplog.messages[-1])
        return said


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Watch:
    return Watch(caplog)


QUIET = {
    "event": "service looked at",
    "held": 0,
    "held_oldest_seconds": 0,
    "messages": 0,
    "oldest_seconds": 0,
    "poison": 0,
    "without_success": [],
    "stale": [],
}


def test_with_nothing_to_see_it_says_so(watch: Watch) -> None:
    assert watch.said() == QUIET


def test_queues_are_told_together_with_the_oldest_message_of_all(watch: Watch) -> None:
    watch.jobs = FakeQueue(3, watch.office.now - timedelta(minutes=2), 1)
    watch.events = FakeQueue(2, watch.office.now - timedelta(minutes=9), 4)
    said = watch.said()

    assert (said["messages"], said["oldest_seconds"], said["poison"]) == (5, 540, 5)


def test_a_held_run_is_told_with_its_age(watch: Watch) -> None:
    watch.run(RunStatus.SUCCEEDED, 5)
    watch.run(RunStatus.HELD, 3)
    watch.run(RunStatus.FAILED, 1)
    said = watch.said()

    assert said["held"] == 1
    assert said["held_oldest_seconds"] == pytest.approx(3 * 3_600, abs=2)


@pytest.mark.parametrize(("hours", "late"), [(25.9, []), (26.1, [CUSTOMER])])
def test_a_customer_whose_last_success_is_26_hours_ago_is_told(watch: Watch, hours: float, late: list[str]) -> None:
    watch.run(RunStatus.SUCCEEDED, hours)
    watch.run(RunStatus.PARTLY, 1)

    assert watch.said()["without_success"] == late


@pytest.mark.parametrize(("ago", "days", "late"), [(96, 3, []), (96, 5, [CUSTOMER]), (1, 5, []), (3, 5, [CUSTOMER])])
def test_a_weekly_customer_is_late_two_hours_after_a_run_was_due(
    watch: Watch, ago: int, days: int, late: list[str]
) -> None:
    due = watch.office.now - timedelta(hours=ago)
    watch.run(RunStatus.SUCCEEDED, 24 * days)

    assert watch.said(schedule=f"0 {due.minute} {due.hour} * * {due.isoweekday() % 7}")["without_success"] == late


def test_a_customer_that_never_had_a_success_is_late_from_its_first_run_on(watch: Watch) -> None:
    for hours in range(MOST_READ, 0, -1):
        watch.run(RunStatus.FAILED, hours)

    assert watch.said()["without_success"] == [CUSTOMER]


def test_a_customer_without_a_run_is_not_late(watch: Watch) -> None:
    watch.run(RunStatus.SUCCEEDED, 1)

    assert watch.said(CUSTOMER, "fabrikam")["without_success"] == []


@pytest.mark.parametrize(("ago", "stale"), [(LATE, []), (LATE + timedelta(seconds=1), [CUSTOMER])])
def test_a_groups_table_that_was_not_refreshed_for_26_hours_is_stale(
    watch: Watch, ago: timedelta, stale: list[str]
) -> None:
    watch.refreshed = watch.office.now - ago

    assert watch.said()["stale"] == stale
