"""One CustOrg with a directory in memory, for tests of reading."""

from collections.abc import Callable

from custorg.commands import Here, get_groups_and_members
from custorg.reading import Limits
from shared.wire import GetGroupsAndMembers, GroupPart, GroupsAndMembers
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import GRAPH_URL, TENANT, FakeDirectory, guid
from tests.fakes.persons import FakePersons

IT, HR = guid("it"), guid("hr")
BOTH = (IT, HR)


def stopped() -> float:
    return 0.0


def here(directory: FakeDirectory, limits: Limits | None = None, clock: Callable[[], float] = stopped) -> Here:
    now, persons = "2026-11-24T10:00:00+00:00", FakePersons(*directory.by_id.values())
    return Here(TENANT, GRAPH_URL, directory, FakeChoices(), now, clock, limits or Limits(), persons)


async def read(directory: FakeDirectory, *groups: str, owners: bool = False) -> GroupsAndMembers:
    return await get_groups_and_members(here(directory), GetGroupsAndMembers(groups=groups or (IT,), owners=owners))


async def read_all(here: Here, asked: GetGroupsAndMembers) -> list[GroupsAndMembers]:
    """Every answer up to the last one."""
    answers = [await get_groups_and_members(here, asked)]
    while (token := answers[-1].continuation) is not None:
        answers.append(await get_groups_and_members(here, GetGroupsAndMembers(continuation=token)))
    return answers


def parts_of(answers: list[GroupsAndMembers], group: str = IT) -> list[GroupPart]:
    return [part for answer in answers for part in answer.parts if part.id == group]


def is_proven(parts: list[GroupPart]) -> bool:
    """What whoever joins parts checks: wire.GroupPart."""
    ids = {one for part in parts for one in (*part.people, *part.others, *part.nested)}
    return parts[-1].state == "complete" and len(ids) == parts[-1].count


def crowd(size: int) -> list[str]:
    return [f"p{number}" for number in range(size)]
