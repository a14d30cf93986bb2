"""Requests that are long over are forgotten, those of open tickets are not; a forgotten one is not run once more."""

import json
import logging
from datetime import timedelta

import pytest

from servorg.helpdesk import FieldAnswer, FormAnswers
from servorg.old_requests import FORGOTTEN_AT_ONCE, forget_old
from servorg.request_records import OVER, State
from shared.errors import DeskUnavailable
from tests.fakes.helpdesk import APPROVAL, CLOSED, NEW
from tests.unit.servorg.office import CUSTOMER
from tests.unit.servorg.reception_rig import DAYS, FakeReception, answers


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
        count = forget_old(it.reception)

    assert count == len(OVER)
    assert {one.state for ticket, one in it.requests.kept.items() if ticket < 50} == set(State) - OVER
    assert len([ticket for ticket in it.requests.kept if ticket >= 50]) == len(State)
    assert json.loads(caplog.messages[-1]) == {
        "event": "old requests are forgotten",
        "requests": count,
        "before": f"{it.office.now - timedelta(days=DAYS):%Y-%m-%d}",
    }


def test_the_request_of_a_ticket_that_is_still_open_stays_else_it_would_be_told_that_it_is_too_old() -> None:
    it = FakeReception()
    ticket = it.submit()
    kept(it, ticket, State.REFUSED)
    count = forget_old(it.reception)

    assert (count, it.row(ticket).state) == (0, State.REFUSED)


def test_a_limited_number_is_forgotten_at_once_and_open_tickets_keep_none_of_the_others() -> None:
    it = FakeReception()
    for _ in range(FORGOTTEN_AT_ONCE):
        kept(it, it.submit())
    for number in range(FORGOTTEN_AT_ONCE + 5):
        kept(it, 9_000 + number)

    assert [forget_old(it.reception) for _ in range(3)] == [FORGOTTEN_AT_ONCE, 5, 0]


def test_nothing_is_forgotten_while_nobody_can_tell_which_tickets_are_open() -> None:
    it = FakeReception()
    kept(it, 9)
    it.helpdesk.fail("open_tickets", DeskUnavailable("no connection"))

    with pytest.raises(DeskUnavailable):
        forget_old(it.reception)

    assert it.row(9).state is State.ANSWERED


def test_the_board_is_not_asked_for_when_nothing_is_old() -> None:
    it = FakeReception()
    kept(it, 9, days=1)
    it.helpdesk.fail("open_tickets", DeskUnavailable("no connection"))

    assert forget_old(it.reception) == 0


# Tickets that are older than any row


def forgotten(days: int | None = DAYS + 1) -> tuple[FakeReception, int]:
    """A ticket whose form was done so many days ago, and whose row is gone; somebody has opened it again."""
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "2"))
    it.deliver(ticket)
    it.settle()
    it.book.configure(CUSTOMER, {"modes": (1,)})
    it.requests.touched[ticket] = it.office.now - timedelta(days=DAYS + 1)

    assert forget_old(it.reception) == 1

    it.aged(ticket, days)
    it.helpdesk.set_status(ticket, NEW)
    return it, ticket


@pytest.mark.parametrize("by_timer", [False, True])
def test_an_old_ticket_that_is_opened_again_is_told_once_to_send_the_form_anew_and_nothing_is_run(
    by_timer: bool,
) -> None:
    it, ticket = forgotten()
    for _ in range(3):
        if by_timer:
            it.catch_up()
            it.settle()
        else:
            it.deliver(ticket)
    notes = it.helpdesk.notes(ticket)[2:]

    assert len(it.runs()) == 1
    assert it.book.configuration(CUSTOMER).modes == (1,)
    assert len(notes) == 1
    assert "is not done once more. Please send the form again, as a new ticket" in notes[0]
    assert (it.row(ticket).state, it.status(ticket), it.catch_up()) == (State.REFUSED, NEW, 0)


def test_what_an_old_ticket_was_told_is_not_repeated_when_that_is_forgotten_too() -> None:
    it, ticket = forgotten()
    it.deliver(ticket)
    it.requests.touched[ticket] = it.office.now - timedelta(days=DAYS + 1)
    it.requests.forget(ticket, it.office.now - timedelta(days=DAYS))
    row = it.deliver(ticket)

    assert (row.state, len(it.helpdesk.notes(ticket)), len(it.runs())) == (State.REFUSED, 3, 1)


def test_an_old_ticket_whose_row_was_made_while_it_was_closed_is_not_run_when_it_is_opened() -> None:
    it, ticket = forgotten()
    it.helpdesk.set_status(ticket, CLOSED)
    closed = it.deliver(ticket)
    it.helpdesk.set_status(ticket, NEW)
    opened = it.deliver(ticket)

    assert (closed.state, opened.state, len(it.runs())) == (State.CLOSED, State.REFUSED, 1)


@pytest.mark.parametrize(
    ("days", "after"), [(None, State.REFUSED), (DAYS + 1, State.REFUSED), (DAYS, State.QUEUED), (0, State.QUEUED)]
)
def test_a_forgotten_ticket_is_run_only_when_its_site_tells_that_it_is_younger(days: int | None, after: State) -> None:
    it, ticket = forgotten(days)

    assert it.deliver(ticket).state is after


def test_a_ticket_after_all_that_were_forgotten_is_run_whatever_its_age() -> None:
    it, _ = forgotten()
    ticket = it.submit()
    it.aged(ticket, DAYS + 1)

    assert it.deliver(ticket).state is State.QUEUED


def test_an_old_ticket_that_waited_for_its_approval_is_run_when_it_is_approved() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=APPROVAL)
    it.deliver(ticket)
    it.aged(ticket, DAYS + 1)
    it.helpdesk.set_status(ticket, NEW)

    assert it.deliver(ticket).state is State.QUEUED


def test_a_form_that_is_sent_anew_on_an_old_ticket_with_a_row_is_run() -> None:
    it = FakeReception()
    ticket = it.submit(answers("nobody"))
    it.deliver(ticket)
    it.aged(ticket, DAYS + 1)
    it.submit(answers(), ticket=ticket)

    assert it.deliver(ticket).state is State.QUEUED


def test_an_old_ticket_with_another_form_is_left_alone() -> None:
    it = FakeReception()
    ticket = it.submit(FormAnswers({"printer": FieldAnswer()}))
    it.aged(ticket, DAYS + 1)

    assert (it.deliver(ticket).state, it.helpdesk.notes(ticket)) == (State.NOT_OURS, [])
