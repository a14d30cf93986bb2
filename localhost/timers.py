"""Timer triggers: one run per tick over all hosts of an app; a tick missed while no host ran is caught up once.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
https://github.com/Azure/azure-webjobs-sdk-extensions/wiki/TimerTrigger
Azure keeps a schedule's state and its singleton lock in two blobs; here both are one row of a table.
"""

import datetime as dt
import hashlib
import os
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from localhost.bindings import DEFAULT_CONNECTION, Function, TimerTrigger
from localhost.lifetime import Lifetime, heartbeat
from localhost.log import log
from localhost.runner import Runner
from localhost.schedules import Status, next_tick, timer_value
from localhost.storage import Storage

TABLE = "localhosttimers"
# As long as Azure's singleton lock: a run that a killed host began is begun again after it.
LOCK = dt.timedelta(seconds=15)
BEATS_PER_LOCK = 3
LONGEST_SLEEP = 60.0
WHILE_ANOTHER_RUNS = 1.0
SHORTLY = 0.1
AFTER_STORAGE_ERROR = 2.0
HOST_ID_SETTINGS = ("AzureFunctionsWebHost__hostid", "WEBSITE_SITE_NAME")


class TimerListener:
    """Fires one function on its schedule, until the host's end."""

    def __init__(self, function: Function, trigger: TimerTrigger, runner: Runner) -> None:
        self._function = function
        self._trigger = trigger
        self._runner = runner
        self._starting = True

    async def listen(self, storage: Storage, lifetime: Lifetime) -> None:
        """Returns at the end, when no run is under way. HostError when the connection string is malformed."""
        row = TimerRow(await storage.table(DEFAULT_CONNECTION, TABLE), self._function.name)
        while not lifetime.is_over():
            try:
                await lifetime.pause(await self._look(row))
            except AzureError as error:
                log.warning("The state of timer '%s' cannot be kept: %s", self._function.name, error)
                await lifetime.pause(AFTER_STORAGE_ERROR)

    async def _look(self, row: "TimerRow") -> float:
        """Runs the function if it is due and nobody runs it. The seconds until it is worth another look."""
        now = dt.datetime.now(dt.UTC)
        status = await self._current(row, now)
        if status is None:
            return SHORTLY
        if status.is_running(now):
            return WHILE_ANOTHER_RUNS
        # Late is what was due before this host started, or what a host began that did not live to finish it.
        late = now > status.due and (self._starting or bool(status.runner))
        wanted_at_start = self._starting and self._trigger.run_on_startup
        self._starting = False
        if now < status.due and not wanted_at_start:
            return min((status.due - now).total_seconds(), LONGEST_SLEEP)
        await self._fire(row, status, late=late)
        return 0

    async def _current(self, row: "TimerRow", now: dt.datetime) -> Status | None:
        """The timer's status, begun anew for another schedule; None when another host wrote it in this moment."""
        fresh = Status(self._trigger.schedule, next_tick(self._trigger.schedule, now))
        status = await row.read()
        if status is None:
            return await row.create(fresh)
        forgets = self._starting and not self._trigger.use_monitor and status.due < now
        if (status.schedule != fresh.schedule or forgets) and not status.is_running(now):
            return await row.write(replace(fresh, etag=status.etag))
        return status

    async def _fire(self, row: "TimerRow", status: Status, *, late: bool) -> None:
        now = dt.datetime.now(dt.UTC)
        claim = await row.write(replace(status, runner=str(uuid.uuid4()), runs_until=now + LOCK))
        if claim is None:
            return
        lock = TimerLock(row, claim)
        async with heartbeat(lock.renew, LOCK.total_seconds() / BEATS_PER_LOCK):
            await self._runner.run(self._function, timer_value(status, past_due=late))
        # Counted from the beginning: what came due during a long run runs once, at once, as in Azure.
        await row.write(Status(status.schedule, next_tick(status.schedule, now), last=now, etag=lock.claim.etag))


class TimerLock:
    """The claim on a tick, kept alive while the function runs."""

    def __init__(self, row: "TimerRow", claim: Status) -> None:
        self._row = row
        self.claim = claim

    async def renew(self) -> None:
        """Holds the tick for another LOCK."""
        try:
            longer = replace(self.claim, runs_until=dt.datetime.now(dt.UTC) + LOCK)
            self.claim = await self._row.write(longer) or self.claim
        except AzureError as error:
            log.warning("The lock of timer '%s' was not renewed: %s", self._row.name, error)


class TimerRow:
    """One timer's row. Every write holds only if nobody wrote since it was read, so hosts cannot claim a tick twice."""

    def __init__(self, table: TableClient, name: str) -> None:
        self.name = name
        self._table = table
        self._key = {"PartitionKey": host_id(), "RowKey": name}

    async def read(self) -> Status | None:
        """The row, None when there is none yet. AzureError."""
        try:
            row = await self._table.get_entity(self._key["PartitionKey"], self._key["RowKey"])
        except ResourceNotFoundError:
            return None
        return Status.from_row(row, str(row.metadata["etag"]))

    async def create(self, status: Status) -> Status | None:
        """Writes the first row and, when it is missing, the table; None if another host was faster. AzureError."""
        try:
            return self._written(status, await self._table.create_entity(self._entity(status)))
        except ResourceExistsError:
            return None
        except ResourceNotFoundError:
            await self._create_table()
            return None

    async def write(self, status: Status) -> Status | None:
        """Replaces the row; None, and nothing written, if it has changed since this status was read. AzureError."""
        try:
            etag, unchanged = status.etag, MatchConditions.IfNotModified
            entity = self._entity(status)
            done = await self._table.update_entity(entity, UpdateMode.REPLACE, etag=etag, match_condition=unchanged)
        except ResourceModifiedError:
            return None
        return self._written(status, done)

    async def _create_table(self) -> None:
        try:
            await self._table.create_table()
        except ResourceExistsError:
            return

    def _entity(self, status: Status) -> dict[str, str]:
        return self._key | status.to_row()

    def _written(self, status: Status, answer: Mapping[str, Any]) -> Status:
        return replace(status, etag=answer["etag"])


def host_id() -> str:
    """What hosts of one app have in common. By default the app's folder, as with Core Tools; a setting overrides it.

    https://learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations
    """
    named = next((os.environ[name] for name in HOST_ID_SETTINGS if os.environ.get(name)), None)
    return named or "localhost-" + hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:16]
