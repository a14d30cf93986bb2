"""Requests per second to DeskDirector over all instances: slots on one time line, reserved in a row of a table."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from shared.tables import Tables, put_unless_changed, row

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_CHUNK_SECONDS = 1.0
_FURTHEST_AHEAD = 120  # seconds, or slots when these are longer: beyond it some clock was wrong
_FINE = 100  # requests per second; above it threads cannot be paced to the single slot
_LATE, _EARLY = 0.005, 0.001  # seconds, above that rate

type Found = tuple[float, str] | None
"""The unix time of the first free slot and the ETag of the row that says so."""


class BudgetRow(Protocol):
    """Where the first free slot is noted for all instances."""

    def read(self) -> Found:
        """What is noted; None before the first time."""
        ...

    def write(self, free: float, found: Found) -> bool:
        """Notes the first free slot, unless somebody did since it was `found`; whether it did."""
        ...


class TableBudget:
    """`rate` requests per second over all instances; safe for threads.

    Slots are reserved for a second at a time and used one by one. A slot that was missed is lost: after a pause there
    is no burst. Up to 100 requests per second no span of time has more than one request above the rate; beyond that,
    requests of up to 6 ms may come together. Storage that does not answer raises AzureError: no slot, no request.
    """

    def __init__(
        self, noted: BudgetRow, rate: float, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._noted = noted
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Lock()
        self._start, self._next, self._size = 0.0, 0, 0  # the reserved slots: `_next` of `_size`, the first at `_start`
        self._late = _LATE if rate > _FINE else 0.5 / rate
        self._early = _EARLY if rate > _FINE else 0.0
        self._horizon = _FURTHEST_AHEAD * max(1.0, 1 / rate)

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        # one thread at a time waits, so that an instance never reserves more than it is about to use
        with self._turn:
            slot = self._take()
            while (ahead := slot - self._clock()) > self._early:
                self._sleep(min(ahead, _CHUNK_SECONDS))
                if slot - self._clock() > self._horizon:  # the clock was set back meanwhile
                    self._size = 0
                    slot = self._take()

    def _take(self) -> float:
        """The time of the next slot that is ours and not missed."""
        if self._first_not_missed() >= self._size or self._start - self._clock() > self._horizon:
            self._reserve()
        # where reserving took longer than all that it reserved, the last slot serves
        place = min(self._first_not_missed(), self._size - 1)
        self._next = place + 1
        return self._start + place / self._rate

    def _first_not_missed(self) -> int:
        return max(self._next, math.ceil((self._clock() - self._late - self._start) * self._rate))

    def _reserve(self) -> None:
        size = max(1, math.floor(self._rate * _CHUNK_SECONDS))
        while True:
            found = self._noted.read()
            start = self._first_free(found)
            if self._noted.write(start + size / self._rate, found):
                break
        self._start, self._next, self._size = start, 0, size

    def _first_free(self, found: Found) -> float:
        now = self._clock()
        return found[0] if found is not None and now < found[0] <= now + self._horizon else now


class TableBudgetRow:
    """The row in table `budget`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self) -> Found:
        found = row(self._table, "budget", "deskdirector")
        return None if found is None else (float(found["free"]), found.metadata["etag"])

    def write(self, free: float, found: Found) -> bool:
        noted = {"PartitionKey": "budget", "RowKey": "deskdirector", "free": repr(free)}
        return put_unless_changed(self._table, noted, found[1] if found else None)

    @property
    def _table(self) -> TableClient:
        return self._tables.table("budget")
