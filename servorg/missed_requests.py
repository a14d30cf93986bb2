"""Requests that no delivery told of, or whose answer got lost with its host: found by looking, and queued."""

from collections.abc import Iterable, Iterator

from servorg.form_requests import end_of
from servorg.helpdesk import Ticket
from servorg.messages import TicketEvent
from servorg.reception import Reception
from servorg.request_records import OPEN, State

MOST_AT_ONCE = 100
"""So many overlooked tickets are queued at a time; the next time the others."""


def collect(reception: Reception) -> int:
    """Queues a look at each ticket whose request was overlooked, and answers how many.

    First those whose run is over and not answered, then the board's open tickets with a form that no run has taken: a
    hundred of each at most. Raises what the helpdesk raises; what was queued until then stays.
    """
    return _send(reception, _unanswered(reception)) + _send(reception, _overlooked(reception))


def _send(reception: Reception, events: Iterable[TicketEvent]) -> int:
    count = 0
    for count, event in enumerate(events, 1):
        reception.events.send(event.to_json())
        if count == MOST_AT_ONCE:
            break
    return count


def _unanswered(reception: Reception) -> Iterator[TicketEvent]:
    for request in reception.requests.queued():
        run = reception.office.ledger.run(request.run)
        if run is not None and run.over and request.answered != end_of(run):
            yield TicketEvent(request.ticket, run=run.id, missed=True)


def _overlooked(reception: Reception) -> Iterator[TicketEvent]:
    for ticket in reception.helpdesk.open_tickets(reception.rules.board):
        if ticket.forms and _is_due(reception, ticket):
            yield TicketEvent(ticket.id, missed=True)


def _is_due(reception: Reception, ticket: Ticket) -> bool:
    """Whether a look at the ticket could change anything; a new form on it, ours or not, is always worth one."""
    request = reception.requests.find(ticket.id)
    if request is None or request.seen != ticket.forms[-1].result:
        return True
    match request.state:
        case State.WAITING:
            return ticket.status not in reception.rules.approval
        case State.DECLINED:
            return ticket.status not in reception.rules.declined
        case state:
            return state in OPEN or state is State.STARTING
