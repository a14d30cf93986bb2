from itertools import count

import pytest

from custorg.reading import Limits
from shared.errors import GraphError, GraphThrottled
from shared.wire import GetGroupsAndMembers
from tests.fakes.directory import TENANT, FakeDirectory, FakeGroup, guid, guids
from tests.unit.custorg.reading_rig import BOTH, HR, IT, crowd, here, is_proven, parts_of, read, read_all


async def test_many_groups_come_in_several_answers_and_each_group_once() -> None:
    names = [f"g{number}" for number in range(7)]
    directory = FakeDirectory(*(FakeGroup(name, [f"{name}-{one}" for one in range(3)]) for name in names))

    answers = await read_all(here(directory, Limits(rows=6)), GetGroupsAndMembers(groups=guids(" ".join(names))))

    assert [len(answer.parts) for answer in answers] == [2, 2, 2, 1]
    assert all(part.state == "complete" for answer in answers for part in answer.parts)
    assert [answer.domains != () for answer in answers] == [True, False, False, False]
    assert {answer.tenant for answer in answers} == {TENANT}
    assert directory.asked("organization") == 1


async def test_a_group_that_fits_into_an_answer_is_never_split_by_size() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(5)), FakeGroup("hr", crowd(6)), page_size=2)

    answers = await read_all(here(directory, Limits(rows=6)), GetGroupsAndMembers(groups=BOTH))

    assert [[part.state for part in answer.parts] for answer in answers] == [["complete", "complete"]]


async def test_a_group_larger_than_an_answer_is_told_in_parts_that_can_be_proven() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(25)), FakeGroup("hr", ["ann"]), page_size=4)

    answers = await read_all(here(directory, Limits(rows=8)), GetGroupsAndMembers(groups=BOTH, owners=True))

    parts = parts_of(answers)

    assert [len(part.people) for part in parts] == [8, 8, 8, 1]
    assert [part.state for part in parts] == ["more", "more", "more", "complete"]
    assert is_proven(parts)
    assert parts_of(answers, HR)[-1].state == "complete"
    assert directory.asked("page", IT, "people") == 7


async def test_a_person_on_the_pages_of_two_answers_hides_nobody_who_is_missing() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(7)), page_size=4)
    directory.repeated = ["p0"]
    directory.counts["page", IT, "people"] = [8]

    answers = await read_all(here(directory, Limits(rows=4)), GetGroupsAndMembers(groups=(IT,)))

    parts = parts_of(answers)

    assert [part.state for part in parts] == ["more", "complete"]
    assert not is_proven(parts)


async def test_a_split_group_whose_count_differs_is_walked_again_and_then_proven() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(10)), page_size=4)
    directory.counts["page", IT, "people"] = [11]

    answers = await read_all(here(directory, Limits(rows=4)), GetGroupsAndMembers(groups=(IT,)))

    assert is_proven(parts_of(answers))
    assert directory.asked("page", IT, "people") == 6


async def test_a_split_group_whose_count_differs_twice_is_never_complete() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(10)), page_size=4)
    directory.counts["page", IT, "people"] = [11, 11]

    answers = await read_all(here(directory, Limits(rows=4)), GetGroupsAndMembers(groups=(IT,)))

    parts = parts_of(answers)

    assert [part.state for part in parts].count("more") == len(parts) - 1
    assert parts[-1].state == "count differs"
    assert {one for part in parts for one in part.people} == {guid(name) for name in crowd(10)}


async def test_an_error_in_a_later_answer_makes_the_whole_group_unread() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(10)), page_size=4)
    directory.errors["page", IT, "people"] = [None, None, GraphError(500, "x", "Graph answered 500 (x)")]

    answers = await read_all(here(directory, Limits(rows=4)), GetGroupsAndMembers(groups=(IT,)))

    assert [part.state for part in parts_of(answers)] == ["more", "more", "unread"]


