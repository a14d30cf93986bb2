"""The fake directory and Graph's adapter (over the Graph double, on a real socket) show the same to the commands."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest
from azure.identity import ManagedIdentityCredential

from custorg.graph import Graph
from custorg.ports import Counts, Directory, GroupHead, Page, People
from shared.errors import GraphError
from tests.doubles.graph_server import a_group, a_user, a_world, guid, serving
from tests.fakes.directory import FakeDirectory, FakeGroup

PEOPLE = "ann bob cas ola"
# The SDK's own modules call themselves deprecated when they are imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions"),
]


class Stage(Protocol):
    """Opens a directory over groups; `transitive` as TRANSITIVE_MEMBERS."""

    def __call__(self, *groups: FakeGroup, transitive: bool = True) -> Any: ...


@asynccontextmanager
async def in_memory(*groups: FakeGroup, transitive: bool = True) -> AsyncIterator[Directory]:
    yield FakeDirectory(*groups, things="pc app mate", transitive=transitive)


@asynccontextmanager
async def over_http(*groups: FakeGroup, transitive: bool = True) -> AsyncIterator[Directory]:
    crowd = {name for group in groups for name in group.inside if name.startswith("p-")}
    users = [a_user(name) for name in (*PEOPLE.split(), *sorted(crowd))]
    rows = [a_group(group.name, " ".join(group.inside), " ".join(group.owners)) for group in groups]
    for row, group in zip(rows, groups, strict=True):
        row["displayName"] = group.name
    async with serving(a_world(users=users, groups=rows)) as served:
        os.environ["IDENTITY_ENDPOINT"] = f"{served.identity}/{served.world.to_json()['tenants'][0]['id']}/msi/token"
        os.environ["IDENTITY_HEADER"] = "local-secret"

        async def at_once(_seconds: float) -> None:
            return None

        graph = Graph(served.graph, ManagedIdentityCredential, transitive=transitive, sleep=at_once)
        try:
            yield graph.until(graph.clock() + 60)
        finally:
            await graph.close()


@pytest.fixture(params=[in_memory, over_http])
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "")
    monkeypatch.setenv("IDENTITY_HEADER", "")
    chosen: Stage = request.param
    return chosen


async def all_pages(directory: Directory, group: str, which: People = "people") -> list[Page]:
    pages = [await directory.page(group, which)]
    while (link := pages[-1].next_link) is not None:
        pages.append(await directory.page(group, which, link))
    return pages


def ids(*names: str) -> set[str]:
    return {guid(name) for name in names}


async def test_the_tenant_and_its_verified_domains_are_told_in_lower_case(stage: Stage) -> None:
    async with stage() as directory:
        organization = await directory.organization()

    assert organization.tenant_id == "0a0a0a0a-0000-4000-8000-00000000000a"
    assert organization.verified_domains == ("here.example", "here.onmicrosoft.example")


async def test_a_group_tells_its_name_and_kind(stage: Stage) -> None:
    async with stage(FakeGroup("it", ["ann"])) as directory:
        head = await directory.head(guid("it"))

    assert head == GroupHead(guid("it"), "it", "security")


async def test_a_group_that_is_not_there_is_none(stage: Stage) -> None:
    async with stage() as directory:
        head = await directory.head(guid("it"))

    assert head is None


async def test_a_page_of_a_group_that_is_not_there_is_an_error_with_status_404(stage: Stage) -> None:
    async with stage() as directory:
        with pytest.raises(GraphError) as raised:
            await directory.page(guid("it"), "people")

    assert (raised.value.status, raised.value.code) == (404, "Request_ResourceNotFound")


async def test_people_are_told_with_names_and_addresses(stage: Stage) -> None:
    async with stage(FakeGroup("it", ["ann"])) as directory:
        page = await directory.page(guid("it"), "people")

    (ann,) = page.people

    assert (ann.id, ann.upn, ann.mail, ann.display) == (guid("ann"), "ann@here.example", "ann@here.example", "Ann")
    assert (ann.enabled, ann.guest, page.count, page.next_link) == (True, False, 1, None)


async def test_transitive_reading_tells_nested_groups_apart_and_their_people_with_the_others(stage: Stage) -> None:
    async with stage(FakeGroup("it", ["ann", "sub", "pc"]), FakeGroup("sub", ["bob", "it"])) as directory:
        page = await directory.page(guid("it"), "people")

    assert {person.id for person in page.people} == ids("ann", "bob")
    assert set(page.nested) >= ids("sub")
    assert set(page.others) == ids("pc")
    assert page.count == len(page.people) + len(page.nested) + len(page.others)


async def test_direct_reading_tells_nested_groups_among_the_others(stage: Stage) -> None:
    async with stage(FakeGroup("it", ["ann", "sub"]), FakeGroup("sub", ["bob"]), transitive=False) as directory:
        page = await directory.page(guid("it"), "people")

    assert [person.id for person in page.people] == [guid("ann")]
    assert (set(page.others), page.nested, page.count) == (ids("sub"), (), 2)


async def test_owners_are_told_apart_from_the_people(stage: Stage) -> None:
    async with stage(FakeGroup("it", ["ann"], owners=["ola"])) as directory:
        page = await directory.page(guid("it"), "owners")

    assert ([person.id for person in page.people], page.count) == ([guid("ola")], 1)


async def test_an_empty_group_has_one_page_with_the_count_nought(stage: Stage) -> None:
    async with stage(FakeGroup("it")) as directory:
        pages = await all_pages(directory, guid("it"))

    assert pages == [Page((), count=0)]


async def test_a_thousand_people_come_on_two_pages_and_the_count_with_the_first(stage: Stage) -> None:
    crowd = [f"p-{number}" for number in range(1_000)]
    async with stage(FakeGroup("all", crowd)) as directory:
        pages = await all_pages(directory, guid("all"))

    assert [len(page.people) for page in pages] == [999, 1]
    assert [page.count for page in pages] == [1_000, None]
    assert {person.id for page in pages for person in page.people} == ids(*crowd)


async def test_all_groups_of_the_tenant_are_listed(stage: Stage) -> None:
    async with stage(FakeGroup("it"), FakeGroup("sub")) as directory:
        heads = [head async for page in directory.groups() for head in page]

    assert {head.id: head.name for head in heads} == {guid("it"): "it", guid("sub"): "sub"}


@pytest.mark.parametrize(("transitive", "people"), [(True, 3), (False, 1)])
async def test_people_and_owners_are_counted_as_nested_groups_count(
    stage: Stage, transitive: bool, people: int
) -> None:
    groups = [FakeGroup("it", ["ann", "hr", "pc"], ["ola"]), FakeGroup("hr", ["bob", "cas"]), FakeGroup("nil")]
    async with stage(*groups, transitive=transitive) as directory:
        counts = await directory.sizes([guid(name) for name in ("it", "nil", "gone")])

    assert counts == {guid("it"): Counts(people, 1), guid("nil"): Counts(0, 0), guid("gone"): Counts(None, None)}


async def test_more_groups_than_a_batch_takes_are_an_error(stage: Stage) -> None:
    async with stage(FakeGroup("it")) as directory:
        with pytest.raises(ValueError, match="more than a batch takes"):
            await directory.sizes([guid("it")] * 11)
