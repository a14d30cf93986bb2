"""The last refresh of each customer, in the table `offers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servorg.refresh import Refresh
from servorg.rows import as_time, from_time, pack, unpack
from shared.tables import row
from shared.wire import Offers

if TYPE_CHECKING:
    from azure.data.tables import TableClient

    from shared.tables import Tables

TABLE = "offers"
_ROW = "refresh"
_TIMES = ("tried_at", "refreshed_at", "offered_at", "told_at")
_MAX_TEXT = 4_000  # characters


class TableRefreshes:
    """`refresh.Refreshes`: one row per customer. Calls raise AzureError."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, customer: str) -> Refresh | None:
        found = row(self._table, customer, _ROW)
        return None if found is None else _refresh(found)

    def put(self, customer: str, refresh: Refresh) -> None:
        from azure.data.tables import UpdateMode

        entity = {"PartitionKey": customer, "RowKey": _ROW, "groups": refresh.groups, "chosen": refresh.chosen}
        entity |= {name: as_time(getattr(refresh, name)) for name in _TIMES}
        entity |= {"reason": refresh.reason[:_MAX_TEXT], "silence": refresh.silence[:_MAX_TEXT]}
        entity |= pack("offers", refresh.offers.model_dump(mode="json") if refresh.offers else None)
        self._table.upsert_entity(entity, UpdateMode.REPLACE)

    @property
    def _table(self) -> TableClient:
        return self._tables.table(TABLE)


def _refresh(found: Any) -> Refresh:
    offers = unpack(found, "offers", None)
    times = {name: from_time(found.get(name)) for name in _TIMES}
    return Refresh(
        tried_at=times["tried_at"] or found.metadata["timestamp"],
        reason=found.get("reason", ""),
        refreshed_at=times["refreshed_at"],
        groups=found.get("groups", 0),
        chosen=found.get("chosen", 0),
        offered_at=times["offered_at"],
        offers=Offers.model_validate(offers, strict=False) if offers else None,
        told_at=times["told_at"],
        silence=found.get("silence", ""),
    )
