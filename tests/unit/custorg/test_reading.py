import pytest

from shared.errors import GraphError
from shared.wire import GroupPart
from tests.fakes.directory import TENANT, FakeDirectory, FakeGroup, guid, guids
from tests.unit.custorg.reading_rig import BOTH, IT, crowd, read


async def test_a_group_with_its_people_is_complete() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann", "bob"])))

    assert answer.parts == (GroupPart(id=IT, name="it", people=guids("ann bob"), count=2, state="complete"),)
    assert [person.id for person in answer.people] == list(guids("ann bob"))
    assert answer.continuation is None


async def test_the_answer_names_the_tenant_and_its_verified_domains() -> None:
    answer = await read(FakeDirectory(FakeGroup("it")))

    assert (answer.tenant, answer.domains) == (TENANT, ("here.example", "here.onmicrosoft.example"))


async def test_an_empty_group_is_complete_with_nobody() -> None:
    answer = await read(FakeDirectory(FakeGroup("it")))

    assert answer.parts == (GroupPart(id=IT, name="it", count=0, state="complete"),)


async def test_a_group_costs_its_pages_and_one_request_and_the_organization_is_asked_once() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(1_000)), FakeGroup("hr", ["ann"]))

    await read(directory, *BOTH)

    assert len(directory.calls) == (2 + 1) + (1 + 1) + 1


async def test_owners_cost_one_request_more_and_are_told_apart() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], owners=["ola", "ann"]))

    answer = await read(directory, owners=True)

    assert (answer.parts[0].people, answer.parts[0].owners) == (guids("ann"), guids("ola ann"))
    assert [person.id for person in answer.people] == list(guids("ann ola"))
    assert directory.asked("page", IT, "owners") == 1


async def test_a_person_in_two_groups_is_told_once() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hr", ["ann"])), *BOTH)

    assert [person.id for person in answer.people] == [guid("ann")]
    assert [part.people for part in answer.parts] == [guids("ann"), guids("ann")]


async def test_people_of_nested_groups_count_and_the_nested_group_is_no_other() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann", "sub"]), FakeGroup("sub", ["bob"])))

    (part,) = answer.parts

    assert (part.people, part.nested, part.others) == (guids("ann bob"), guids("sub"), ())
    assert (part.count, part.state) == (3, "complete")


async def test_read_directly_a_nested_group_is_one_of_the_others() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann", "sub"]), FakeGroup("sub", ["bob"]), transitive=False))

    (part,) = answer.parts

    assert (part.people, part.others, part.state) == (guids("ann"), guids("sub"), "complete")


async def test_what_is_no_user_is_told_by_its_id() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann", "pc"]), things="pc"))

    assert (answer.parts[0].others, answer.parts[0].state) == (guids("pc"), "complete")


async def test_someone_on_two_pages_is_one_person() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann", "bob"]), page_size=2)
    directory.repeated = ["ann"]

    answer = await read(directory)

    assert (answer.parts[0].people, answer.parts[0].state) == (guids("ann bob"), "complete")


async def test_a_count_that_differs_once_is_asked_again_with_the_whole_group() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann", "bob"]), page_size=1)
    directory.counts["page", IT, "people"] = [3]

    answer = await read(directory)

    assert answer.parts[0].state == "complete"
    assert directory.asked("page", IT, "people") == 4


async def test_a_count_that_differs_twice_is_told_with_the_people() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann", "bob"]))
    directory.counts["page", IT, "people"] = [3, 3, 3]

    answer = await read(directory)

    assert answer.parts == (GroupPart(id=IT, name="it", people=guids("ann bob"), count=3, state="count differs"),)
    assert directory.asked("page", IT, "people") == 2


async def test_a_list_without_a_count_proves_nothing() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]))
    directory.counts["page", IT, "people"] = [None, None]

    answer = await read(directory)

    assert (answer.parts[0].state, answer.parts[0].people) == ("count differs", guids("ann"))


