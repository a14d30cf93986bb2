"""The groups table in Azure Table Storage: what exists in Entra, and which groups the customer chose.

One row per group (partition `groups`, row key its id); when it was last filled, and what ServOrg told of itself, stand
in rows of their own (partition `state`). A refresh, a count, ServOrg's word and a person's choice each merge columns of
their own: none touches another's.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from itertools import batched
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from custorg.choice_rows import GROUPS, STATE, changes, choice, counted, group_row, outlook_entity, outlook_of, told
from custorg.choice_tag import tag_of
from custorg.ports import Chosen, Conflict, Counts, GroupHead, Outlook, Wish
from shared.core.model import fold
from shared.errors import CommandRefused
from shared.tables import MAX_ROWS, Entity, Tables, delete_partition, key, row, rows, write_batches
from shared.wire import GroupRow

TABLE = "entragroups"
REFRESH, OUTLOOK = "refresh", "outlook"
TRIES = 5
LOST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED})


class TableChoices:
    """`custorg.ports.Choices` on a storage account; azure.core.exceptions.AzureError when it can't be reached."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def rows(self) -> tuple[GroupRow, ...]:
        """Every group, by name and then id."""
        found = [group_row(entity) for entity in rows(self._client, GROUPS)]
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
        write_batches(self._client, changes(known, heads))
        self._client.upsert_entity({"PartitionKey": STATE, "RowKey": REFRESH, "refreshedAt": now})
        vanished = sum(not group.vanished for group in known.values() if group.id not in heads)
        return len(heads.keys() - known.keys()), vanished

    def choose(self, wish: Wish, *, by: str, now: str) -> GroupRow | Conflict | None:
        """Merges the choice into the group's row; the row as it then is, None when there is none.

        Two who choose at once and say nothing of what they saw: both choices are written, one after the other, and each
        is told what it wrote.
        """
        for _ in range(TRIES):
            entity = row(self._client, GROUPS, key(wish.group))
            if entity is None:
                return None
            if _has_changed(group_row(entity), wish):
                return Conflict(group_row(entity))
            if entity.get("chosenAt") and _is_so(entity, wish):
                return group_row(entity)
            try:
                self._client.update_entity(choice(wish, by, now), **_unless_modified(entity))
            except ResourceNotFoundError:
                return None
            except ResourceModifiedError:
                continue
            return group_row({**entity, **choice(wish, by, now)})
        raise CommandRefused(HTTPStatus.CONFLICT, "conflict", "The group is being changed by others; try again.")

    def choose_all(self, wishes: Sequence[Wish], *, by: str, now: str) -> Chosen:
        """The wishes in transactions of 100; where one of those fails, its wishes are fulfilled one by one."""
        known = {entity["RowKey"]: entity for entity in rows(self._client, GROUPS)}
        entities = {wish: known.get(key(wish.group)) for wish in {wish.group: wish for wish in wishes}.values()}
        there = {wish: entity for wish, entity in entities.items() if entity is not None}
        conflicts = dict.fromkeys(wish for wish, entity in there.items() if _has_changed(group_row(entity), wish))
        settled = [wish for wish in there if wish not in conflicts and _is_so(there[wish], wish)]
        outcomes: dict[Wish, GroupRow | Conflict | None] = {
            **dict.fromkeys(entities.keys() - there.keys()),
            **{wish: Conflict(group_row(there[wish])) for wish in conflicts},
            **{wish: group_row(there[wish]) for wish in settled},
        }
        for batch in batched((wish for wish in there if wish not in outcomes), MAX_ROWS, strict=False):
            outcomes |= self._choose_batch({wish: there[wish] for wish in batch}, by, now)
        return _chosen(outcomes)

    def count(self, counts: Mapping[str, Counts], now: str) -> None:
        """Merges the counts into the rows that are there."""
        self._merge_present([counted(group, one, now) for group, one in counts.items()])

    def tell(self, groups: Mapping[str, tuple[str, ...]], outlook: Outlook) -> int:
        """Merges what differs from what was told before."""
        known = {group.id: group for group in self.rows()}
        there = {group: codes for group, codes in groups.items() if group in known}
        self._merge_present([told(group, codes) for group, codes in there.items() if known[group].outlook != codes])
        self._client.upsert_entity(outlook_entity(OUTLOOK, outlook))
        return len(there)

    def outlook(self) -> Outlook | None:
        """What ServOrg told of itself."""
        entity = row(self._client, STATE, OUTLOOK)
        return outlook_of(entity) if entity else None

    def empty(self) -> int:
        """Removes every group; how many were chosen."""
        chosen = sum(group.sync for group in self.rows())
        delete_partition(self._client, GROUPS)
        return chosen

    def _choose_batch(self, wishes: Mapping[Wish, Any], by: str, now: str) -> dict[Wish, GroupRow | Conflict | None]:
        written = {wish: choice(wish, by, now) for wish in wishes}
        try:
            self._client.submit_transaction(
                [("update", entity, _unless_modified(wishes[wish])) for wish, entity in written.items()]
            )
        except HttpResponseError as error:
            if error.status_code not in LOST:
                raise
            return {wish: self.choose(wish, by=by, now=now) for wish in wishes}
        return {wish: group_row({**wishes[wish], **entity}) for wish, entity in written.items()}

    def _merge_present(self, entities: Sequence[Entity]) -> None:
        """Merges columns into rows; one that is gone meanwhile stays gone."""
        for batch in batched(entities, MAX_ROWS, strict=False):
            try:
                self._client.submit_transaction([("update", entity, {"mode": "merge"}) for entity in batch])
            except HttpResponseError as error:
                if error.status_code not in LOST:
                    raise
                for entity in batch:
                    with suppress(ResourceNotFoundError):
                        self._client.update_entity(entity, mode=UpdateMode.MERGE)

    @property
    def _client(self) -> TableClient:
        return self._tables.table(TABLE)


def _unless_modified(entity: Any) -> dict[str, Any]:
    condition = {"etag": entity.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    return {"mode": UpdateMode.MERGE, **condition}


def _has_changed(now: GroupRow, wish: Wish) -> bool:
    return wish.seen is not None and wish.seen != tag_of(now)


def _is_so(entity: Mapping[str, Any], wish: Wish) -> bool:
    return group_row(entity).sync == wish.sync


def _chosen(outcomes: Mapping[Wish, GroupRow | Conflict | None]) -> Chosen:
    found = outcomes.values()
    return Chosen(
        rows=tuple(one for one in found if isinstance(one, GroupRow)),
        conflicts=tuple(one.row for one in found if isinstance(one, Conflict)),
        missing=tuple(wish.group for wish, one in outcomes.items() if one is None),
    )
