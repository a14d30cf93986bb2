"""The thread that keeps a lease alive."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from servorg.lease import Lease
from servorg.records import LeaseBusy, LeaseTaken
from tests.fakes.ledger import FakeLedger

SECONDS = 0.3


def now() -> datetime:
    return datetime.now(UTC)


def taken(ledger: FakeLedger, seconds: float = SECONDS) -> LeaseTaken:
    answer = ledger.take_lease("contoso", "r1", "a", now(), seconds)
    assert isinstance(answer, LeaseTaken)
    return answer


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return true()


def test_a_lease_outlives_its_seconds_while_its_block_runs() -> None:
    ledger = FakeLedger()
    first = taken(ledger)

    with Lease(ledger, first, SECONDS, now) as lease:
        outlived = until(lambda: now() > first.until + timedelta(seconds=SECONDS))

        assert outlived
        assert not lease.lost
        assert isinstance(ledger.take_lease("contoso", "r2", "b", now(), 1), LeaseBusy)


def test_a_lease_is_given_back_at_the_end() -> None:
    ledger = FakeLedger()

    with Lease(ledger, taken(ledger, 60), 60, now):
        pass

    assert ledger.leases == {}


def test_a_lease_that_somebody_else_took_is_lost_and_left_to_him() -> None:
    ledger = FakeLedger()

    with Lease(ledger, taken(ledger), SECONDS, now) as lease:
        ledger.leases["contoso"] = LeaseTaken("contoso", "r2", "b", now() + timedelta(seconds=60))
        lost = until(lambda: lease.lost)

    assert lost
    assert ledger.leases["contoso"].run == "r2"


def test_a_lease_is_lost_once_storage_did_not_answer_for_so_long() -> None:
    ledger = FakeLedger()
    ledger.unreachable = True

    with Lease(ledger, taken(ledger), SECONDS, now) as lease:
        at_first = lease.lost
        lost = until(lambda: lease.lost)

    assert not at_first
    assert lost


def test_a_lease_survives_a_short_silence_of_storage() -> None:
    ledger = FakeLedger()
    ledger.unreachable = True
    first = taken(ledger, 1.5)

    with Lease(ledger, first, 1.5, now) as lease:
        until(lambda: now() > first.until - timedelta(seconds=0.8))
        ledger.unreachable = False
        renewed = until(lambda: ledger.leases["contoso"].until > first.until)

        assert renewed
        assert not lease.lost
