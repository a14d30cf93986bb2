"""What the commands need of the outside: the directory and the groups table."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.wire import GroupRow, Person


@dataclass(frozen=True, slots=True)
class Organization:
    """The tenant as `/organization` tells it; verified domains in lower case."""

    tenant_id: str
    verified_domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupHead:
    """A group's own properties. `hidden`: its membership is hidden and this identity may not read it."""

    id: str
    name: str
    kind: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the people, or owners, of a group. `count` is Graph's own, in the first page only.

    `nested` are groups within the group whose people stand on the same pages (transitive reading); Graph counts them.
    A person without a `upn` is one whose properties this identity may not read.
    """

    people: tuple[Person, ...]
    others: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    next_link: str | None = None
    count: int | None = None


People = Literal["people", "owners"]


class Directory(Protocol):
    """Microsoft Graph. Every call raises GraphError, or GraphThrottled when the wait is longer than it may take."""

    async def organization(self) -> Organization: ...

    async def head(self, group: str) -> GroupHead | None:
        """The group's properties; None when Graph said twice that there is no such group."""
        ...

    async def page(self, group: str, which: People, next_link: str | None = None) -> Page:
        """The first page, or the page behind `next_link`, which must be one of this directory's own."""
        ...

    def groups(self) -> AsyncIterator[tuple[GroupHead, ...]]:
        """All groups of the tenant, a page at a time."""
        ...


class Choices(Protocol):
    """The groups table: what exists, and which groups the customer chose. Blocking (azure-data-tables is)."""

    def rows(self) -> tuple[GroupRow, ...]: ...

    def refreshed_at(self) -> str: ...

    def refresh(self, heads: Mapping[str, GroupHead], now: str) -> tuple[int, int]:
        """Writes what Graph has, marks what vanished, keeps every choice; how many are new and how many vanished."""
        ...

    def choose(self, group: str, *, sync: bool, by: str, now: str) -> GroupRow | None:
        """The changed row; None when there is no such group."""
        ...

    def empty(self) -> int:
        """Removes every row; how many of them were chosen."""
        ...
