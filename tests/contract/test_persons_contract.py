"""The fake and Graph's adapter (over the Graph double, on a real socket) tell the same of one person."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from custorg.graph_person import GraphPersons
from custorg.ports import GroupName, Persons
from shared.errors import GraphError
from shared.wire import Person
from tests.contract.graph_rig import SDK_WARNINGS, rigged
from tests.doubles.graph_server import a_group, a_user, a_world, guid
from tests.fakes.directory import FakeGroup, a_person
from tests.fakes.persons import FakePersons

pytestmark = SDK_WARNINGS
Stage = Callable[..., AbstractAsyncContextManager[Persons]]
GROUPS = (
    FakeGroup("staff", ["it", "hr"]),
    FakeGroup("it", ["sub", "ann"], owners=["ola", "ann"]),
    FakeGroup("hr", ["sub"]),
    FakeGroup("sub", ["bob"]),
)


def graph_row(person: Person) -> dict[str, Any]:
    """The person as Graph's own properties."""
    return {
        "id": person.id,
        "displayName": person.display,
        "givenName": person.given,
        "mail": person.mail,
        "userPrincipalName": person.upn,
        "proxyAddresses": list(person.proxies),
        "accountEnabled": person.enabled,
        "userType": "Guest" if person.guest else "Member",
    }


@asynccontextmanager
async def in_memory(_patch: pytest.MonkeyPatch, people: Iterable[Person] = ()) -> AsyncIterator[Persons]:
    yield FakePersons(*GROUPS, people=people)


@asynccontextmanager
async def over_http(patch: pytest.MonkeyPatch, people: Iterable[Person] = ()) -> AsyncIterator[Persons]:
    rows = [a_group(one.name, " ".join(one.inside), " ".join(one.owners)) for one in GROUPS]
    rows = [{**row, "displayName": group.name} for row, group in zip(rows, GROUPS, strict=True)]
    users = [a_user(name) for name in ("ann", "bob", "ola")]
    world = a_world(users=[*users, *map(graph_row, people)], groups=rows)
    async with rigged(patch, world) as rig:
        yield GraphPersons(rig.graph, rig.graph.clock() + 60)


@pytest.fixture(params=[in_memory, over_http])
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stage:
    def opened(*people: Person) -> AbstractAsyncContextManager[Persons]:
        there: AbstractAsyncContextManager[Persons] = request.param(monkeypatch, people)
        return there

    return opened


def names(groups: Iterable[GroupName]) -> set[str]:
    assert all(group.id == guid(group.name) for group in groups)
    return {group.name for group in groups}


async def test_a_user_is_found_by_mail_by_principal_name_and_by_a_proxy_address(stage: Stage) -> None:
    jan = a_person("jan").model_copy(
        update={"mail": "jan.novak@here.example", "proxies": ("SMTP:jan.novak@here.example", "smtp:jn@here.example")}
    )
    async with stage(jan) as persons:
        found = [
            await persons.find(f"{one}@here.example") for one in ("jan", "jan.novak", "jn", "JN", "novak", "smtp:jn")
        ]

    assert found == [(jan,), (jan,), (jan,), (jan,), (), ()]


async def test_an_address_may_have_every_sign_that_addresses_have(stage: Stage) -> None:
    odd = a_person("odd").model_copy(update={"mail": "o'hara+x%20&y#z@here.example"})
    guest = a_person("gus").model_copy(update={"upn": "gus_there.example#EXT#@here.example", "guest": True})
    async with stage(odd, guest) as persons:
        found = [await persons.find(one.mail or "") for one in (odd, guest)]
        by_upn = await persons.find("gus_there.example#ext#@here.example")
        trick = await persons.find("x' or mail ne 'y")

    assert found == [(odd,), (guest,)]
    assert by_upn == (guest,)
    assert trick == ()


async def test_two_users_with_one_address_are_both_told(stage: Stage) -> None:
    twins = [a_person(name).model_copy(update={"mail": "both@here.example"}) for name in ("one", "two")]
    async with stage(*twins) as persons:
        found = await persons.find("both@here.example")

    assert {person.id for person in found} == {guid("one"), guid("two")}


async def test_a_disabled_person_is_told_as_such(stage: Stage) -> None:
    off = a_person("off").model_copy(update={"enabled": False})
    async with stage(off) as persons:
        found = await persons.find("off@here.example")

    assert found == (off,)


