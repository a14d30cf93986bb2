"""The planner's laws about what may be taken away: limits, unread groups, grace, and what is shown of it."""

import json
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.core.changes import ClearServiceGroup, LowerRole, MoveServiceGroup, from_json, to_json
from shared.core.gates import Limits, review
from shared.core.grace import DAY
from shared.core.model import ContactLink, EntraGroupId, Prune, SyncMode, slug
from shared.core.plan import digest_of
from tests.builders import ACCOUNT, a_group, a_side, an_account, plan, synced
from tests.unit.core.by_hand import ACCOUNTS
from tests.unit.core.worlds import MODES, Chapter, Place, World, chapters, laws, place, stories, strictly


@laws
@given(stories)
def test_what_was_not_read_justifies_no_removal(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)
    assume(chapter.side.unread)

    plan = world.plan(strictly(chapter, Prune.ALL))

    unread = {group.id for group in chapter.side.unread}
    filled = {link.contact_group for group, link in world.links().groups.items() if group in unread}
    tagged = [world.desk.accounts_with_tag(slug(group.name)) for group in chapter.side.unread]
    doubtful = {ACCOUNT, *(accounts[0] for accounts in tagged if len(accounts) == 1)}
    doubtful |= {account for account in ACCOUNTS if unread & world.links(account).groups.keys()}
    steps = [*plan.removals, *(wait.change for wait in plan.waiting)]
    taken = [place(plan, change)[1] for change in steps if change.account in doubtful]
    assert not [what for what in taken if what is None or isinstance(what, int) or what in filled]


@laws
@given(stories, st.sampled_from(MODES), st.sampled_from(MODES))
def test_two_modes_reach_what_each_alone_desires(
    story: list[Chapter], one: tuple[SyncMode, ...], other: tuple[SyncMode, ...]
) -> None:
    world = World()
    both = world.reach([*story[:-1], replace(story[-1], modes=tuple({*one, *other}))])

    world.run(both)

    for modes in (one, other):
        alone = world.plan(replace(both, modes=modes))

        assert alone.growth == ()


@laws
@given(stories)
def test_a_plan_is_the_same_after_a_journey_as_json(story: list[Chapter]) -> None:
    world = World()
    plan = world.plan(world.reach(story))
    waiting = [wait.change for wait in plan.waiting]

    back = [from_json(json.loads(json.dumps(to_json(change)))) for change in (*plan.changes, *waiting)]

    assert back == [*plan.changes, *waiting]
    assert digest_of(back[: len(plan.changes)]) == plan.digest


@laws
@given(chapters, chapters)
def test_two_plans_have_one_digest_only_when_they_are_equal(one: Chapter, other: Chapter) -> None:
    world = World()
    world.enter(one)
    first, second = world.plan(one), world.plan(other)

    assert (first.digest == second.digest) is (first.changes == second.changes)


@laws
@given(stories)
def test_whoever_is_desired_is_not_marked_as_leaving(story: list[Chapter]) -> None:
    world = World()
    chapter = world.reach(story)

    world.run(chapter)

    for account, desired in world.wanted(chapter).accounts.items():
        links = world.links(account).contacts
        inside = [(key, group_id) for group_id, group in desired.groups.items() for key in group.people if key in links]
        assert not [key for key in desired.people if key in links and links[key].leaving_since is not None]
        assert not [place for place in inside if _leaves(links[place[0]], place[1])]


def _leaves(link: ContactLink, group_id: EntraGroupId) -> bool:
    given = link.memberships.get(group_id)
    return given is not None and given.leaving_since is not None


WITHOUT_GRACE = (LowerRole, MoveServiceGroup, ClearServiceGroup)


@laws
@given(stories)
def test_nothing_is_removed_that_was_not_waiting_for_all_of_its_grace(story: list[Chapter]) -> None:
    world = World()
    since: dict[Place, float] = {}
    for drawn in story:
        policy = replace(drawn.policy, grace_contacts=7, grace_memberships=7)
        plan = world.run(world.enter(replace(drawn, policy=policy)))
        removed = [place(plan, change) for change in plan.removals if not isinstance(change, WITHOUT_GRACE)]

        assert [one for one in removed if since.get(one, world.now) > world.now - 7 * DAY] == []

        for wait in plan.waiting:
            since.setdefault(place(plan, wait.change), world.now)


@st.composite
def shrinkings(draw: st.DrawFn) -> tuple[int, int, int]:
    """How many people a group holds, how many of them leave, and how many were put in by hand."""
    managed = draw(st.integers(0, 30))
    return managed, draw(st.integers(0, managed)), draw(st.integers(0, 20))


limits = st.builds(Limits, st.integers(0, 60), st.sampled_from((0, 10, 20, 50, 100)), st.integers(0, 80))


@laws
@given(shrinkings(), limits, st.integers(0, 20))
def test_what_no_gate_objects_to_is_within_every_limit(
    shrinking: tuple[int, int, int], limits: Limits, removed_today: int
) -> None:
    managed, leaving, by_hand = shrinking
    people, others = [f"p{number:02}" for number in range(managed)], [f"x{number}" for number in range(by_hand)]
    _, known = synced({"it": people})
    account = an_account(groups={"it": [*people, *others]})
    allowed = limits.max_removal_share / 100

    found = plan(a_side(a_group("it", people[leaving:])), account, known)

    # each leaver loses a membership and a contact
    assert len(found.removals) == 2 * leaving
    if leaving and not review(found, limits, removed_today):
        assert 2 * leaving <= limits.max_removals
        assert 2 * leaving + removed_today <= limits.max_removals_per_day
        assert managed < 10 or allowed == 1 or leaving <= allowed * managed
        assert allowed == 1 or not leaving == managed >= 2
