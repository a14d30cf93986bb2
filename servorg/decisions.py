"""What a person decides about a run: approve, reject, cancel. Of two decisions about one run, one counts."""

import uuid

from servorg.jobs import Office, cancel_held
from servorg.messages import SyncJob
from servorg.recording import APPROVED, PLANNED, record_cancelled
from servorg.records import LeaseBusy, LeaseTaken, Run, RunStatus, UnknownRun
from shared.errors import SyncError

REJECTED, CANCELLED = "rejected", "cancelled"
"""The reasons of runs and changes that a person decided against."""


class DecisionRefused(SyncError):
    """The run is not in a state in which this can be decided about it."""


def approve(office: Office, run: str, digest: str) -> Run:
    """Lets through what the run holds, if it is what this digest names: the run is queued, then its message is sent.

    Its job reads both sides afresh and applies what still is so of what was shown, and nothing else. UnknownRun, or
    DecisionRefused when the run is not held any more or shows something else.
    """
    found = _known(office, run)
    if found.status is not RunStatus.HELD:
        raise _not_held(found)
    if found.digest != digest:
        raise DecisionRefused(f"run {run} shows another digest than {digest!r}: look at it again before you approve it")
    # started_at is when its job begins: what was applied before that is linked already
    options = {**found.options, APPROVED: True}
    if not office.ledger.update_run_if(
        run, RunStatus.HELD, status=RunStatus.QUEUED, reason="", started_at=None, ended_at=None, options=options
    ):
        raise _not_held(_known(office, run))
    office.jobs.send(SyncJob(found.id, found.customer).to_json())
    return _known(office, run)


def reject(office: Office, run: str) -> Run:
    """Cancels a held run; nothing that it holds is applied. UnknownRun, or DecisionRefused when it is not held."""
    found = _known(office, run)
    if found.status is not RunStatus.HELD:
        raise _not_held(found)
    rejected = cancel_held(office, found, REJECTED)
    if rejected is None:
        raise _not_held(_known(office, run))
    return rejected


def cancel(office: Office, run: str) -> Run:
    """Cancels a run that is queued, at work, or held; a job at work stops within about a second and the call under way.

    UnknownRun, or DecisionRefused when the run is over already.
    """
    found = _known(office, run)
    while not found.status.final:
        if found.status is RunStatus.HELD:
            cancelled = cancel_held(office, found, CANCELLED)
        else:
            cancelled = _cancel_open(office, found)
        if cancelled:
            return cancelled
        found = _known(office, run)
    raise DecisionRefused(f"run {run} is {found.status} already, so there is nothing to cancel")


def _cancel_open(office: Office, run: Run) -> Run | None:
    """The run as it is cancelled; None when its status changed meanwhile."""
    untouched = run.status is RunStatus.QUEUED and not run.options.get(PLANNED)
    ended = office.now() if untouched else None
    if not office.ledger.update_run_if(
        run.id, run.status, status=RunStatus.CANCELLED, reason=CANCELLED, ended_at=ended
    ):
        return None
    _close_if_nobody_works(office, _known(office, run.id))
    cancelled = _known(office, run.id)
    if cancelled.over:
        office.ended(cancelled)
    return cancelled


def _close_if_nobody_works(office: Office, run: Run) -> None:
    """A job that is at work on the run closes it at its next mark; after a killed one the run's next message does."""
    holder, now = uuid.uuid4().hex, office.now()
    taken = office.ledger.take_lease(run.customer, run.id, holder, now, office.lease_seconds)
    if isinstance(taken, LeaseBusy) and taken.run == run.id and taken.waits:
        # else the customer's next run would wait for as long as this one was asked to
        taken = office.ledger.take_lease(run.customer, run.id, holder, now, office.lease_seconds, handed=taken.holder)
    if isinstance(taken, LeaseBusy):
        return
    record_cancelled(office.ledger, run, now)
    if taken.previous in {None, run.id}:
        office.ledger.release_lease(run.customer, run.id, holder)
    else:
        # what a killed holder left of another run is for the next job: it learns of it by this lease that ran out
        office.ledger.hand_lease(run.id, holder, LeaseTaken(run.customer, taken.previous, holder, now))


def _known(office: Office, run: str) -> Run:
    found = office.ledger.run(run)
    if found is None:
        raise UnknownRun(run)
    return found


def _not_held(run: Run) -> DecisionRefused:
    why = f" ({run.reason})" if run.reason else ""
    return DecisionRefused(f"run {run.id} is not held: it is {run.status}{why}")
