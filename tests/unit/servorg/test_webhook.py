"""Deliveries of DeskDirector: who may send them, and which tickets they are about."""

import base64
import hashlib
import hmac
import json
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servorg.messages import TicketEvent
from servorg.webhook import MOST_TICKETS, events_in, is_signed
from shared.errors import CommandRefused
from shared.http import json_of
from tests.unit.http_requests import a_request

SECRET = "secret0of032letters0and0digits00"
BODY = b'{"ticketId": 501}'


def digest(body: bytes = BODY, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


HEX, BASE64 = digest().hex(), base64.b64encode(digest()).decode()


def signed(value: str, name: str = "x-dd-signature") -> bool:
    return is_signed(SECRET, BODY, {name: value})


@pytest.mark.parametrize("signature", [HEX, HEX.upper(), BASE64])
@pytest.mark.parametrize("prefix", ["sha256", "SHA256", "Sha256"])
def test_hex_in_either_case_and_base64_are_taken_with_a_prefix_in_either_case(prefix: str, signature: str) -> None:
    assert signed(f"{prefix}={signature}")
    assert signed(f" {prefix}={signature} ", "X-DD-Signature")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sha256=",
        HEX,
        f"sha1={HEX}",
        f"ſha256={HEX}",
        f"sha256:{HEX}",
        f"sha256={HEX[:-1]}",
        f"sha256={HEX}0",
        f"sha256={HEX}, sha256={HEX}",
        f"sha256={BASE64.lower()}",
        f"sha256={BASE64.rstrip('=')}",
        f"sha256={digest(b'x').hex()}",
        f"sha256={digest(secret='another').hex()}",
        "sha256=é\udcff",
    ],
)
def test_anything_else_is_no_signature(value: str) -> None:
    assert not signed(value)


def test_two_signatures_are_none() -> None:
    both = {"x-dd-signature": f"sha256={HEX}", "X-DD-Signature": f"sha256={HEX}"}

    assert not is_signed(SECRET, BODY, both)
    assert not is_signed(SECRET, BODY, {})


def test_the_signature_is_of_the_raw_body() -> None:
    assert not is_signed(SECRET, BODY + b" ", {"x-dd-signature": f"sha256={HEX}"})


@pytest.mark.parametrize(
    "told",
    [
        {"ticketId": 501, "formId": 7, "resultId": 2**40},
        {"TicketId": 501, "FormId": 7, "ResultId": 2**40},
        {"ticket": {"id": 501}, "form": {"entityId": 7}, "result": {"entityId": 2**40}},
        {"ticket": {"entityId": 501}, "form": {"id": 7}, "result": {"id": 2**40}},
        {"entityId": 501, "form": {"entityId": 7}, "result": {"entityId": 2**40}, "secret": "more"},
        {"ticket": None, "ticketId": "12", "entityId": 501, "formId": 7, "resultId": 2**40},
    ],
)
def test_ids_are_found_wherever_they_stand_and_nothing_else_is_taken(told: dict[str, Any]) -> None:
    event = TicketEvent(501, 7, 2**40)

    assert events_in(told) == events_in([told]) == events_in([told, told, "x", None, {}]) == (event,)


def test_each_ticket_of_an_array_is_an_event() -> None:
    assert events_in([{"ticketId": 1}, {"ticketId": 2}, {"ticketId": 1}]) == (TicketEvent(1), TicketEvent(2))


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        None,
        501,
        "a ticket",
        {"ticketId": "501"},
        {"ticketId": True},
        {"ticketId": 501.0},
        {"ticketId": 0},
        {"ticketId": -1},
        {"ticketId": 2**31},
        {"ticket": 501},
        {"ticket": [{"id": 501}]},
        [[{"ticketId": 501}]],
    ],
)
def test_without_a_ticket_id_it_is_refused(told: Any) -> None:
    with pytest.raises(CommandRefused, match="no ticket id") as refused:
        events_in(told)

    assert refused.value.status == 400


def test_a_delivery_about_very_many_tickets_is_refused() -> None:
    rows = [{"ticketId": number} for number in range(1, MOST_TICKETS + 2)]

    with pytest.raises(CommandRefused) as refused:
        events_in(rows)

    assert refused.value.status == 413
    assert len(events_in(rows[:-1])) == MOST_TICKETS


def test_an_id_of_a_form_that_is_none_is_left_out() -> None:
    assert events_in({"ticketId": 501, "formId": "7", "resultId": 2**63}) == (TicketEvent(501),)


def received(request: func.HttpRequest) -> tuple[TicketEvent, ...]:
    return events_in(json_of(request))


anything = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["ticketId", "ticket", "id", "x"]), inner),
    ).map(lambda told: json.dumps(told).encode()),
)


@given(anything, st.text(max_size=80))
def test_whatever_comes_is_refused_or_queued_and_raises_nothing_else(body: bytes, signature: str) -> None:
    try:
        events = received(a_request(body=body, content_type="application/json"))
    except CommandRefused as refused:
        events, status = (), refused.status
    else:
        status = 202

    assert not is_signed(SECRET, body, {"x-dd-signature": signature})
    assert status == 202 if events else status in {400, 413}
    assert all(0 < event.ticket < 2**31 and event.run is None for event in events)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"ticketId":' + b"9" * 5000 + b"}", b'{"ticketId": NaN}', b"\xff"])
def test_json_that_python_refuses_is_malformed(body: bytes) -> None:
    with pytest.raises(CommandRefused) as refused:
        received(a_request(body=body, content_type="application/json"))

    assert (refused.value.status, refused.value.code) == (400, "malformed")


def test_a_message_says_ids_only_and_is_read_back() -> None:
    event = TicketEvent(501, 7, 2**40, run="contoso-1")

    assert TicketEvent.from_json(event.to_json()) == event
    assert TicketEvent(501).to_json() == '{"ticket":501}'
    assert TicketEvent.from_json('{"ticket": 501, "newer": 1}') == TicketEvent(501)
    for text in ("", "{}", '{"ticket": "501"}', '{"ticket": 0}', '{"ticket": 1, "run": ""}'):
        with pytest.raises(ValueError, match="no ticket event"):
            TicketEvent.from_json(text)
