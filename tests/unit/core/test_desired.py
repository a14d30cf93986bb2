"""Who and what is desired: which users count and by which address, and which groups can be contact groups."""

from dataclasses import replace

import pytest

from shared.core.census import usable_address, why_not
from shared.core.desired import DesiredGroup
from shared.core.model import EntraUser, Reason, Skipped, SyncMode
from tests.builders import (
    ACCOUNT,
    CONTACTS,
    DOMAIN,
    GROUPS,
    MANAGER,
    OWNERS,
    REGULAR,
    a_group,
    a_side,
    a_user,
    an_unread_group,
    desired,
    group_id,
    mail,
    user_id,
)

JAN, EVA = mail("jan"), mail("eva")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (a_user("jan"), JAN),
        (a_user("jan", mail=f"  JAN@{DOMAIN.upper()}\n"), JAN),
        (a_user("jan", mail=None), JAN),
        (a_user("jan", mail=""), JAN),
        (a_user("jan", mail=mail("jan.smith")), mail("jan.smith")),
        (a_user("jan", guest=True), Reason.GUEST),
        (a_user("jan", enabled=False), Reason.DISABLED),
        (a_user("jan", guest=True, enabled=False), Reason.GUEST),
        (a_user("jan", mail="no address"), Reason.NO_ADDRESS),
        (a_user("jan", mail=None, upn="jan"), Reason.NO_ADDRESS),
        (a_user("jan", mail="jan@elsewhere.example"), Reason.UNVERIFIED_DOMAIN),
        (a_user("jan", mail=f"jan@sub.{DOMAIN}"), Reason.UNVERIFIED_DOMAIN),
        (a_user("jan", mail=None, upn="jan@elsewhere.example"), Reason.NO_ADDRESS),
        (a_user("jan", mail=None, upn=f"jan_elsewhere.example#EXT#@{DOMAIN}"), Reason.NO_ADDRESS),
    ],
)
def test_a_user_counts_by_his_mail_else_by_his_principal_name_in_a_verified_domain(
    user: EntraUser, expected: str
) -> None:
    found = usable_address(user, frozenset({DOMAIN})) or why_not(user)

    assert found == expected
    assert type(found) is type(expected)


def test_people_of_several_groups_are_one_person_each() -> None:
    found = desired(a_side(a_group("it", ["jan", "eva"]), a_group("sales", ["jan"])), CONTACTS)

    assert found.accounts[ACCOUNT].people == {JAN: a_user("jan"), EVA: a_user("eva")}
    assert found.accounts[ACCOUNT].groups == {}


def test_two_users_with_one_address_are_one_contact_in_the_groups_of_both() -> None:
    twin = a_user("zoe", mail=JAN)

    found = desired(a_side(a_group("it", ["jan"]), a_group("sales", ["zoe"]), users=[twin]))

    assert found.accounts[ACCOUNT].people == {JAN: a_user("jan")}
    assert found.accounts[ACCOUNT].twins == {JAN: (user_id("zoe"),)}
    assert [group.people for group in found.accounts[ACCOUNT].groups.values()] == [{JAN: REGULAR}, {JAN: REGULAR}]
    assert found.skipped == (Skipped(JAN, Reason.DUPLICATE_ADDRESS, user_id("zoe")),)


def test_of_three_users_with_one_address_the_first_by_id_stands_for_all() -> None:
    users = [a_user("zoe", mail=JAN), a_user("ann", mail=JAN), a_user("jan")]

    found = desired(a_side(a_group("it", ["jan", "zoe", "ann"]), users=users)).accounts[ACCOUNT]

    assert found.people[JAN].id == user_id("ann")
    assert found.twins == {JAN: (user_id("jan"), user_id("zoe"))}


def test_whoever_does_not_count_is_skipped_with_his_reason_and_in_no_group() -> None:
    users = [a_user("jan", guest=True), a_user("eva", enabled=False)]

    found = desired(a_side(a_group("it", ["jan", "eva"]), users=users))

    assert found.accounts[ACCOUNT].people == {}
    assert found.accounts[ACCOUNT].groups == {group_id("it"): DesiredGroup("it", {})}
    assert set(found.skipped) == {
        Skipped(JAN, Reason.GUEST, user_id("jan")),
        Skipped(EVA, Reason.DISABLED, user_id("eva")),
    }


