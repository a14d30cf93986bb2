"""A form's request, from its ticket to the ticket's answer. One request gives one run, whatever is delivered how often.

Each message is only a reason to look: ticket and answers are read from DeskDirector, and the ticket's row says how far
its request is. Whoever looks has claimed the row, so that a kill at any line is gone on from by the next message.
"""

import logging
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Unpack

from servorg.customer import UnknownCustomer
from servorg.form_answers import Wanted, is_ours, wanted
from servorg.helpdesk import FormAnswers, FormRef, Ticket
from servorg.jobs import Jobs
from servorg.messages import SyncJob, TicketEvent
from servorg.reception import Reception
from servorg.records import Run, RunStatus, new_run_id
from servorg.request_records import OPEN, Claim, Request, RequestFields, State
from shared.core import ticket_words
from shared.core.model import Prune
from shared.core.report import OnTheBooks, Window, news_of
from shared.core.ticket_words import Asked, Refusal, Why
from shared.errors import DeskRejected, DeskThrottled, SyncError
from shared.logs import log_event

CLAIM_SECONDS = 120.0
"""Far longer than the few calls to DeskDirector that one look takes."""
WAIT_SECONDS = 3.0
"""After so long a message whose ticket is being looked at comes again."""
TRIGGER, TICKET = "form", "ticket"
"""The trigger of such a run, and the option that holds its ticket."""
_REASON = 1_000  # characters
_EVER = datetime.min.replace(tzinfo=UTC)

log = logging.getLogger(__name__)


def announce(events: Jobs, run: Run) -> None:
    """Says that a run has come to an end, or is held, to the ticket that asked for it, if one did."""
    ticket = run.options.get(TICKET)
    if isinstance(ticket, int):
        events.send(TicketEvent(ticket, run=run.id).to_json())


def attend(reception: Reception, event: TicketEvent) -> None:
    """Looks at the ticket and does what is due. Raises what the host shall deliver again; the row has the reason."""
    holder = uuid.uuid4().hex
    found = reception.requests.claim(event.ticket, holder, reception.office.now(), CLAIM_SECONDS)
    if found is None:
        reception.events.send(event.to_json(), WAIT_SECONDS)
        return
    claim = Claim(reception.requests, holder, found)
    try:
        _attend(reception, claim, event)
    except DeskThrottled as throttled:
        reception.events.send(event.to_json(), throttled.retry_after)
    except SyncError as error:
        _fail(claim, event, error)
    finally:
        claim.release()
        log_event(log, "ticket looked at", ticket=event.ticket, state=claim.request.state, run=claim.request.run)


def _fail(claim: Claim, event: TicketEvent, error: SyncError) -> None:
    """A ticket that is gone needs nothing more; anything else comes again, by the host or by the timer."""
    claim.write(reason=str(error)[:_REASON])
    log_event(log, "a look at a ticket failed", logging.ERROR, ticket=event.ticket, reason=claim.request.reason)
    gone = isinstance(error, DeskRejected) and error.status == HTTPStatus.NOT_FOUND
    if not (gone or event.missed):
        raise error


def _attend(reception: Reception, claim: Claim, event: TicketEvent) -> None:
    ticket = reception.helpdesk.ticket(event.ticket)
    if ticket is None or ticket.closed:
        _close(reception, claim)
        return
    answers = _newest(reception, claim, ticket, event)
    if answers is not None and claim.request.state in OPEN:
        _judge(reception, claim, ticket, answers)
    if claim.request.state is State.STARTING:
        _start(reception, claim, ticket)
    if claim.request.state is State.QUEUED:
        _answer(reception, claim, ticket)
    if claim.request.reason:
        claim.write(reason="")


def _close(reception: Reception, claim: Claim) -> None:
    """A closed ticket, or one that is gone, gets no run any more, and no note; a run that it has is left to its end."""
    request = claim.request
    run = reception.office.ledger.run(request.run) if request.run else None
    if request.state in OPEN or (request.state is State.STARTING and run is None):
        claim.write(state=State.CLOSED)
    elif request.state is State.STARTING:
        _queue(reception, claim)
    elif request.state is State.QUEUED and run is not None and run.over:
        claim.write(state=_after(run), answered=end_of(run))


