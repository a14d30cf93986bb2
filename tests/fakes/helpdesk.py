"""DeskDirector's tickets and forms in memory: the port `Helpdesk`. tests/contract keeps it honest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from servorg.helpdesk import FormAnswers, FormRef, Ticket
from shared.errors import DeskRejected
from tests.fakes.scripts import Called, Script

BOARD = 1
NEW, APPROVAL, IN_PROGRESS, DECLINED, CLOSED = 11, 12, 14, 17, 19
STATUSES = {NEW: False, APPROVAL: False, IN_PROGRESS: False, DECLINED: False, CLOSED: True}
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What a ticket was told: a note, and a status where one was set."""

    ticket: int
    note: str
    status: int | None = None


class FakeHelpdesk:
    """`tickets` on board 1 unless `add` says otherwise, and the `answers` of form results.

    `told` has what `tell_ticket` did, in order; `notes` the same by ticket; `calls` every call; `statuses` which
    statuses there are and whether a ticket in one is closed.
    """

    def __init__(self, tickets: Iterable[Ticket] = (), answers: Mapping[FormRef, FormAnswers] | None = None) -> None:
        self.tickets: dict[int, Ticket] = {}
        self.boards: dict[int, int] = {}
        self.answers: dict[FormRef, FormAnswers] = dict(answers or {})
        self.statuses: dict[int, bool] = dict(STATUSES)
        self.told: list[Told] = []
        self.calls: list[Called] = []
        self._scripts: list[Script] = []
        for one in tickets:
            self.add(one)

    # By hand

    def add(self, ticket: Ticket, board: int = BOARD) -> Ticket:
        """A ticket on a board, in place of one of the same id."""
        self.tickets[ticket.id], self.boards[ticket.id] = ticket, board
        return ticket

    def set_status(self, ticket: int, status: int) -> None:
        """Somebody gives a ticket another status."""
        self.tickets[ticket] = replace(self.tickets[ticket], status=status, closed=self.statuses[status])

    def notes(self, ticket: int) -> list[str]:
        """The notes that a ticket was told, oldest first."""
        return [one.note for one in self.told if one.ticket == ticket]

    def fail(
        self, name: str | None, error: BaseException, *, times: int = 1, after: int = 0, done: bool = False
    ) -> Script:
        """Calls of this name (None: any) raise the error; with `done` the work is done and only the answer is lost."""
        self._scripts.append(Script(name, error, times, after, done))
        return self._scripts[-1]

    # Helpdesk

    def ticket(self, ticket: int) -> Ticket | None:
        self._begin("ticket", ticket)
        return self.tickets.get(ticket)

    def tell_ticket(self, ticket: int, note: str, status: int | None = None) -> None:
        lost = self._begin("tell_ticket", ticket, note, status)
        if ticket not in self.tickets:
            raise DeskRejected(404, f"DeskDirector answered 404: There is no ticket {ticket}.")
        if status is not None:
            if status not in self.statuses:
                raise DeskRejected(400, f"DeskDirector answered 400: There is no status {status}.")
            self.set_status(ticket, status)
        found = self.tickets[ticket]
        self.tickets[ticket] = replace(found, notes=(*found.notes, note))
        self.told.append(Told(ticket, note, status))
        if lost:
            raise lost

    def open_tickets(self, board: int) -> tuple[Ticket, ...]:
        self._begin("open_tickets", board)
        rows = [one for one in self.tickets.values() if self.boards[one.id] == board and not one.closed]
        return tuple(sorted(rows, key=lambda one: (one.created or _LATEST, one.id)))

    def form_answers(self, form: int, result: int) -> FormAnswers | None:
        self._begin("form_answers", form, result)
        return self.answers.get(FormRef(form, result))

    def _begin(self, name: str, *arguments: object) -> BaseException | None:
        """Notes the call and raises what is scripted for it; an error that only loses the answer is handed back."""
        self.calls.append(Called(name, arguments))
        script = next((one for one in self._scripts if one.takes(name)), None)
        if script is None or script.done:
            return script.error if script else None
        raise script.error
