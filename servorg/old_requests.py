"""Requests of the form that are long over are forgotten, like the runs that they asked for."""

import logging

from servorg.reception import Reception
from shared.logs import log_event

FORGOTTEN_AT_ONCE = 100
"""So many rows are deleted at a time; the next time the others."""

log = logging.getLogger(__name__)


def forget_old(reception: Reception) -> int:
    """Forgets requests that are over and whose row nobody has touched for the time of retention; how many.

    That of a ticket which is still open on the board stays: without its row the ticket would be told that its form is
    too old. Raises what the helpdesk raises.
    """
    before, requests = reception.office.now() - reception.rules.retention, reception.requests
    old = list(requests.over_before(before))
    if not old:
        return 0
    still_open = {ticket.id for ticket in reception.helpdesk.open_tickets(reception.rules.board)}
    closed = [ticket for ticket in old if ticket not in still_open][:FORGOTTEN_AT_ONCE]
    forgotten = sum(requests.forget(ticket, before) for ticket in closed)
    log_event(log, "old requests are forgotten", requests=forgotten, before=f"{before:%Y-%m-%d}")
    return forgotten
