"""What the commands need of the outside: the directory and the groups table."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.checks import Check
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
class GroupName:
    """A group by its id and name."""

    id: str
    name: str


LONGEST_NAME = 256  # characters of who chose: far above any person's name
MOST_COUNTED = 10  # groups in one call: two counts of each are the 20 requests of Graph's batch


@dataclass(frozen=True, slots=True)
class Counts:
    """How many users are in a group (as TRANSITIVE_MEMBERS says) and own it; None where Graph would not tell."""

    people: int | None
    owners: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """That a group be chosen, or not. `seen`: only while its choice is still of this tag (`choice_tag.tag_of`)."""

    group: str
    sync: bool
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else has chosen meanwhile; the row as it is."""

    row: GroupRow


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of several wishes: rows as they were wished, rows in conflict, ids that are not in the table."""

    rows: tuple[GroupRow, ...] = ()
    conflicts: tuple[GroupRow, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What ServOrg last told of itself: the configured modes, the customer's name there, and when it told."""

    modes: tuple[int, ...]
    account: str
    told_at: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the people, or owners, of a group. `count` is Graph's own, in the first page only.

    `nested` are groups within the group whose people stand on the same pages (transitive reading); Graph counts them.
    A person without a `upn` is one whose properties this identity may not read. `hidden`: one of `nested` hides who is
    in it.
    """

    people: tuple[Person, ...]
    others: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    next_link: str | None = None
    count: int | None = None
    hidden: bool = False


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

    async def sizes(self, groups: Sequence[str]) -> Mapping[str, Counts]:
        """The counts of each of at most MOST_COUNTED groups, for display."""
        ...


class Persons(Protocol):
    """Microsoft Graph asked about one person. Calls raise as those of Directory do; each list is whole or an error."""

    @property
    def transitive(self) -> bool:
        """Whether people of nested groups count."""
        ...

    async def find(self, address: str) -> tuple[Person, ...]:
        """The users who have this as mail, user principal name or proxy address."""
        ...

    async def groups_of(self, user: str) -> tuple[GroupName, ...]:
        """The groups that the user is directly in."""
        ...

    async def groups_owned(self, user: str) -> tuple[GroupName, ...]:
        """The groups that the user owns."""
        ...

    async def groups_above(self, group: str) -> tuple[GroupName, ...]:
        """The groups that the group is directly in."""
        ...


class Probes(Protocol):
    """What only this app itself can tell of how it is."""

    async def roles(self) -> frozenset[str]:
        """The application permissions that the identity's token names; GraphError when there is no token."""
        ...

    def storage(self) -> Iterable[Check]:
        """Whether storage may be used, and whether the clock is right. Blocking."""
        ...


class Choices(Protocol):
    """The groups table: what exists, and which groups the customer chose. Blocking (azure-data-tables is)."""

    def rows(self) -> tuple[GroupRow, ...]: ...

    def refreshed_at(self) -> str: ...

    def refresh(self, heads: Mapping[str, GroupHead], now: str) -> tuple[int, int]:
        """Writes what Graph has, marks what vanished, keeps every choice; how many are new and how many vanished."""
        ...

    def choose(self, wish: Wish, *, by: str, now: str) -> GroupRow | Conflict | None:
        """The row as it then is; None when there is no such group.

        Of `by` the first LONGEST_NAME characters are kept. A choice that was made before keeps who made it and when.
        """
        ...

    def choose_all(self, wishes: Sequence[Wish], *, by: str, now: str) -> Chosen:
        """Fulfils each wish that is none yet; of two wishes for one group the later one counts."""
        ...

    def count(self, counts: Mapping[str, Counts], now: str) -> None:
        """Notes when these groups were counted, and what the counts are where they are known."""
        ...

    def tell(self, groups: Mapping[str, tuple[str, ...]], outlook: Outlook) -> int:
        """Keeps what ServOrg told, by group; how many of the groups there are."""
        ...

    def outlook(self) -> Outlook | None:
        """What ServOrg told of itself, None before it did."""
        ...

    def empty(self) -> int:
        """Removes every row; how many of them were chosen."""
        ...