async def test_groups_above_are_the_direct_ones_of_a_user_and_of_a_group(stage: Stage) -> None:
    async with stage() as persons:
        of_ann, of_bob = await persons.groups_of(guid("ann")), await persons.groups_of(guid("bob"))
        above_sub, above_staff = await persons.groups_above(guid("sub")), await persons.groups_above(guid("staff"))

    assert (names(of_ann), names(of_bob)) == ({"it"}, {"sub"})
    assert (names(above_sub), names(above_staff)) == ({"it", "hr"}, set())


async def test_groups_that_somebody_owns_are_told_apart(stage: Stage) -> None:
    async with stage() as persons:
        owned = [names(await persons.groups_owned(guid(one))) for one in ("ola", "ann", "bob")]

    assert owned == [{"it"}, {"it"}, set()]


@pytest.mark.parametrize("call", ["groups_of", "groups_owned", "groups_above"])
async def test_who_is_not_there_is_an_error_and_not_in_no_group(stage: Stage, call: str) -> None:
    async with stage() as persons:
        with pytest.raises(GraphError) as raised:
            await getattr(persons, call)(guid("nobody"))

    assert (raised.value.status, raised.value.code) == (404, "Request_ResourceNotFound")


# What only Graph can do wrong


@pytest.mark.parametrize(
    ("roles", "call", "about", "needs"),
    [
        ("GroupMember.Read.All", "find", "ann@here.example", "User.Read.All"),
        ("GroupMember.Read.All", "groups_of", guid("ann"), "User.Read.All"),
        ("User.Read.All", "groups_of", guid("ann"), "GroupMember.Read.All"),
        ("User.Read.All", "groups_owned", guid("ola"), "GroupMember.Read.All"),
        ("User.Read.All", "groups_above", guid("sub"), "GroupMember.Read.All"),
    ],
)
async def test_a_missing_permission_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, roles: str, call: str, about: str, needs: str
) -> None:
    async with rigged(monkeypatch, a_world(roles=[roles])) as rig:
        persons = GraphPersons(rig.graph, rig.graph.clock() + 60)
        with pytest.raises(GraphError, match=needs) as raised:
            await getattr(persons, call)(about)

    assert raised.value.status == 403


async def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [a_group(f"g{number:04}", "ann") for number in range(1_001)]
    async with rigged(monkeypatch, a_world(groups=groups)) as rig:
        found = await GraphPersons(rig.graph, rig.graph.clock() + 60).groups_of(guid("ann"))

    assert len({group.id for group in found}) == 1_001


async def test_a_page_that_fails_fails_the_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [a_group(f"g{number:04}", "ann") for number in range(1_001)]
    async with rigged(monkeypatch, a_world(groups=groups)) as rig:
        await rig.fault(path="/memberOf", status=500, after=1)
        with pytest.raises(GraphError) as raised:
            await GraphPersons(rig.graph, rig.graph.clock() + 60).groups_of(guid("ann"))

    assert raised.value.status == 500


async def test_what_is_no_group_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {
        "value": [
            {"@odata.type": "#microsoft.graph.directoryRole", "id": guid("role"), "displayName": "Reader"},
            {"@odata.type": "#microsoft.graph.group", "id": guid("it").upper(), "displayName": "It"},
        ]
    }
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="/memberOf", status=200, body=body)
        found = await GraphPersons(rig.graph, rig.graph.clock() + 60).groups_of(guid("ann"))

    assert found == (GroupName(guid("it"), "It"),)


async def test_an_answer_that_is_not_graphs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="/memberOf", status=200, body={"value": [{"id": guid("it")}]})
        with pytest.raises(GraphError) as raised:
            await GraphPersons(rig.graph, rig.graph.clock() + 60).groups_of(guid("ann"))

    assert raised.value.code == "unreadable"


async def test_a_user_without_a_principal_name_is_one_who_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="/users", status=200, body={"value": [{"id": guid("ann"), "userPrincipalName": None}]})
        with pytest.raises(GraphError, match=r"User\.Read\.All") as raised:
            await GraphPersons(rig.graph, rig.graph.clock() + 60).find("ann@here.example")

    assert raised.value.code == "noUserProperties"
