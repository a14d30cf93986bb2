"""What is managed after a plan, and what is forgotten: by single updates, and by stories of runs and work by hand."""

from dataclasses import replace

import pytest

from shared.core.grace import DAY, Policy
from shared.core.links import without
from shared.core.model import ContactLink, EntraGroup, EntraSide, GroupLink, GroupRole, Links, Prune, SyncMode
from tests.builders import (
    ACCOUNT,
    CONTACTS,
    GROUPS,
    GUEST,
    MANAGER,
    NOW,
    OWNERS,
    REGULAR,
    a_group,
    a_link,
    a_policy,
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
    user_id,
)
from tests.unit.core.worlds import Chapter, World

JAN, EVA = mail("jan"), mail("eva")
IT = group_id("it")


def test_whoever_is_found_is_managed_from_now_on_with_what_he_had() -> None:
    account = an_account(groups={"it": {"jan": GUEST}})

    made = plan(a_side(a_group("it", ["jan", "eva"])), account).links[ACCOUNT]

    assert made.contacts == {
        JAN: a_link("jan", {"it": given(REGULAR, before=GUEST)}),
        EVA: a_link("eva", {"it": given(REGULAR)}),
    }
    assert made.groups == {IT: GroupLink(contact_group_id("it"), "it")}


def test_what_is_managed_already_is_not_written_again() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(a_group("it", ["jan"])), account, known).links[ACCOUNT]

    assert made.contacts == {}
    assert made.groups == {}


def test_a_link_names_every_user_with_its_address() -> None:
    made = plan(a_side(a_group("it", ["jan", "zoe"]), users=[a_user("zoe", mail=JAN)]))

    assert made.links[ACCOUNT].contacts[JAN] == replace(
        a_link("jan", {"it": given()}), entra_ids=(user_id("jan"), user_id("zoe"))
    )


def test_whoever_leaves_is_marked_with_the_day_once() -> None:
    account, known = synced({"it": ["jan", "eva"]})
    side, policy = a_side(a_group("it", ["jan"])), a_policy(grace_contacts=7, grace_memberships=3)
    leaving = a_link("eva", {"it": given(leaving_since=NOW)}, leaving_since=NOW)

    made = plan(side, account, known, policy=policy).links[ACCOUNT].contacts
    known = replace(known, contacts={**known.contacts, EVA: leaving})
    later = plan(side, account, known, policy=replace(policy, now=NOW + DAY)).links[ACCOUNT].contacts

    assert made == {EVA: leaving}
    assert later == {}


def test_whoever_comes_back_is_unmarked() -> None:
    account, known = synced({"it": ["jan"]})
    leaving = a_link("jan", {"it": given(leaving_since=NOW)}, leaving_since=NOW)

    made = plan(a_side(a_group("it", ["jan"])), account, replace(known, contacts={JAN: leaving})).links[ACCOUNT]

    assert made.contacts == {JAN: a_link("jan", {"it": given()})}


def test_a_contact_that_comes_back_where_no_group_is_described_is_unmarked() -> None:
    known = Links({JAN: a_link("jan", leaving_since=NOW)})

    made = plan(a_side(a_group("it", ["jan"])), an_account(["jan"]), known, CONTACTS).links[ACCOUNT]

    assert made.contacts == {JAN: a_link("jan")}


@pytest.mark.parametrize(
    "before",
    [
        a_link("jan", managed=False),
        replace(a_link("jan"), entra_ids=(user_id("another"),)),
        replace(a_link("jan"), entra_ids=(user_id("jan"), user_id("another"))),
    ],
    ids=["given up once", "another user's", "shared until now"],
)
def test_a_link_becomes_that_of_who_has_the_address_now(before: ContactLink) -> None:
    made = plan(a_side(a_group("it", ["jan"])), an_account(["jan"]), Links({JAN: before}), CONTACTS).links[ACCOUNT]

    assert made.contacts == {JAN: a_link("jan")}


def test_a_second_user_of_an_address_joins_the_link() -> None:
    side = a_side(a_group("it", ["jan", "zoe"]), users=[a_user("zoe", mail=JAN)])

    made = plan(side, an_account(["jan"]), Links({JAN: a_link("jan")}), CONTACTS).links[ACCOUNT]

    assert made.contacts == {JAN: replace(a_link("jan"), entra_ids=(user_id("jan"), user_id("zoe")))}


