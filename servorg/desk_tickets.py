"""DeskDirector's side of the port `Helpdesk`, in the words of the dialect."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from servorg.desk_fields import MISSING, field, first, flag, number, text, wrong
from servorg.desk_http import Call, DeskHttp
from servorg.desk_rows import Rows, read_all
from servorg.dialect import PAGE, AnswerWords, Dialect, Words
from servorg.form_result import read_answers
from servorg.helpdesk import FormAnswers, FormRef, Ticket
from shared.errors import DeskInDoubt, DeskRejected, DeskUnavailable

_TICKET, _FORM = "a ticket", "a ticket's form"
_LATEST = datetime.max.replace(tzinfo=UTC)


class DeskTickets:
    """Tickets and forms of one DeskDirector site; threads may share it. Every request waits for the budget."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self._dialect, self._http, self._rows = dialect, http, Rows(dialect)
        self._paths, self._words = dialect.paths, dialect.request

    def ticket(self, ticket: int) -> Ticket | None:
        answer = self._read(self._paths.ticket.format(ticketId=ticket))
        return None if answer is None else self._ticket(answer, ticket)

    def tell_ticket(self, ticket: int, note: str, status: int | None = None) -> None:
        """As the port says. When the answer is lost, the ticket is read: a note is not repeated that it has already."""
        words = self._words
        body: dict[str, Any] = {words.note: {words.note_text: note, words.is_internal: False}}
        if status is not None:
            body[words.status_id] = status
        try:
            # Not to be repeated blindly: people would read the note twice.
            self._http.tell(Call(method="PATCH", path=self._at(ticket), body=body, create=True))
        except DeskInDoubt as error:
            if not self._was_told(ticket, note, status):
                raise DeskUnavailable(str(error)) from error

    def open_tickets(self, board: int) -> tuple[Ticket, ...]:
        """As the port says. What the index brings though it is closed, or on another board, is left out."""
        words = self._words

        def page(skip: int) -> tuple[list[Any], int]:
            body = {words.queue_id: board, words.is_closed: False, words.skip: skip, words.take: PAGE}
            return self._rows.page(self._http.ask(Call(method="POST", path=self._paths.find_tickets, body=body)))

        found = read_all(f"the tickets of board {board}", page, self._on_board(board), lambda row: row[0].id)
        tickets = (one for one, is_there in found.values() if is_there and not one.closed)
        return tuple(sorted(tickets, key=lambda one: (one.created or _LATEST, one.id)))

    def form_answers(self, form: int, result: int) -> FormAnswers | None:
        answer = self._read(self._paths.form_result.format(formId=form, resultId=result))
        return None if answer is None else read_answers(answer, self._dialect.form)

    def _at(self, ticket: int) -> str:
        return self._paths.ticket.format(ticketId=ticket)

    def _read(self, path: str) -> Any:
        """The answer, or None for a 404."""
        try:
            return self._http.ask(Call(method="GET", path=path))
        except DeskRejected as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _ticket(self, answer: Any, wanted: int) -> Ticket:
        found = read_ticket(answer, self._dialect.answer)
        if found.id != wanted:
            raise wrong(_TICKET, "of another id than was asked for")
        return found

    def _was_told(self, ticket: int, note: str, status: int | None) -> bool:
        answer = self._read(self._at(ticket))
        if answer is None:
            return False
        return self._ticket(answer, ticket).was_told(note, status)

    def _on_board(self, board: int) -> Callable[[Any], tuple[Ticket, bool]]:
        words = self._dialect.answer

        def parse(row: Any) -> tuple[Ticket, bool]:
            found, queue = read_ticket(row, words), first(row, words.queue)
            told = queue is not MISSING and queue is not None
            return found, not told or number(queue, words.id, "a ticket's board") == board

        return parse


def read_ticket(row: Any, words: AnswerWords) -> Ticket:
    """The ticket in an answer, or DeskUnavailable."""
    return Ticket(
        id=number(row, words.id, _TICKET),
        account=number(field(row, words.company, _TICKET), words.id, "a ticket's account"),
        status=number(field(row, words.status, _TICKET), words.id, "a ticket's status"),
        closed=flag(row, words.is_closed, _TICKET),
        created=_moment(row, words),
        forms=_forms(row, words),
        notes=_notes(row, words),
    )


def _moment(row: Mapping[str, Any], words: AnswerWords) -> datetime | None:
    """When the ticket was made; None where nothing tells. A time without a zone is UTC."""
    if first(row, words.created_on) in (MISSING, None):
        return None
    try:
        at = datetime.fromisoformat(text(row, words.created_on, _TICKET))
    except ValueError as error:
        raise wrong(_TICKET, "whose time of creation is none") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _notes(row: Mapping[str, Any], words: AnswerWords) -> tuple[str, ...]:
    """What cannot be read is passed over: whoever finds no note tells it, once too often at worst."""
    listed = first(row, words.notes)
    rows = listed if isinstance(listed, list) else []
    told = (first(one, words.note) for one in rows if isinstance(one, dict))
    return tuple(note for note in told if isinstance(note, str))


def _forms(row: Mapping[str, Any], words: AnswerWords) -> tuple[FormRef, ...]:
    listed = first(row, words.forms)
    if listed is MISSING or listed is None:
        return ()
    if not isinstance(listed, list):
        raise wrong(_TICKET, "whose forms are no list")
    return tuple(
        FormRef(_key(one, words.form_id, words.form, words), _key(one, words.result_id, words.result, words))
        for one in listed
    )


def _key(one: Any, flat: Words, nested: Words, words: AnswerWords) -> int:
    """An id that stands in a field of its own, or in the object of what it is the id of."""
    if isinstance(one, dict) and first(one, flat) is MISSING and isinstance(inner := first(one, nested), dict):
        return number(inner, words.id, _FORM)
    return number(one, flat, _FORM)
