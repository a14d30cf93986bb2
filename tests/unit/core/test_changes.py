"""The steps of a plan and their JSON."""

import json

import pytest

from shared.core.changes import (
    ActivateContact,
    AddToGroup,
    Change,
    ClearServiceGroup,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    Kind,
    LinkServiceGroup,
    LowerRole,
    MoveServiceGroup,
    RaiseRole,
    RemoveFromGroup,
    RenameGroup,
    fields_of,
    from_json,
    to_json,
)
from tests.builders import ACCOUNT, GUEST, MANAGER, REGULAR, contact_group_id, group_id, mail

IT, JAN, EVA = group_id("it"), mail("jan"), mail("eva")
CHANGES: list[Change] = [
    CreateContact(ACCOUNT, JAN, "Jan", "Łukasz <b>"),
    ActivateContact(ACCOUNT, JAN),
    RenameGroup(ACCOUNT, IT, "IT support", "IT"),
    CreateGroup(ACCOUNT, IT, "IT"),
    CreateGroup(ACCOUNT, IT, "IT", (contact_group_id("it"),)),
    AddToGroup(ACCOUNT, IT, "IT", JAN, MANAGER),
    RaiseRole(ACCOUNT, IT, "IT", JAN, MANAGER, REGULAR),
    LowerRole(ACCOUNT, IT, "IT", JAN, GUEST, MANAGER),
    RemoveFromGroup(ACCOUNT, IT, "IT", JAN, REGULAR),
    RemoveFromGroup(ACCOUNT, IT, "IT", JAN, REGULAR, EVA),
    LinkServiceGroup(ACCOUNT, JAN, 7, "IT"),
    MoveServiceGroup(ACCOUNT, JAN, 7, "IT", 8),
    ClearServiceGroup(ACCOUNT, JAN, 7),
    ClearServiceGroup(ACCOUNT, JAN, 7, EVA),
    DeactivateContact(ACCOUNT, JAN),
    DeactivateContact(ACCOUNT, JAN, EVA),
]


def test_every_kind_of_change_is_among_the_examples() -> None:
    kinds = {change.kind for change in CHANGES}

    assert kinds == set(Kind)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_travels_as_json(change: Change) -> None:
    text = json.dumps(to_json(change))

    assert from_json(json.loads(text)) == change
    assert json.loads(text)["kind"] == change.kind


def test_fields_tell_every_change_from_every_other() -> None:
    told = [json.dumps(fields_of(change)) for change in CHANGES]

    assert len(set(told)) == len(CHANGES)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"kind": "explode"}, ValueError),
        ({"kind": "activate contact"}, TypeError),
        ({"kind": "activate contact", "account": 1, "address": "a", "more": 1}, TypeError),
        ({"kind": "raise role", "role": "king"}, ValueError),
    ],
)
def test_what_is_no_change_is_refused(row: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        from_json(row)
