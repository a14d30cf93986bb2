"""The rows of the groups table: what a group is there, and how a group is read from one."""

from collections.abc import Iterator, Mapping
from typing import Any

from custorg.ports import LONGEST_NAME, Counts, GroupHead, Outlook, Wish
from shared.tables import Entity, Operation, key
from shared.wire import GroupRow

GROUPS, STATE = "groups", "state"


def group_row(entity: Mapping[str, Any]) -> GroupRow:
    """The group of a row; what an older version did not write has its default."""
    return GroupRow(
        id=entity.get("id") or entity["RowKey"],
        name=entity.get("name", ""),
        kind=entity.get("kind", "security"),
        sync=entity.get("sync", False),
        vanished=entity.get("vanished", False),
        hidden=entity.get("hidden", False),
        chosenBy=entity.get("chosenBy", ""),
        chosenAt=entity.get("chosenAt", ""),
        people=entity.get("people"),
        owners=entity.get("owners"),
        countedAt=entity.get("countedAt", ""),
        outlook=_codes(entity.get("outlook", "")),
    )


def changes(known: Mapping[str, GroupRow], heads: Mapping[str, GroupHead]) -> Iterator[Operation]:
    """What a refresh writes: groups that are new, changed, back, or gone."""
    for head in heads.values():
        group = known.get(head.id)
        if group is None or group.vanished or _head_of(group) != head:
            yield "merge", _head_entity(head, vanished=False)
    for group in known.values():
        if group.id not in heads and not group.vanished:
            yield "merge", _head_entity(_head_of(group), vanished=True)


def choice(wish: Wish, by: str, now: str) -> Entity:
    """The columns that a choice writes."""
    return {**_keys(wish.group), "sync": wish.sync, "chosenBy": by[:LONGEST_NAME], "chosenAt": now}


def counted(group: str, counts: Counts, now: str) -> Entity:
    """The columns that a count writes; a number that is not known leaves the older one."""
    known = {name: value for name, value in (("people", counts.people), ("owners", counts.owners)) if value is not None}
    return {**_keys(group), **known, "countedAt": now}


def told(group: str, codes: tuple[str, ...]) -> Entity:
    """The column of what ServOrg said about a group."""
    return {**_keys(group), "outlook": " ".join(codes)}


def outlook_entity(row_key: str, outlook: Outlook) -> Entity:
    """The row of what ServOrg said about itself."""
    modes = " ".join(map(str, outlook.modes))
    keys = {"PartitionKey": STATE, "RowKey": row_key}
    return {**keys, "modes": modes, "account": outlook.account, "toldAt": outlook.told_at}


def outlook_of(entity: Mapping[str, Any]) -> Outlook:
    """What that row says."""
    return Outlook(tuple(map(int, entity["modes"].split())), entity["account"], entity["toldAt"])


def _keys(group: str) -> Entity:
    return {"PartitionKey": GROUPS, "RowKey": key(group)}


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _head_of(group: GroupRow) -> GroupHead:
    return GroupHead(group.id, group.name, group.kind, group.hidden)


def _head_entity(head: GroupHead, *, vanished: bool) -> Entity:
    # The id is a column too, since a key is not always the text that it was made from.
    columns = {"id": head.id, "name": head.name, "kind": head.kind, "hidden": head.hidden, "vanished": vanished}
    return {**_keys(head.id), **columns}
