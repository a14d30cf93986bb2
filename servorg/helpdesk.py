"""DeskDirector's tickets and forms as values, and the port that reads and answers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FormRef:
    """A form and one result of it."""

    form: int
    result: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as DeskDirector tells it. `account` is the id of the account that it belongs to.

    `notes` are the texts of its notes, oldest first; none where the site does not tell them.
    """

    id: int
    account: int
    status: int
    closed: bool
    created: datetime | None = None
    forms: tuple[FormRef, ...] = ()
    notes: tuple[str, ...] = ()

    def was_told(self, note: str, status: int | None = None) -> bool:
        """Whether the ticket has this note, and this status if one is given."""
        return note in self.notes and status in {None, self.status}


@dataclass(frozen=True, slots=True)
class Picked:
    """One chosen answer of a field: its identifier and the name that the user saw."""

    identifier: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """What was answered to one field: the chosen items, and `text`, the field's value where it has one."""

    picked: tuple[Picked, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """A form's result by the identifiers of its fields, in whatever envelope the site sent it."""

    fields: Mapping[str, FieldAnswer] = field(default_factory=dict)


class Helpdesk(Protocol):
    """Tickets and form results of the site.

    Raises DeskRejected, DeskThrottled, DeskUnavailable or DeskForbidden; a read is complete or an error.
    """

    def ticket(self, ticket: int) -> Ticket | None:
        """The ticket of this id; None when there is none."""
        ...

    def tell_ticket(self, ticket: int, note: str, status: int | None = None) -> None:
        """Adds a note that the requestor sees, and sets the status if one is given: both in one request."""
        ...

    def open_tickets(self, board: int) -> tuple[Ticket, ...]:
        """All tickets of the board that are not closed, oldest first."""
        ...

    def form_answers(self, form: int, result: int) -> FormAnswers | None:
        """What was answered; None when there is no such form or result."""
        ...