async def test_as_many_rows_as_counted_are_no_proof_when_one_stands_there_twice() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]))
    directory.repeated = ["ann"]
    directory.counts["page", IT, "people"] = [2, 2]

    answer = await read(directory)

    assert answer.parts[0].state == "count differs"


async def test_owners_whose_count_differs_make_the_group_differ() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], owners=["ola"]))
    directory.counts["page", IT, "owners"] = [2, 2]

    answer = await read(directory, owners=True)

    assert (answer.parts[0].state, answer.parts[0].owners) == ("count differs", guids("ola"))


async def test_owners_on_several_pages_are_all_told() -> None:
    answer = await read(FakeDirectory(FakeGroup("it", ["ann"], owners=crowd(5)), page_size=2), owners=True)

    assert (len(answer.parts[0].owners), answer.parts[0].state) == (5, "complete")


async def test_people_without_properties_say_which_permission_is_missing() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann", "bob"]))
    directory.nameless = {"bob"}

    answer = await read(directory)

    (part,) = answer.parts

    assert (part.state, part.people, answer.people) == ("unread", (), ())
    assert "User.Read.All" in part.why


async def test_a_hidden_membership_that_may_not_be_read_is_unread_and_not_asked_for() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], hidden=True))

    answer = await read(directory)

    assert answer.parts == (
        GroupPart(id=IT, name="it", state="unread", why="hidden membership: needs Member.Read.Hidden"),
    )
    assert directory.asked("page") == 0


async def test_a_group_that_is_gone_is_told_as_deleted() -> None:
    answer = await read(FakeDirectory())

    assert answer.parts == (GroupPart(id=IT, state="deleted"),)


async def test_a_404_on_the_people_of_a_group_is_an_incomplete_read_and_no_deletion() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]))
    directory.errors["page", IT, "people"] = [GraphError(404, "Request_ResourceNotFound", "Graph answered 404 (x)")]

    answer = await read(directory)

    assert answer.parts == (GroupPart(id=IT, name="it", state="unread", why="Graph answered 404 (x)"),)


@pytest.mark.parametrize("call", [("head", IT), ("page", IT, "people"), ("page", IT, "owners")])
async def test_an_error_of_one_group_never_stops_the_others(call: tuple[str, ...]) -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hr", ["bob"]))
    directory.errors[call] = [GraphError(500, "generalException", "Graph answered 500 (generalException)")]

    answer = await read(directory, *BOTH, owners=True)

    assert [part.state for part in answer.parts] == ["unread", "complete"]
    assert "500 (generalException)" in answer.parts[0].why
    assert [person.id for person in answer.people] == [guid("bob")]


async def test_an_error_on_the_second_page_is_no_short_list() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(4)), page_size=2)
    directory.errors["page", IT, "people"] = [None, GraphError(500, "x", "Graph answered 500 (x)")]

    answer = await read(directory)

    assert (answer.parts[0].state, answer.parts[0].people, answer.people) == ("unread", (), ())


async def test_an_organization_that_cannot_be_read_is_an_error_of_the_command() -> None:
    directory = FakeDirectory(FakeGroup("it"))
    directory.errors["organization",] = [GraphError(403, "x", "needs Organization.Read.All")]

    with pytest.raises(GraphError, match=r"Organization\.Read\.All"):
        await read(directory)


async def test_pages_that_go_in_a_circle_end_as_an_error() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(4)), page_size=2)
    real = directory.page

    async def circle(group: str, which: str, next_link: str | None = None) -> object:
        page = await real(group, "people", next_link)
        return page if next_link is None else type(page)(page.people, next_link=next_link)

    directory.page = circle  # type: ignore[method-assign, assignment]  # a Graph gone wrong

    answer = await read(directory)

    assert (answer.parts[0].state, answer.parts[0].why) == ("unread", "Graph's pages repeat themselves")