def test_a_group_made_again_under_its_name_has_the_contact_group_that_runs_made() -> None:
    account, known = synced({"it": ["jan"]})

    made = plan(a_side(a_group("it", ["jan"], entra="new")), account, known).links[ACCOUNT]

    assert made.groups[group_id("new")] == GroupLink(contact_group_id("it"), "it", made=True)


def test_the_mirror_remembers_since_when_a_stranger_leaves_without_managing_him() -> None:
    account = an_account(groups={"it": ["jan"]})
    policy = a_policy(prune=Prune.ALL, grace_contacts=7, grace_memberships=7)

    made = plan(a_side(a_group("it")), account, policy=policy).links[ACCOUNT].contacts

    gift = given(REGULAR, before=REGULAR, leaving_since=NOW, managed=False)
    stranger = replace(a_link("jan", {"it": gift}, leaving_since=NOW, managed=False), entra_ids=())
    assert made == {JAN: stranger}


def test_a_membership_that_somebody_else_took_away_is_forgotten() -> None:
    account, known = synced({"it": ["jan"], "all": ["jan"]})
    account = replace(account, groups={**account.groups, **an_account(groups={"it": []}).groups})

    made = plan(a_side(a_group("it"), a_group("all", ["jan"])), account, known)

    assert made.changes == ()
    assert made.links[ACCOUNT].contacts == {JAN: a_link("jan", {"all": given()})}


def test_a_contact_that_is_gone_or_inactive_is_forgotten() -> None:
    known = links({"jan": {}, "eva": {"it": given()}}, ["it"])

    made = plan(a_side(a_group("it")), an_account(groups={"it": []}, inactive=["eva"]), known)

    assert made.links[ACCOUNT].contacts == {JAN: None, EVA: None}


def test_nothing_is_forgotten_when_a_group_was_not_read() -> None:
    known = links({"jan": {}}, ["it"])

    made = plan(a_side(an_unread_group("it")), an_account(groups={"it": []}), known)

    assert made.links[ACCOUNT].contacts == {}


def test_a_contact_group_of_another_id_is_not_the_one_that_was_made() -> None:
    known = Links({}, {IT: GroupLink(contact_group_id("gone"), "it", made=True)})

    made = plan(a_side(a_group("it")), an_account(groups={"it": []}), known)

    assert made.links[ACCOUNT].groups == {IT: GroupLink(contact_group_id("it"), "it", made=False)}


@pytest.mark.parametrize(
    ("link", "groups", "left"),
    [
        (None, {"it"}, None),
        (a_link("jan", {"it": given(), "hr": given()}), {"it"}, a_link("jan", {"hr": given()})),
        (a_link("jan", {"it": given()}), {"it"}, a_link("jan")),
        (a_link("jan", {"it": given()}, managed=False), {"it"}, None),
        (
            a_link("jan", {"it": given()}, managed=False, leaving_since=NOW),
            {"it"},
            a_link("jan", managed=False, leaving_since=NOW),
        ),
        (a_link("jan", {"it": given()}, leaving_since=NOW), None, a_link("jan", {"it": given()}, managed=False)),
        (a_link("jan"), None, None),
    ],
)
def test_what_was_taken_away_is_managed_no_more(link: object, groups: set[str] | None, left: object) -> None:
    known = Links({JAN: link} if link else {})  # type: ignore[dict-item]

    found = without(known, JAN, None if groups is None else set(map(group_id, groups)))

    assert found == left


# Stories


def run(
    world: World, *groups: EntraGroup, modes: tuple[SyncMode, ...] = (GROUPS,), days: float = 0, **policy: int
) -> None:
    """A run of a directory of these groups and nothing else."""
    side: EntraSide = a_side(*groups)
    chapter = Chapter(
        (),
        days,
        side,
        modes,
        Policy(NOW, grace_contacts=policy.get("grace", 0), grace_memberships=policy.get("grace", 0)),
    )
    world.run(world.enter(chapter))


def role(world: World, name: str = "jan", group: str = "it") -> GroupRole | None:
    return dict(world.look()[ACCOUNT][1])[group].get(mail(name))


