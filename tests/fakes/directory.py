"""Microsoft Graph in memory, as `custorg.ports.Directory` shows it, with scripted trouble."""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from custorg.ports import MOST_COUNTED, Counts, GroupHead, Organization, Page, People
from shared.errors import GraphError
from shared.wire import Person

GRAPH_URL = "https://graph.microsoft.com/v1.0"
TENANT = "0a0a0a0a-0000-4000-8000-00000000000a"
DOMAINS = ("here.example", "here.onmicrosoft.example")
SPACE = uuid.UUID("1d0e6f3a-54f0-4c29-8d52-63e3a7a4c001")


def guid(name: str) -> str:
    """The id of whoever has this name."""
    return str(uuid.uuid5(SPACE, name))


def guids(names: str) -> tuple[str, ...]:
    return tuple(guid(name) for name in names.split())


def a_person(name: str) -> Person:
    address = f"{name}@here.example"
    return Person(id=guid(name), upn=address, mail=address, display=name.title(), given=name.title())


@dataclass(slots=True)
class FakeGroup:
    """A group by names: who and what is in it, and who owns it."""

    name: str
    inside: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    hidden: bool = False
    kind: str = "security"


class FakeDirectory:
    """Everybody who is named in a group is a person, but for `things` and the groups themselves.

    `errors` and `counts` are used up one by one: by `("head", id)`, `("page", id, which)`, `("organization",)`,
    `("groups",)`; None lets a call pass. `calls` has every call. `nameless` are people whose properties may not be
    read, `repeated` stand once more on the last page.
    """

    def __init__(self, *groups: FakeGroup, things: str = "", transitive: bool = True, page_size: int = 999) -> None:
        self.by_id = {guid(group.name): group for group in groups}
        self.things = frozenset(things.split())
        self.transitive = transitive
        self.page_size = page_size
        self.tenant = TENANT
        self.calls: list[tuple[str, ...]] = []
        self.errors: dict[tuple[str, ...], list[Exception | None]] = {}
        self.counts: dict[tuple[str, ...], list[int | None]] = {}
        self.nameless: set[str] = set()
        self.repeated: list[str] = []

    def asked(self, *start: str) -> int:
        """How many calls begin like this."""
        return sum(call[: len(start)] == start for call in self.calls)

    async def organization(self) -> Organization:
        self._call("organization")
        return Organization(self.tenant, DOMAINS)

    async def head(self, group: str) -> GroupHead | None:
        self._call("head", group)
        return self._head(group) if group in self.by_id else None

    async def page(self, group: str, which: People, next_link: str | None = None) -> Page:
        self._call("page", group, which, next_link or "")
        if group not in self.by_id:
            raise GraphError(404, "Request_ResourceNotFound", "Graph answered 404 (Request_ResourceNotFound)")
        names = self._names(group, which)
        start = int(next_link.rpartition("=")[2]) if next_link else 0
        end = start + self.page_size
        more = f"{GRAPH_URL}/groups/{group}/{which}?$skiptoken={end}" if end < len(names) else None
        count = None if next_link else self._count(group, which, len(set(names)))
        return self._page(names[start:end], more, count, transitive=self.transitive and which == "people")

    async def groups(self) -> AsyncIterator[tuple[GroupHead, ...]]:
        for start in range(0, max(len(self.by_id), 1), self.page_size):
            self._call("groups")
            yield tuple(self._head(group) for group in list(self.by_id)[start : start + self.page_size])

    async def sizes(self, groups: Sequence[str]) -> Mapping[str, Counts]:
        self._call("sizes", *groups)
        if len(groups) > MOST_COUNTED:
            raise ValueError(f"{len(groups)} groups are more than a batch takes")
        return {group: self._counts(group) for group in groups}

    def _counts(self, group: str) -> Counts:
        if group not in self.by_id:
            return Counts(None, None)
        found = self.by_id[group]
        users = [name for name in self._inside(group) if name not in self.things and guid(name) not in self.by_id]
        return Counts(len(users), len(set(found.owners)))

    def _head(self, group: str) -> GroupHead:
        found = self.by_id[group]
        return GroupHead(group, found.name, found.kind, found.hidden)

    def _names(self, group: str, which: People) -> list[str]:
        found = self.by_id[group]
        names = found.owners if which == "owners" else self._inside(group)
        return [*names, *self.repeated]

    def _inside(self, group: str) -> list[str]:
        seen: dict[str, None] = {}
        waiting = [group]
        while waiting:
            for name in self.by_id[waiting.pop(0)].inside:
                if name not in seen:
                    seen[name] = None
                    waiting += [guid(name)] if self.transitive and guid(name) in self.by_id else []
        return list(seen)

    def _page(self, names: Iterable[str], more: str | None, count: int | None, *, transitive: bool) -> Page:
        groups = [name for name in names if guid(name) in self.by_id]
        people = [name for name in names if name not in self.things and name not in groups]
        others = [name for name in names if name in self.things or (name in groups and not transitive)]
        nested = guids(" ".join(groups)) if transitive else ()
        return Page(tuple(self._person(name) for name in people), guids(" ".join(others)), nested, more, count)

    def _person(self, name: str) -> Person:
        return Person(id=guid(name)) if name in self.nameless else a_person(name)

    def _count(self, group: str, which: str, real: int) -> int | None:
        scripted = self.counts.get(("page", group, which))
        return scripted.pop(0) if scripted else real

    def _call(self, *call: str) -> None:
        self.calls.append(call)
        scripted = self.errors.get(call[:3])
        error = scripted.pop(0) if scripted else None
        if error is not None:
            raise error
