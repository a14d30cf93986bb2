"""A customer's CustOrg in memory: `servorg.ports.EntraSource` over one directory, with scripted trouble."""

from collections import deque
from dataclasses import replace

from shared.core.model import EntraGroup, EntraGroupId, EntraSide, UnreadGroup
from shared.errors import SourceError


class FakeEntra:
    """Reads answer `side` as it is now. Each method changes it as something in the tenant would."""

    def __init__(self, side: EntraSide) -> None:
        self.side = side
        self.reads: list[bool] = []
        """Of each read whether owners were asked for."""
        self._answers: deque[EntraSide | SourceError] = deque()

    def then(self, *answers: EntraSide | SourceError) -> None:
        """The next reads have these answers, one each, before `side` is answered again."""
        self._answers.extend(answers)

    def unread(self, group: EntraGroupId, why: str = "Graph answered 500") -> None:
        """The group can't be read from now on."""
        found = self._take(group)
        self.side = replace(self.side, unread=(*self.side.unread, UnreadGroup(group, found.name, why)))

    def miscount(self, group: EntraGroupId) -> None:
        """Every page of the group is read, but Graph counts differently."""
        found = self._take(group)
        told = UnreadGroup(group, found.name, "the count differs", found.people, found.owners)
        self.side = replace(self.side, unread=(*self.side.unread, told))

    def delete(self, group: EntraGroupId) -> None:
        """Graph proves that the group is gone."""
        self._take(group)
        self.side = replace(self.side, deleted=(*self.side.deleted, group))

    def read(self, *, owners: bool) -> EntraSide:
        self.reads.append(owners)
        answer = self._answers.popleft() if self._answers else self.side
        if isinstance(answer, SourceError):
            raise answer
        return answer if owners else _without_owners(answer)

    def _take(self, group: EntraGroupId) -> EntraGroup:
        found = next(one for one in self.side.groups if one.id == group)
        self.side = replace(self.side, groups=tuple(one for one in self.side.groups if one.id != group))
        return found


def _without_owners(side: EntraSide) -> EntraSide:
    """Owners are told only to who asks for them, and so are users who are nothing else."""
    groups: tuple[EntraGroup | UnreadGroup, ...] = (*side.groups, *side.unread)
    inside = {one for group in groups for one in group.people}
    return replace(
        side,
        users={one: user for one, user in side.users.items() if one in inside},
        groups=tuple(replace(group, owners=frozenset()) for group in side.groups),
        unread=tuple(replace(group, owners=frozenset()) for group in side.unread),
    )
