"""Jobs: who is queued, who is at work, and what becomes of a message. One job per customer at a time."""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from servorg.admission import admit, obstacle
from servorg.apply import MARK_SECONDS, LeaseLost, Slice
from servorg.lease import Lease
from servorg.messages import SyncJob
from servorg.ports import Desk, EntraSource
from servorg.recording import (
    PLANNED,
    Cancelled,
    awaits_admission,
    counts,
    is_approved,
    record_admission,
    record_cancelled,
    record_draft,
    record_end,
    record_held_again,
)
from servorg.records import ChangeRow, LeaseBusy, LeaseTaken, Ledger, Run, RunFields, RunStatus, new_run_id
from servorg.sync import Draft, Order, draw_up
from shared.core.model import AccountId
from shared.errors import CustOrgUnreachable, DeskThrottled, DeskUnavailable, GraphThrottled, SyncError
from shared.logs import log_event

SLICE_SECONDS = 60.0
WAIT_SECONDS = 5.0
"""After so long a job that found another of its customer at work looks again."""
STALE = timedelta(days=1)
"""A plan that was drawn up before that is not applied any more: what it takes away may be desired again."""
MOST_TRIES = 5
"""The host's maxDequeueCount: a message that failed so often is poison."""

log = logging.getLogger(__name__)


