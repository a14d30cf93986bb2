"""Builds what the timers work with, each part on first use: importing this module does nothing."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from servorg import wiring

if TYPE_CHECKING:
    from servorg.outlook import Site
    from servorg.refresh import Refreshing
    from servorg.refresh_rows import TableRefreshes
    from servorg.schedules import Looks
    from servorg.upkeep import RunRows
    from servorg.watching import Watched
    from shared.core.report import CustOrgFacts

SITE_SECONDS = 600.0
"""What is the same for all customers is read from DeskDirector once for so long."""


@cache
def looks() -> "Looks":
    """When each customer's schedule last gave a run."""
    from servorg.upkeep_rows import TableLooks

    return TableLooks(wiring.tables())


@cache
def run_rows() -> "RunRows":
    """The rows of runs, as upkeep looks at them."""
    from servorg.upkeep_rows import TableRunRows

    return TableRunRows(wiring.tables())


@cache
def refreshes() -> "TableRefreshes":
    """The last refresh of each customer."""
    from servorg.refresh_rows import TableRefreshes

    return TableRefreshes(wiring.tables())


@cache
def watched() -> "Watched":
    """What is looked at every five minutes."""
    from servorg.queue import CUSTOMER_REFRESHES, EVENTS, SYNC_JOBS, StorageQueue
    from servorg.watching import Watched

    names = (SYNC_JOBS, EVENTS, CUSTOMER_REFRESHES)
    return Watched(
        ledger=wiring.ledger(),
        queues={name: StorageQueue(wiring.settings(), name) for name in names},
        refreshed=_refreshed_at,
        now=lambda: datetime.now(UTC),
    )


def _refreshed_at(customer: str) -> datetime | None:
    kept = refreshes().get(customer)
    return kept.refreshed_at if kept else None


def custorg_facts(customer: str) -> "CustOrgFacts":
    """What the report tells of a customer's CustOrg."""
    from servorg.offered import compare
    from shared.core.report import CustOrgFacts

    kept = refreshes().get(customer)
    if kept is None:
        return CustOrgFacts()
    versions = compare(kept.offers).sentences() if kept.offers else ()
    return CustOrgFacts(kept.refreshed_at, kept.reason, tuple(versions))


@cache
def refreshing() -> "Refreshing":
    """Everything that a customer's refresh needs."""
    from servorg.queue import CUSTOMER_REFRESHES, StorageQueue
    from servorg.refresh import Refreshing

    return Refreshing(
        book=wiring.customers(),
        kept=refreshes(),
        custorg=wiring.custorg,
        site=site(),
        links=lambda customer: wiring.ledger().links(customer),
        queue=StorageQueue(wiring.settings(), CUSTOMER_REFRESHES),
        now=lambda: datetime.now(UTC),
    )


def site() -> "Site":
    """What is looked up in DeskDirector; what is the same for all customers may be some minutes old."""
    from servorg.outlook import Site

    return Site(
        services=for_a_while(lambda: wiring.desk().list_service_groups(), SITE_SECONDS, time.monotonic),
        tagged=for_a_while(lambda: wiring.desk().tagged_accounts(), SITE_SECONDS, time.monotonic),
        groups=lambda account: wiring.desk().list_groups(account),
    )


def for_a_while[T](read: Callable[[], T], seconds: float, clock: Callable[[], float]) -> Callable[[], T]:
    """`read` with its answer kept for so many seconds; of several threads that ask at once, one reads."""
    lock, kept = threading.Lock(), list[tuple[float, T]]()

    def answer() -> T:
        with lock:
            if not kept or clock() >= kept[0][0]:
                kept[:] = [(clock() + seconds, read())]
            return kept[0][1]

    return answer
