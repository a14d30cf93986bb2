"""What the timers look at in tables: when a schedule last gave a run, and the rows of runs as upkeep needs them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from servorg import lease_rows
from servorg.records import LeaseTaken, RunStatus, split_run_id
from servorg.rows import NEWEST, RUN_KEYS, as_time, from_time, run_key
from servorg.schedules import Look
from servorg.upkeep import Unfinished
from shared.tables import KEYS, Tables, delete_partition, delete_rows, put_unless_changed, row, rows, rows_below

_CONFIGURATION = "configuration"
_UNFINISHED = (
    "PartitionKey eq @customer and RowKey ge @start and RowKey lt @end and "
    "(status eq 'queued' or status eq 'running' or (status eq 'cancelled' and ended_at eq ''))"
)


class TableLooks:
    """`schedules.Looks` as properties of the rows of configurations. Calls raise AzureError."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def last(self, customer: str) -> Look | None:
        found = row(self._tables.table("configurations"), customer, _CONFIGURATION)
        if found is None:
            return None
        # a schedule that was set since has no look yet: then the service's own time of the row is when that was
        at = from_time(found.get("looked_at")) or found.metadata["timestamp"]
        return Look(at.astimezone(UTC), found.get("owed_run", ""), found.metadata["etag"])

    def note(self, customer: str, last: Look, at: datetime, owed: str) -> bool:
        noted = {"PartitionKey": customer, "RowKey": _CONFIGURATION, "looked_at": as_time(at), "owed_run": owed}
        return put_unless_changed(self._tables.table("configurations"), noted, last.version, merge=True)


class TableRunRows:
    """`upkeep.RunRows` in the tables of the ledger. Calls raise AzureError."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def unfinished(self, customer: str) -> list[Unfinished]:
        bounds = {"customer": customer, "start": RUN_KEYS[0], "end": RUN_KEYS[1]}
        found = self._tables.table("runs").query_entities(_UNFINISHED, parameters=bounds)
        return [_unfinished(entity) for entity in found][::-1]

    def lease(self, customer: str) -> LeaseTaken | None:
        return lease_rows.read(self._tables.table("runs"), customer)

    def note_sent(self, run: Unfinished, now: datetime, reason: str) -> bool:
        partition, row_key = run_key(run.id)
        noted = {"PartitionKey": partition, "RowKey": row_key, "sent": run.sent + 1, "sent_at": as_time(now)}
        noted |= {"reason": reason} if reason else {}
        return put_unless_changed(self._tables.table("runs"), noted, run.version, merge=True)

    def queued_before(self, before: datetime, limit: int) -> list[str]:
        _, first = split_run_id(f"x-{before.astimezone(UTC):%Y%m%d-%H%M%S}-00000000") or ("", RUN_KEYS[1])
        listed = rows(self._tables.table("runs"), NEWEST, between=(first, RUN_KEYS[1]), select=["id"], page=limit)
        return [entity["id"] for entity in islice(listed, limit)]

    def forget(self, run: str) -> None:
        customer, row_key = run_key(run)
        runs, changes = self._tables.table("runs"), self._tables.table("changes")
        delete_rows(changes, rows_below(changes, run, select=KEYS))
        delete_partition(changes, run)
        # the entry of the list last: by it the run is found again when this is interrupted
        runs.delete_entity(customer, row_key)
        runs.delete_entity(NEWEST, f"{row_key}:{customer}")


def _unfinished(entity: Any) -> Unfinished:
    times = [from_time(entity.get(name)) for name in ("queued_at", "started_at", "sent_at")]
    since = max((at for at in times if at), default=datetime.min.replace(tzinfo=UTC))
    return Unfinished(
        entity["id"],
        entity["PartitionKey"],
        RunStatus(entity["status"]),
        since,
        entity.get("sent", 0),
        entity.metadata["etag"],
    )
