"""Microsoft Graph in memory, as `custorg.ports.Persons` shows it.

tests/contract/test_persons_contract.py keeps it honest.
"""

from collections.abc import Iterable

from custorg.ports import GroupName
from shared.errors import GraphError
from shared.wire import Person
from tests.fakes.directory import FakeGroup, a_person, guid


class FakePersons:
    """Everybody who is named in a group is a person; those of `people` have more than a name. Ids come from names.

    `errors` are raised by call: `("find",)`, `("of", id)`, `("owned", id)`, `("above", id)`. `calls` has every call.
    """

    def __init__(self, *groups: FakeGroup, people: Iterable[Person] = (), transitive: bool = True) -> None:
        self.groups = {guid(group.name): group for group in groups}
        named = {name for group in groups for name in (*group.inside, *group.owners) if guid(name) not in self.groups}
        self.people = {person.id: person for person in (*map(a_person, sorted(named)), *people)}
        self.is_transitive = transitive
        self.errors: dict[tuple[str, ...], Exception] = {}
        self.calls: list[tuple[str, ...]] = []

    @property
    def transitive(self) -> bool:
        return self.is_transitive

    async def find(self, address: str) -> tuple[Person, ...]:
        self._call("find")
        wanted = address.lower()
        return tuple(person for _, person in sorted(self.people.items()) if wanted in _names(person))

    async def groups_of(self, user: str) -> tuple[GroupName, ...]:
        self._call("of", user)
        return self._containing(self._known(user).id)

    async def groups_owned(self, user: str) -> tuple[GroupName, ...]:
        self._call("owned", user)
        wanted = self._known(user).id
        owned = (one for one, group in self.groups.items() if wanted in map(guid, group.owners))
        return tuple(GroupName(one, self.groups[one].name) for one in sorted(owned))

    async def groups_above(self, group: str) -> tuple[GroupName, ...]:
        self._call("above", group)
        if group not in self.groups:
            raise _missing()
        return self._containing(group)

    def _containing(self, thing: str) -> tuple[GroupName, ...]:
        above = (one for one, group in self.groups.items() if thing in map(guid, group.inside))
        return tuple(GroupName(one, self.groups[one].name) for one in sorted(above))

    def _known(self, user: str) -> Person:
        if user not in self.people:
            raise _missing()
        return self.people[user]

    def _call(self, *call: str) -> None:
        self.calls.append(call)
        if call in self.errors:
            raise self.errors[call]


def _names(person: Person) -> set[str]:
    proxies = (proxy[5:] for proxy in person.proxies if proxy[:5].lower() == "smtp:")
    return {text.lower() for text in (person.upn, person.mail or "", *proxies) if text}


def _missing() -> GraphError:
    return GraphError(404, "Request_ResourceNotFound", "Graph answered 404 (Request_ResourceNotFound)")
