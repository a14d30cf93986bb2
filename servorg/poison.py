"""Messages that failed for good: what each was about and why it failed, and once more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from servorg.jobs import Office, enqueue
from servorg.messages import Message, SyncJob
from servorg.records import Ledger, Run
from shared.errors import SyncError


class PoisonQueue(Protocol):
    """The poison queue of the sync jobs."""

    def poison(self) -> tuple[Message, ...]:
        """The oldest 32 messages that failed for good."""
        ...

    def remove_poison(self, message: str) -> bool:
        """Takes the message of this id out of the poison queue; whether it was there. The others stay."""
        ...


class NoSuchMessage(SyncError):
    """There is no poison message of this id, or it can't be replayed."""


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A message that failed for good; `customer` and `run` are None when it can't be read."""

    message: Message
    customer: str | None
    run: str | None
    reason: str


def poisoned(ledger: Ledger, queue: PoisonQueue) -> list[Poisoned]:
    """The oldest 32 messages that failed for good, newest first, each with the reason that its run has."""
    return [_explained(ledger, message) for message in reversed(queue.poison())]


def _explained(ledger: Ledger, message: Message) -> Poisoned:
    try:
        job = SyncJob.from_json(message.text)
    except ValueError as error:
        return Poisoned(message, None, None, f"cannot be read: {error}")
    run = ledger.run(job.run)
    if run is None or run.customer != job.customer:
        return Poisoned(message, job.customer, job.run, "there is no such run of this customer")
    return Poisoned(message, job.customer, job.run, run.reason or f"its run is {run.status} meanwhile")


def replay(office: Office, queue: PoisonQueue, message: str, modes: Callable[[str], tuple[int, ...]]) -> Run:
    """A new run of the message's customer, in the modes of the run that failed; then the message is gone.

    `modes` are those of a customer, for a message whose run is not known; it raises when there is no such customer.
    NoSuchMessage when it is not among the oldest 32, or names no customer.
    """
    found = next((one for one in poisoned(office.ledger, queue) if one.message.id == message), None)
    if found is None:
        raise NoSuchMessage(f"there is no poison message {message!r}")
    if found.customer is None or found.run is None:
        raise NoSuchMessage(f"message {message} names no customer, so it can't be replayed; `poison drop` removes it")
    configured = modes(found.customer)
    failed = office.ledger.run(found.run)
    known = failed.modes if failed and failed.customer == found.customer else configured
    run = enqueue(office, found.customer, known, "replay")
    # last, so that a failure of storage loses nothing; a message that is replayed twice does no harm
    queue.remove_poison(message)
    return run


def drop(queue: PoisonQueue, message: str) -> None:
    """Removes a message without doing anything about it; NoSuchMessage when it is not there."""
    if not queue.remove_poison(message):
        raise NoSuchMessage(f"there is no poison message {message!r}")
