"""The groups table in memory."""

from collections.abc import Mapping, Sequence

from custorg.choice_tag import tag_of
from custorg.ports import LONGEST_NAME, Chosen, Conflict, Counts, GroupHead, Outlook, Wish
from shared.core.model import fold
from shared.wire import GroupRow


class FakeChoices:
    """`custorg.ports.Choices`."""

    def __init__(self) -> None:
        self.kept: dict[str, GroupRow] = {}
        self.refreshed = ""
        self.told: Outlook | None = None

    def rows(self) -> tuple[GroupRow, ...]:
        return tuple(sorted(self.kept.values(), key=lambda row: (fold(row.name), row.id)))

    def refreshed_at(self) -> str:
        return self.refreshed

    def refresh(self, heads: Mapping[str, GroupHead], now: str) -> tuple[int, int]:
        added = heads.keys() - self.kept.keys()
        gone = [row for row in self.kept.values() if row.id not in heads and not row.vanished]
        for head in heads.values():
            row = self.kept.get(head.id) or GroupRow(id=head.id, name=head.name)
            fresh = {"name": head.name, "kind": head.kind, "hidden": head.hidden, "vanished": False}
            self.kept[head.id] = row.model_copy(update=fresh)
        for row in gone:
            self.kept[row.id] = row.model_copy(update={"vanished": True})
        self.refreshed = now
        return len(added), len(gone)

    def choose(self, wish: Wish, *, by: str, now: str) -> GroupRow | Conflict | None:
        row = self.kept.get(wish.group)
        if row is None:
            return None
        if wish.seen not in (None, tag_of(row)):
            return Conflict(row)
        if row.chosen_at and row.sync == wish.sync:
            return row
        choice = {"sync": wish.sync, "chosen_by": by[:LONGEST_NAME], "chosen_at": now}
        self.kept[wish.group] = row.model_copy(update=choice)
        return self.kept[wish.group]

    def choose_all(self, wishes: Sequence[Wish], *, by: str, now: str) -> Chosen:
        latest = {wish.group: wish for wish in wishes}
        found = [self._choose_unless_so(wish, by, now) for wish in latest.values()]
        return Chosen(
            rows=tuple(one for one in found if isinstance(one, GroupRow)),
            conflicts=tuple(one.row for one in found if isinstance(one, Conflict)),
            missing=tuple(group for group in latest if group not in self.kept),
        )

    def _choose_unless_so(self, wish: Wish, by: str, now: str) -> GroupRow | Conflict | None:
        row = self.kept.get(wish.group)
        is_so = row is not None and row.sync == wish.sync and wish.seen in (None, tag_of(row))
        return row if is_so else self.choose(wish, by=by, now=now)

    def count(self, counts: Mapping[str, Counts], now: str) -> None:
        for group, one in counts.items():
            if group in self.kept:
                told = {"people": one.people, "owners": one.owners}
                known = {name: value for name, value in told.items() if value is not None}
                self.kept[group] = self.kept[group].model_copy(update={**known, "counted_at": now})

    def tell(self, groups: Mapping[str, tuple[str, ...]], outlook: Outlook) -> int:
        there = {group: codes for group, codes in groups.items() if group in self.kept}
        for group, codes in there.items():
            self.kept[group] = self.kept[group].model_copy(update={"outlook": codes})
        self.told = outlook
        return len(there)

    def outlook(self) -> Outlook | None:
        return self.told

    def empty(self) -> int:
        chosen = sum(row.sync for row in self.kept.values())
        self.kept.clear()
        return chosen
