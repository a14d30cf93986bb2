"""The planner's laws (style.md, Tests): what holds for every directory, every DeskDirector and every history."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.core.changes import (
    REMOVALS,
    Kind,
)
from shared.core.desired import DesiredAccount, DesiredGroup
from shared.core.match import aliases
from shared.core.model import (
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroupId,
    EntraGroupId,
    EntraSide,
    GroupLink,
    GroupRole,
    Links,
    Prune,
)
from shared.core.plan import make_plan
from tests.builders import OWNERS
from tests.unit.core.by_hand import ACCOUNTS
from tests.unit.core.worlds import Chapter, Place, World, chapters, laws, place, stories, strictly


def role(account: Account, group: ContactGroupId, key: Address) -> GroupRole | None:
    contact = account.contacts.get(key)
    return (account.groups[group].users or {}).get(contact.id) if contact else None


def missing(
    world: World, chapter: Chapter, place: AccountId, desired: DesiredAccount, left_out: Iterable[str]
) -> Iterator[str]:
    """What is desired in an account that lacks it. A person may have a proxy address that is nobody's own."""
    account, links, people = world.read(place), world.links(place).groups, desired.people
    keys = {p: [p, *(a for a in aliases(u) if a not in people)] for p, u in people.items()}
    active = {key: contact for key, contact in account.contacts.items() if contact.active}
    yield from (person for person in people if active.keys().isdisjoint(keys[person]))
    for person in desired.services:
        if not any(key in active and active[key].service_group for key in keys[person]):
            yield f"{person} has no service group"
    for group_id, group in desired.groups.items():
        for person, least in group.people.items() if group_id not in left_out else ():
            have = [role(account, links[group_id].contact_group, key) for key in keys[person]]
            rank = max((one.rank for one in have if one), default=-1)
            if rank < (least.rank if OWNERS in chapter.modes else 0):
                yield f"{person} in {group.name}"


@laws
@given(stories)
def test_a_plan_applied_leaves_nothing_to_do(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)
    world.run(chapter)

    again = world.run(chapter)
    idle = world.plan(chapter)

    # a group that gets a contact group of its own takes its links with it, which the run after it sees
    assert again.changes == ()
    assert [news for news in idle.links.values() if news.contacts or news.groups] == []


@laws
@given(stories)
def test_a_plan_applied_gives_everybody_what_is_desired(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)
    accounts = world.wanted(chapter).accounts

    plan = world.run(chapter)

    left_out = {skip.detail for skip in plan.skipped}
    assert [gap for place, one in accounts.items() for gap in missing(world, chapter, place, one, left_out)] == []


@laws
@given(chapters)
def test_a_desired_state_that_is_there_needs_nothing(chapter: Chapter) -> None:
    world = World()
    world.run(replace(chapter, hands=()))
    desired = world.wanted(chapter)
    there = {account: world.read(account) for account in desired.accounts}

    plan = make_plan(desired, there, {}, strictly(chapter, Prune.ALL).policy)

    assert plan.changes == ()


@laws
@given(stories, st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), min_size=1, max_size=2))
def test_a_run_whose_host_is_killed_is_completed_by_the_next_holder(
    story: list[Chapter], kills: list[tuple[int, bool, bool]]
) -> None:
    straight, world = World(), World()
    straight.run(straight.reach(story))
    run, _ = world.begin(world.reach(story))

    for number, (after, done, marking) in enumerate(kills):
        world.kill(run, after, done=done, marking=marking, in_doubt=number > 0)
    world.carry_on(run, in_doubt=True)

    assert world.look() == straight.look()
    assert [world.links(one).contacts for one in ACCOUNTS] == [straight.links(one).contacts for one in ACCOUNTS]


@laws
@given(stories, st.integers(0, 9), st.booleans(), st.booleans())
def test_a_run_that_was_broken_off_is_made_good_by_the_next_run(
    story: list[Chapter], after: int, done: bool, marking: bool
) -> None:
    straight, world = World(), World()
    straight.run(straight.reach(story))
    chapter = world.reach(story)
    run, _ = world.begin(chapter)

    world.kill(run, after, done=done, marking=marking)
    world.end(run, "superseded")
    world.run(chapter)

    assert world.look() == straight.look()
    assert world.plan(chapter).changes == ()


@laws
@given(stories)
def test_nobody_is_removed_from_where_no_run_ever_wanted_him(story: list[Chapter]) -> None:
    world = World()
    ever: set[Place] = set()
    for chapter in story:
        now = world.enter(replace(chapter, policy=replace(chapter.policy, prune=Prune.MANAGED)))
        accounts = world.wanted(now).accounts
        plan = world.run(now)

        assert {place(plan, removal) for removal in plan.removals} <= ever

        for account, desired in accounts.items():
            ever |= set(places(account, desired, world.links(account)))


def places(account: AccountId, desired: DesiredAccount, links: Links) -> Iterator[Place]:
    """Everywhere that a run wants somebody."""
    keys = {person: [person, *aliases(user)] for person, user in desired.people.items()}
    yield from ((account, None, key) for key in chain(*keys.values()))
    yield from ((account, service.id, key) for person, service in desired.services.items() for key in keys[person])
    for group_id, group in desired.groups.items():
        if group_id in links.groups:
            there = links.groups[group_id].contact_group
            yield from ((account, there, key) for person in group.people for key in keys[person])


@laws
@given(stories)
def test_with_prune_off_nothing_is_taken_away(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)

    plan = world.plan(strictly(chapter, Prune.OFF))

    assert plan.removals == ()
    assert plan.waiting == ()


