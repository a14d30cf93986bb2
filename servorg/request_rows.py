"""The requests of forms as rows of an Azure table."""

from __future__ import annotations

import dataclasses
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Unpack

from servorg.request_records import OVER, ClaimLost, Request, RequestFields, State
from servorg.rows import as_time, from_time
from shared.logs import log_event
from shared.tables import Entity, Tables, delete_unless_changed, put_unless_changed, row, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.data.tables import TableClient

_PARTITION = "tickets"
_FORGOTTEN = "forgotten"
_MOST_TRIES = 20  # a lost race means that somebody else won it, so this many in a row do not happen
_LISTS = ("modes", "before")
_STATES = " or ".join(f"state eq '{state}'" for state in sorted(OVER))
_NUMBERS = ("result", "seen")  # int64, which a table takes in a typed form only: kept as texts

log = logging.getLogger(__name__)


class TableRequests:
    """`servorg.request_records.RequestBook` in the table `requests`. Calls raise AzureError."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def claim(self, ticket: int, holder: str, now: datetime, seconds: float) -> Request | None:
        ours = {"holder": holder, "until": as_time(now + timedelta(seconds=seconds))}
        for _ in range(_MOST_TRIES):
            found = self._row(ticket)
            if found is not None and found.get("holder") and _until(found) > now:
                return None
            begun = {} if found is not None else {"state": str(State.NEW)}
            if self._put({**_keys(ticket), **begun, **ours}, found):
                return _request(found) if found is not None else Request(ticket)
        return None

    def write(self, ticket: int, holder: str, **changed: Unpack[RequestFields]) -> None:
        if not self._put_while_ours(ticket, holder, _fields(changed)):
            raise ClaimLost(ticket)

    def release(self, ticket: int, holder: str) -> None:
        if not self._put_while_ours(ticket, holder, {"holder": ""}):
            log_event(log, "a ticket changed hands before it was released", ticket=ticket)

    def find(self, ticket: int) -> Request | None:
        found = self._row(ticket)
        return None if found is None else _request(found)

    def queued(self) -> tuple[Request, ...]:
        wanted = "PartitionKey eq @partition and state eq @state"
        found = self._client.query_entities(wanted, parameters={"partition": _PARTITION, "state": str(State.QUEUED)})
        return tuple(map(_request, found))

    def over_before(self, before: datetime) -> Iterator[int]:
        wanted = f"PartitionKey eq @partition and Timestamp lt @before and ({_STATES})"
        bounds = {"partition": _PARTITION, "before": before}
        for found in self._client.query_entities(wanted, parameters=bounds, select=["PartitionKey", "RowKey"]):
            yield int(found["RowKey"])

    def forget(self, ticket: int, before: datetime) -> bool:
        found = self._row(ticket)
        if found is None or found.metadata["timestamp"] >= before or _request(found).state not in OVER:
            return False
        return self._note_forgotten(ticket) and delete_unless_changed(self._client, found)

    def last_forgotten(self) -> int:
        return _last(row(self._client, _FORGOTTEN, _FORGOTTEN))

    def _note_forgotten(self, ticket: int) -> bool:
        for _ in range(_MOST_TRIES):
            found = row(self._client, _FORGOTTEN, _FORGOTTEN)
            noted = {"PartitionKey": _FORGOTTEN, "RowKey": _FORGOTTEN, "ticket": str(max(ticket, _last(found)))}
            if put_unless_changed(self._client, noted, version_of(found)):
                return True
        return False

    def _put_while_ours(self, ticket: int, holder: str, fields: Entity) -> bool:
        for _ in range(_MOST_TRIES):
            found = self._row(ticket)
            if found is None or found.get("holder") != holder:
                return False
            if self._put({**_keys(ticket), **fields}, found):
                return True
        return False

    def _put(self, entity: Entity, found: Any) -> bool:
        """Whether the row could be made, or merged with nobody having changed it since it was `found`."""
        return put_unless_changed(self._client, entity, version_of(found), merge=True)

    def _row(self, ticket: int) -> Any:
        return row(self._client, _PARTITION, _keys(ticket)["RowKey"])

    @property
    def _client(self) -> TableClient:
        return self._tables.table("requests")


def _keys(ticket: int) -> Entity:
    return {"PartitionKey": _PARTITION, "RowKey": f"{ticket:010d}"}


def _last(found: Any) -> int:
    return int(found["ticket"]) if found is not None else 0


def _until(found: Any) -> datetime:
    return from_time(found.get("until")) or datetime.min.replace(tzinfo=UTC)


def _fields(changed: RequestFields) -> Entity:
    return {name: _stored(name, value) for name, value in changed.items()}


def _stored(name: str, value: Any) -> str:
    if name in _NUMBERS:
        return "" if value is None else str(value)
    return json.dumps(value) if name in _LISTS else str(value)


def _request(found: Any) -> Request:
    known = {field.name for field in dataclasses.fields(Request)} & found.keys()
    return Request(int(found["RowKey"]), **{name: _loaded(name, found[name]) for name in known})


def _loaded(name: str, value: str) -> Any:
    if name in _NUMBERS:
        return int(value) if value else None
    if name == "state":
        return State(value)
    return tuple(json.loads(value)) if name in _LISTS else value