async def test_an_answer_ends_when_its_time_is_over_and_still_makes_progress() -> None:
    ticks = count(0, 60)
    directory = FakeDirectory(FakeGroup("it", crowd(6)), FakeGroup("hr", ["ann"]), page_size=2)

    answers = await read_all(
        here(directory, Limits(seconds=100), lambda: float(next(ticks))), GetGroupsAndMembers(groups=BOTH)
    )

    assert len(answers) > 1
    assert is_proven(parts_of(answers))
    assert parts_of(answers, HR)[-1].state == "complete"


async def test_even_no_time_at_all_reads_a_page_with_each_answer() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(6)), FakeGroup("hr", ["ann"]), page_size=2)

    answers = await read_all(here(directory, Limits(seconds=0)), GetGroupsAndMembers(groups=BOTH))

    assert [len(answer.parts) for answer in answers] == [1, 1, 1, 1]
    assert is_proven(parts_of(answers))


async def test_throttling_before_anything_was_read_is_told_with_its_seconds() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]))
    directory.errors["head", IT] = [GraphThrottled(300)]

    with pytest.raises(GraphThrottled) as raised:
        await read(directory)

    assert raised.value.retry_after == 300


@pytest.mark.parametrize("call", [("head", HR), ("page", HR, "people")])
async def test_throttling_later_keeps_what_was_read_and_goes_on_with_the_group(call: tuple[str, ...]) -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hr", ["bob"]))
    directory.errors[call] = [GraphThrottled(300)]

    answers = await read_all(here(directory), GetGroupsAndMembers(groups=BOTH))

    assert [[part.id for part in answer.parts] for answer in answers] == [[IT], [HR]]
    assert parts_of(answers, HR)[0].state == "complete"


async def test_throttling_between_two_pages_keeps_the_first_one() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(5)), page_size=3)
    directory.errors["page", IT, "people"] = [None, GraphThrottled(300)]

    answers = await read_all(here(directory), GetGroupsAndMembers(groups=(IT,)))

    assert [len(part.people) for part in parts_of(answers)] == [3, 2]
    assert is_proven(parts_of(answers))


async def test_throttling_at_the_owners_keeps_the_people() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], owners=["ola"]))
    directory.errors["page", IT, "owners"] = [GraphThrottled(300)]

    answers = await read_all(here(directory), GetGroupsAndMembers(groups=(IT,), owners=True))

    parts = parts_of(answers)

    assert [(part.people, part.owners, part.state) for part in parts] == [
        (guids("ann"), (), "more"),
        ((), guids("ola"), "complete"),
    ]
    assert is_proven(parts)


async def test_a_count_that_differed_is_not_forgotten_while_the_owners_are_throttled() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], owners=["ola"]))
    directory.counts["page", IT, "people"] = [2, 2]
    directory.errors["page", IT, "owners"] = [GraphThrottled(300)]

    answers = await read_all(here(directory), GetGroupsAndMembers(groups=(IT,), owners=True))

    assert [part.state for part in parts_of(answers)] == ["more", "count differs"]


async def test_a_circle_of_pages_over_several_answers_ends_too() -> None:
    directory = FakeDirectory(FakeGroup("it", crowd(4)), page_size=2)
    real = directory.page

    async def circle(group: str, which: str, next_link: str | None = None) -> object:
        page = await real(group, "people", None)
        return type(page)(page.people, next_link=page.next_link, count=None if next_link else 4)

    directory.page = circle  # type: ignore[method-assign, assignment]  # a Graph gone wrong

    answers = await read_all(here(directory, Limits(rows=2)), GetGroupsAndMembers(groups=(IT,)))

    assert (answers[-1].parts[-1].state, answers[-1].parts[-1].why) == ("unread", "Graph's pages don't end")


async def test_owners_that_stay_throttled_are_told_so_when_nothing_else_is_left() -> None:
    directory = FakeDirectory(FakeGroup("it", ["ann"], owners=["ola"]))
    directory.errors["page", IT, "owners"] = [GraphThrottled(300), GraphThrottled(200)]

    with pytest.raises(GraphThrottled) as raised:
        await read_all(here(directory), GetGroupsAndMembers(groups=(IT,), owners=True))

    assert raised.value.retry_after == 200
