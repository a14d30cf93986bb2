"""The plan by examples: who loses what and when, what is left alone, and roles."""

from dataclasses import replace

import pytest

from shared.core.changes import (
    AddToGroup,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    LowerRole,
    RaiseRole,
    RemoveFromGroup,
)
from shared.core.grace import DAY, Waiting
from shared.core.model import Prune, Reason, Skipped
from tests.builders import (
    ACCOUNT,
    GUEST,
    MANAGER,
    NOW,
    OWNERS,
    REGULAR,
    a_group,
    a_policy,
    a_side,
    an_account,
    an_unread_group,
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


def test_whoever_left_the_group_is_removed_and_then_deactivated() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("it", ["jan"])), account, known)

    assert made.changes == (leaves("eva"), goes("eva"))


def test_a_contact_stays_while_another_group_holds_it() -> None:
    account, known = synced({"it": ["jan", "eva"], "sales": ["eva"]})

    made = plan(a_side(a_group("it", ["jan"]), a_group("sales", ["eva"])), account, known)

    assert made.changes == (leaves("eva"),)


def test_what_no_run_gave_stays_under_prune_managed_and_goes_under_prune_all() -> None:
    side, account = a_side(a_group("it", ["jan"])), an_account(["boss"], {"it": ["jan", "eva"]})

    managed, mirror = plan(side, account), plan(side, account, policy=a_policy(prune=Prune.ALL))

    assert managed.changes == ()
    assert mirror.changes == (leaves("eva"), goes("boss"), goes("eva"))


def test_contact_groups_that_no_entra_group_ever_filled_are_left_alone_even_by_the_mirror() -> None:
    account = an_account(["jan"], {"it": ["jan"], "book club": ["jan"]})

    made = plan(a_side(a_group("it", ["jan"])), account, policy=a_policy(prune=Prune.ALL))

    assert made.changes == ()


def test_with_prune_off_leavers_stay() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(prune=Prune.OFF))

    assert made.changes == ()


def test_a_protected_address_stays_and_is_reported() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(protected=frozenset({EVA})))

    assert made.changes == ()
    assert made.skipped == (Skipped(EVA, Reason.PROTECTED), Skipped(EVA, Reason.PROTECTED, "it"))


def test_a_protected_manager_keeps_his_role() -> None:
    known = links({"jan": {"it": given(MANAGER)}}, ["it"])
    account = an_account(groups={"it": {"jan": MANAGER}})

    made = plan(a_side(a_group("it", ["jan"])), account, known, OWNERS, policy=a_policy(protected=frozenset({JAN})))

    assert made.changes == ()
    assert made.skipped == (Skipped(JAN, Reason.PROTECTED, "it"),)


@pytest.mark.parametrize("deleted", [(), ("it",)], ids=["unchosen", "deleted"])
def test_an_unchosen_or_deleted_group_is_emptied_and_stays(deleted: tuple[str, ...]) -> None:
    account, known = synced({"it": ["jan"], "sales": ["jan"]})

    made = plan(a_side(a_group("sales", ["jan"]), deleted=deleted), account, known)

    assert made.changes == (leaves("jan"),)


def test_a_group_that_was_not_read_adds_and_removes_nothing() -> None:
    account, known = synced({"it": ["jan"], "sales": ["jan", "eva"]})

    made = plan(a_side(an_unread_group("it"), a_group("sales", ["jan"])), account, known)

    assert made.changes == (leaves("eva", "sales"),)
    assert made.skipped == (Skipped("it", Reason.UNREAD, "the count differs"),)


def test_a_group_whose_count_differs_adds_but_never_removes() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(an_unread_group("it", ["eva"])), account, known)

    assert made.changes == (CreateContact(ACCOUNT, EVA, "Eva", ""), joins("eva"))


def test_a_group_whose_count_differs_lowers_no_role() -> None:
    account = an_account(groups={"it": {"jan": MANAGER}})
    known = links({"jan": {"it": given(MANAGER)}}, ["it"])

    made = plan(a_side(an_unread_group("it", ["jan"])), account, known, OWNERS)

    assert made.changes == ()


