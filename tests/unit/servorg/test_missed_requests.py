"""Requests that no delivery told of are found on the board, and answers that got lost in the ledger."""

from servorg.decisions import approve
from servorg.helpdesk import FieldAnswer, FormAnswers
from servorg.messages import TicketEvent
from servorg.missed_requests import MOST_AT_ONCE
from servorg.request_records import State
from shared.errors import DeskUnavailable
from tests.builders import a_group, a_side
from tests.fakes.helpdesk import APPROVAL, CLOSED, DECLINED, NEW
from tests.unit.servorg.office import CUSTOMER
from tests.unit.servorg.reception_rig import TIGHT, FakeReception, answers
from tests.unit.servorg.test_form_requests import held


def test_a_request_whose_delivery_got_lost_is_found_and_done() -> None:
    it = FakeReception()
    ticket = it.submit()

    found = it.catch_up()
    it.settle()

    assert (found, it.status(ticket), len(it.runs())) == (1, CLOSED, 1)
    assert it.catch_up() == 0


def test_what_is_at_work_or_done_with_is_not_looked_at_again() -> None:
    it = FakeReception()
    other = it.submit(FormAnswers({"printer": FieldAnswer()}))
    refused, queued = it.submit(answers("nobody")), it.submit()
    for ticket in (other, refused, queued):
        it.deliver(ticket)

    assert it.catch_up() == 0
    assert [it.row(ticket).state for ticket in (other, refused, queued)] == [
        State.NOT_OURS,
        State.REFUSED,
        State.QUEUED,
    ]


def test_closed_tickets_those_of_other_boards_and_those_without_a_form_are_not_looked_at() -> None:
    it = FakeReception()
    it.submit(status=CLOSED)
    elsewhere, bare = it.submit(), it.submit()
    it.helpdesk.boards[elsewhere] = 9
    it.helpdesk.tickets[bare] = type(it.helpdesk.tickets[bare])(bare, 2, NEW, closed=False)

    assert it.catch_up() == 0
    assert it.requests.kept == {}


def test_a_ticket_that_waits_is_looked_at_once_it_is_approved_or_declined() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=APPROVAL)

    counts = [it.catch_up()]
    it.settle()
    counts.append(it.catch_up())
    it.helpdesk.set_status(ticket, DECLINED)
    counts.append(it.catch_up())
    it.settle()
    counts.append(it.catch_up())
    it.helpdesk.set_status(ticket, NEW)
    counts.append(it.catch_up())
    it.settle()

    assert counts == [1, 0, 1, 0, 1]
    assert (it.status(ticket), len(it.runs())) == (CLOSED, 1)


def test_a_form_that_was_sent_anew_is_found_on_its_ticket() -> None:
    it = FakeReception()
    ticket = it.submit(answers("nobody"))
    it.deliver(ticket)
    it.submit(answers(), ticket=ticket)

    assert it.catch_up() == 1
    it.settle()
    assert it.status(ticket) == CLOSED


def test_a_run_that_ended_while_nobody_could_be_told_is_answered() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.office.settle()
    run = it.row(ticket).run
    it.events.sent.clear()

    found = it.catch_up()
    [(event, _)] = it.events.sent
    it.settle()

    assert (found, event) == (1, TicketEvent(ticket, run=run, missed=True))
    assert it.status(ticket) == CLOSED


def test_a_held_run_that_its_ticket_knows_of_is_left_until_somebody_decided() -> None:
    it, ticket = held()
    before = it.catch_up()
    approve(it.office.office, it.run(ticket).id, it.run(ticket).digest)
    it.office.settle()
    it.events.sent.clear()

    after = it.catch_up()
    it.settle()

    assert (before, after, it.status(ticket)) == (0, 1, CLOSED)


def test_a_look_of_the_timer_that_fails_is_left_to_its_next_time_and_is_no_poison() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail("ticket", DeskUnavailable("no connection"))

    it.catch_up()
    it.settle()
    reason, told = it.row(ticket).reason, it.helpdesk.notes(ticket)
    again = it.catch_up()
    it.settle()

    assert (reason, told, again) == ("no connection", [], 1)
    assert it.status(ticket) == CLOSED


def test_many_at_once_are_taken_a_hundred_at_a_time() -> None:
    it = FakeReception(a_side(a_group("it", ["ann"])), limits=TIGHT)
    tickets = [it.submit(answers(CUSTOMER, "1")) for _ in range(MOST_AT_ONCE + 1)]

    first = it.catch_up()
    it.settle()
    second = it.catch_up()
    it.settle()

    assert (first, second) == (MOST_AT_ONCE, 1)
    assert {it.status(ticket) for ticket in tickets} == {CLOSED}