# What the ticket asks for


def _newest(reception: Reception, claim: Claim, ticket: Ticket, event: TicketEvent) -> FormAnswers | None:
    """The answers of the ticket's newest form of ours, if its request is still to be judged; a new form begins anew."""
    request, forms = claim.request, ticket.forms or _told(event, claim.request)
    if forms and forms[-1].result == request.seen and request.state not in OPEN:
        return None
    for form in reversed(forms):
        if form.result < (request.result or 0):
            break  # an older form than the last one of ours: its request is over
        answers = reception.helpdesk.form_answers(form.form, form.result)
        if answers is not None and is_ours(answers):
            if _is_forgotten(reception, request, ticket):
                _turn_down(reception, claim, ticket, form, seen=forms[-1].result)
                return None
            _note_form(claim, form, seen=forms[-1].result)
            return answers
    seen = forms[-1].result if forms else None
    if request.state is State.NEW:
        claim.write(state=State.NOT_OURS, seen=seen)
    elif seen != request.seen:
        claim.write(seen=seen)
    return None


def _told(event: TicketEvent, request: Request) -> tuple[FormRef, ...]:
    """What the delivery said, for a site whose tickets don't tell their forms; an older one than the last is none."""
    if event.form is None or event.result is None or event.result < (request.seen or 0):
        return ()
    return (FormRef(event.form, event.result),)


def _note_form(claim: Claim, form: FormRef, *, seen: int) -> None:
    """A result that is not the one of before begins a request anew."""
    if form.result != claim.request.result:
        claim.write(state=State.NEW, result=form.result, customer="", modes=(), before=(), run="", answered="")
    claim.write(seen=seen)


def _is_forgotten(reception: Reception, request: Request, ticket: Ticket) -> bool:
    """Whether the ticket's row may have been forgotten: it knows of no form, and rows of later tickets were forgotten.

    Such a form may have been run long ago. One that was made since then, as DeskDirector tells it, was not.
    """
    if request.result is not None or request.seen is not None or ticket.id > reception.requests.last_forgotten():
        return False
    return ticket.created is None or ticket.created < reception.office.now() - reception.rules.retention


def _turn_down(reception: Reception, claim: Claim, ticket: Ticket, form: FormRef, *, seen: int) -> None:
    """A form that is too old is never run. Its ticket has the note for good, its row only for a while: both are asked.

    Only with `seen` the row knows of the form; written at once with the rest, a kill before it changes nothing.
    """
    note = ticket_words.refused(Refusal(Why.TOO_OLD))
    refused = RequestFields(state=State.REFUSED, result=form.result, seen=seen, telling="")
    if ticket.was_told(note):
        claim.write(**refused)
    else:
        _tell(reception, claim, ticket, note, **refused)


def _judge(reception: Reception, claim: Claim, ticket: Ticket, answers: FormAnswers) -> None:
    """Whether the request runs now: refused, declined and waiting ones don't."""
    rules = reception.rules
    if ticket.status in rules.declined:
        claim.write(state=State.DECLINED)
        return
    asked = _wanted(reception, ticket, answers)
    if isinstance(asked, Refusal):
        _refuse(reception, claim, ticket, asked)
    elif ticket.status in rules.approval:
        _wait(reception, claim, ticket, asked)
    else:
        _accept(reception, claim, asked)


def _wanted(reception: Reception, ticket: Ticket, answers: FormAnswers) -> Wanted | Refusal:
    if ticket.account != reception.rules.account:
        return Refusal(Why.OTHER_ACCOUNT)
    return wanted(answers, reception.customers.all())


def _refuse(reception: Reception, claim: Claim, ticket: Ticket, refusal: Refusal) -> None:
    _tell(reception, claim, ticket, ticket_words.refused(refusal), state=State.REFUSED)


def _wait(reception: Reception, claim: Claim, ticket: Ticket, asked: Wanted) -> None:
    if claim.request.state is not State.WAITING:
        note = ticket_words.waiting(Asked(_name(reception, asked.customer), asked.modes))
        _tell(reception, claim, ticket, note, state=State.WAITING)


