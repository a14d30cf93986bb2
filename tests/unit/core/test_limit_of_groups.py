"""A contact is in at most 50 contact groups: joins that are bound to be refused are left out, and said."""

from shared.core.changes import AddToGroup, RemoveFromGroup
from shared.core.model import Reason
from tests.builders import a_group, a_side, an_account, mail, plan, synced

NAMES = [f"group {number:02}" for number in range(53)]


def test_a_person_in_53_groups_joins_the_first_50_by_name_and_the_others_are_told() -> None:
    made = plan(a_side(*(a_group(name, ["ann"]) for name in NAMES)))

    assert [c.name for c in made.growth if isinstance(c, AddToGroup)] == NAMES[:50]
    assert {(s.subject, s.detail) for s in made.skipped if s.reason is Reason.TOO_MANY_GROUPS} == {
        (mail("ann"), name) for name in NAMES[50:]
    }


def test_the_next_run_of_somebody_at_the_limit_has_nothing_to_do() -> None:
    account, links = synced({name: ["ann"] for name in NAMES[:50]} | {name: [] for name in NAMES[50:]})

    made = plan(a_side(*(a_group(name, ["ann"]) for name in NAMES)), account, links)

    assert not made.changes


def test_a_group_that_is_left_makes_room_for_another() -> None:
    account, links = synced({name: ["ann"] for name in NAMES[:50]} | {name: [] for name in NAMES[50:]})

    made = plan(a_side(a_group(NAMES[0]), *(a_group(name, ["ann"]) for name in NAMES[1:])), account, links)

    assert [c.name for c in made.removals if isinstance(c, RemoveFromGroup)] == NAMES[:1]
    assert [c.name for c in made.growth if isinstance(c, AddToGroup)] == NAMES[50:51]


def test_others_in_the_same_groups_are_not_concerned() -> None:
    made = plan(a_side(*(a_group(name, ["ann", "bob"] if name in NAMES[-2:] else ["ann"]) for name in NAMES)))

    joined = [c.name for c in made.growth if isinstance(c, AddToGroup) and c.address == mail("bob")]
    assert joined == NAMES[-2:]


def test_people_of_fifty_groups_are_within_the_limit() -> None:
    made = plan(a_side(*(a_group(name, ["ann"]) for name in NAMES[:50])), an_account(["ann"]))

    assert len([c for c in made.growth if isinstance(c, AddToGroup)]) == 50
    assert not made.skipped
