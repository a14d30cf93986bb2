"""An office of fakes: one customer, its directory, DeskDirector, a ledger, a queue and a clock that tests move."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from random import Random

import pytest

from servorg.customer import CustomerRefused
from servorg.jobs import Office, enqueue, work
from servorg.messages import SyncJob
from servorg.ports import Desk, EntraSource
from servorg.records import ChangeRow, Run
from servorg.sync import Order
from shared.core.gates import Limits
from shared.core.model import AccountId, EntraSide, SyncMode
from tests.builders import ACCOUNT, NOW, a_policy, a_side, mail
from tests.fakes.desk import FakeDesk
from tests.fakes.entra import FakeEntra
from tests.fakes.ledger import FakeLedger
from tests.unit.core.worlds import Killed

CUSTOMER = "contoso"
LEASE = 120.0


@dataclass(slots=True)
class FakeJobs:
    """The queue of jobs: what was sent, each with its delay."""

    sent: list[tuple[SyncJob, float]] = field(default_factory=list)

    def send(self, text: str, delay: float = 0) -> None:
        self.sent.append((SyncJob.from_json(text), delay))


class MortalLedger(FakeLedger):
    """While `dying`, marks are lost, as when a host is killed before it writes them."""

    dying = False

    def mark(self, changes: Iterable[ChangeRow]) -> None:
        if not self.dying:
            super().mark(changes)


class FakeOffice:
    """Deliver messages with `deliver`; `settle` delivers whatever is queued until nothing is."""

    def __init__(self, side: EntraSide | None = None, limits: Limits | None = None) -> None:
        self.ledger, self.jobs, self.desk = MortalLedger(), FakeJobs(), FakeDesk()
        self.desk.add_account(ACCOUNT)
        self.entra = FakeEntra(side or a_side())
        self.limits = limits or Limits(max_removal_share=100)
        self.now = datetime.fromtimestamp(NOW, UTC)
        self.seconds: Iterator[float] = repeat(0.0)
        """What the clock says, look by look."""
        self.policy: dict[str, object] = {}
        """What of the policy is otherwise than usual."""
        self.precedence: tuple[str, ...] = ()
        self.claims: dict[AccountId, str] = {}
        """Which customer fills an account by its tag."""
        self.foreign: frozenset[AccountId] = frozenset()
        self.office = self._office()

    def _office(self) -> Office:
        def desk() -> Desk:
            return self.desk

        def source(_: str) -> EntraSource:
            return self.entra

        return Office(
            ledger=self.ledger,
            jobs=self.jobs,
            desk=desk,
            order=self._order,
            source=source,
            claim=self._claim,
            now=lambda: self.now,
            clock=lambda: next(self.seconds),
            lease_seconds=LEASE,
            random=Random(7),
        )

    def _claim(self, customer: str, accounts: Iterable[AccountId]) -> None:
        for account in accounts:
            if self.claims.setdefault(account, customer) != customer:
                raise CustomerRefused(f"account {account} belongs to customer {self.claims[account]!r} already")

    def _order(self, run: Run) -> Order:
        return Order(
            account=ACCOUNT,
            modes=tuple(SyncMode(mode) for mode in run.modes),
            policy=a_policy(**({"now": self.now.timestamp()} | self.policy)),
            limits=self.limits,
            links=self.ledger.links(run.customer),
            precedence=self.precedence,
            foreign=self.foreign,
            removed_today=self.ledger.removals_since(run.customer, self.now - timedelta(days=1)),
        )

    def kill(self, after: int, *, done: bool) -> Run:
        """A holder of a new run dies at a create, before or after it was done: its lease stays, its marks are lost."""
        run = self.enqueue()
        self.jobs.sent.clear()
        self.desk.fail("create_contact", Killed(), after=after, done=done)
        self.ledger.dying = True
        with pytest.raises(Killed):
            work(self.office, SyncJob(run.id, CUSTOMER), 1)
        self.ledger.dying = False
        self.ledger.take_lease(CUSTOMER, run.id, "the killed holder", self.now, LEASE)
        return run

    def replacing(self, **parts: object) -> Office:
        """The office with other parts."""
        return replace(self.office, **parts)  # type: ignore[arg-type]

    def enqueue(self, *modes: int) -> Run:
        """A run that is queued, a second after the last one."""
        self.now += timedelta(seconds=1)
        return enqueue(self.office, CUSTOMER, modes or (2,), "timer")

    def deliver(self, tries: int = 1) -> Run:
        """Delivers the oldest message at its time; its run afterwards."""
        job, delay = self.jobs.sent.pop(0)
        self.now += timedelta(seconds=delay)
        work(self.office, job, tries)
        return self.run(job.run)

    def settle(self) -> None:
        """Delivers until nothing is queued."""
        while self.jobs.sent:
            self.deliver()

    def sync(self, *modes: int) -> Run:
        """A whole run."""
        run = self.enqueue(*modes)
        self.settle()
        return self.run(run.id)

    def run(self, run: str) -> Run:
        """The run as the ledger has it."""
        found = self.ledger.run(run)
        assert found is not None
        return found

    def rows(self, run: Run) -> Mapping[str, ChangeRow]:
        """The changes of a run by their kind and address or name."""
        return {
            f"{row.kind} {row.change.get('address') or row.change.get('name')}": row
            for row in self.ledger.changes(run.id)
        }

    def active(self, account: int = ACCOUNT) -> set[str]:
        """The names of the active contacts."""
        contacts = self.desk.read(account).contacts
        return {key.partition("@")[0] for key, contact in contacts.items() if contact.active}

    def contact(self, name: str) -> int:
        """The id of a person's contact."""
        return self.desk.read(ACCOUNT).contacts[mail(name)].id
