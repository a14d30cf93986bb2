"""Reading groups with their people: each group completely, with proof, or with the reason why not.

Proof: Graph's `$count` and the different ids that were read, by the same kind of request, are the same number; when
they are not, the whole group is asked once more. One answer holds about `Limits.rows` people. A group with more is told
in several answers; what is proven of it then is that each answer's ids are different and that they are `count` in all.
That no id stands in two answers is for whoever joins them to see (`wire.GroupPart`): nobody else has them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from custorg.continuation import Continuation, InProgress, pack
from custorg.ports import Directory, Page
from shared.errors import GraphError, GraphThrottled
from shared.wire import GroupPart, GroupsAndMembers, Person

NEEDS_USERS = "the identity needs the application permission User.Read.All to read people"
HIDDEN = "hidden membership: needs Member.Read.Hidden"
MAX_NAME = 1_000  # what a continuation carries; Entra allows 256

type State = Literal["more", "complete", "count differs"]


@dataclass(frozen=True, slots=True)
class Limits:
    """When an answer ends: people told, and seconds after which no further page is begun.

    A group is never split by size unless it alone has more than `rows`.
    """

    rows: int = 20_000
    seconds: float = 100.0


@dataclass(slots=True)
class _Pass:
    """What one walk over the pages of a group has told in this answer."""

    people: dict[str, Person] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    nested: dict[str, None] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.people) + len(self.others) + len(self.nested)

    def take(self, page: Page) -> None:
        """Adds a page. GraphError when it has people whose properties may not be read, or repeats a next link."""
        if not all(person.upn for person in page.people):
            raise GraphError(HTTPStatus.FORBIDDEN, "noUserProperties", NEEDS_USERS)
        if page.next_link in self.links:
            raise GraphError(HTTPStatus.OK, "endless", "Graph's pages repeat themselves")
        self.people.update((person.id, person) for person in page.people)
        self.others.update(dict.fromkeys(page.others))
        self.nested.update(dict.fromkeys(page.nested))
        if page.next_link is not None:
            self.links.add(page.next_link)


class Reading:
    """One answer in the making. `tenant` and `domains` go into it as they are."""

    def __init__(
        self, directory: Directory, *, owners: bool, clock: Callable[[], float], limits: Limits | None = None
    ) -> None:
        self._directory = directory
        self._owners = owners
        self._clock = clock
        self._limits = limits or Limits()
        self._begun = clock()
        self._people: dict[str, Person] = {}
        self._parts: list[GroupPart] = []
        self._rows = 0

    async def read(self, groups: Iterable[str], begun: InProgress | None) -> tuple[InProgress | None, list[str]]:
        """Reads `begun`, then `groups`, as far as the limits go; what is left of both.

        GraphThrottled only when nothing at all was read; what is read already is worth an answer.
        """
        left = list(groups)
        try:
            begun = await self._go_on(begun) if begun else None
            while left and begun is None and not (self._parts and self._is_full(self._rows)):
                begun = await self._begin(left[0])
                del left[0]
        except GraphThrottled:
            if not self._parts:
                raise
        return begun, left

    def answer(
        self, tenant: str, domains: tuple[str, ...], begun: InProgress | None, left: list[str]
    ) -> GroupsAndMembers:
        """What was read, with a continuation when something is left."""
        rest = Continuation(tenant=tenant, owners=self._owners, rest=pack(left), group=begun) if begun or left else None
        return GroupsAndMembers(
            tenant=tenant,
            domains=domains,
            people=tuple(self._people.values()),
            parts=tuple(self._parts),
            continuation=rest.encode() if rest else None,
        )

    async def _begin(self, group: str) -> InProgress | None:
        try:
            head = await self._directory.head(group)
        except GraphError as error:
            self._parts.append(GroupPart(id=group, state="unread", why=str(error)))
            return None
        if head is None:
            self._parts.append(GroupPart(id=group, state="deleted"))
            return None
        if head.hidden:
            self._parts.append(GroupPart(id=group, name=head.name, state="unread", why=HIDDEN))
            return None
        return await self._go_on(InProgress(id=group, name=head.name[:MAX_NAME]), split=False)

    async def _go_on(self, group: InProgress, *, split: bool = True) -> InProgress | None:
        """Reads on in a group and tells what there is; what is left of it. `split`: earlier answers told a part."""
        try:
            if group.which == "owners":
                return await self._finish(group, _Pass())
            return await self._read_people(group, split=split)
        except GraphError as error:
            self._parts.append(GroupPart(id=group.id, name=group.name, state="unread", why=str(error)))
            return None

    async def _read_people(self, group: InProgress, *, split: bool) -> InProgress | None:
        told = _Pass()
        while True:
            group, over = await self._walk(group, told)
            if not over:
                self._tell(group, told, "more")
                return group
            if group.before + len(told) == group.count:
                return await self._finish(group, told)
            if group.again:
                return await self._finish(group.model_copy(update={"differs": True}), told)
            group = group.model_copy(update={"again": True, "link": None, "count": None, "before": 0})
            told = self._fresh(group, told, split=split)

    def _fresh(self, group: InProgress, told: _Pass, *, split: bool) -> _Pass:
        """For the second pass. Who was told stays told, so of a split group what this pass read is told as well."""
        if split:
            self._tell(group, told, "more")
        return _Pass()

    async def _walk(self, group: InProgress, told: _Pass) -> tuple[InProgress, bool]:
        """Follows the pages into `told`; the group as it then stands, and whether that was the last page."""
        while True:
            try:
                page = await self._directory.page(group.id, "people", group.link)
            except GraphThrottled:
                if not len(told):
                    raise
                return _paused(group, told), False
            told.take(page)
            first = {"count": page.count} if group.link is None else {}
            group = group.model_copy(update={"link": page.next_link, **first})
            if page.next_link is None:
                return group, True
            self._check_end(group, told)
            if self._is_full(len(told)):
                return _paused(group, told), False

    def _check_end(self, group: InProgress, told: _Pass) -> None:
        # A circle of next links over several answers is seen by no set of links, but by its length.
        if group.count is not None and group.before + len(told) > 2 * group.count + self._limits.rows:
            raise GraphError(HTTPStatus.OK, "endless", "Graph's pages don't end")

    async def _finish(self, group: InProgress, told: _Pass) -> InProgress | None:
        """All people are read: the owners, where they are asked for, and the last part."""
        owners: dict[str, Person] = {}
        agreed = True
        if self._owners:
            try:
                owners, agreed = await self._read_owners(group.id)
            except GraphThrottled:
                if not len(told) and not self._parts:
                    raise
                self._tell(group, told, "more")
                return group.model_copy(update={"which": "owners", "link": None})
        self._tell(group, told, "complete" if agreed and not group.differs else "count differs", owners)
        return None

    async def _read_owners(self, group: str) -> tuple[dict[str, Person], bool]:
        """The owners who are users, and whether the count agreed. Never split: Entra allows 100 owners of a group."""
        told, count = await self._walk_owners(group)
        if len(told) != count:
            told, count = await self._walk_owners(group)
        return told.people, len(told) == count

    async def _walk_owners(self, group: str) -> tuple[_Pass, int | None]:
        told = _Pass()
        page = await self._directory.page(group, "owners")
        count = page.count
        told.take(page)
        while page.next_link is not None:
            page = await self._directory.page(group, "owners", page.next_link)
            told.take(page)
        return told, count

    def _tell(self, group: InProgress, told: _Pass, state: State, owners: dict[str, Person] | None = None) -> None:
        self._rows += len(told)
        self._people |= told.people | (owners or {})
        self._parts.append(
            GroupPart(
                id=group.id,
                name=group.name,
                people=tuple(told.people),
                owners=tuple(owners or ()),
                others=tuple(told.others),
                nested=tuple(told.nested),
                count=None if state == "more" else group.count,
                state=state,
            )
        )

    def _is_full(self, rows: int) -> bool:
        return rows >= self._limits.rows or self._clock() - self._begun >= self._limits.seconds


def _paused(group: InProgress, told: _Pass) -> InProgress:
    return group.model_copy(update={"before": group.before + len(told)})
