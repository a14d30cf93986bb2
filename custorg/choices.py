"""The groups table in Azure Table Storage: what exists in Entra, and which groups the customer chose.

One row per group (partition `groups`, row key its id); when it was last filled stands in a row of its own (partition
`state`). A refresh merges what Graph says and a choice merges what a person said: neither touches the other's columns.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from custorg.ports import GroupHead
from shared.core.model import fold
from shared.errors import CommandRefused
from shared.tables import Entity, Operation, Tables, delete_partition, key, row, rows, write_batches
from shared.wire import GroupRow

TABLE = "entragroups"
GROUPS, STATE, REFRESH = "groups", "state", "refresh"
TRIES = 5


class TableChoices:
    """`custorg.ports.Choices` on a storage account; azure.core.exceptions.AzureError when it can't be reached."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def rows(self) -> tuple[GroupRow, ...]:
        """Every group, by name and then id."""
        found = [_group_row(entity) for entity in rows(self._client, GROUPS)]
        return tuple(sorted(found, key=lambda group: (fold(group.name), group.id)))

    def refreshed_at(self) -> str:
        """When the last refresh ended, ISO 8601 in UTC; empty before the first."""
        entity = row(self._client, STATE, REFRESH)
        return str(entity.get("refreshedAt", "")) if entity else ""

    def refresh(self, heads: Mapping[str, GroupHead], now: str) -> tuple[int, int]:
        """Writes the groups that changed, marks those that Graph has no more; how many are new and how many vanished.

        `heads` must be all of Graph's groups.
        """
        known = {group.id: group for group in self.rows()}
        write_batches(self._client, _changes(known, heads))
        self._client.upsert_entity({"PartitionKey": STATE, "RowKey": REFRESH, "refreshedAt": now})
        vanished = sum(not group.vanished for group in known.values() if group.id not in heads)
        return len(heads.keys() - known.keys()), vanished

    def choose(self, group: str, *, sync: bool, by: str, now: str) -> GroupRow | None:
        """Merges the choice into the group's row; the row as it then is, None when there is none.

        Two who choose at once: both choices are written, one after the other, and each is told what it wrote.
        """
        for _ in range(TRIES):
            entity = row(self._client, GROUPS, key(group))
            if entity is None:
                return None
            choice = {"sync": sync, "chosenBy": by, "chosenAt": now}
            try:
                self._merge(entity, choice)
            except ResourceNotFoundError:
                return None
            except ResourceModifiedError:
                continue
            return _group_row({**entity, **choice})
        raise CommandRefused(HTTPStatus.CONFLICT, "conflict", "The group is being changed by others; try again.")

    def empty(self) -> int:
        """Removes every group; how many were chosen."""
        chosen = sum(group.sync for group in self.rows())
        delete_partition(self._client, GROUPS)
        return chosen

    def _merge(self, entity: Any, choice: Mapping[str, object]) -> None:
        self._client.update_entity(
            {"PartitionKey": entity["PartitionKey"], "RowKey": entity["RowKey"], **choice},
            mode=UpdateMode.MERGE,
            etag=entity.metadata["etag"],
            match_condition=MatchConditions.IfNotModified,
        )

    @property
    def _client(self) -> TableClient:
        return self._tables.table(TABLE)


def _changes(known: Mapping[str, GroupRow], heads: Mapping[str, GroupHead]) -> Iterator[Operation]:
    for head in heads.values():
        group = known.get(head.id)
        if group is None or group.vanished or _head_of(group) != head:
            yield "merge", _entity(head, vanished=False)
    for group in known.values():
        if group.id not in heads and not group.vanished:
            yield "merge", _entity(_head_of(group), vanished=True)


def _head_of(group: GroupRow) -> GroupHead:
    return GroupHead(group.id, group.name, group.kind, group.hidden)


def _entity(head: GroupHead, *, vanished: bool) -> Entity:
    # The id is a column too, since a key is not always the text that it was made from.
    columns = {"id": head.id, "name": head.name, "kind": head.kind, "hidden": head.hidden, "vanished": vanished}
    return {"PartitionKey": GROUPS, "RowKey": key(head.id), **columns}


def _group_row(entity: Mapping[str, Any]) -> GroupRow:
    return GroupRow(
        id=entity.get("id") or entity["RowKey"],
        name=entity.get("name", ""),
        kind=entity.get("kind", "security"),
        sync=entity.get("sync", False),
        vanished=entity.get("vanished", False),
        hidden=entity.get("hidden", False),
        chosenBy=entity.get("chosenBy", ""),
        chosenAt=entity.get("chosenAt", ""),
    )