def test_what_is_in_a_group_and_no_user_is_named_once_with_its_group() -> None:
    found = desired(a_side(a_group("it", others=["printer"]), a_group("sales", others=["printer", "app"])))

    assert found.skipped == (
        Skipped("app", Reason.NOT_A_USER, "sales"),
        Skipped("printer", Reason.NOT_A_USER, "sales"),
    )


@pytest.mark.parametrize(
    ("modes", "people"),
    [
        ((CONTACTS,), {JAN}),
        ((GROUPS,), {JAN}),
        ((OWNERS,), {JAN, EVA}),
        ((CONTACTS, OWNERS), {JAN, EVA}),
    ],
)
def test_owners_who_are_nothing_else_count_in_mode_5_only(modes: tuple[SyncMode, ...], people: set[str]) -> None:
    found = desired(a_side(a_group("it", ["jan"], owners=["eva"])), *modes)

    assert found.accounts[ACCOUNT].people.keys() == people


def test_the_higher_role_wins() -> None:
    found = desired(a_side(a_group("it", ["jan", "eva"], owners=["jan"])), GROUPS, OWNERS)

    assert found.accounts[ACCOUNT].groups[group_id("it")].people == {JAN: MANAGER, EVA: REGULAR}
    assert found.roles_described


def test_two_groups_whose_names_differ_by_case_are_one_contact_group_of_the_first_by_id() -> None:
    found = desired(a_side(a_group("SALES", ["jan"], entra="2"), a_group(" sales", ["eva"], entra="1")))

    assert found.accounts[ACCOUNT].groups == {group_id("1"): DesiredGroup("sales", {EVA: REGULAR})}
    assert found.skipped == (Skipped("SALES", Reason.NAME_TAKEN, group_id("2")),)
    assert found.left_alone == {group_id("2")}
    assert found.accounts[ACCOUNT].people.keys() == {JAN, EVA}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("x" * 100, None), ("x" * 101, Reason.NAME_TOO_LONG), ("", Reason.NO_NAME), (" ", Reason.NO_NAME)],
)
def test_a_contact_groups_name_has_1_to_100_letters(name: str, reason: Reason | None) -> None:
    found = desired(a_side(a_group(name, entra="it")))

    assert [skip.reason for skip in found.skipped] == ([reason] if reason else [])
    assert found.accounts[ACCOUNT].groups.keys() == (set() if reason else {group_id("it")})
    assert found.left_alone == ({group_id("it")} if reason else set())


def test_an_unread_group_is_reported_desires_nobody_and_is_left_alone() -> None:
    found = desired(a_side(an_unread_group("it", why="Graph answered 500"), an_unread_group("", entra="nameless")))

    assert found.accounts[ACCOUNT].incomplete
    assert found.left_alone == {group_id("it"), group_id("nameless")}
    assert found.accounts[ACCOUNT].groups == {}
    assert found.skipped == (
        Skipped("it", Reason.UNREAD, "Graph answered 500"),
        Skipped(group_id("nameless"), Reason.UNREAD, "the count differs"),
    )


def test_a_group_whose_count_differs_desires_its_people_and_is_left_alone() -> None:
    found = desired(a_side(an_unread_group("it", ["jan"])))

    assert found.accounts[ACCOUNT].groups == {group_id("it"): DesiredGroup("it", {JAN: REGULAR})}
    assert found.left_alone == {group_id("it")}


def test_a_deleted_group_is_reported_and_leaves_the_read_complete() -> None:
    found = desired(a_side(deleted=["it"]))

    assert found.skipped == (Skipped(group_id("it"), Reason.DELETED),)
    assert not found.accounts[ACCOUNT].incomplete


def test_people_whom_the_read_does_not_tell_are_an_error_and_no_leavers() -> None:
    side = replace(a_side(a_group("it", ["jan", "pia"])), users={user_id("jan"): a_user("jan")})

    with pytest.raises(ValueError, match="does not tell"):
        desired(side)
