"""The gates' table: what is let through and what waits for a person."""

from dataclasses import replace

import pytest

from shared.core.changes import CreateContact, DeactivateContact, LowerRole, RemoveFromGroup
from shared.core.gates import Limits, Objection, Rule, objects_to_additions, review
from shared.core.grace import Scope
from shared.core.plan import Plan
from tests.builders import (
    ACCOUNT,
    CONTACTS,
    MANAGER,
    OWNERS,
    REGULAR,
    a_group,
    a_policy,
    a_side,
    an_account,
    given,
    group_id,
    links,
    mail,
    plan,
    synced,
)

LIMITS = Limits()


def removals(number: int) -> tuple[RemoveFromGroup, ...]:
    return tuple(RemoveFromGroup(ACCOUNT, group_id("it"), "it", mail(f"p{n}"), REGULAR) for n in range(number))


def a_plan(removed: int, *scopes: Scope, added: int = 0) -> Plan:
    growth = tuple(CreateContact(ACCOUNT, mail(f"p{n}"), "P", "") for n in range(added))
    return Plan(growth=growth, removals=removals(removed), scopes=scopes)


@pytest.mark.parametrize(
    ("made", "removed_today", "rules"),
    [
        pytest.param(a_plan(0), 0, [], id="nothing"),
        pytest.param(a_plan(0), 100, [], id="nothing on a day that is used up"),
        pytest.param(a_plan(0, added=100_000), 0, [], id="any number of additions"),
        pytest.param(a_plan(25), 0, [], id="as many as are allowed"),
        pytest.param(a_plan(26), 0, [Rule.REMOVALS], id="one more"),
        pytest.param(a_plan(1), 99, [], id="the day's last"),
        pytest.param(a_plan(1), 100, [Rule.DAY], id="one more than the day allows"),
        pytest.param(a_plan(26), 75, [Rule.REMOVALS, Rule.DAY], id="too many for run and day"),
        pytest.param(a_plan(2, Scope("it", 2, 10)), 0, [], id="a fifth of ten"),
        pytest.param(a_plan(3, Scope("it", 3, 10)), 0, [Rule.SHARE], id="more than a fifth of ten"),
        pytest.param(a_plan(3, Scope("it", 3, 9)), 0, [], id="a third of nine, by number alone"),
        pytest.param(a_plan(8, Scope("it", 8, 9)), 0, [], id="all but one of nine"),
        pytest.param(a_plan(9, Scope("it", 9, 9, emptied=True)), 0, [Rule.SHARE], id="all of nine"),
        pytest.param(a_plan(2, Scope("it", 2, 2, emptied=True)), 0, [Rule.SHARE], id="both of two"),
        pytest.param(a_plan(1, Scope("it", 1, 1, emptied=True)), 0, [], id="the only one"),
        pytest.param(a_plan(2, Scope("it", 2, 2)), 0, [], id="both of two, replaced by others"),
        pytest.param(a_plan(2, Scope("it", 2, 3, emptied=True)), 0, [], id="two of three that are protected or wait"),
        pytest.param(
            a_plan(6, Scope("it", 3, 10), Scope("hr", 3, 10), Scope("contacts", 0, 20)),
            0,
            [Rule.SHARE, Rule.SHARE],
            id="two groups",
        ),
    ],
)
def test_what_the_default_limits_hold(made: Plan, removed_today: int, rules: list[Rule]) -> None:
    objections = review(made, LIMITS, removed_today)

    assert [objection.rule for objection in objections] == rules
    assert not objects_to_additions(objections)


@pytest.mark.parametrize(
    ("limits", "made", "rules"),
    [
        (Limits(max_removals=0), a_plan(1), [Rule.REMOVALS]),
        (Limits(max_removals=0), a_plan(0), []),
        (Limits(max_removals_per_day=0), a_plan(1), [Rule.DAY]),
        (Limits(max_removal_share=100), a_plan(20, Scope("it", 20, 20, emptied=True)), []),
        (Limits(max_removal_share=99), a_plan(20, Scope("it", 20, 20, emptied=True)), [Rule.SHARE]),
        (Limits(max_removal_share=0), a_plan(1, Scope("it", 1, 10)), [Rule.SHARE]),
        (Limits(max_removal_share=0), a_plan(1, Scope("it", 1, 9)), []),
        (Limits(max_removal_share=12.5), a_plan(2, Scope("it", 2, 16)), []),
        (Limits(max_removal_share=12.5), a_plan(2, Scope("it", 2, 15)), [Rule.SHARE]),
        (Limits(max_additions=2), a_plan(0, added=2), []),
        (Limits(max_additions=2), a_plan(1, added=3), [Rule.ADDITIONS]),
        (Limits(max_additions=0, max_removals=0), a_plan(1, added=1), [Rule.ADDITIONS, Rule.REMOVALS]),
    ],
)
def test_what_other_limits_hold(limits: Limits, made: Plan, rules: list[Rule]) -> None:
    objections = review(made, limits, 0)

    assert [objection.rule for objection in objections] == rules
    assert objects_to_additions(objections) is (Rule.ADDITIONS in rules)


