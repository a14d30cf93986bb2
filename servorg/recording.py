"""What a run leaves behind: its changes before they are tried, and its verdict and links when they are decided."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from servorg.link_records import record_links
from servorg.records import ChangeRow, ChangeStatus, Ledger, Run, RunFields, RunStatus
from servorg.sync import Draft
from shared.core import words
from shared.core.changes import (
    OF_GROUP,
    REMOVALS,
    Change,
    CreateContact,
    CreateGroup,
    RenameGroup,
    to_json,
)
from shared.core.gates import objects_to_additions
from shared.core.model import (
    Reason,
)
from shared.errors import SyncError

PLANNED = "planned"
"""Set in a run's options once all its changes are rows."""
APPROVED = "approved"
"""Set in a run's options once a person let through what was held."""
ADMITTED = "admitted"
"""Set in an approved run's options once what was held is checked against a fresh read."""
UNREAD_IDS = "unread_ids"
"""In a run's options: the groups that could not be read completely when it was planned."""
_UNDECIDED = {ChangeStatus.PLANNED, ChangeStatus.HELD}


class Cancelled(SyncError):
    """A person cancelled the run, or a newer one took its place, while a job was at work on it."""


def record_draft(ledger: Ledger, run: Run, draft: Draft, now: datetime) -> Run:
    """Writes everything that the draft will do before any of it is done: links, changes, then the run's own row.

    Cancelled when a person was faster.
    """
    for account, update in draft.plan.links.items():
        ledger.write_links(run.customer, account, update.contacts, update.groups)
    rows = draft_rows(run.id, draft)
    ledger.write_changes(run.id, rows)
    fields: RunFields = {
        "status": RunStatus.RUNNING,
        "started_at": run.started_at or now,
        "digest": draft.plan.digest,
        "objections": tuple(words.objection(objection) for objection in draft.objections),
        "skipped": tuple((skip.subject, skip.reason, skip.detail) for skip in draft.plan.skipped),
        "counts": counts(rows),
        "options": {
            **run.options,
            PLANNED: True,
            "read": len(draft.side.groups) + len(draft.side.deleted),
            "unread": len(draft.side.unread),
            UNREAD_IDS: [group.id for group in draft.side.unread],
        },
        "reason": "",
    }
    return _update(ledger, run, fields)


def _update(ledger: Ledger, run: Run, fields: RunFields) -> Run:
    """The run with these fields, or Cancelled when its status is another one by now."""
    if not ledger.update_run_if(run.id, run.status, **fields):
        raise Cancelled(f"run {run.id} was cancelled")
    return replace(run, **fields)


def draft_rows(run: str, draft: Draft) -> list[ChangeRow]:
    """The changes of a draft as rows of this run, in the order in which they are applied; those in grace come last."""
    held = bool(draft.objections)
    growth = ChangeStatus.HELD if objects_to_additions(draft.objections) else ChangeStatus.PLANNED
    removals = ChangeStatus.HELD if held else ChangeStatus.PLANNED
    steps: list[tuple[Change, ChangeStatus, str]] = [
        *((change, growth, "") for change in draft.plan.growth),
        *((change, removals, "") for change in draft.plan.removals),
        *((wait.change, ChangeStatus.WAITING, _until(wait.until)) for wait in draft.plan.waiting),
    ]
    return [
        ChangeRow(
            run,
            number,
            change.kind,
            status,
            reason,
            to_json(change),
            contact_id(draft, change),
            group_id(draft, change),
        )
        for number, (change, status, reason) in enumerate(steps)
    ]


def _until(moment: float) -> str:
    return f"waits until {datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def contact_id(draft: Draft, change: Change) -> int | None:
    """DeskDirector's id of the change's contact, as far as it exists already."""
    if isinstance(change, CreateContact | CreateGroup | RenameGroup):
        return None
    found = draft.current[change.account].contacts.get(change.address)
    return found.id if found else None


def group_id(draft: Draft, change: Change) -> str | None:
    """DeskDirector's id of the change's contact group, as far as it exists already."""
    if isinstance(change, CreateGroup) or not isinstance(change, OF_GROUP):
        return None
    return draft.plan.groups[change.account].get(change.group)


def counts(rows: Iterable[ChangeRow], *, approved: bool = False) -> dict[str, int]:
    """How many changes are in each status, how many there are, and how many removals were applied.

    Those of an approved run are told apart: they don't use the day's budget.
    """
    rows = list(rows)
    removed = sum(row.kind in REMOVALS and row.status is ChangeStatus.APPLIED for row in rows)
    removals = {"removed": 0, APPROVED: removed} if approved else {"removed": removed}
    return {**Counter(str(row.status) for row in rows), "changes": len(rows), **removals}


def is_approved(run: Run) -> bool:
    """Whether a person let through what this run holds."""
    return bool(run.options.get(APPROVED))


def awaits_admission(run: Run) -> bool:
    """Whether the run is approved, and what it holds is still to be checked against a fresh read."""
    return is_approved(run) and not run.options.get(ADMITTED) and run.status is not RunStatus.CANCELLED


def record_admission(ledger: Ledger, run: Run, decided: Sequence[ChangeRow]) -> Run:
    """Writes which of the held changes are applied from here on; Cancelled when a person was faster."""
    ledger.mark(decided)
    rows = ledger.changes(run.id)
    return _update(ledger, run, {"options": {**run.options, ADMITTED: True}, "counts": counts(rows, approved=True)})


