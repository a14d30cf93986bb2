"""The groups table in memory."""

from collections.abc import Mapping

from custorg.ports import GroupHead
from shared.core.model import fold
from shared.wire import GroupRow


class FakeChoices:
    """`custorg.ports.Choices`."""

    def __init__(self) -> None:
        self.kept: dict[str, GroupRow] = {}
        self.refreshed = ""

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

    def choose(self, group: str, *, sync: bool, by: str, now: str) -> GroupRow | None:
        if group not in self.kept:
            return None
        choice = {"sync": sync, "chosen_by": by, "chosen_at": now}
        self.kept[group] = self.kept[group].model_copy(update=choice)
        return self.kept[group]

    def empty(self) -> int:
        chosen = sum(row.sync for row in self.kept.values())
        self.kept.clear()
        return chosen