@laws
@given(stories)
def test_from_a_protected_address_nothing_is_taken_away(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)
    everybody = frozenset(key for account in ACCOUNTS for key in world.read(account).contacts)

    plan = world.plan(replace(chapter, policy=replace(chapter.policy, protected=everybody)))

    assert plan.removals == ()
    assert plan.waiting == ()


@laws
@given(stories)
def test_prune_all_makes_a_mirror(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach([*story[:-1], strictly(story[-1], Prune.ALL)])
    chapter = replace(chapter, side=replace(chapter.side, unread=()))
    before = world.read()
    desired = world.wanted(chapter)

    plan = world.run(chapter)

    left_alone = {skip.detail for skip in plan.skipped}
    for account, one in desired.accounts.items():
        active = {key: contact for key, contact in world.read(account).contacts.items() if contact.active}
        if not one.incomplete:
            assert active.keys() <= {key for person, user in one.people.items() for key in (person, *aliases(user))}
            assert len(one.people) == len(active)
        if desired.services_described and account == desired.own:
            assert_served(active, one)
        assert_mirrored(world.read(account), world.links(account).groups, one.groups, left_alone, chapter)
    assert before.groups.keys() <= world.read().groups.keys()


def assert_served(active: Mapping[Address, Contact], desired: DesiredAccount) -> None:
    """Everybody has his service group, or one that may not be taken from him; and nobody another one."""
    for person, service in desired.services.items():
        keys = (person, *aliases(desired.people[person]))
        found = {active[key].service_group for key in keys if key in active}
        assert found & {service.id, *desired.spared.get(person, ())}
    spared = {number for ids in desired.spared.values() for number in ids}
    taken = Counter(c.service_group for c in active.values() if c.service_group not in {None, *spared})
    assert taken <= Counter(service.id for service in desired.services.values())


def assert_mirrored(
    account: Account,
    links: Mapping[EntraGroupId, GroupLink],
    groups: Mapping[EntraGroupId, DesiredGroup],
    left_alone: set[str],
    chapter: Chapter,
) -> None:
    """The contact groups hold exactly their people, but those that are left alone."""
    untouched = {link.contact_group for group_id, link in links.items() if group_id in left_alone}
    for group_id, group in groups.items():
        if group_id not in left_alone and links[group_id].contact_group not in untouched:
            users = account.groups[links[group_id].contact_group].users or {}
            assert len(users) == len(group.people)
            if OWNERS in chapter.modes:
                assert sorted(users.values()) == sorted(group.people.values())


@laws
@given(stories)
def test_without_work_by_hand_what_is_managed_is_all_there_is(story: list[Chapter]) -> None:
    mirror, world = World(), World()
    story = [replace(chapter, hands=(), side=replace(chapter.side, unread=())) for chapter in story]
    mirror.run(mirror.reach([strictly(chapter, Prune.ALL) for chapter in story]))

    world.run(world.reach([strictly(chapter, Prune.MANAGED) for chapter in story]))

    assert world.look() == mirror.look()


@laws
@given(stories)
def test_growth_comes_before_removals_and_kinds_in_their_order(story: list[Chapter]) -> None:
    world = World()
    plan = world.plan(world.reach(story))
    kinds = [change.kind for change in plan.changes]
    shrinking = [kind in REMOVALS for kind in kinds]

    assert kinds == sorted(kinds, key=list(Kind).index)
    assert shrinking == sorted(shrinking)


@laws
@given(stories)
def test_case_and_blanks_of_addresses_change_nothing(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)
    side = chapter.side
    shouted = {
        key: replace(
            user,
            mail=f"\t{user.mail.upper()} " if user.mail else user.mail,
            upn=user.upn.title(),
            proxy_addresses=tuple(
                proxy.replace("@contoso", "@Contoso").replace("smtp", "Smtp") for proxy in user.proxy_addresses
            ),
        )
        for key, user in side.users.items()
    }

    plan, loud = world.plan(chapter), world.plan(replace(chapter, side=replace(side, users=shouted)))

    assert loud.changes == plan.changes
    assert loud.links == plan.links
    assert loud.waiting == plan.waiting


def shuffled[K, V](random: Random, mapping: Mapping[K, V]) -> dict[K, V]:
    entries = list(mapping.items())
    random.shuffle(entries)
    return dict(entries)


def shuffled_side(random: Random, side: EntraSide) -> EntraSide:
    return replace(
        side,
        users=shuffled(random, side.users),
        groups=tuple(random.sample(side.groups, len(side.groups))),
        unread=tuple(random.sample(side.unread, len(side.unread))),
        deleted=tuple(random.sample(side.deleted, len(side.deleted))),
    )


@laws
@given(stories, st.integers(0, 2**32))
def test_the_order_of_what_is_read_changes_neither_plan_nor_digest(story: list[Chapter], seed: int) -> None:
    world, random = World(), Random(seed)
    chapter = world.reach(story)
    desired = world.wanted(chapter)
    current = {account: world.read(account) for account in desired.accounts}
    links = {account: world.links(account) for account in desired.accounts}
    plan = make_plan(desired, current, links, chapter.policy)

    other = make_plan(
        world.wanted(replace(chapter, side=shuffled_side(random, chapter.side), modes=chapter.modes[::-1])),
        {
            key: Account(key, shuffled(random, one.contacts), shuffled(random, one.groups))
            for key, one in shuffled(random, current).items()
        },
        {key: Links(shuffled(random, one.contacts), shuffled(random, one.groups)) for key, one in links.items()},
        chapter.policy,
    )

    assert other == plan
    assert other.digest == plan.digest
