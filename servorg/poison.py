"""Messages that failed for good, of all queues: what each was about and why it failed, and once more."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from servorg.form_requests import CLAIM_SECONDS, TICKET
from servorg.jobs import Office, queue_run
from servorg.messages import CustomerRefresh, Message, SyncJob, TicketEvent
from servorg.records import Ledger, Run, new_run_id
from servorg.request_records import Claim, Request, RequestBook, State
from shared.errors import SyncError

_NOW = datetime.max.replace(tzinfo=UTC)  # the service names a time for each message that it has


class PoisonQueue(Protocol):
    """The poison queue beside a queue."""

    def poison(self) -> tuple[Message, ...]:
        """The oldest 32 messages that failed for good."""
        ...

    def remove_poison(self, message: str) -> bool:
        """Takes the message of this id out of the poison queue; whether it was there. The others stay."""
        ...


class Queue(PoisonQueue, Protocol):
    """A queue with its poison queue."""

    def send(self, text: str, delay: float = 0) -> None:
        """Puts a message into the queue, to be seen after `delay` seconds."""
        ...


class NoSuchMessage(SyncError):
    """There is no poison message of this id, or it can't be replayed."""


class TicketBusy(SyncError):
    """The ticket that asked for the run is being looked at just now."""

    def __init__(self, ticket: int) -> None:
        super().__init__(f"ticket {ticket} is being looked at just now; try again in {CLAIM_SECONDS:.0f} s")
        self.ticket = ticket


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A message that failed for good; what it doesn't name, or can't be read, is None."""

    message: Message
    customer: str | None
    run: str | None
    reason: str
    asked: SyncJob | TicketEvent | CustomerRefresh | None = None

    @property
    def ticket(self) -> int | None:
        """The ticket that was to be looked at, if it is about one."""
        return self.asked.ticket if isinstance(self.asked, TicketEvent) else None


@dataclass(frozen=True, slots=True)
class Graveyard:
    """All queues' poison, and where the reasons stand."""

    ledger: Ledger
    jobs: PoisonQueue
    events: Queue
    refreshes: Queue
    requests: RequestBook


def poisoned(yard: Graveyard) -> list[Poisoned]:
    """The oldest 32 messages of each queue that failed for good, newest first, each with the reason of its row."""
    found = [_job(yard.ledger, message) for message in yard.jobs.poison()]
    found += [_event(yard.requests, message) for message in yard.events.poison()]
    found += [_refresh(message) for message in yard.refreshes.poison()]
    return sorted(found, key=lambda one: one.message.inserted_at or _NOW)[::-1]


def _job(ledger: Ledger, message: Message) -> Poisoned:
    try:
        job = SyncJob.from_json(message.text)
    except ValueError as error:
        return Poisoned(message, None, None, f"cannot be read: {error}")
    run = ledger.run(job.run)
    if run is None or run.customer != job.customer:
        return Poisoned(message, job.customer, job.run, "there is no such run of this customer", job)
    return Poisoned(message, job.customer, job.run, run.reason or f"its run is {run.status} meanwhile", job)


def _event(requests: RequestBook, message: Message) -> Poisoned:
    try:
        event = TicketEvent.from_json(message.text)
    except ValueError as error:
        return Poisoned(message, None, None, f"cannot be read: {error}")
    request = requests.find(event.ticket) or Request(event.ticket)
    reason = f"ticket {event.ticket}: {request.reason or f'its request is {request.state}; the log says why it failed'}"
    return Poisoned(message, request.customer or None, request.run or event.run, reason, event)


def _refresh(message: Message) -> Poisoned:
    try:
        asked = CustomerRefresh.from_json(message.text)
    except ValueError as error:
        return Poisoned(message, None, None, f"cannot be read: {error}")
    return Poisoned(message, asked.customer, None, "refresh of its groups: the log says why it failed", asked)


def replay(
    office: Office, yard: Graveyard, message: str, modes: Callable[[str], tuple[int, ...]]
) -> Run | TicketEvent | CustomerRefresh:
    """Once more what the message was about; then it is gone.

    Of a job: a new run of its customer, in the modes of the run that failed, which answers the ticket that asked for
    the old one. `modes` are those of a customer, for a message whose run is not known; it raises when there is no such
    customer. Of a ticket: another look at it. Of a refresh: another one. NoSuchMessage when it is not among the oldest
    32 of its queue, or can't be read; TicketBusy when its ticket is being looked at.
    """
    found = next((one for one in poisoned(yard) if one.message.id == message), None)
    if found is None:
        raise NoSuchMessage(f"`poison list` shows no message {message!r}")
    # each leaves its poison queue last, so that a failure of storage loses nothing; twice does no harm
    match found.asked:
        case SyncJob() as job:
            run = _run_again(office, yard.requests, job, modes(job.customer))
            yard.jobs.remove_poison(message)
            return run
        case TicketEvent() as event:
            _send_again(yard.events, message, event.to_json())
            return event
        case CustomerRefresh(customer=customer):
            again = CustomerRefresh(customer)
            _send_again(yard.refreshes, message, again.to_json())
            return again
        case None:
            raise NoSuchMessage(f"message {message} can't be read, so it can't be replayed; `poison drop` removes it")


def _send_again(queue: Queue, message: str, text: str) -> None:
    queue.send(text)
    queue.remove_poison(message)


def _run_again(office: Office, requests: RequestBook, job: SyncJob, configured: tuple[int, ...]) -> Run:
    now = office.now()
    failed = office.ledger.run(job.run)
    known = failed.modes if failed and failed.customer == job.customer else configured
    run = Run(new_run_id(job.customer, now, office.random), job.customer, known, queued_at=now, trigger="replay")
    ticket = failed.options.get(TICKET) if failed else None
    return _for_ticket(office, requests, ticket, job.run, run) if isinstance(ticket, int) else queue_run(office, run)


def _for_ticket(office: Office, requests: RequestBook, ticket: int, failed: str, run: Run) -> Run:
    """Queues the run so that it answers the ticket, unless another run than the failed one has that duty meanwhile."""
    holder = uuid.uuid4().hex
    request = requests.claim(ticket, holder, office.now(), CLAIM_SECONDS)
    if request is None:
        raise TicketBusy(ticket)
    claim = Claim(requests, holder, request)
    try:
        if request.run != failed:
            return queue_run(office, run)
        # first the row: if this is killed anywhere, `collect_missed_requests` finds the ticket and goes on with it
        claim.write(state=State.STARTING, run=run.id, answered="")
        queued = queue_run(office, replace(run, options={TICKET: ticket}))
        claim.write(state=State.QUEUED)
        return queued
    finally:
        claim.release()


def drop(yard: Graveyard, message: str) -> None:
    """Removes a message without doing anything about it; NoSuchMessage when it is not there."""
    if not any(queue.remove_poison(message) for queue in (yard.jobs, yard.events, yard.refreshes)):
        raise NoSuchMessage(f"`poison list` shows no message {message!r}")
