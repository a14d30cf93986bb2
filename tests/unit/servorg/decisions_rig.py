"""Offices in which a person decides: something is held, or somebody steps in while a job is at work."""

from collections.abc import Callable
from itertools import count
from typing import Any

from servorg.decisions import approve
from servorg.records import ChangeStatus, Run
from shared.core.gates import Limits
from shared.core.model import EntraSide
from tests.builders import ACCOUNT, a_group, a_side
from tests.fakes.desk import FakeDesk
from tests.fakes.ledger import FakeLedger
from tests.unit.servorg.office import FakeOffice

PEOPLE = ["ann", "bob", "cid", "dan"]
HELD, SKIPPED, APPLIED, FAILED = ChangeStatus.HELD, ChangeStatus.SKIPPED, ChangeStatus.APPLIED, ChangeStatus.FAILED
TIGHT = Limits(max_removals=1, max_removal_share=100)


class MeddledDesk(FakeDesk):
    """While one change is made, somebody else does something: `meddle`, once, at the n-th write (`after` it)."""

    meddle: Callable[[], Any] | None = None
    after = 0

    def _call[T](self, name: str, arguments: tuple[Any, ...], work: Callable[[], T]) -> T:
        meddle = self.meddle
        if meddle and name not in {"account", "find_contact", "accounts_of"}:
            self.after -= 1
            if self.after < 0:
                self.meddle = None
                meddle()
        return super()._call(name, arguments, work)


class SeenBefore:
    """The ledger of somebody who saw a run before another decided about it."""

    def __init__(self, ledger: FakeLedger, run: Run) -> None:
        self._ledger = ledger
        self._run = run

    def run(self, _: str) -> Run:
        return self._run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def people(*names: str) -> EntraSide:
    return a_side(a_group("it", names))


def an_office(limits: Limits = TIGHT) -> tuple[FakeOffice, MeddledDesk]:
    """Everybody is synced; marks are written after each change, as with slow calls."""
    office, desk = FakeOffice(people(*PEOPLE), limits), MeddledDesk()
    desk.add_account(ACCOUNT)
    office.desk = desk
    office.sync()
    office.seconds = count(0.0, 0.4)
    return office, desk


def holding(*left: str) -> tuple[FakeOffice, Run, MeddledDesk]:
    """An office in which the removals of all but these people are held."""
    office, desk = an_office()
    office.entra.side = people(*left)
    run = office.sync()
    desk.calls.clear()
    return office, run, desk


def approved(office: FakeOffice, run: Run) -> Run:
    approve(office.office, run.id, run.digest)
    office.settle()
    return office.run(run.id)


def statuses(office: FakeOffice, run: Run) -> list[tuple[ChangeStatus, str]]:
    return [(row.status, row.reason) for row in office.ledger.changes(run.id)]
