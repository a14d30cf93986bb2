"""The outlook says what a run does: by examples, and by a law that lays it beside the plan."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.catalogue import Catalogue
from shared.core.changes import AddToGroup, CreateGroup
from shared.core.desired import desire
from shared.core.model import (
    MAX_GROUP_NAME,
    NO_CONTACT_GROUP,
    Account,
    AccountId,
    ContactGroup,
    ContactGroupId,
    EntraGroupId,
    GroupLink,
    GroupRole,
    Links,
    Reason,
    SyncMode,
    fold,
    slug,
)
from shared.core.outlook import Around, Code, foresee
from shared.core.plan import make_plan
from shared.wire import OutlookCode
from tests.builders import ACCOUNT, ACCOUNTS, CONTACTS, GROUPS, OWNERS, SERVICES, a_group, a_policy, a_side, mail

OTHER = AccountId(40)
NAMES = ("IT", "it ", "Sales", "sa  les", "!!", " ", "x" * MAX_GROUP_NAME, "x" * (MAX_GROUP_NAME + 1), "ß" * 60)
IDS = tuple(EntraGroupId(f"entra-{number}") for number in range(4))
DESK = tuple(ContactGroupId(f"desk-{number}") for number in range(4))
name = st.sampled_from(NAMES)
modes = st.sets(st.sampled_from(SyncMode), min_size=1)


@dataclass(frozen=True, slots=True)
class World:
    """Names of Entra groups, which of them are chosen, and what they meet."""

    names: Mapping[EntraGroupId, str]
    chosen: frozenset[EntraGroupId]
    around: Around


def catalogues() -> st.SearchStrategy[Catalogue]:
    accounts = st.sets(st.sampled_from((ACCOUNT, OTHER, AccountId(41))), min_size=1, max_size=2).map(tuple)
    return st.builds(
        Catalogue,
        services=st.dictionaries(name.map(fold), st.sampled_from(((7,), (7, 8))), max_size=3),
        tagged=st.dictionaries(name.map(slug), accounts, max_size=3),
        foreign=st.sampled_from((frozenset(), frozenset({OTHER}))),
    )


def arounds() -> st.SearchStrategy[Around]:
    groups = st.dictionaries(st.sampled_from(DESK), name, max_size=4).map(
        lambda found: {group: ContactGroup(group, called, {}) for group, called in found.items()}
    )
    link = st.builds(GroupLink, st.sampled_from((*DESK, NO_CONTACT_GROUP)), name, st.booleans())
    return st.builds(Around, groups, st.dictionaries(st.sampled_from(IDS), link, max_size=3), catalogues())


worlds = st.builds(
    World, st.dictionaries(st.sampled_from(IDS), name, min_size=1), st.frozensets(st.sampled_from(IDS)), arounds()
)


def carried_out(world: World, group: EntraGroupId, wanted: set[SyncMode]) -> tuple[Code, ...]:
    """What a run would do with the group, read off the desired state and the plan."""
    here = (world.chosen & world.names.keys()) | {group}
    people = {one: f"p{place}" for place, one in enumerate(sorted(here))}
    groups = [
        a_group(world.names[one], [people[one]], ["boss"], entra=one.removeprefix("entra-")) for one in sorted(here)
    ]
    desired = desire(a_side(*groups), wanted, ACCOUNT, world.around.catalogue)
    current = {account: Account(account, {}, world.around.groups) for account in desired.accounts}
    plan = make_plan(desired, current, {ACCOUNT: Links({}, world.around.links)}, a_policy())
    why = {skip.reason for skip in plan.skipped if skip.detail == group}
    made = {change.group for change in plan.growth if isinstance(change, CreateGroup)}
    joined = [change for change in plan.growth if isinstance(change, AddToGroup) and change.group == group]
    if joined:
        why -= {Reason.NAME_TAKEN}  # the contact group keeps an older name, which is another thing
    told: list[Code] = []
    if wanted - {ACCOUNTS}:
        told.append(Code.CONTACT)
    if joined:
        told.append(Code.GROUP_MADE if group in made else Code.GROUP_FOUND)
    if any(change.role is GroupRole.MANAGER for change in joined):
        told.append(Code.OWNERS_MANAGE)
    if any(group in account.served for account in desired.accounts.values()):
        told.append(Code.SERVICE_FOUND)
    tagged = world.around.catalogue.tagged.get(slug(world.names[group]), ())
    described = {account for account in tagged if account in desired.accounts}
    if ACCOUNTS in wanted and not why & UNFED and described:
        told.append(Code.ACCOUNT_FOUND)
        assert all(mail(people[group]) in desired.accounts[account].people for account in described)
    return (*told, *(REASONS[reason] for reason in why & REASONS.keys()))


UNFED = {
    Reason.NO_SLUG,
    Reason.SLUG_TAKEN,
    Reason.NO_ACCOUNT,
    Reason.SEVERAL_ACCOUNTS,
    Reason.FOREIGN_ACCOUNT,
}
REASONS = {
    Reason.NAME_TOO_LONG: Code.NAME_TOO_LONG,
    Reason.NAME_TAKEN: Code.NAME_TAKEN,
    Reason.GROUP_LEFT_ALONE: Code.NAME_TAKEN,
    Reason.NO_SERVICE_GROUP: Code.SERVICE_MISSING,
    Reason.AMBIGUOUS_SERVICE_GROUP: Code.SERVICE_AMBIGUOUS,
    Reason.NO_SLUG: Code.NO_TAG,
    Reason.SLUG_TAKEN: Code.TAG_TAKEN,
    Reason.NO_ACCOUNT: Code.ACCOUNT_MISSING,
    Reason.SEVERAL_ACCOUNTS: Code.ACCOUNT_AMBIGUOUS,
    Reason.FOREIGN_ACCOUNT: Code.ACCOUNT_FOREIGN,
}


@given(worlds, modes)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_the_outlook_says_is_what_a_run_does(world: World, wanted: set[SyncMode]) -> None:
    told = foresee(world.names, world.chosen, wanted, world.around)

    assert {group: sorted(codes) for group, codes in told.items()} == {
        group: sorted(carried_out(world, group, wanted)) for group in world.names
    }


def foreseen(names: Mapping[str, str], chosen: str, *wanted: SyncMode, **around: Any) -> dict[str, list[str]]:
    """The outlook of groups, by short ids; `chosen` are the ids of those that are chosen."""
    usual: dict[str, Any] = {"groups": {}, "links": {}, "catalogue": Catalogue()}
    ids = {EntraGroupId(one): called for one, called in names.items()}
    told = foresee(ids, {EntraGroupId(one) for one in chosen}, wanted, Around(**(usual | around)))
    return {one: list(codes) for one, codes in told.items()}


def contact_groups(*names: str) -> dict[ContactGroupId, ContactGroup]:
    return {ContactGroupId(f"g{place}"): ContactGroup(ContactGroupId(f"g{place}"), n) for place, n in enumerate(names)}


def test_the_codes_are_those_of_the_wire() -> None:
    assert set(Code) == set(get_args(OutlookCode))


def test_a_group_that_is_not_chosen_yet_is_told_as_if_it_were() -> None:
    told = foreseen({"a": "IT", "b": "it", "c": "Sales"}, "a", GROUPS, groups=contact_groups("sales"))

    assert told == {
        "a": ["contact", "contact-group-made"],
        "b": ["contact", "name-taken"],
        "c": ["contact", "contact-group-found"],
    }


def test_of_two_that_are_not_chosen_each_is_told_alone() -> None:
    told = foreseen({"a": "IT", "b": "it"}, "", OWNERS)

    assert told["a"] == told["b"] == ["contact", "contact-group-made", "owners-manage"]


@pytest.mark.parametrize(
    ("named", "groups", "codes"),
    [
        ("x" * 101, (), ["contact", "name-too-long"]),
        (" ", (), ["contact"]),
        ("IT", ("IT", "it"), ["contact"]),
        ("IT", (), ["contact", "contact-group-made", "owners-manage"]),
    ],
)
def test_what_has_no_contact_group_has_no_managers(named: str, groups: tuple[str, ...], codes: list[str]) -> None:
    assert foreseen({"a": named}, "a", OWNERS, groups=contact_groups(*groups)) == {"a": codes}


def test_a_contact_group_of_another_chosen_group_is_not_taken() -> None:
    found = {EntraGroupId("a"): GroupLink(ContactGroupId("g0"), "IT", made=False)}

    told = foreseen({"a": "Renamed", "b": "IT"}, "a", GROUPS, groups=contact_groups("IT"), links=found)

    assert told == {"a": ["contact", "contact-group-found"], "b": ["contact", "name-taken"]}


@pytest.mark.parametrize(
    ("ids", "code"), [((), "service-group-missing"), ((7,), "service-group-found"), ((7, 8), "service-group-ambiguous")]
)
def test_a_service_group_is_told_as_it_is_found(ids: tuple[int, ...], code: str) -> None:
    catalogue = Catalogue(services={"it": ids} if ids else {})

    assert foreseen({"a": "IT"}, "", SERVICES, catalogue=catalogue) == {"a": ["contact", code]}


@pytest.mark.parametrize(
    ("tagged", "code"),
    [
        ((), "account-missing"),
        ((ACCOUNT,), "account-found"),
        ((OTHER,), "account-foreign"),
        ((ACCOUNT, OTHER), "account-ambiguous"),
    ],
)
def test_an_account_is_told_by_its_tag_and_never_named(tagged: tuple[AccountId, ...], code: str) -> None:
    catalogue = Catalogue(tagged={"it": tagged} if tagged else {}, foreign=frozenset({OTHER}))

    assert foreseen({"a": "IT"}, "a", ACCOUNTS, catalogue=catalogue) == {"a": [code]}


def test_a_tag_that_another_chosen_group_has_is_taken_and_a_name_may_have_none() -> None:
    told = foreseen({"a": "IT", "b": "I T!", "c": "it", "d": "!"}, "a", ACCOUNTS)

    assert [told[one] for one in "acd"] == [["account-missing"], ["tag-taken"], ["no-tag"]]


def test_the_modes_are_united() -> None:
    assert foreseen({"a": "IT"}, "", CONTACTS, ACCOUNTS) == {"a": ["contact", "account-missing"]}


def test_a_table_of_5_000_groups_is_told_in_a_second() -> None:
    names = {f"{number:05}": f"Group {number % 4_000}" for number in range(5_000)}
    groups = contact_groups(*(f"Group {number}" for number in range(3_000)))
    began = time.perf_counter()

    told = foreseen(names, "", GROUPS, SERVICES, ACCOUNTS, groups=groups)

    assert len(told) == 5_000
    assert time.perf_counter() - began < 3
