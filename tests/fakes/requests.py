"""The rows of requests in memory. tests/contract/test_requests_contract.py keeps them honest."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Unpack

from servorg.request_records import OVER, ClaimLost, Request, RequestFields, State


class FakeRequests:
    """`servorg.request_records.RequestBook`. While `dying`, writes and releases are lost, as those of a killed host.

    `touched` is when each row was written last, by the machine's clock, as the service has it.
    """

    def __init__(self) -> None:
        self.kept: dict[int, Request] = {}
        self.holders: dict[int, tuple[str, datetime]] = {}
        self.touched: dict[int, datetime] = {}
        self.last = 0
        self.dying = False
        self._lock = threading.RLock()

    def claim(self, ticket: int, holder: str, now: datetime, seconds: float) -> Request | None:
        with self._lock:
            if ticket in self.holders and self.holders[ticket][1] > now:
                return None
            self.holders[ticket] = (holder, now + timedelta(seconds=seconds))
            self.touched[ticket] = datetime.now(UTC)
            return self.kept.setdefault(ticket, Request(ticket))

    def write(self, ticket: int, holder: str, **changed: Unpack[RequestFields]) -> None:
        with self._lock:
            if not self._is_of(ticket, holder):
                raise ClaimLost(ticket)
            if not self.dying:
                self.kept[ticket] = replace(self.kept[ticket], **changed)
                self.touched[ticket] = datetime.now(UTC)

    def release(self, ticket: int, holder: str) -> None:
        with self._lock:
            if self._is_of(ticket, holder) and not self.dying:
                del self.holders[ticket]

    def find(self, ticket: int) -> Request | None:
        return self.kept.get(ticket)

    def queued(self) -> tuple[Request, ...]:
        return tuple(one for _, one in sorted(self.kept.items()) if one.state is State.QUEUED)

    def over_before(self, before: datetime) -> Iterator[int]:
        over = sorted(ticket for ticket, one in self.kept.items() if one.state in OVER)
        return iter([ticket for ticket in over if self.touched[ticket] < before])

    def forget(self, ticket: int, before: datetime) -> bool:
        if ticket not in self.over_before(before):
            return False
        self.last = max(self.last, ticket)
        del self.kept[ticket], self.touched[ticket]
        self.holders.pop(ticket, None)
        return True

    def last_forgotten(self) -> int:
        return self.last

    def _is_of(self, ticket: int, holder: str) -> bool:
        return ticket in self.holders and self.holders[ticket][0] == holder
