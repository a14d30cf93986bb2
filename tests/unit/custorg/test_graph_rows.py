from typing import Any

import pytest

from custorg.graph_rows import error_code, head_of, kind_of, organization_of, page_of, person_of
from custorg.ports import GroupHead, Organization

ANN = {"id": "A1", "userPrincipalName": "ann@here.example"}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({}, "security"),
        ({"securityEnabled": True, "mailEnabled": False, "groupTypes": []}, "security"),
        ({"groupTypes": ["Unified"], "mailEnabled": True}, "Microsoft 365"),
        ({"mailEnabled": True, "securityEnabled": True}, "mail-enabled security"),
        ({"mailEnabled": True, "securityEnabled": False}, "distribution"),
        ({"groupTypes": ["DynamicMembership"], "securityEnabled": True}, "dynamic security"),
        ({"groupTypes": ["DynamicMembership", "Unified"]}, "dynamic Microsoft 365"),
    ],
)
def test_the_kind_of_a_group_is_told_in_words(row: dict[str, Any], kind: str) -> None:
    assert kind_of(row) == kind


@pytest.mark.parametrize(
    ("visibility", "sees_hidden", "hidden"),
    [
        ("HiddenMembership", False, True),
        ("HiddenMembership", True, False),
        ("Private", False, False),
        (None, False, False),
    ],
)
def test_a_group_is_hidden_when_its_membership_is_and_we_may_not_see_it(
    visibility: str | None, sees_hidden: bool, hidden: bool
) -> None:
    head = head_of({"id": "1", "displayName": None, "visibility": visibility}, sees_hidden=sees_hidden)

    assert head == GroupHead("1", "", "security", hidden)


def test_a_user_is_told_with_everything_that_is_used() -> None:
    person = person_of(
        ANN
        | {
            "mail": "ann@here.example",
            "proxyAddresses": ["SMTP:ann@here.example"],
            "displayName": "Ann B",
            "givenName": "Ann",
            "surname": "B",
            "accountEnabled": False,
            "userType": "Member",
        }
    )

    assert person.model_dump() == {
        "id": "a1",
        "upn": "ann@here.example",
        "mail": "ann@here.example",
        "proxies": ("SMTP:ann@here.example",),
        "display": "Ann B",
        "given": "Ann",
        "surname": "B",
        "enabled": False,
        "guest": False,
    }


@pytest.mark.parametrize(
    ("row", "guest"),
    [
        ({"userType": "Guest"}, True),
        ({"userType": "Member", "userPrincipalName": "x_y.example#EXT#@here.example"}, False),
        ({"userType": None, "userPrincipalName": "x_y.example#EXT#@here.example"}, True),
        ({"userType": None}, False),
    ],
)
def test_a_guest_is_known_by_type_and_without_one_by_the_principal_name(row: dict[str, Any], guest: bool) -> None:
    assert person_of(ANN | row).guest is guest


def test_elements_are_sorted_by_their_type() -> None:
    rows = [
        ANN | {"@odata.type": "#microsoft.graph.user"},
        {"id": "G1", "@odata.type": "#microsoft.graph.group"},
        {"id": "D1", "@odata.type": "#microsoft.graph.device"},
        {"id": "B1", "userPrincipalName": "bob@here.example"},
        {"id": "X1"},
    ]

    direct = page_of({"value": rows}, cast=False, transitive=False)
    nested = page_of({"value": rows}, cast=False, transitive=True)

    assert [person.id for person in direct.people] == ["a1", "b1"]
    assert (direct.others, direct.nested) == (("g1", "d1", "x1"), ())
    assert (nested.others, nested.nested) == (("d1", "x1"), ("g1",))


def test_with_the_cast_everything_is_a_user() -> None:
    page = page_of({"value": [{"id": "X1", "userPrincipalName": None}]}, cast=True, transitive=True)

    assert [(person.id, person.upn) for person in page.people] == [("x1", "")]


@pytest.mark.parametrize("count", ["5", 5.0, True, None])
def test_a_count_that_is_no_whole_number_is_none(count: object) -> None:
    assert page_of({"value": [], "@odata.count": count}, cast=False, transitive=True).count is None


def test_the_organization_is_told_in_lower_case() -> None:
    row = {"id": "AB", "verifiedDomains": [{"name": "Here.Example"}, {"name": "a.example"}]}

    assert organization_of({"value": [row]}) == Organization("ab", ("a.example", "here.example"))


def test_an_organization_without_a_verified_domain_is_no_answer_since_nobody_would_count() -> None:
    with pytest.raises(ValueError, match="no verified domain"):
        organization_of({"value": [{"id": "AB", "verifiedDomains": []}]})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error": {"code": "Authorization_RequestDenied"}}', "Authorization_RequestDenied"),
        (b"<html>", "no code"),
        (b"", "no code"),
        (b"[" * 100_000, "no code"),
        (b'{"error": "x"}', "no code"),
        (b'{"error": {"code": 5}}', "no code"),
        ('{"error": {"code": "Jürgen"}}'.encode(), "no code"),
    ],
)
def test_only_a_plain_code_is_taken_from_an_error(body: bytes, code: str) -> None:
    assert error_code(body) == code
