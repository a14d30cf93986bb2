"""Why a person is, or is not, in the chosen groups: from the person upwards, through the groups that contain others."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from custorg.ports import GroupName, Persons
from shared.wire import GroupRow, Person, PersonExplained, PersonFound, PersonGroup

MAX_CLIMBS = 200
"""Above so many groups one answer looks; each takes a request of about 0.2 s, of the 200 s that a command has."""


@dataclass(slots=True)
class _Climb:
    """Looks above groups, each once for one answer, until `left` is used up; `capped` tells that it was."""

    persons: Persons
    left: int = MAX_CLIMBS
    capped: bool = False
    known: dict[str, tuple[GroupName, ...]] = field(default_factory=dict)

    async def paths(self, user: str, wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The shortest way down to the user from each of the `wanted` groups that he is in, as names."""
        waiting = deque(_sorted(await self.persons.groups_of(user)))
        paths: dict[str, tuple[str, ...]] = {group.id: (group.name,) for group in waiting}
        while waiting and self.persons.transitive and not paths.keys() >= set(wanted):
            below = waiting.popleft()
            new = [group for group in await self._above(below.id) if group.id not in paths]
            paths |= {group.id: (group.name, *paths[below.id]) for group in new}
            waiting += new
        return {group: path for group, path in paths.items() if group in wanted}

    async def _above(self, group: str) -> tuple[GroupName, ...]:
        if group not in self.known:
            if not self.left:
                self.capped = True
                return ()
            self.left -= 1
            self.known[group] = _sorted(await self.persons.groups_above(group))
        return self.known[group]


def _sorted(groups: Iterable[GroupName]) -> tuple[GroupName, ...]:
    return tuple(sorted(groups, key=lambda group: (group.name, group.id)))


async def explain(
    persons: Persons, chosen: Collection[GroupRow], address: str, climbs: int = MAX_CLIMBS
) -> PersonExplained:
    """Everybody who has the address, each with his groups among the `chosen` ones; tenant and domains stay empty.

    SourceError when anything could not be read: then nothing is said, and never that somebody is in no group.
    """
    climb, names = _Climb(persons, climbs), {row.id: row.name for row in chosen}
    people = [await _found(climb, person, names) for person in await persons.find(address)]
    seen = {group.id for person in people for group in person.groups}
    return PersonExplained(
        tenant="",
        domains=(),
        people=tuple(people),
        transitive=persons.transitive,
        capped=climb.capped,
        hidden=tuple(row.name for row in chosen if row.hidden and row.id not in seen),
    )


async def _found(climb: _Climb, person: Person, names: dict[str, str]) -> PersonFound:
    paths = await climb.paths(person.id, names)
    owned = {group.id for group in await climb.persons.groups_owned(person.id)} & names.keys()
    groups = (
        PersonGroup(id=group, name=names[group], path=paths.get(group, ()), owner=group in owned)
        for group in sorted(paths.keys() | owned, key=lambda one: (names[one], one))
    )
    facts = person.model_dump(include={"id", "upn", "mail", "proxies", "enabled", "guest"})
    return PersonFound(**facts, groups=tuple(groups))