class Jobs(Protocol):
    """The queue of jobs."""

    def send(self, text: str, delay: float = 0) -> None:
        """Puts a message into the queue, to be seen after `delay` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """All that a job needs. `order` and `source` are about one customer; `now` is UTC, `clock` never jumps.

    `ended` is told of each run that has come to an end or is held; who must not miss one looks into the ledger too.
    """

    ledger: Ledger
    jobs: Jobs
    desk: Callable[[], Desk]
    order: Callable[[Run], Order]
    source: Callable[[str], EntraSource]
    claim: Callable[[str, Iterable[AccountId]], None]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    lease_seconds: float
    random: Random
    ended: Callable[[Run], None] = lambda _: None


def enqueue(office: Office, customer: str, modes: tuple[int, ...], trigger: str) -> Run:
    """A new run of the customer: first its row, then its message."""
    now = office.now()
    return queue_run(
        office, Run(new_run_id(customer, now, office.random), customer, modes, queued_at=now, trigger=trigger)
    )


def queue_run(office: Office, run: Run) -> Run:
    """Queues a new run that has its id already; the run."""
    office.ledger.create_run(run)
    office.jobs.send(SyncJob(run.id, run.customer).to_json())
    return run


def work(office: Office, job: SyncJob, tries: int) -> None:
    """One delivery of a job's message, the `tries`-th. Raises what the host shall deliver again.

    ValueError when there is no such run: no try will change that.
    """
    run = office.ledger.run(job.run)
    if run is None or run.customer != job.customer:
        raise ValueError(f"there is no run {job.run!r} of customer {job.customer!r}")
    if run.over:
        return
    holder = uuid.uuid4().hex
    taken = office.ledger.take_lease(
        run.customer, run.id, holder, office.now(), office.lease_seconds, handed=job.handed
    )
    if isinstance(taken, LeaseBusy):
        office.jobs.send(job.to_json(), WAIT_SECONDS)
        return
    with Lease(office.ledger, taken, office.lease_seconds, office.now) as lease:
        # read again: until the lease was ours, another delivery may have been at work on it
        _work_in_order(office, office.ledger.run(run.id) or run, taken, lease, tries)


def _work_in_order(office: Office, run: Run, taken: LeaseTaken, lease: Lease, tries: int) -> None:
    """First what a killed holder left of another run, then this run."""
    killed = office.ledger.run(taken.previous) if taken.previous else None
    if killed and killed.id != run.id and killed.options.get(PLANNED) and not killed.over:
        log_event(log, "taking up a run whose holder is gone", run=killed.id, by=run.id)
        if not _attempt(office, killed, lease, tries, in_doubt=True):
            office.jobs.send(SyncJob(run.id, run.customer).to_json(), WAIT_SECONDS)
            return
    if not run.over:
        _attempt(office, run, lease, tries, in_doubt=taken.previous == run.id)


def _attempt(office: Office, run: Run, lease: Lease, tries: int, *, in_doubt: bool) -> bool:
    """Whether the run ended; if not, its next message is on its way, or the error is raised that brings it back."""
    try:
        wait = _advance(office, run, lease, in_doubt=in_doubt)
    except LeaseLost:
        log_event(log, "the lease ran out while at work", run=run.id)
        office.jobs.send(SyncJob(run.id, run.customer).to_json(), WAIT_SECONDS)  # else nobody would go on with it
        return False
    except Cancelled:
        _end(office, run)
        return True
    except (GraphThrottled, DeskThrottled) as throttled:
        wait = throttled.retry_after
    except (CustOrgUnreachable, DeskUnavailable) as unreachable:
        _fail(office, run, str(unreachable), for_good=tries >= MOST_TRIES)
        raise
    except SyncError as error:
        kind = type(error).__name__
        log_event(log, "run ended by an error", logging.ERROR, run=run.id, customer=run.customer, error=kind)
        _fail(office, run, str(error), for_good=True)
        return True
    except Exception as error:
        _fail(office, run, f"an error of ours: {type(error).__name__}", for_good=tries >= MOST_TRIES)
        raise
    return wait is None or not _go_on(office, run, lease, wait)


def _advance(office: Office, run: Run, lease: Lease, *, in_doubt: bool) -> float | None:
    """Plans if that is not done yet, then applies one slice: None when the run has ended, else when to go on.

    Cancelled when a person wants it to stop.
    """
    run = _begin(office, run)
    if not run.options.get(PLANNED):
        run = _plan(office, run)
    elif awaits_admission(run):
        run = _admit(office, run)
    elif run.started_at and office.now() - run.started_at > STALE:
        _end(office, run, "its plan is more than a day old; the next run reads both sides afresh")
        return None
    if run.over:
        return None
    rows = office.ledger.changes(run.id)
    deadline = office.clock() + SLICE_SECONDS
    piece = Slice(rows, office.desk(), _marker(office, run, rows), office.clock)
    wait = piece.run(deadline, lambda: lease.lost, in_doubt=in_doubt)
    if wait is None:
        _end(office, run)
    return wait


def _begin(office: Office, run: Run) -> Run:
    """The run is at work from here on. Every later write is made only while it is: a decision is never overwritten."""
    fields: RunFields = {"status": RunStatus.RUNNING, "started_at": run.started_at or office.now()}
    if run.status is RunStatus.CANCELLED or not office.ledger.update_run_if(run.id, run.status, **fields):
        raise Cancelled(f"run {run.id} was cancelled")
    return replace(run, **fields)


def _plan(office: Office, run: Run) -> Run:
    draft = _draw_up(office, run)
    _supersede_earlier(office, run)
    return record_draft(office.ledger, run, draft, office.now())


def _admit(office: Office, run: Run) -> Run:
    """What a person approved is applied as far as a fresh, complete read still says so; if there is none, it waits."""
    draft = _draw_up(office, run)
    if reason := obstacle(run, draft):
        return _hold_again(office, run, reason)
    return record_admission(office.ledger, run, admit(office.ledger.changes(run.id), draft, office.now()))


def _hold_again(office: Office, run: Run, reason: str) -> Run:
    held = record_held_again(office.ledger, run, office.now(), reason)
    _tell_end(office, held)
    return held


def _draw_up(office: Office, run: Run) -> Draft:
    order = office.order(run)
    draft = draw_up(order, office.source(run.customer), office.desk())
    office.claim(run.customer, draft.current.keys() - {order.account})
    found = office.ledger.run(run.id)
    if found and found.status is not run.status:
        raise Cancelled(f"run {run.id} was cancelled while it read")
    return draft


def _supersede_earlier(office: Office, run: Run) -> None:
    """A run that has read both sides knows better than any earlier plan that waits, or was left lying.

    What a person approved meanwhile has its own message, and reads afresh when that comes.
    """
    for other in office.ledger.runs(run.customer, 20):
        if other.id == run.id or other.status.final or is_approved(other):
            continue
        reason = f"superseded by {run.id}"
        if other.status is RunStatus.HELD:
            cancel_held(office, other, reason)
        elif other.options.get(PLANNED):
            office.ended(record_end(office.ledger, other, office.now(), reason))


def cancel_held(office: Office, run: Run, reason: str) -> Run | None:
    """The held run as it is cancelled, its held changes skipped with the reason; None when it is not held any more."""
    if not office.ledger.update_run_if(run.id, RunStatus.HELD, status=RunStatus.CANCELLED, reason=reason):
        return None
    cancelled = replace(run, status=RunStatus.CANCELLED, reason=reason)
    cancelled = record_cancelled(office.ledger, cancelled, office.now())
    office.ended(cancelled)
    return cancelled


def _marker(office: Office, run: Run, rows: Sequence[ChangeRow]) -> Callable[[Sequence[ChangeRow]], None]:
    """Writes what became of changes, and the run's counts for whoever watches; Cancelled when it is to stop."""
    latest = {row.number: row for row in rows}
    told = office.clock()

    def mark(decided: Sequence[ChangeRow]) -> None:
        nonlocal told
        now = office.now()
        stamped = [replace(row, at=now) for row in decided]
        latest.update({row.number: row for row in stamped})
        office.ledger.mark(stamped)
        if office.clock() - told >= MARK_SECONDS:
            so_far = counts(latest.values(), approved=is_approved(run))
            if not office.ledger.update_run_if(run.id, RunStatus.RUNNING, counts=so_far):
                raise Cancelled(f"run {run.id} was cancelled")
            told = office.clock()

    return mark


