"""What an approval lets through: of the changes that were shown, those which a fresh draft still has. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from servorg.recording import UNREAD_IDS, contact_id, group_id
from servorg.records import ChangeRow, ChangeStatus, Run
from servorg.sync import Draft
from shared.core import words
from shared.core.changes import Change, Kind, from_json, to_json
from shared.core.gates import Rule
from shared.core.model import Reason

NO_LONGER_SO = "no longer so"
"""The reason of a change that was approved and that a fresh read does not justify any more."""
# what may be another by now without making it another change than the one that was shown
_LABELS = frozenset({"first_name", "last_name", "name", "before", "besides", "replaced_by"})
_LABELS_OF = {
    Kind.CREATE_GROUP: _LABELS - {"name"},
    Kind.RENAME_GROUP: _LABELS - {"name"},
    Kind.REMOVE_FROM_GROUP: _LABELS | {"role"},
}

type _Key = tuple[tuple[str, Any], ...]


def obstacle(run: Run, draft: Draft) -> str:
    """Why nothing that `run` holds may be judged by this draft; empty when it may.

    Groups that could not be read when the run was planned either are no obstacle: what was shown does without them.
    """
    before = run.options.get(UNREAD_IDS)
    unread = {group.id for group in draft.side.unread}.difference(before if isinstance(before, list) else ())
    if unread:
        return f"{len(unread)} of the chosen groups could not be read completely"
    disagreeing = [objection for objection in draft.objections if objection.rule is Rule.READS_DISAGREE]
    return words.objection(disagreeing[0]) if disagreeing else ""


def admit(rows: Sequence[ChangeRow], draft: Draft, now: datetime) -> list[ChangeRow]:
    """The rows that waited for a person as they are decided: `planned` when the draft still has that change.

    All others are `skipped` with a reason. Grace is no reason: what was shown was due already.
    """
    plan = draft.plan
    fresh = {_key(change): change for change in (*plan.growth, *plan.removals, *(wait.change for wait in plan.waiting))}
    held = {_key(from_json(row.change)): row for row in rows if row.status in {ChangeStatus.HELD, ChangeStatus.PLANNED}}
    elsewhere = {_address(change) for change in plan.growth if _key(change) not in held} - {None}
    return [_decided(row, fresh.get(key), draft, elsewhere, now) for key, row in held.items()]


def _decided(row: ChangeRow, fresh: Change | None, draft: Draft, elsewhere: set[Any], now: datetime) -> ChangeRow:
    """`elsewhere` are the addresses that still lack something which this run is not to do."""
    if fresh is None:
        return replace(row, status=ChangeStatus.SKIPPED, reason=NO_LONGER_SO, at=now)
    if getattr(fresh, "replaced_by", None) in elsewhere:
        return replace(row, status=ChangeStatus.SKIPPED, reason=Reason.REPLACEMENT_MISSING, at=now)
    contact, group = contact_id(draft, fresh), group_id(draft, fresh)
    return replace(row, status=ChangeStatus.PLANNED, reason="", contact_id=contact, group_id=group, at=now)


def _address(change: Change) -> object:
    return getattr(change, "address", None)


def _key(change: Change) -> _Key:
    labels = _LABELS_OF.get(change.kind, _LABELS)
    return tuple((name, value) for name, value in to_json(change).items() if name not in labels)
