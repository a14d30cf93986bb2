"""Requests that are long over are forgotten, those of open tickets are not."""

import json
import logging
from datetime import timedelta

import pytest

from servorg.old_requests import FORGOTTEN_AT_ONCE, forget_old
from servorg.request_records import OVER, State
from shared.errors import DeskUnavailable
from tests.unit.servorg.reception_rig import FakeReception

DAYS = 400


def kept(it: FakeReception, ticket: int, state: State = State.ANSWERED, *, days: int = DAYS + 1) -> None:
    """A request's row that was touched last so many days ago; its ticket is not on the board."""
    it.requests.claim(ticket, "me", it.office.now, 0)
    it.requests.write(ticket, "me", state=state)
    it.requests.touched[ticket] = it.office.now - timedelta(days=days)


def test_what_is_over_for_so_long_is_forgotten_and_the_rest_stays(caplog: pytest.LogCaptureFixture) -> None:
    it = FakeReception()
    for ticket, state in enumerate(State):
        kept(it, 10 + ticket, state)
        kept(it, 50 + ticket, state, days=DAYS - 1)
    with caplog.at_level(logging.INFO):
        count = forget_old(it.reception, DAYS)

    assert count == len(OVER)
    assert {one.state for ticket, one in it.requests.kept.items() if ticket < 50} == set(State) - OVER
    assert len([ticket for ticket in it.requests.kept if ticket >= 50]) == len(State)
    assert json.loads(caplog.messages[-1]) == {
        "event": "old requests are forgotten",
        "requests": count,
        "before": f"{it.office.now - timedelta(days=DAYS):%Y-%m-%d}",
    }


def test_the_request_of_a_ticket_that_is_still_open_stays_else_its_form_would_run_once_more() -> None:
    it = FakeReception()
    ticket = it.submit()
    kept(it, ticket, State.REFUSED)
    count = forget_old(it.reception, DAYS)

    assert (count, it.row(ticket).state) == (0, State.REFUSED)


def test_a_limited_number_is_forgotten_at_once_and_open_tickets_keep_none_of_the_others() -> None:
    it = FakeReception()
    for _ in range(FORGOTTEN_AT_ONCE):
        kept(it, it.submit())
    for number in range(FORGOTTEN_AT_ONCE + 5):
        kept(it, 9_000 + number)

    assert [forget_old(it.reception, DAYS) for _ in range(3)] == [FORGOTTEN_AT_ONCE, 5, 0]


def test_nothing_is_forgotten_while_nobody_can_tell_which_tickets_are_open() -> None:
    it = FakeReception()
    kept(it, 9)
    it.helpdesk.fail("open_tickets", DeskUnavailable("no connection"))

    with pytest.raises(DeskUnavailable):
        forget_old(it.reception, DAYS)

    assert it.row(9).state is State.ANSWERED


def test_the_board_is_not_asked_for_when_nothing_is_old() -> None:
    it = FakeReception()
    kept(it, 9, days=1)
    it.helpdesk.fail("open_tickets", DeskUnavailable("no connection"))

    assert forget_old(it.reception, DAYS) == 0
