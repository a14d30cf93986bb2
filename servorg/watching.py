"""What somebody should see who watches: what waits, what failed for good, who got no run. Looked at every five minutes.

The same facts go out twice: as one line in the log, which alerts read and which is always there, and as metrics.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from servorg.records import ChangeStatus, Ledger, Run, RunStatus
from servorg.schedules import last_due
from shared.logs import log_event
from shared.telemetry import count, gauge

ROOM = timedelta(hours=2)
"""So long after its time a run may succeed."""
LATE = timedelta(days=1) + ROOM
FIRST_READ, MOST_READ = 3, 30

log = logging.getLogger(__name__)


class Queue(Protocol):
    """A queue with its poison queue."""

    def count(self) -> int:
        """About how many messages there are."""
        ...

    def oldest_waiting(self) -> datetime | None:
        """When the oldest message that could be taken now was put there, as far as can be seen."""
        ...

    def count_poison(self) -> int:
        """About how many messages failed for good."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at. `refreshed` tells when a customer's groups table was last refreshed; `now` is UTC."""

    ledger: Ledger
    queues: Mapping[str, Queue]
    refreshed: Callable[[str], datetime | None]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Customer:
    """Seconds since the oldest held run was queued, the last success, the last refresh; None without one.

    `schedule` is the customer's own (NCRONTAB), if it has one.
    """

    id: str
    schedule: str | None
    held: float | None
    succeeded: float | None
    refreshed: float | None


@dataclass(frozen=True, slots=True)
class _Queue:
    messages: int
    oldest: float
    poison: int


def look(watched: Watched, customers: Mapping[str, str | None]) -> None:
    """Looks, and tells the log and the metrics; `customers` have their own schedule (NCRONTAB), or None, by id.

    AzureError or LedgerUnreachable when storage does not answer.
    """
    queues = {name: _queue(queue, watched.now()) for name, queue in watched.queues.items()}
    states = [_customer(watched, *customer) for customer in customers.items()]
    held = [one.held for one in states if one.held is not None]
    for name, queue in queues.items():
        gauge("queue_messages", queue.messages, queue=name)
        gauge("queue_oldest_seconds", queue.oldest, queue=name)
        gauge("poison_messages", queue.poison, queue=name)
    for one in states:
        gauge("succeeded_seconds", one.succeeded, customer=one.id)
        gauge("custorg_stale_seconds", one.refreshed, customer=one.id)
    gauge("held_oldest_seconds", max(held, default=0))
    log_event(
        log,
        "service looked at",
        held=len(held),
        held_oldest_seconds=round(max(held, default=0)),
        messages=sum(queue.messages for queue in queues.values()),
        oldest_seconds=round(max((queue.oldest for queue in queues.values()), default=0)),
        poison=sum(queue.poison for queue in queues.values()),
        without_success=[one.id for one in states if _is_behind(watched.now(), one)],
        stale=[one.id for one in states if _is_late(one.refreshed)],
    )


def tell_end(run: Run) -> None:
    """Counts a run that has ended or is held, and its changes: what is held then, everything else at the end."""
    count("runs", status=run.status, customer=run.customer)
    is_held = run.status is RunStatus.HELD
    for status in ChangeStatus:
        if (status is ChangeStatus.HELD) == is_held:
            count("changes", run.counts.get(status, 0), status=status.replace(" ", "_"), customer=run.customer)


def _queue(queue: Queue, now: datetime) -> _Queue:
    oldest = queue.oldest_waiting()
    return _Queue(queue.count(), (now - oldest).total_seconds() if oldest else 0.0, queue.count_poison())


def _customer(watched: Watched, customer: str, schedule: str | None) -> _Customer:
    now, runs = watched.now(), _runs(watched.ledger, customer)
    held = [run.queued_at for run in runs if run.status is RunStatus.HELD]
    refreshed = _seconds(now, watched.refreshed(customer))
    return _Customer(customer, schedule, _seconds(now, *held), _seconds(now, _succeeded(runs)), refreshed)


def _runs(ledger: Ledger, customer: str) -> list[Run]:
    """The customer's newest runs, as far back as one that succeeded: only a newer one can be held still."""
    runs = ledger.runs(customer, FIRST_READ)
    found = any(run.status is RunStatus.SUCCEEDED for run in runs)
    return runs if found or len(runs) < FIRST_READ else ledger.runs(customer, MOST_READ)


def _succeeded(runs: list[Run]) -> datetime | None:
    """When the last success ended; without one, when the first run that is known was queued."""
    ended = (run.ended_at for run in runs if run.status is RunStatus.SUCCEEDED)
    return next(ended, runs[-1].queued_at if runs else None)


def _seconds(now: datetime, *times: datetime | None) -> float | None:
    known = [at for at in times if at]
    return (now - min(known)).total_seconds() if known else None


def _is_behind(now: datetime, customer: _Customer) -> bool:
    """Whether the last success is too long ago: by its own schedule, if any, a run was due since and had its time."""
    if customer.succeeded is None or not _is_late(customer.succeeded):
        return False
    due = last_due(customer.schedule, now - ROOM) if customer.schedule else None
    return due is None or now - timedelta(seconds=customer.succeeded) < due


def _is_late(seconds: float | None) -> bool:
    return seconds is not None and seconds > LATE.total_seconds()