def test_an_objection_has_its_numbers() -> None:
    objections = review(a_plan(26, Scope("it", 26, 30)), LIMITS, 80)

    assert objections == (
        Objection(Rule.REMOVALS, 26, 25),
        Objection(Rule.DAY, 106, 100),
        Objection(Rule.SHARE, 26, 20.0, "it", 30),
    )


@pytest.mark.parametrize(
    ("limits", "half"), [(Limits(), Limits(12, 10, 50)), (Limits(1, 100, 3, 7), Limits(0, 100, 1, 7))]
)
def test_half_the_limits_free_no_share_that_was_not_free(limits: Limits, half: Limits) -> None:
    halved = limits.halved()

    assert halved == half


def test_losing_half_the_contacts_is_held() -> None:
    people = [f"p{n}" for n in range(10)]
    account, known = an_account(people), links({name: {} for name in people})

    made = plan(a_side(a_group("it", people[5:])), account, known, CONTACTS)

    assert review(made, LIMITS, 0) == (Objection(Rule.SHARE, 5, 20.0, "contacts", 10),)


def test_the_share_is_of_what_is_managed() -> None:
    people, others = [f"p{n}" for n in range(10)], [f"x{n}" for n in range(90)]
    account, known = an_account([*people, *others]), links({name: {} for name in people})

    made = plan(a_side(a_group("it", people[3:])), account, known, CONTACTS)

    assert made.scopes == (Scope("contacts", 3, 10),)


def test_the_share_of_contacts_counts_who_was_there_before_and_not_who_comes() -> None:
    people, newcomers = [f"p{n}" for n in range(10)], [f"n{n}" for n in range(90)]
    account, known = an_account(people), links({name: {} for name in people})

    made = plan(a_side(a_group("it", [*people[3:], *newcomers])), account, known, CONTACTS)

    assert made.scopes == (Scope("contacts", 3, 10),)


def test_a_group_that_lost_everybody_is_emptied() -> None:
    account, known = synced({"it": ["jan", "eva"], "all": ["jan", "eva"]})

    made = plan(a_side(a_group("it"), a_group("all", ["jan", "eva"])), account, known)

    assert [scope for scope in made.scopes if scope.name == "it"] == [Scope("it", 2, 2, emptied=True)]
    assert [objection.subject for objection in review(made, LIMITS, 0)] == ["it"]


def test_an_account_that_lost_everybody_is_emptied() -> None:
    account, known = an_account(["jan", "eva"]), links({"jan": {}, "eva": {}})

    made = plan(a_side(a_group("it")), account, known, CONTACTS)

    assert made.scopes == (Scope("contacts", 2, 2, emptied=True),)


def test_roles_count_in_their_group() -> None:
    people = [f"p{n}" for n in range(10)]
    account = an_account(groups={"it": dict.fromkeys(people, MANAGER)})
    known = links({name: {"it": given(MANAGER)} for name in people}, ["it"])

    made = plan(a_side(a_group("it", people, people[3:])), account, known, OWNERS)

    assert [type(change) for change in made.removals] == [LowerRole] * 3
    assert made.scopes[0] == Scope("it", 3, 10)


def test_who_waits_or_is_protected_still_counts_as_held() -> None:
    account, known = synced({"it": ["a", "b", "c", "d"]})
    side, policy = a_side(a_group("it", ["a"])), a_policy(protected=frozenset({mail("b")}), grace_contacts=3)

    made = plan(side, account, known, policy=policy)
    later = plan(side, account, known, policy=replace(policy, grace_contacts=0, grace_memberships=3))

    assert made.scopes == (Scope("it", 2, 4), Scope("contacts", 0, 4))
    assert later.scopes == (Scope("it", 0, 4), Scope("contacts", 2, 4))
    assert [type(change) for change in later.removals] == [DeactivateContact] * 2