def test_the_contact_group_of_a_group_whose_new_name_is_taken_loses_nobody() -> None:
    account, known = synced({"sales": ["jan"], "it": ["jan"]})
    side = a_side(a_group("it", ["jan"]), a_group("IT", [], entra="sales"))

    made = plan(side, account, known)

    assert made.changes == ()
    assert made.skipped == (Skipped("IT", Reason.NAME_TAKEN, group_id("sales")),)


def test_owners_are_managers_also_when_they_are_nothing_else() -> None:
    made = plan(a_side(a_group("it", ["jan"], owners=["jan", "eva"])), an_account(["jan", "eva"]), None, OWNERS)

    assert made.changes == (CreateGroup(ACCOUNT, IT, "it"), joins("eva", role=MANAGER), joins("jan", role=MANAGER))


def test_somebody_who_became_an_owner_is_raised() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(a_group("it", ["jan"], owners=["jan"])), account, known, OWNERS)

    assert made.changes == (RaiseRole(ACCOUNT, IT, "it", JAN, MANAGER, REGULAR),)


def test_somebody_who_is_no_owner_any_more_is_lowered() -> None:
    account = an_account(groups={"it": {"jan": MANAGER}})

    made = plan(a_side(a_group("it", ["jan"])), account, links({"jan": {"it": given(MANAGER)}}, ["it"]), OWNERS)

    assert made.changes == (LowerRole(ACCOUNT, IT, "it", JAN, REGULAR, MANAGER),)


def test_a_role_that_was_raised_by_hand_stays_and_is_reported() -> None:
    account = an_account(groups={"it": {"jan": MANAGER}})

    made = plan(a_side(a_group("it", ["jan"])), account, links({"jan": {"it": given(REGULAR)}}, ["it"]), OWNERS)

    assert made.changes == ()
    assert made.skipped == (Skipped(JAN, Reason.NOT_MANAGED, "manager in it"),)


def test_a_found_role_returns_to_what_it_was() -> None:
    account = an_account(groups={"it": {"jan": MANAGER, "eva": MANAGER}})
    known = links({"jan": {"it": given(MANAGER, before=GUEST)}, "eva": {"it": given(MANAGER, before=MANAGER)}}, ["it"])

    made = plan(a_side(a_group("it", ["jan", "eva"])), account, known, OWNERS)

    assert made.changes == (LowerRole(ACCOUNT, IT, "it", JAN, REGULAR, MANAGER),)


def test_the_mirror_lowers_roles_that_were_raised_by_hand() -> None:
    account, known = an_account(groups={"it": {"jan": MANAGER}}), links({"jan": {"it": given()}}, ["it"])

    made = plan(a_side(a_group("it", ["jan"])), account, known, OWNERS, policy=a_policy(prune=Prune.ALL))

    assert made.changes == (LowerRole(ACCOUNT, IT, "it", JAN, REGULAR, MANAGER),)


def test_modes_without_owners_leave_roles_alone() -> None:
    account, known = an_account(groups={"it": {"jan": MANAGER}}), links({"jan": {"it": given(MANAGER)}}, ["it"])

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(prune=Prune.ALL))

    assert made.changes == ()


def test_a_removal_in_its_grace_waits_with_its_date() -> None:
    account, known = synced({"it": ["jan", "eva"]})

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(grace_contacts=7))

    assert made.changes == (leaves("eva"),)
    assert made.waiting == (Waiting(goes("eva"), NOW + 7 * DAY),)
    assert not plan(a_side(a_group("it", ["jan", "eva"])), account, known).waiting


@pytest.mark.parametrize(("days", "gone"), [(6.9, False), (7, True), (7.1, True)])
def test_a_grace_ends_after_its_days(days: float, gone: bool) -> None:
    account, known = synced({"it": ["jan", "eva"]})
    marked = replace(known.contacts[EVA], leaving_since=NOW - days * DAY)
    known = replace(known, contacts={**known.contacts, EVA: marked})

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(grace_contacts=7))

    assert (goes("eva") in made.removals) is gone


def test_a_mark_of_the_future_counts_from_now() -> None:
    account, known = synced({"it": ["jan", "eva"]})
    marked = replace(known.contacts[EVA], leaving_since=NOW + 900 * DAY)
    known = replace(known, contacts={**known.contacts, EVA: marked})

    made = plan(a_side(a_group("it", ["jan"])), account, known, policy=a_policy(grace_contacts=7))

    assert made.waiting == (Waiting(goes("eva"), NOW + 7 * DAY),)