def _go_on(office: Office, run: Run, lease: Lease, wait: float) -> bool:
    """Sends the run's next message and keeps the customer for it until it comes; False when it was cancelled."""
    waits = f"goes on in {wait:.0f} s, as it was asked to wait"
    if wait and not office.ledger.update_run_if(run.id, RunStatus.RUNNING, reason=waits):
        _end(office, run)
        return False
    handed = lease.hand_over(run.id, wait)
    office.jobs.send(SyncJob(run.id, run.customer, handed).to_json(), wait)
    return True


def _fail(office: Office, run: Run, reason: str, *, for_good: bool) -> None:
    found = office.ledger.run(run.id) or run
    if for_good or found.status is RunStatus.CANCELLED:
        _end(office, found, reason)
    elif office.ledger.update_run_if(run.id, found.status, status=RunStatus.QUEUED, reason=reason):
        log_event(log, "run will be tried again", run=run.id, customer=run.customer, reason=reason)


def _end(office: Office, run: Run, reason: str = "") -> None:
    """Ends the run as it is now; an approved one that was not checked yet is held again instead of failing."""
    found = office.ledger.run(run.id) or run
    if reason and awaits_admission(found):
        _hold_again(office, found, reason)
    else:
        _tell_end(office, record_end(office.ledger, found, office.now(), reason))


def _tell_end(office: Office, run: Run) -> None:
    spent = (run.ended_at - run.started_at) if run.ended_at and run.started_at else timedelta()
    log_event(
        log,
        "run finished",
        run=run.id,
        customer=run.customer,
        modes=list(run.modes),
        status=run.status,
        seconds=round(spent.total_seconds(), 1),
        left_out=len(run.skipped),  # `skipped` is the count of changes with that status
        objections=len(run.objections),
        **{name.replace(" ", "_"): count for name, count in run.counts.items()},
    )
    office.ended(run)
