"""One job per customer at a time: the lease as a row of the runs table."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from servorg.records import LeaseBusy, LeaseTaken
from servorg.rows import as_time, from_time
from shared.tables import delete_unless_changed, put_unless_changed, row, version_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

LEASE_KEY = "lease"  # no run has it: their row keys are hexadecimal
_MOST_TRIES = 20  # a lost race means that somebody else won it, so this many in a row do not happen

log = logging.getLogger(__name__)


def take(client: TableClient, wanted: LeaseTaken, now: datetime, *, handed: str = "") -> LeaseTaken | LeaseBusy:
    """`wanted`, or LeaseBusy when somebody else's lease has not run out at `now`. Of several takers one wins.

    A lease of this run whose holder is `wanted.holder` or `handed` is no one else's.
    """
    for _ in range(_MOST_TRIES):
        found = row(client, wanted.customer, LEASE_KEY)
        ours = found is not None and any(_is(found, wanted.run, holder) for holder in (wanted.holder, handed))
        if found is not None and not ours and _until(found) > now:
            return LeaseBusy(found["run"], _until(found), found["holder"])
        if _put(client, wanted, found):
            return wanted if found is None or ours else replace(wanted, previous=found["run"])
    return LeaseBusy(run="", until=wanted.until)


def read(client: TableClient, customer: str) -> LeaseTaken | None:
    """The customer's lease as it is written, also one that ran out; None when nobody has it."""
    found = row(client, customer, LEASE_KEY)
    return None if found is None else LeaseTaken(customer, found["run"], found["holder"], _until(found))


def hand(client: TableClient, run: str, holder: str, heir: LeaseTaken) -> bool:
    """Whether the lease was still of `run` and `holder` and is `heir` now; one that ran out and nobody took is."""
    for _ in range(_MOST_TRIES):
        found = row(client, heir.customer, LEASE_KEY)
        if found is None or not _is(found, run, holder):
            return False
        if _put(client, heir, found):
            return True
    return False


def release(client: TableClient, customer: str, run: str, holder: str) -> None:
    """Deletes the lease when it is still ours."""
    found = row(client, customer, LEASE_KEY)
    if found is not None and _is(found, run, holder) and not delete_unless_changed(client, found):
        log.info("the lease of run %s changed hands before it was released", run)


def _is(found: Any, run: str, holder: str) -> bool:
    return bool(found["run"] == run and found["holder"] == holder)


def _until(found: Any) -> datetime:
    return from_time(found["until"]) or datetime.min.replace(tzinfo=UTC)


def _put(client: TableClient, wanted: LeaseTaken, found: Any) -> bool:
    """Whether the row could be written with nobody having changed it since it was `found`."""
    entity = {"PartitionKey": wanted.customer, "RowKey": LEASE_KEY, "run": wanted.run, "holder": wanted.holder}
    entity["until"] = as_time(wanted.until)
    return put_unless_changed(client, entity, version_of(found))
