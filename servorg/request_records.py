"""What is remembered of a form's request: a row for each ticket, and the port to these rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypedDict, Unpack

from shared.errors import SyncError


class State(StrEnum):
    """How far a ticket's request is."""

    NEW = "new"
    NOT_OURS = "not ours"
    WAITING = "waiting"
    DECLINED = "declined"
    CLOSED = "closed"
    REFUSED = "refused"
    STARTING = "starting"
    QUEUED = "queued"
    ANSWERED = "answered"


OPEN = frozenset({State.NEW, State.WAITING, State.DECLINED, State.CLOSED})
"""Nothing was done for such a request yet: whether it may run is asked anew whenever its ticket is looked at."""
OVER = frozenset({State.NOT_OURS, State.DECLINED, State.CLOSED, State.REFUSED, State.ANSWERED})
"""Such a request waits for nobody."""


@dataclass(frozen=True, slots=True)
class Request:
    """A ticket's request. From `starting` on it has a customer, modes and a run, which may not be in the ledger yet.

    `result` is the form's result that asked, `seen` the ticket's latest one, of whatever form, when it was looked at.
    `before` are the modes that were replaced, if they were others. `answered` is the end of the run that the ticket
    was told; `reason` why it could not be worked on, last time; `telling` when a note was begun, empty once it was told
    for certain.
    """

    ticket: int
    state: State = State.NEW
    result: int | None = None
    seen: int | None = None
    customer: str = ""
    modes: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    run: str = ""
    answered: str = ""
    reason: str = ""
    telling: str = ""


class RequestFields(TypedDict, total=False):
    """The fields of a request that may change."""

    state: State
    result: int | None
    seen: int | None
    customer: str
    modes: tuple[int, ...]
    before: tuple[int, ...]
    run: str
    answered: str
    reason: str
    telling: str


class ClaimLost(SyncError):
    """Somebody else took the ticket's row meanwhile, since our time with it was over."""

    def __init__(self, ticket: int) -> None:
        super().__init__(f"another host took over ticket {ticket}")
        self.ticket = ticket


class RequestBook(Protocol):
    """The rows of requests. Each is changed only by whoever has claimed it."""

    def claim(self, ticket: int, holder: str, now: datetime, seconds: float) -> Request | None:
        """The ticket's row, made when it is missing, which is ours alone for so long; None while it is another's.

        Of several who claim at once, one gets it.
        """
        ...

    def write(self, ticket: int, holder: str, **changed: Unpack[RequestFields]) -> None:
        """Changes these fields and no others; ClaimLost when the row is not ours any more."""
        ...

    def release(self, ticket: int, holder: str) -> None:
        """Gives the row back when it is still ours."""
        ...

    def find(self, ticket: int) -> Request | None:
        """The ticket's row as it is, whoever has claimed it."""
        ...

    def queued(self) -> tuple[Request, ...]:
        """The requests whose state is `queued`, by ticket."""
        ...

    def over_before(self, before: datetime) -> Iterator[int]:
        """The tickets whose request is over and whose row nobody has touched since, by ticket."""
        ...

    def forget(self, ticket: int, before: datetime) -> bool:
        """Deletes such a row; False when it was touched since, or is gone."""
        ...

    def last_forgotten(self) -> int:
        """The highest ticket whose row was ever deleted; 0 when none was."""
        ...


class Claim:
    """A ticket's row while it is ours; `request` is as it was last written."""

    def __init__(self, book: RequestBook, holder: str, request: Request) -> None:
        self._book = book
        self._holder = holder
        self.request = request

    def write(self, **changed: Unpack[RequestFields]) -> None:
        """Changes these fields; ClaimLost when the row is not ours any more."""
        self._book.write(self.request.ticket, self._holder, **changed)
        self.request = replace(self.request, **changed)

    def release(self) -> None:
        """Gives the row back."""
        self._book.release(self.request.ticket, self._holder)
