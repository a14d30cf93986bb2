"""A lease that is kept alive: one job per customer at a time, as long as its thread can say so."""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, Self

from servorg.records import HANDED, LeaseTaken, LedgerUnreachable

_LEFT_AT_LEAST = 1.0  # seconds between two attempts to renew

log = logging.getLogger(__name__)


class Leases(Protocol):
    """What `Lease` needs of the ledger."""

    def renew_lease(self, customer: str, run: str, holder: str, now: datetime, seconds: float) -> bool:
        """Whether the lease is still ours, and then for `seconds` from `now`; LedgerUnreachable when not known."""
        ...

    def release_lease(self, customer: str, run: str, holder: str) -> None:
        """Gives the lease back when it is still ours."""
        ...

    def hand_lease(self, run: str, holder: str, heir: LeaseTaken) -> bool:
        """Makes the lease, if it is still ours, `heir`; whether it was."""
        ...


class Lease:
    """Keeps a lease that was taken alive while its `with` block runs, and gives it back at the end.

    A thread renews it every third of `seconds`, also during one long call. `lost` says that it may be somebody
    else's now: it was refused, or storage did not answer for so long that it ran out.
    """

    def __init__(self, ledger: Leases, taken: LeaseTaken, seconds: float, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._taken = taken
        self._seconds = seconds
        self._clock = clock
        self._until = taken.until
        self._refused = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of {taken.run}", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether it is ours no more: what is not done yet must be left to the next holder."""
        return self._refused or self._clock() >= self._until

    def hand_over(self, run: str, wait: float) -> str:
        """Keeps the customer for the next message of `run`, which comes after `wait` seconds; what it has to know.

        From here on the lease is not ours any more: it is neither renewed nor given back.
        """
        self._ended.set()
        self._thread.join(timeout=_LEFT_AT_LEAST)
        handed, until = f"{HANDED}{uuid.uuid4().hex}", self._clock() + timedelta(seconds=wait + self._seconds)
        heir = LeaseTaken(self._taken.customer, run, handed, until)
        self._ledger.hand_lease(self._taken.run, self._taken.holder, heir)
        return handed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        # a renewal under way changes nothing once the lease is released, so it is not waited for any longer
        self._thread.join(timeout=_LEFT_AT_LEAST)
        self._ledger.release_lease(self._taken.customer, self._taken.run, self._taken.holder)

    def _keep(self) -> None:
        wait = self._seconds / 3
        while not self._refused and not self._ended.wait(wait):
            wait = self._seconds / 3 if self._renewed() else min(_LEFT_AT_LEAST, self._seconds / 3)

    def _renewed(self) -> bool:
        """Renews; False when storage did not answer, so that it is tried again soon."""
        now, lease = self._clock(), self._taken
        try:
            ours = self._ledger.renew_lease(lease.customer, lease.run, lease.holder, now, self._seconds)
        except LedgerUnreachable:
            log.warning("the lease of run %s could not be renewed; trying again", lease.run)
            return False
        self._refused = not ours
        self._until = now + timedelta(seconds=self._seconds) if ours else now
        return True
