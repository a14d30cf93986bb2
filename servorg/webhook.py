"""DeskDirector's deliveries of events: whether one is genuine, and which tickets it is about."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from servorg.messages import TicketEvent
from shared.errors import CommandRefused

SIGNATURE = "x-dd-signature"
MOST_TICKETS = 100
"""So many tickets may one delivery be about; a real one is about one."""
_IDS = (0, 2**31)  # deskdirector.md §1.3: ids of tickets and forms are int32, those of form results int64
_LONG_IDS = (0, 2**63)
_TICKET = (("ticketid",), ("ticket", "id"), ("ticket", "entityid"), ("entityid",))
_FORM = (("formid",), ("form", "id"), ("form", "entityid"))
_RESULT = (("resultid",), ("result", "id"), ("result", "entityid"))


def is_signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether exactly one signature header has `sha256=` and the HMAC-SHA256 of the raw body, in hex or base64.

    The prefix and hexadecimal digits count in either case; compared in constant time (deskdirector.md §5).
    """
    given = [text.strip() for name, text in headers.items() if name.lower() == SIGNATURE]
    prefix, _, signature = given[0].partition("=") if len(given) == 1 else ("", "", "")
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    is_hex = _equal(signature.lower(), digest.hex().encode())
    is_base64 = _equal(signature, base64.b64encode(digest))
    return prefix.lower() == "sha256" and (is_hex or is_base64)


def _equal(given: str, right: bytes) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right)


def events_in(told: object) -> tuple[TicketEvent, ...]:
    """The tickets of an event's JSON, an object or an array of objects, each once: its ids and nothing else.

    Names count in either case, values only as they are: a text is no id. CommandRefused when there is no ticket, 400,
    or there are more than a hundred, 413.
    """
    parts = told if isinstance(told, list) else [told]
    events = tuple(dict.fromkeys(event for part in parts for event in _event(part)))
    if not events:
        message = "There is no ticket id: it is looked for in ticketId, ticket.id, ticket.entityId and entityId."
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "no_ticket", message)
    if len(events) > MOST_TICKETS:
        message = f"There are more than {MOST_TICKETS} tickets in one delivery."
        raise CommandRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
    return events


def _event(part: object) -> Iterator[TicketEvent]:
    ticket = _id(part, _TICKET, _IDS)
    if ticket is not None:
        yield TicketEvent(ticket, _id(part, _FORM, _IDS), _id(part, _RESULT, _LONG_IDS))


def _id(part: object, paths: tuple[tuple[str, ...], ...], between: tuple[int, int]) -> int | None:
    """The first of the places that holds an id."""
    found = (_at(part, path) for path in paths)
    return next((one for one in found if type(one) is int and between[0] < one < between[1]), None)


def _at(part: object, path: tuple[str, ...]) -> object:
    for step in path:
        part = next((part[name] for name in part if name.lower() == step), None) if isinstance(part, dict) else None
    return part