def record_held_again(ledger: Ledger, run: Run, now: datetime, reason: str) -> Run:
    """An approved run of which nothing could be checked waits for a person once more, with the reason."""
    rows = [
        replace(row, status=ChangeStatus.HELD) if row.status is ChangeStatus.PLANNED else row
        for row in ledger.changes(run.id)
    ]
    ledger.mark(row for row in rows if row.status is ChangeStatus.HELD)
    fields: RunFields = {
        "status": RunStatus.HELD,
        "ended_at": now,
        "reason": f"approved, but nothing was applied: {reason}",
        "options": {name: value for name, value in run.options.items() if name != APPROVED},
        "counts": counts(rows),
    }
    return _end(ledger, run, now, fields)


def record_end(ledger: Ledger, run: Run, now: datetime, reason: str = "") -> Run:
    """Writes the links of what was taken away, then the run's verdict; one that was cancelled stays so.

    `run` is its row as it is now. May be repeated.
    """
    if run.status is RunStatus.CANCELLED:
        return record_cancelled(ledger, run, now)
    rows = ledger.changes(run.id) if run.options.get(PLANNED) else []
    record_links(ledger, run.customer, _newly_applied(run, rows))
    if reason:
        rows = _leave_open(ledger, rows, reason)
    fields: RunFields = {
        "status": verdict(rows, run, failed=bool(reason)),
        "ended_at": now,
        "counts": counts(rows, approved=is_approved(run)),
        "reason": reason or _nothing_read(run),
    }
    return _end(ledger, run, now, fields)


def _nothing_read(run: Run) -> str:
    """Why none of the groups could be read, if that is so: else whoever looks at the run would see no reason."""
    whys = dict.fromkeys(detail for _, reason, detail in run.skipped if reason == Reason.UNREAD)
    nothing = run.options.get("unread", 0) and not run.options.get("read", 0)
    return f"no group could be read: {'; '.join(whys)}" if nothing else ""


def _end(ledger: Ledger, run: Run, now: datetime, fields: RunFields) -> Run:
    """The ended run; a decision that came in between stands."""
    if ledger.update_run_if(run.id, run.status, **fields):
        return replace(run, **fields)
    found = ledger.run(run.id) or run
    return record_cancelled(ledger, found, now) if found.status is RunStatus.CANCELLED else found


def record_cancelled(ledger: Ledger, run: Run, now: datetime) -> Run:
    """Closes a cancelled run: what was done is linked, what was not is skipped with the run's reason.

    Only for whoever has the customer's lease, or when nobody can be at work on the run. May be repeated.
    """
    rows = ledger.changes(run.id)
    record_links(ledger, run.customer, _newly_applied(run, rows))
    closed = {
        row.number: _closed(row, run.reason) for row in rows if row.status in {*_UNDECIDED, ChangeStatus.IN_DOUBT}
    }
    ledger.mark(closed.values())
    rows = [closed.get(row.number, row) for row in rows]
    fields: RunFields = {"ended_at": now, "counts": counts(rows, approved=is_approved(run))}
    ledger.update_run(run.id, **fields)
    return replace(run, **fields)


def _closed(row: ChangeRow, reason: str) -> ChangeRow:
    # a create whose answer was lost may have been done: nobody looked, so it stays in doubt
    status = ChangeStatus.SKIPPED if row.status in _UNDECIDED else row.status
    return replace(row, status=status, reason=reason)


def _newly_applied(run: Run, rows: Iterable[ChangeRow]) -> list[ChangeRow]:
    """What was applied since the run was approved, or at all: before that it is linked, and others may have gone on."""
    applied = [row for row in rows if row.status is ChangeStatus.APPLIED]
    if not is_approved(run):
        return applied
    return [row for row in applied if run.started_at and row.at and row.at >= run.started_at]


def _leave_open(ledger: Ledger, rows: Sequence[ChangeRow], reason: str) -> list[ChangeRow]:
    """A run that ends early says of each change that it did not come to why."""
    open_rows = {
        row.number: replace(row, status=ChangeStatus.FAILED, reason=reason)
        for row in rows
        if row.status in {ChangeStatus.PLANNED, ChangeStatus.IN_DOUBT}
    }
    ledger.mark(open_rows.values())
    return [open_rows.get(row.number, row) for row in rows]


def verdict(rows: Sequence[ChangeRow], run: Run, *, failed: bool = False) -> RunStatus:
    """The honest status of a run whose changes are `rows`; `failed`: it ended before it came to all of them."""
    statuses = {row.status for row in rows}
    unread, read = run.options.get("unread", 0), run.options.get("read", 0)
    failures = bool(statuses & {ChangeStatus.FAILED, ChangeStatus.IN_DOUBT}) or failed
    if ChangeStatus.HELD in statuses and not failed:
        return RunStatus.HELD
    if (failures and ChangeStatus.APPLIED not in statuses) or (unread and not read):
        return RunStatus.FAILED
    left = {row.reason for row in rows if row.status is ChangeStatus.SKIPPED} & {Reason.REPLACEMENT_MISSING}
    return RunStatus.PARTLY if failures or unread or left else RunStatus.SUCCEEDED