def _accept(reception: Reception, claim: Claim, asked: Wanted) -> None:
    """From here on it is known which run this will be, before there is anything of it."""
    before = reception.customers.configuration(asked.customer).modes
    claim.write(
        state=State.STARTING,
        customer=asked.customer,
        modes=asked.modes,
        before=before if before != asked.modes else (),
        run=new_run_id(asked.customer, reception.office.now(), reception.office.random),
    )


# Its run


def _start(reception: Reception, claim: Claim, ticket: Ticket) -> None:
    """The customer's modes, the run's row, the ticket in progress, and then the message; each may be repeated.

    A run that is not queued any more has had its message: then the ticket may be answered already.
    """
    run = reception.office.ledger.run(claim.request.run)
    if run is None and not _create(reception, claim.request):
        _refuse(reception, claim, ticket, Refusal(Why.UNKNOWN_CUSTOMER, claim.request.customer))
        return
    untouched = run is None or run.status is RunStatus.QUEUED
    if untouched and ticket.status != reception.rules.in_progress:
        note = ticket_words.started(_asked(reception, claim.request), claim.request.run)
        _tell(reception, claim, ticket, note, reception.rules.in_progress)
    _queue(reception, claim)


def _create(reception: Reception, request: Request) -> bool:
    """Whether the customer is configured and the run's row is there; not so when the customer was removed meanwhile."""
    try:
        reception.customers.configure(request.customer, {"modes": request.modes})
    except UnknownCustomer:
        return False
    options = {TICKET: request.ticket}
    now = reception.office.now()
    run = Run(request.run, request.customer, request.modes, queued_at=now, trigger=TRIGGER, options=options)
    reception.office.ledger.create_run(run)
    return True


def _queue(reception: Reception, claim: Claim) -> None:
    """A message that was sent before does no harm: a run is worked on once."""
    reception.office.jobs.send(SyncJob(claim.request.run, claim.request.customer).to_json())
    claim.write(state=State.QUEUED)


# Its answer


def _answer(reception: Reception, claim: Claim, ticket: Ticket) -> None:
    """What became of the run, told once for each end; only a run that succeeded closes the ticket."""
    run = reception.office.ledger.run(claim.request.run)
    if run is None or not run.over or claim.request.answered == end_of(run):
        return
    closed = reception.rules.closed if run.status is RunStatus.SUCCEEDED else None
    note = _result(reception, claim.request, run)
    _tell(reception, claim, ticket, note, closed, state=_after(run), answered=end_of(run))


def _tell(
    reception: Reception, claim: Claim, ticket: Ticket, note: str, to: int | None = None, **then: Unpack[RequestFields]
) -> None:
    """Tells the ticket, sets its status `to` this one, and writes what is so `then`.

    When a host was killed over it, the note may be there already: `ticket` was read after that.
    """
    if not (claim.request.telling and ticket.was_told(note, to)):
        claim.write(telling=f"{reception.office.now():%Y-%m-%dT%H:%M:%SZ}")
        reception.helpdesk.tell_ticket(ticket.id, note, to)
    claim.write(**then | {"telling": ""})


def _result(reception: Reception, request: Request, run: Run) -> str:
    asked, window = _asked(reception, request), Window(_EVER, reception.office.now())
    changes = {run.id: reception.office.ledger.changes(run.id)}
    news = news_of(OnTheBooks(run.customer, asked.name), [run], changes, window)
    return ticket_words.ended(asked, news)


def _after(run: Run) -> State:
    """A held run goes on once a person has decided, and then its ticket is told again."""
    return State.ANSWERED if run.status.final else State.QUEUED


def end_of(run: Run) -> str:
    """A name for this end of a run: it may be held several times, and only then has several."""
    return f"{run.status} {run.ended_at}" if run.status is RunStatus.HELD else str(run.status)


def _asked(reception: Reception, request: Request) -> Asked:
    mirror = reception.customers.configuration(request.customer).prune is Prune.ALL
    return Asked(_name(reception, request.customer), request.modes, request.before, mirror)


def _name(reception: Reception, customer: str) -> str:
    try:
        return reception.customers.get(customer).name
    except UnknownCustomer:
        return customer
