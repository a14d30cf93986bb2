"""Which change is still the one that was shown."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from servorg.admission import NO_LONGER_SO, admit
from servorg.records import ChangeRow, ChangeStatus
from servorg.sync import Draft
from shared.core.changes import (
    REMOVALS,
    AddToGroup,
    Change,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    LowerRole,
    RemoveFromGroup,
    RenameGroup,
    to_json,
)
from shared.core.model import Account, ContactGroupId, Reason
from shared.core.plan import Plan
from tests.builders import ACCOUNT, GUEST, MANAGER, REGULAR, a_side, group_id, mail
from tests.unit.servorg.test_recording import MOMENT

ANN, EVA, IT = mail("ann"), mail("eva"), group_id("it")
JOINS = AddToGroup(ACCOUNT, IT, "it", ANN, REGULAR)
LEAVES = RemoveFromGroup(ACCOUNT, IT, "it", ANN, REGULAR)
GOES = DeactivateContact(ACCOUNT, ANN)
LOWER = LowerRole(ACCOUNT, IT, "it", ANN, REGULAR, MANAGER)
NEW, NAMED = CreateGroup(ACCOUNT, IT, "it"), RenameGroup(ACCOUNT, IT, "it", "old")
PLANNED, SKIPPED, HELD = ChangeStatus.PLANNED, ChangeStatus.SKIPPED, ChangeStatus.HELD


def a_draft(*changes: Change) -> Draft:
    growth = [change for change in changes if change.kind not in REMOVALS]
    removals = [change for change in changes if change.kind in REMOVALS]
    plan = Plan(growth=tuple(growth), removals=tuple(removals), groups={ACCOUNT: {IT: ContactGroupId("7-A")}})  # type: ignore[arg-type]
    return Draft(a_side(), {ACCOUNT: Account(ACCOUNT, {}, {})}, plan, ())


def rows(*changes: Change, status: ChangeStatus = HELD) -> list[ChangeRow]:
    return [ChangeRow("run", n, change.kind, status, change=to_json(change)) for n, change in enumerate(changes)]


def decided(shown: Iterable[Change], *fresh: Change) -> list[tuple[ChangeStatus, str]]:
    return [(row.status, row.reason) for row in admit(rows(*shown), a_draft(*fresh), MOMENT)]


@pytest.mark.parametrize(
    ("shown", "fresh"),
    [
        (CreateContact(ACCOUNT, ANN, "Ann", "Old"), CreateContact(ACCOUNT, ANN, "Ann", "New")),
        (JOINS, replace(JOINS, name="renamed by hand")),
        (LEAVES, replace(LEAVES, role=GUEST, name="renamed by hand")),
        (LOWER, replace(LOWER, before=GUEST)),
        (GOES, replace(GOES, replaced_by=EVA)),
        (NEW, replace(NEW, besides=(ContactGroupId("8-A"),))),
        (NAMED, replace(NAMED, before="older")),
    ],
)
def test_a_change_whose_labels_differ_is_the_one_that_was_shown(shown: Change, fresh: Change) -> None:
    assert decided([shown], fresh) == [(PLANNED, "")]


@pytest.mark.parametrize(
    ("shown", "fresh"),
    [
        (JOINS, replace(JOINS, role=MANAGER)),
        (JOINS, replace(JOINS, address=EVA)),
        (LEAVES, replace(LEAVES, group=group_id("hr"))),
        (LEAVES, GOES),
        (LOWER, replace(LOWER, role=GUEST)),
        (NEW, replace(NEW, name="IT support")),
        (NAMED, replace(NAMED, name="IT support")),
    ],
)
def test_another_change_was_not_shown(shown: Change, fresh: Change) -> None:
    assert decided([shown], fresh) == [(SKIPPED, NO_LONGER_SO)]


def test_a_replacement_that_this_run_does_not_make_is_waited_for() -> None:
    new = CreateContact(ACCOUNT, EVA, "Ann", "Married")
    goes = replace(GOES, replaced_by=EVA)

    assert decided([goes], goes, new) == [(SKIPPED, Reason.REPLACEMENT_MISSING)]
    assert decided([new, goes], goes, new) == [(PLANNED, ""), (PLANNED, "")]
    assert decided([goes], goes) == [(PLANNED, "")]


def test_only_what_waited_for_a_person_is_decided_and_it_learns_the_ids_of_today() -> None:
    done = rows(JOINS, status=ChangeStatus.APPLIED)
    held = [replace(row, number=1, group_id="gone") for row in rows(LEAVES)]

    [row] = admit([*done, *held], a_draft(JOINS, LEAVES), MOMENT)

    assert (row.number, row.status, row.group_id, row.at) == (1, PLANNED, "7-A", MOMENT)
