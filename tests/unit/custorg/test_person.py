"""The command `explain-person`: who has an address, and by which way he is in which chosen groups."""

from typing import Any

import pytest

from custorg.commands import Here, explain_person
from custorg.person import explain
from custorg.reading import Limits
from shared.errors import CommandRefused, GraphError
from shared.wire import ExplainPerson, GroupRow, PersonGroup
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import GRAPH_URL, TENANT, FakeDirectory, FakeGroup, a_person, guid
from tests.fakes.persons import FakePersons


def chosen(*names: str, **fields: Any) -> list[GroupRow]:
    return [GroupRow(id=guid(name), name=name, sync=True, **fields) for name in names]


def a_group(name: str, path: str = "", *, owner: bool = False) -> PersonGroup:
    return PersonGroup(id=guid(name), name=name, path=tuple(path.split()), owner=owner)


async def groups_of(persons: FakePersons, rows: list[GroupRow], name: str = "ann") -> tuple[PersonGroup, ...]:
    told = await explain(persons, rows, f"{name}@here.example")
    return told.people[0].groups


async def test_who_is_directly_in_a_chosen_group_has_a_path_of_one_step() -> None:
    persons = FakePersons(FakeGroup("it", ["ann"]), FakeGroup("hr", ["ann"]))

    assert await groups_of(persons, chosen("it")) == (a_group("it", "it"),)


async def test_a_nested_group_is_told_with_the_groups_down_to_the_person() -> None:
    persons = FakePersons(FakeGroup("all", ["emea"]), FakeGroup("emea", ["it"]), FakeGroup("it", ["ann"]))

    assert await groups_of(persons, chosen("all")) == (a_group("all", "all emea it"),)


async def test_of_several_ways_the_shortest_is_told() -> None:
    persons = FakePersons(
        FakeGroup("all", ["long", "short"]),
        FakeGroup("long", ["longer"]),
        FakeGroup("longer", ["ann"]),
        FakeGroup("short", ["ann"]),
    )

    assert await groups_of(persons, chosen("all")) == (a_group("all", "all short"),)


async def test_groups_that_hold_each_other_end() -> None:
    persons = FakePersons(FakeGroup("one", ["two"]), FakeGroup("two", ["one", "ann"]))

    assert await groups_of(persons, chosen("one", "gone")) == (a_group("one", "one two"),)


async def test_without_nesting_only_direct_groups_count_and_nothing_above_is_asked_for() -> None:
    persons = FakePersons(FakeGroup("all", ["it"]), FakeGroup("it", ["ann"]), transitive=False)
    told = await explain(persons, chosen("all", "it"), "ann@here.example")

    assert (told.people[0].groups, told.transitive) == ((a_group("it", "it"),), False)
    assert not [call for call in persons.calls if call[0] == "above"]


async def test_an_owner_is_told_apart_and_ownership_is_not_inherited_from_nested_groups() -> None:
    persons = FakePersons(FakeGroup("all", ["it"]), FakeGroup("it", ["bob"], owners=["ann"]), FakeGroup("hr", ["ann"]))

    assert await groups_of(persons, chosen("all", "it", "hr")) == (a_group("hr", "hr"), a_group("it", owner=True))


async def test_who_is_in_a_group_and_owns_it_has_both() -> None:
    persons = FakePersons(FakeGroup("it", ["ann"], owners=["ann"]))

    assert await groups_of(persons, chosen("it")) == (a_group("it", "it", owner=True),)


async def test_the_climb_ends_when_every_chosen_group_is_found() -> None:
    persons = FakePersons(FakeGroup("all", ["it"]), FakeGroup("it", ["ann"]))
    await groups_of(persons, chosen("it"))

    assert not [call for call in persons.calls if call[0] == "above"]


async def test_a_climb_that_reaches_its_limit_says_so() -> None:
    chain = [FakeGroup(f"g{n}", [f"g{n - 1}"] if n else ["ann"]) for n in range(6)]
    short = await explain(FakePersons(*chain), chosen("g5"), "ann@here.example", climbs=3)
    whole = await explain(FakePersons(*chain), chosen("g5"), "ann@here.example", climbs=5)

    assert (short.people[0].groups, short.capped) == ((), True)
    assert (whole.people[0].groups, whole.capped) == ((a_group("g5", "g5 g4 g3 g2 g1 g0"),), False)


async def test_two_people_of_one_address_are_both_told_and_groups_are_looked_above_once() -> None:
    twin = a_person("two").model_copy(update={"mail": "ann@here.example"})
    persons = FakePersons(FakeGroup("all", ["it"]), FakeGroup("it", ["ann", "two"]))
    persons.people[twin.id] = twin
    told = await explain(persons, chosen("all"), "ann@here.example")

    assert {person.id: person.groups for person in told.people} == {
        guid("ann"): (a_group("all", "all it"),),
        guid("two"): (a_group("all", "all it"),),
    }
    assert persons.calls.count(("above", guid("it"))) == 1


async def test_chosen_groups_with_hidden_membership_are_named_unless_the_person_was_seen_there() -> None:
    persons = FakePersons(FakeGroup("it", ["ann"]))
    told = await explain(persons, chosen("it", "secret", hidden=True), "ann@here.example")

    assert told.hidden == ("secret",)


async def test_nobody_of_this_address_is_an_answer() -> None:
    told = await explain(FakePersons(), chosen("it"), "nobody@here.example")

    assert (told.people, told.capped) == ((), False)


@pytest.mark.parametrize("call", [("find",), ("of", guid("ann")), ("owned", guid("ann")), ("above", guid("it"))])
async def test_what_could_not_be_read_is_an_error_and_never_in_no_group(call: tuple[str, ...]) -> None:
    persons = FakePersons(FakeGroup("all", ["it"]), FakeGroup("it", ["ann"]))
    persons.errors[call] = GraphError(403, "x", "Graph answered 403 (x)")

    with pytest.raises(GraphError):
        await explain(persons, chosen("all"), "ann@here.example")


class Site:
    """A CustOrg that chose `it`."""

    def __init__(self, tenant: str = TENANT) -> None:
        self.directory, choices = FakeDirectory(), FakeChoices()
        choices.kept = {row.id: row for row in (*chosen("it"), GroupRow(id=guid("hr"), name="hr"))}
        persons = FakePersons(FakeGroup("it", ["ann"]), FakeGroup("hr", ["ann"]))
        self.persons = persons
        self.here = Here(tenant, GRAPH_URL, self.directory, choices, "", lambda: 0.0, Limits(), persons)


async def test_the_command_tells_tenant_and_domains_and_the_groups_that_are_chosen() -> None:
    told = await explain_person(Site().here, ExplainPerson(address="ann@here.example"))

    assert (told.tenant, told.domains) == (TENANT, ("here.example", "here.onmicrosoft.example"))
    assert [group.name for group in told.people[0].groups] == ["it"]


async def test_an_identity_of_another_tenant_is_refused_before_anybody_is_looked_for() -> None:
    site = Site("0b0b0b0b-0000-4000-8000-00000000000b")

    with pytest.raises(CommandRefused, match="wrong tenant"):
        await explain_person(site.here, ExplainPerson(address="ann@here.example"))

    assert site.persons.calls == []
