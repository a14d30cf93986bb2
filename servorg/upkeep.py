"""What keeps runs in order: those that nobody works on are sent again, those that are long over are forgotten."""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from servorg.jobs import Office
from servorg.messages import SyncJob
from servorg.records import LeaseTaken, Run, RunStatus
from shared.logs import log_event

QUIET = timedelta(minutes=10)
"""A lease that ran out so lately may still be taken up by a message that comes again."""
STUCK = timedelta(minutes=15)
"""A run without a sign of life for so long has no message any more: they come again after seconds."""
BACKLOG = timedelta(minutes=5)
"""While a message waits for so long in the queue, runs wait for their turn and miss nothing."""
MOST_SENT = 5
"""A run that was sent again so often ends its host each time, or something else is wrong: a person has to look."""
FORGOTTEN_AT_ONCE = 100
LOOKED_AT_AT_ONCE = 1_000
SECONDS = 60.0
"""So long runs are forgotten at once; the next tick goes on."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that is not over. `since` is its last sign of life in its row, `sent` how often it was sent again.

    `version` is the row as it was read.
    """

    id: str
    customer: str
    status: RunStatus
    since: datetime
    sent: int = 0
    version: str = ""


class RunRows(Protocol):
    """The rows of runs, as far as upkeep looks at them."""

    def unfinished(self, customer: str) -> list[Unfinished]:
        """The customer's runs that are queued or at work, or cancelled and not closed; the oldest first."""
        ...

    def lease(self, customer: str) -> LeaseTaken | None:
        """The customer's lease as it is written, also one that ran out."""
        ...

    def note_sent(self, run: Unfinished, now: datetime, reason: str) -> bool:
        """Notes that the run is sent once more, with a reason if there is one, unless its row was changed meanwhile.

        Whether it was noted.
        """
        ...

    def queued_before(self, before: datetime, limit: int) -> list[str]:
        """At most `limit` ids of runs of all customers that were queued before that time; some may be gone."""
        ...

    def forget(self, run: str) -> None:
        """Deletes the run with its changes; links stay. May be repeated."""
        ...


def take_up(
    office: Office, rows: RunRows, oldest_waiting: Callable[[], datetime | None], customers: Iterable[str]
) -> list[str]:
    """Sends a new message for each customer's run that nobody works on and nobody will; their ids.

    A message too many does no harm: one of a run that is over changes nothing, and a run at work has its lease. Nothing
    is sent while messages wait in the queue for minutes: `oldest_waiting` is when the first of them was put there.
    """
    now, waiting = office.now(), oldest_waiting()
    if waiting and now - waiting > BACKLOG:
        log_event(log, "jobs wait for their turn", since=f"{waiting:%Y-%m-%d %H:%M}")
        return []
    stuck = [run for customer in customers if (run := _stuck(office, rows, customer, now))]
    return [run.id for run in stuck if _send_again(office, rows, run, now)]


def _stuck(office: Office, rows: RunRows, customer: str, now: datetime) -> Unfinished | None:
    """The customer's run that is to be taken up: one that a killed host left, before the oldest."""
    runs = [run for run in rows.unfinished(customer) if now - run.since > STUCK]
    lease = rows.lease(customer) if runs else None
    quiet = max(QUIET, timedelta(seconds=office.lease_seconds))
    if lease and lease.until + quiet > now:
        return None
    left = lease.run if lease else ""
    return min(runs, key=lambda run: (run.sent >= MOST_SENT, run.id != left), default=None)


def _send_again(office: Office, rows: RunRows, run: Unfinished, now: datetime) -> bool:
    if run.sent >= MOST_SENT:
        return False
    times = f"{run.sent + 1} of {MOST_SENT} times"
    said = f"nobody was at work on it at {now:%Y-%m-%d %H:%M} UTC, so it was sent again ({times})"
    # the reason of a cancelled run says who cancelled it
    if not rows.note_sent(run, now, "" if run.status is RunStatus.CANCELLED else said):
        return False
    office.jobs.send(SyncJob(run.id, run.customer).to_json())
    log_event(
        log,
        "a run that nobody worked on is sent again",
        logging.WARNING,
        run=run.id,
        customer=run.customer,
        status=run.status,
        times=run.sent + 1,
    )
    return True


def forget_old(office: Office, rows: RunRows, days: int, customers: Collection[str]) -> int:
    """Forgets runs that ended more than so many days ago, a limited number at once; how many.

    A run that is held or not over stays, and so does the newest one of each of the `customers`.
    """
    before, deadline, forgotten = office.now() - timedelta(days=days), office.clock() + SECONDS, 0
    for run in rows.queued_before(before, LOOKED_AT_AT_ONCE):
        if forgotten == FORGOTTEN_AT_ONCE or office.clock() > deadline:
            break
        if _is_old(office, run, before, customers):
            rows.forget(run)
            forgotten += 1
    if forgotten:
        log_event(log, "old runs are forgotten", runs=forgotten, before=f"{before:%Y-%m-%d}")
    return forgotten


def _is_old(office: Office, run: str, before: datetime, customers: Collection[str]) -> bool:
    found = office.ledger.run(run)
    if found is None:
        return True  # it was half forgotten when its host was killed
    ended = found.ended_at
    over = found.over and found.status is not RunStatus.HELD
    return over and ended is not None and ended < before and not _is_newest(office, found, customers)


def _is_newest(office: Office, run: Run, customers: Collection[str]) -> bool:
    return run.customer in customers and office.ledger.runs(run.customer, 1)[0].id == run.id
