"""Our subscription to DeskDirector's event, in a row of its own. Its token is what ends it, so the row is a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servorg.rows import as_time, from_time
from servorg.subscriptions import Receipt, Subscription
from shared.tables import Entity, Tables, row

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_KEYS: Entity = {"PartitionKey": "events", "RowKey": "deskdirector"}


class TableSubscriptions:
    """Table `subscriptions`: one row. Calls raise AzureError when storage does not answer."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self) -> Subscription | None:
        found = row(self._table, *_KEYS.values())
        since = None if found is None else from_time(found.get("since"))
        if found is None or since is None:
            return None
        receipt = Receipt(found["action"], found["token"])
        return Subscription(found["event"], found["name"], found["type"], found["url"], receipt, since)

    def write(self, subscription: Subscription) -> None:
        from azure.data.tables import UpdateMode

        told = {"event": subscription.event, "name": subscription.name, "type": subscription.type}
        ends = {"action": subscription.receipt.action, "token": subscription.receipt.token}
        since = as_time(subscription.since)
        self._table.upsert_entity(_KEYS | told | ends | {"url": subscription.url, "since": since}, UpdateMode.REPLACE)

    def remove(self) -> None:
        self._table.delete_entity(*_KEYS.values())

    @property
    def _table(self) -> TableClient:
        return self._tables.table("subscriptions")
