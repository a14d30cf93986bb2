"""A host that is killed at any line: the next message, or the timer, goes on where the request was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from servorg.form_requests import CLAIM_SECONDS, attend
from servorg.helpdesk import FormAnswers
from servorg.messages import TicketEvent
from servorg.reception import Reception
from servorg.records import RunStatus
from servorg.request_records import ClaimLost, State
from shared.errors import DeskForbidden, DeskThrottled, DeskUnavailable
from tests.builders import a_group, a_side
from tests.fakes.helpdesk import APPROVAL, CLOSED, IN_PROGRESS, FakeHelpdesk
from tests.unit.core.worlds import Killed
from tests.unit.servorg.office import CUSTOMER
from tests.unit.servorg.reception_rig import DAYS, TIGHT, FakeReception, answers

STEPS = 14
"""More than there are: each later one is a host that is not killed."""


@dataclass(slots=True)
class Fuse:
    """The n-th thing that is done outside kills the host, before it is done or after; then nothing is done any more."""

    left: int
    done: bool
    blown: bool = False

    def through[T](self, work: Callable[[], T]) -> T:
        self.left -= 1
        if self.blown or (self.left == 0 and not self.done):
            self.blown = True
            raise Killed
        result = work()
        if self.left == 0:
            self.blown = True
            raise Killed
        return result


class Mortal:
    """Somebody whose writing calls go through the fuse."""

    WRITES = ("tell_ticket", "create_run", "send", "write", "release", "configure")

    def __init__(self, living: Any, fuse: Fuse) -> None:
        self._living = living
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._living, name)
        if name not in self.WRITES:
            return call
        return lambda *given, **named: self._fuse.through(lambda: call(*given, **named))


def mortal(it: FakeReception, fuse: Fuse) -> Reception:
    """The reception as a host has it that will be killed."""
    living, office = it.reception, it.office.office
    ledger: Any = Mortal(office.ledger, fuse)
    jobs: Any = Mortal(office.jobs, fuse)
    helpdesk: Any = Mortal(living.helpdesk, fuse)
    requests: Any = Mortal(living.requests, fuse)
    customers: Any = Mortal(living.customers, fuse)
    events: Any = Mortal(living.events, fuse)
    return replace(
        living,
        helpdesk=helpdesk,
        requests=requests,
        customers=customers,
        events=events,
        office=replace(office, ledger=ledger, jobs=jobs),
    )


def killed_at(it: FakeReception, event: TicketEvent, step: int, *, done: bool) -> None:
    """One delivery to a host that is killed at this step; later another host may claim what it held."""
    fuse = Fuse(step, done)
    try:
        attend(mortal(it, fuse), event)
    except Killed:
        it.office.now += timedelta(seconds=CLAIM_SECONDS)


class SlowHelpdesk:
    """A helpdesk that takes so long to be told something that `meanwhile` happens."""

    def __init__(self, helpdesk: FakeHelpdesk, meanwhile: Callable[[], None]) -> None:
        self._helpdesk = helpdesk
        self._meanwhile = meanwhile

    def tell_ticket(self, ticket: int, note: str, status: int | None = None) -> None:
        self._helpdesk.tell_ticket(ticket, note, status)
        self._meanwhile()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._helpdesk, name)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, STEPS))
@pytest.mark.parametrize("redelivered", [True, False])
def test_a_kill_while_a_run_is_started_gives_one_run_and_a_closed_ticket(
    redelivered: bool, step: int, done: bool
) -> None:
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "5"))

    killed_at(it, TicketEvent(ticket), step, done=done)
    it.office.settle()
    if redelivered:
        it.deliver(ticket)
    else:
        it.catch_up()
    it.settle()
    it.catch_up()
    it.settle()

    assert [(run.status, run.modes) for run in it.runs()] == [(RunStatus.SUCCEEDED, (5,))]
    assert it.book.configuration(CUSTOMER).modes == (5,)
    assert (it.status(ticket), it.row(ticket).state) == (CLOSED, State.ANSWERED)
    assert it.statuses_told(ticket) == [IN_PROGRESS, CLOSED]


def killed_while_it_is_told(it: FakeReception, step: int, *, done: bool, redelivered: bool) -> int:
    """A ticket whose run has come to its end, or is held, and whose host dies at this step of telling it."""
    ticket = it.submit()
    it.deliver(ticket)
    it.office.settle()
    [(event, _)] = it.events.sent
    it.events.sent.clear()
    killed_at(it, event, step, done=done)
    if redelivered:
        attend(it.reception, event)
    it.catch_up()
    it.settle()
    return ticket


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("redelivered", [True, False])
def test_a_kill_while_a_result_is_told_tells_it_once(redelivered: bool, step: int, done: bool) -> None:
    it = FakeReception()
    ticket = killed_while_it_is_told(it, step, done=done, redelivered=redelivered)

    assert it.statuses_told(ticket) == [IN_PROGRESS, CLOSED]
    assert it.row(ticket).state is State.ANSWERED


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("redelivered", [True, False])
def test_a_kill_while_a_hold_is_told_tells_it_once(redelivered: bool, step: int, done: bool) -> None:
    it = FakeReception(limits=TIGHT)
    it.deliver(it.submit())
    it.settle()
    it.office.entra.side = a_side(a_group("it", ["cid"]))
    ticket = killed_while_it_is_told(it, step, done=done, redelivered=redelivered)

    assert it.statuses_told(ticket) == [IN_PROGRESS, None]
    assert it.row(ticket).answered.startswith("held ")
    assert it.catch_up() == 0


@pytest.mark.parametrize(
    ("filled", "created", "said"),
    [
        (answers("nobody"), 0, "No customer of the sync has this id or name."),
        (answers(), DAYS + 1, "This ticket is older than what the sync remembers"),
    ],
)
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_kill_while_a_refusal_is_told_tells_it_once(
    step: int, done: bool, filled: FormAnswers, created: int, said: str
) -> None:
    it = FakeReception()
    ticket = it.submit(filled)
    it.aged(ticket, created)
    it.requests.last = ticket

    killed_at(it, TicketEvent(ticket), step, done=done)
    it.deliver(ticket)
    [note] = it.helpdesk.notes(ticket)

    assert said in note
    assert (it.row(ticket).state, it.row(ticket).telling, it.runs()) == (State.REFUSED, "", [])


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_kill_while_a_ticket_is_told_to_wait_tells_it_once(step: int, done: bool) -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=APPROVAL)

    killed_at(it, TicketEvent(ticket), step, done=done)
    it.deliver(ticket)

    assert (it.row(ticket).state, it.statuses_told(ticket)) == (State.WAITING, [None])


def test_a_site_that_does_not_tell_a_tickets_notes_may_be_told_twice() -> None:
    it = FakeReception()
    ticket = it.submit(answers("nobody"))
    killed_at(it, TicketEvent(ticket), 4, done=True)  # the note is told, and nobody knows of it
    it.helpdesk.tickets[ticket] = replace(it.helpdesk.tickets[ticket], notes=())
    it.deliver(ticket)

    first, second = it.helpdesk.notes(ticket)
    assert first == second


def test_a_form_that_is_refused_once_more_for_the_same_reason_is_told_so_again() -> None:
    it = FakeReception()
    ticket = it.submit(answers("nobody"))
    it.deliver(ticket)
    it.submit(answers("nobody"), ticket=ticket)
    it.deliver(ticket)

    assert len(it.helpdesk.notes(ticket)) == 2


def test_a_host_whose_time_with_a_ticket_is_over_writes_nothing_more() -> None:
    it = FakeReception()
    ticket = it.submit()

    def somebody_else_takes_it() -> None:
        it.office.now += timedelta(seconds=CLAIM_SECONDS)
        it.requests.claim(ticket, "another host", it.office.now, CLAIM_SECONDS)

    slow: Any = SlowHelpdesk(it.helpdesk, somebody_else_takes_it)
    with pytest.raises(ClaimLost, match=f"another host took over ticket {ticket}"):
        attend(replace(it.reception, helpdesk=slow), TicketEvent(ticket))

    assert it.row(ticket).state is State.STARTING


def test_while_deskdirector_throttles_the_message_comes_again_when_the_time_is_over() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail("tell_ticket", DeskThrottled(42))

    it.deliver(ticket)
    [(event, delay)] = it.events.sent
    it.settle()

    assert (event, delay) == (TicketEvent(ticket), 42)
    assert (len(it.runs()), it.statuses_told(ticket)) == (1, [IN_PROGRESS, CLOSED])


@pytest.mark.parametrize("call", ["ticket", "form_answers", "tell_ticket"])
@pytest.mark.parametrize("error", [DeskUnavailable("no connection"), DeskForbidden("the key is wrong")])
def test_a_deskdirector_that_is_away_or_forbids_brings_the_message_back_and_the_row_says_why(
    call: str, error: Exception
) -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail(call, error)

    with pytest.raises(type(error)):
        it.deliver(ticket)
    reason = it.row(ticket).reason
    it.deliver(ticket)
    it.settle()

    assert (reason, it.row(ticket).reason) == (str(error), "")
    assert (len(it.runs()), it.statuses_told(ticket)) == (1, [IN_PROGRESS, CLOSED])


def test_an_answer_that_is_not_accepted_comes_again() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.office.settle()
    it.helpdesk.fail("tell_ticket", DeskUnavailable("no connection"))

    with pytest.raises(DeskUnavailable):
        it.events_only()
    it.catch_up()
    it.settle()

    assert it.statuses_told(ticket) == [IN_PROGRESS, CLOSED]
