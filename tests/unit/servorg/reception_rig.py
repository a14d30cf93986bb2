"""Fakes for requests: an office with one customer, a helpdesk with a form, the tickets' rows, the queue of events."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from servorg.form_requests import announce, attend
from servorg.helpdesk import FieldAnswer, FormAnswers, FormRef, Picked, Ticket
from servorg.messages import SyncJob, TicketEvent
from servorg.missed_requests import collect
from servorg.reception import Reception, Rules
from servorg.records import Run
from servorg.request_records import Request
from shared.core.gates import Limits
from shared.core.model import EntraSide
from tests.builders import ACCOUNT, a_group, a_side
from tests.fakes.helpdesk import APPROVAL, BOARD, CLOSED, DECLINED, IN_PROGRESS, NEW, FakeHelpdesk
from tests.fakes.requests import FakeRequests
from tests.unit.servorg.cli_rig import FakeBook
from tests.unit.servorg.office import CUSTOMER, FakeOffice

MSP = 2
FORM = 21
DAYS = 400
"""So long requests are remembered."""
TIGHT = Limits(max_removals=1, max_removal_share=100)


@dataclass(slots=True)
class FakeEvents:
    """The queue of events: what was sent, each with its delay."""

    sent: list[tuple[TicketEvent, float]] = field(default_factory=list)

    def send(self, text: str, delay: float = 0) -> None:
        self.sent.append((TicketEvent.from_json(text), delay))


def answers(customer: str = CUSTOMER, *modes: str) -> FormAnswers:
    """The form filled in."""
    chosen = tuple(Picked(mode) for mode in modes or ("2",))
    return FormAnswers({"custorg_account": FieldAnswer((Picked(customer),)), "sync_mode": FieldAnswer(chosen)})


class FakeReception:
    """`submit` makes a ticket, `deliver` its event; `settle` works on whatever is queued until nothing is."""

    def __init__(self, side: EntraSide | None = None, *, approval: bool = False, limits: Limits | None = None) -> None:
        self.office = FakeOffice(side or a_side(a_group("it", ["ann", "bob"])), limits)
        self.helpdesk, self.requests, self.events, self.book = FakeHelpdesk(), FakeRequests(), FakeEvents(), FakeBook()
        self.office.office = self.office.replacing(ended=lambda run: announce(self.events, run))
        self.book.put(id=CUSTOMER, name="Contoso", url="https://custorg.example", account=ACCOUNT)
        held = (frozenset({APPROVAL}), frozenset({DECLINED})) if approval else (frozenset[int](), frozenset[int]())
        self.rules = Rules(MSP, BOARD, IN_PROGRESS, CLOSED, timedelta(days=DAYS), *held)
        self.results = 100

    @property
    def reception(self) -> Reception:
        return Reception(self.rules, self.helpdesk, self.requests, self.book, self.office.office, self.events)

    def submit(
        self, filled: FormAnswers | None = None, *, status: int = NEW, account: int = MSP, ticket: int = 0
    ) -> int:
        """A ticket with the form, or once more the form on a ticket that there is; the ticket's id."""
        self.results += 1
        form = FormRef(FORM, self.results)
        self.helpdesk.answers[form] = filled or answers()
        if ticket:
            found = self.helpdesk.tickets[ticket]
            self.helpdesk.tickets[ticket] = replace(found, forms=(*found.forms, form))
            return ticket
        made = Ticket(400 + self.results, account, status, self.helpdesk.statuses[status], self.office.now, (form,))
        return self.helpdesk.add(made).id

    def aged(self, ticket: int, days: int | None) -> None:
        """The ticket was made so many days ago; None: DeskDirector does not tell when."""
        created = None if days is None else self.office.now - timedelta(days=days)
        self.helpdesk.tickets[ticket] = replace(self.helpdesk.tickets[ticket], created=created)

    def deliver(self, ticket: int, form: int | None = None, result: int | None = None) -> Request:
        """One delivery of the ticket's event, worked on at once; its row afterwards."""
        attend(self.reception, TicketEvent(ticket, form, result))
        return self.row(ticket)

    def events_only(self) -> None:
        """Works on the events that are queued, those too that come meanwhile."""
        while self.events.sent:
            event, delay = self.events.sent.pop(0)
            self.office.now += timedelta(seconds=delay)
            attend(self.reception, event)

    def settle(self) -> None:
        """Works on jobs and events until nothing is queued."""
        while self.office.jobs.sent or self.events.sent:
            self.office.settle()
            self.events_only()

    def catch_up(self) -> int:
        """What the timer does; how many looks it queued."""
        return collect(self.reception)

    def row(self, ticket: int) -> Request:
        found = self.requests.find(ticket)
        assert found is not None
        return found

    def run(self, ticket: int) -> Run:
        """The run that the ticket asked for."""
        return self.office.run(self.row(ticket).run)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        return self.office.ledger.runs(None, 50)

    def jobs(self) -> list[SyncJob]:
        return [job for job, _ in self.office.jobs.sent]

    def status(self, ticket: int) -> int:
        return self.helpdesk.tickets[ticket].status

    def statuses_told(self, ticket: int) -> list[int | None]:
        """The statuses that notes brought, oldest first."""
        return [one.status for one in self.helpdesk.told if one.ticket == ticket]
