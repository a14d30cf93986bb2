"""What the timers look at, in memory. tests/contract/test_upkeep_contract.py keeps it honest."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from servorg.records import LeaseTaken
from servorg.schedules import Look
from servorg.upkeep import Unfinished
from tests.fakes.ledger import FakeLedger

NEVER = datetime.min.replace(tzinfo=UTC)


class FakeLooks:
    """`servorg.schedules.Looks`. A customer is known from `configured` on."""

    def __init__(self) -> None:
        self.kept: dict[str, Look] = {}
        self._versions = count(1)

    def configured(self, customer: str, at: datetime) -> None:
        """The customer's schedule was set at that time."""
        self.kept[customer] = Look(at, version=str(next(self._versions)))

    def last(self, customer: str) -> Look | None:
        return self.kept.get(customer)

    def note(self, customer: str, last: Look, at: datetime, owed: str) -> bool:
        if self.kept[customer].version != last.version:
            return False
        self.kept[customer] = Look(at, owed, str(next(self._versions)))
        return True


class FakeRunRows:
    """`servorg.upkeep.RunRows` over a ledger in memory."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger
        self._sent: dict[str, tuple[int, datetime]] = {}

    def unfinished(self, customer: str) -> list[Unfinished]:
        runs = [run for run in self._ledger.runs(customer, 10_000) if not run.over]
        return [
            Unfinished(
                run.id,
                run.customer,
                run.status,
                max(at for at in (run.queued_at, run.started_at, sent_at, NEVER) if at),
                times,
                repr(run) + repr(times),
            )
            for run in reversed(runs)
            for times, sent_at in [self._sent.get(run.id, (0, NEVER))]
        ]

    def lease(self, customer: str) -> LeaseTaken | None:
        return self._ledger.leases.get(customer)

    def note_sent(self, run: Unfinished, now: datetime, reason: str) -> bool:
        found = self._ledger.kept.get(run.id)
        if found is None or repr(found) + repr(self._sent.get(run.id, (0, NEVER))[0]) != run.version:
            return False
        self._sent[run.id] = (run.sent + 1, now)
        self._ledger.kept[run.id] = replace(found, reason=reason or found.reason)
        return True

    def queued_before(self, before: datetime, limit: int) -> list[str]:
        runs = self._ledger.runs(None, 10_000)
        return [run.id for run in runs if run.queued_at and run.queued_at < before][:limit]

    def forget(self, run: str) -> None:
        self._ledger.kept.pop(run, None)
        self._ledger.rows.pop(run, None)
