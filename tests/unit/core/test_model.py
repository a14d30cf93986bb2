"""Addresses and names as they are compared."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.model import MAX_TAG, GroupRole, address, fold, slug
from tests.unit.core.worlds import laws


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jan@contoso.example", "jan@contoso.example"),
        ("  Jan.O'Brien@CONTOSO.Example\r\n", "jan.o'brien@contoso.example"),
        ("jan+a/b@contoso.example", "jan+a/b@contoso.example"),
        ("jané@contosö.example", "jané@contosö.example"),
        ("a" * 244 + "@b.example", "a" * 244 + "@b.example"),
        ("a" * 245 + "@b.example", None),
        (None, None),
        ("", None),
        ("jan", None),
        ("jan@contoso", None),
        ("jan@@contoso.example", None),
        ("jan smith@contoso.example", None),
        ("<jan@contoso.example>", None),
        ("jan@contoso.example, eva@contoso.example", None),
        ("jan@con\x00toso.example", None),
    ],
)
def test_an_address_is_trimmed_and_lower_case_or_none(text: str | None, expected: str | None) -> None:
    found = address(text)

    assert found == expected


@laws
@given(st.one_of(st.emails(), st.text(max_size=20)))
def test_an_address_of_an_address_is_itself(text: str) -> None:
    found = address(text)

    assert address(found) == found


@pytest.mark.parametrize(
    ("one", "other"), [("IT  Team", " it team "), ("STRASSE", "straße"), ("Cafe\u0301", "café"), ("a\tb", "a b")]
)
def test_names_are_the_same_without_case_and_blanks(one: str, other: str) -> None:
    folded = fold(one)

    assert folded == fold(other)


def test_a_manager_may_more_than_a_regular_and_a_guest_least() -> None:
    ordered = sorted(GroupRole, key=lambda role: role.rank)

    assert ordered == [GroupRole.GUEST, GroupRole.REGULAR, GroupRole.MANAGER]


TAG = re.compile(r"[a-z0-9#.][a-z0-9+\-.#]*")  # deskdirector.md §3


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("IT Support Team", "it-support-team"),
        ("  R&D -- (Zürich)  ", "r-d-zurich"),
        ("#ops.eu+1", "ops-eu-1"),
        ("Straße", "stra-e"),
        ("ﬁnance Ⅳ", "finance-iv"),
        ("İzmir", "izmir"),
        ("x" * 49 + " y", "x" * 49),
        ("部門", ""),
        ("Отдел продаж", ""),
        ("---", ""),
        ("", ""),
    ],
)
def test_a_group_name_gives_its_accounts_tag(name: str, tag: str) -> None:
    found = slug(name)

    assert found == tag


@laws
@given(st.text(max_size=120))
def test_whatever_the_script_a_slug_is_a_tag_or_empty_and_its_own_slug(name: str) -> None:
    found = slug(name)

    assert found == "" or TAG.fullmatch(found)
    assert len(found) <= MAX_TAG
    assert slug(found) == slug(found.upper()) == found