def by_hand(world: World, role: GroupRole | None, name: str = "jan", group: str = "it") -> None:
    """Somebody gives a role in a contact group, or (None) takes the membership away."""
    account = world.read()
    contact = account.contacts[mail(name)].id
    found = next(one.id for one in account.groups.values() if one.name == group)
    if role is None:
        world.desk.take(found, contact)
    else:
        world.desk.put(found, contact, role)


def test_a_membership_put_back_by_hand_after_ours_was_taken_away_by_hand_is_never_removed() -> None:
    world = World()
    run(world, a_group("it", ["jan", "eva"]), a_group("all", ["jan"]))
    by_hand(world, None)
    run(world, a_group("it", ["eva"]), a_group("all", ["jan"]))
    by_hand(world, REGULAR)

    run(world, a_group("it", ["eva"]), a_group("all", ["jan"]))

    assert role(world) is REGULAR


def test_a_membership_made_by_hand_after_ours_was_removed_is_never_removed() -> None:
    world = World()
    run(world, a_group("it", ["jan", "eva"]), a_group("all", ["jan"]))
    run(world, a_group("it", ["eva"]), a_group("all", ["jan"]))
    by_hand(world, REGULAR)

    run(world, a_group("it", ["eva"]), a_group("all", ["jan"]))

    assert role(world) is REGULAR


def test_a_contact_that_was_activated_by_hand_after_we_deactivated_it_stays() -> None:
    world = World()
    run(world, a_group("it", ["jan", "eva"]))
    run(world, a_group("it", ["eva"]))
    world.desk.edit_contact(world.read().contacts[JAN].id, active=True)

    run(world, a_group("it", ["eva"]))

    assert world.read().contacts[JAN].active


def test_a_role_raised_by_hand_stays_while_the_person_is_desired() -> None:
    world = World()
    run(world, a_group("it", ["jan"]), modes=(OWNERS,))
    by_hand(world, MANAGER)

    run(world, a_group("it", ["jan"]), modes=(OWNERS,))

    assert role(world) is MANAGER


@pytest.mark.parametrize(("found", "left"), [(None, REGULAR), (GUEST, REGULAR), (REGULAR, REGULAR), (MANAGER, MANAGER)])
def test_a_role_that_was_found_returns_to_what_it_was(found: GroupRole | None, left: GroupRole) -> None:
    world = World()
    contact = world.desk.add_contact(ACCOUNT, JAN)
    world.desk.add_group(ACCOUNT, "it", {contact: found} if found else {})
    run(world, a_group("it", ["jan"], owners=["jan"]), modes=(OWNERS,))

    run(world, a_group("it", ["jan"]), modes=(OWNERS,))

    assert role(world) is left


def test_a_role_that_was_found_is_remembered_while_what_is_desired_changes() -> None:
    world = World()
    world.desk.add_group(ACCOUNT, "it", {world.desk.add_contact(ACCOUNT, JAN): MANAGER})
    run(world, a_group("it", ["jan"]), modes=(OWNERS,))
    run(world, a_group("it", ["jan"], owners=["jan"]), modes=(OWNERS,))

    run(world, a_group("it", ["jan"]), modes=(OWNERS,))

    assert role(world) is MANAGER


def test_a_grace_begins_anew_for_whoever_came_back_in_between() -> None:
    world = World()
    run(world, a_group("it", ["jan", "eva"]), grace=7)
    run(world, a_group("it", ["eva"]), grace=7, days=1)
    run(world, a_group("it", ["jan", "eva"]), grace=7, days=3)

    run(world, a_group("it", ["eva"]), grace=7, days=4)

    assert world.read().contacts[JAN].active
    assert role(world) is REGULAR


def test_a_grace_that_is_over_removes() -> None:
    world = World()
    run(world, a_group("it", ["jan", "eva"]), grace=7)
    run(world, a_group("it", ["eva"]), grace=7, days=1)

    run(world, a_group("it", ["eva"]), grace=7, days=7)

    assert not world.read().contacts[JAN].active
    assert role(world) is None
    assert JAN not in world.links().contacts


def test_a_group_that_was_renamed_and_emptied_by_unchoosing_keeps_its_contact_group() -> None:
    world = World()
    run(world, a_group("it", ["jan"]), a_group("all", ["jan"]))
    run(world, a_group("support", ["jan"], entra="it"), a_group("all", ["jan"]))

    run(world, a_group("all", ["jan"]))

    assert world.look()[ACCOUNT][1] == [("all", {JAN: REGULAR}), ("support", {})]
