"""The plan by examples: what happens to people and groups, in which order, and what is left alone."""

from dataclasses import replace

import pytest

from shared.core.changes import (
    ActivateContact,
    AddToGroup,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    RemoveFromGroup,
    RenameGroup,
)
from shared.core.model import ContactGroup, EntraUser, GroupLink, Reason, Skipped
from shared.core.plan import names
from tests.builders import (
    ACCOUNT,
    CONTACTS,
    OWNERS,
    REGULAR,
    a_group,
    a_side,
    a_user,
    an_account,
    an_unread_group,
    contact_group_id,
    given,
    group_id,
    links,
    mail,
    plan,
    synced,
)

JAN, EVA = mail("jan"), mail("eva")
IT = group_id("it")


def joins(name: str, group: str = "it", role: object = REGULAR) -> AddToGroup:
    return AddToGroup(ACCOUNT, group_id(group), group, mail(name), role)  # type: ignore[arg-type]


def leaves(name: str, group: str = "it", **other: object) -> RemoveFromGroup:
    return RemoveFromGroup(ACCOUNT, group_id(group), group, mail(name), REGULAR, **other)  # type: ignore[arg-type]


def goes(name: str, replaced_by: str = "") -> DeactivateContact:
    return DeactivateContact(ACCOUNT, mail(name), mail(replaced_by) if replaced_by else None)


def test_a_new_group_is_created_before_anyone_joins_it() -> None:
    made = plan(a_side(a_group("it", ["jan"])))

    assert made.changes == (
        CreateContact(ACCOUNT, JAN, "Jan", ""),
        CreateGroup(ACCOUNT, IT, "it"),
        joins("jan"),
    )
    assert made


def test_contacts_only_makes_no_groups() -> None:
    made = plan(a_side(a_group("it", ["jan"])), None, None, CONTACTS)

    assert made.changes == (CreateContact(ACCOUNT, JAN, "Jan", ""),)


def test_contacts_only_leaves_groups_of_earlier_runs_alone() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("sales", ["jan"])), account, known, CONTACTS)

    assert made.changes == (goes("eva"),)


def test_an_inactive_contact_is_activated_and_not_created_again() -> None:
    made = plan(a_side(a_group("it", ["jan"])), an_account(inactive=["jan"]), None, CONTACTS)

    assert made.changes == (ActivateContact(ACCOUNT, JAN),)


def test_a_contact_that_is_there_already_only_joins() -> None:
    made = plan(a_side(a_group("it", ["jan"])), an_account(["jan"], {"it": []}))

    assert made.changes == (joins("jan"),)


def test_a_contact_group_is_found_by_its_name_whatever_its_case() -> None:
    made = plan(a_side(a_group("IT  team", ["jan"])), an_account(groups={"it Team": ["jan"]}))

    assert not made
    assert made.links[ACCOUNT].groups == {
        group_id("IT  team"): GroupLink(contact_group_id("it Team"), "it Team", made=False)
    }


def test_an_address_change_creates_the_new_contact_before_the_old_one_is_deactivated() -> None:
    account, known = synced({"it": ["jan"]})
    moved = a_user("jan", mail=mail("jan.smith"))

    made = plan(a_side(a_group("it", ["jan"]), users=[moved]), account, known)

    assert made.changes == (
        CreateContact(ACCOUNT, mail("jan.smith"), "Jan", ""),
        joins("jan.smith"),
        leaves("jan", replaced_by=mail("jan.smith")),
        goes("jan", "jan.smith"),
    )


def test_an_address_that_is_still_a_proxy_address_keeps_its_contact() -> None:
    account, known = synced({"it": ["jan"]})
    moved = a_user("jan", mail=mail("jan.smith"), proxy_addresses=(f"smtp:{JAN}",))

    made = plan(a_side(a_group("it", ["jan"]), users=[moved]), account, known)

    assert made.changes == ()


def test_a_contact_group_that_a_run_made_follows_the_name_of_its_entra_group() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(a_group("IT support", ["jan"], entra="it")), account, known)

    assert made.changes == (RenameGroup(ACCOUNT, IT, "IT support", "it"),)


def test_a_contact_group_that_was_found_is_never_renamed() -> None:
    account, known = an_account(groups={"it": ["jan"]}), links({"jan": {"it": given()}}, ["it"], made=False)

    made = plan(a_side(a_group("IT support", ["jan"], entra="it")), account, known)

    assert made.changes == ()


def test_a_name_that_only_changes_its_case_is_followed() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(a_group("IT", ["jan"], entra="it")), account, known)

    assert made.changes == (RenameGroup(ACCOUNT, IT, "IT", "it"),)


def test_no_group_is_renamed_to_a_name_that_another_one_has() -> None:
    account, known = synced({"it": ["jan"]})
    club = ContactGroup(contact_group_id("club"), "Support", {})
    account = replace(account, groups={**account.groups, club.id: club})

    made = plan(a_side(a_group("support", ["jan"], entra="it")), account, known)

    assert made.changes == ()
    assert made.skipped == (Skipped("support", Reason.NAME_TAKEN, IT),)


def test_two_groups_that_swapped_their_names_are_followed() -> None:
    account, known = synced({"a": ["jan"], "b": ["eva"]})
    side = a_side(a_group("b", ["jan"], entra="a"), a_group("a", ["eva"], entra="b"))

    made = plan(side, account, known)

    assert made.changes == (
        RenameGroup(ACCOUNT, group_id("a"), "a ~", "a"),
        RenameGroup(ACCOUNT, group_id("b"), "a", "b"),
        RenameGroup(ACCOUNT, group_id("a"), "b", "a ~"),
    )
    assert made.skipped == ()


def test_who_waits_for_a_ring_of_names_to_be_swapped_waits_for_another_group_and_not_in_it() -> None:
    account, known = synced({"a": ["jan"], "b": ["eva"], "c": ["jan"]})
    club = ContactGroup(contact_group_id("club"), "B", {})
    account = replace(account, groups={**account.groups, club.id: club})
    swapped = [a_group("b", ["jan"], entra="a"), a_group("a", ["eva"], entra="b"), a_group("A", ["jan"], entra="c")]

    made = plan(a_side(*swapped), account, known)

    assert made.changes == ()
    assert {(skip.subject, skip.reason) for skip in made.skipped} >= {("b", Reason.NAME_TAKEN)}


def test_a_name_that_another_group_gives_up_is_free_for_the_next() -> None:
    account, known = synced({"a": ["jan"], "b": ["jan"]})

    made = plan(a_side(a_group("b", ["jan"], entra="a"), a_group("c", ["jan"], entra="b")), account, known)

    assert made.changes == (
        RenameGroup(ACCOUNT, group_id("b"), "c", "b"),
        RenameGroup(ACCOUNT, group_id("a"), "b", "a"),
    )


def test_a_group_that_is_made_knows_which_others_have_its_name() -> None:
    account, known = synced({"it": ["jan"]})
    side = a_side(a_group("it support", ["jan"], entra="it"), a_group("IT", ["jan"], entra="new"))

    made = plan(side, account, known)

    assert made.changes == (
        RenameGroup(ACCOUNT, IT, "it support", "it"),
        CreateGroup(ACCOUNT, group_id("new"), "IT", (contact_group_id("it"),)),
        AddToGroup(ACCOUNT, group_id("new"), "IT", JAN, REGULAR),
    )


def test_a_recreated_group_takes_over_the_contact_group_and_its_people() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("it", ["jan"], entra="it-again"), deleted=["it"]), account, known)

    assert made.changes == (
        RemoveFromGroup(ACCOUNT, group_id("it-again"), "it", EVA, REGULAR),
        goes("eva"),
    )


def test_a_restored_group_and_the_one_that_took_its_place_have_a_contact_group_each() -> None:
    account, known = synced({"it": ["jan", "eva"]})
    known = replace(known, groups={**known.groups, group_id("new"): known.groups[IT]})
    side = a_side(a_group("it", ["eva"], entra="new"), a_group("old it", ["jan"], entra="it"))

    made = plan(side, account, known)

    assert made.changes == (
        CreateGroup(ACCOUNT, IT, "old it"),
        AddToGroup(ACCOUNT, IT, "old it", JAN, REGULAR),
        RemoveFromGroup(ACCOUNT, group_id("new"), "it", JAN, REGULAR),
    )


def test_the_contact_group_of_a_group_that_was_not_read_is_no_other_groups() -> None:
    account, known = synced({"it": ["jan"]})
    side = a_side(an_unread_group("old it", entra="it"), a_group("it", ["eva"], entra="new"))

    made = plan(side, account, known)

    assert made.changes == (
        CreateContact(ACCOUNT, EVA, "Eva", ""),
        CreateGroup(ACCOUNT, group_id("new"), "it", (contact_group_id("it"),)),
        AddToGroup(ACCOUNT, group_id("new"), "it", EVA, REGULAR),
    )


def test_an_empty_group_gets_a_contact_group_too() -> None:
    made = plan(a_side(a_group("it")))

    assert made.changes == (CreateGroup(ACCOUNT, IT, "it"),)


def test_the_digest_names_exactly_this_plan() -> None:
    regular = plan(a_side(a_group("it", ["jan"])), an_account(["jan"], {"it": []}), None, OWNERS)
    manager = plan(a_side(a_group("it", ["jan"], ["jan"])), an_account(["jan"], {"it": []}), None, OWNERS)

    assert regular.digest != manager.digest
    assert regular.digest == plan(a_side(a_group("it", ["jan"])), an_account(["jan"], {"it": []})).digest
    assert len(regular.digest) == 16


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (a_user("jan", given_name="Jan ", surname=" Smith"), ("Jan", "Smith")),
        (a_user("jan", given_name="", surname="", display_name="Jan van Dam"), ("Jan", "van Dam")),
        (a_user("jan", given_name="", surname="Dam", display_name="Jan van Dam"), ("Jan", "Dam")),
        (a_user("jan", given_name="", surname="", display_name=" "), ("jan", "")),
        (a_user("jan", given_name="Jan", surname="", display_name="Jan van Dam"), ("Jan", "")),
    ],
)
def test_a_new_contact_has_a_first_name_always(user: EntraUser, expected: tuple[str, str]) -> None:
    first_and_last = names(user, JAN)

    assert first_and_last == expected
