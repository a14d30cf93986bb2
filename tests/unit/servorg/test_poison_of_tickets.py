"""A job that a form's ticket asked for and that failed for good: its replay answers the ticket."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from servorg.form_requests import CLAIM_SECONDS
from servorg.jobs import MOST_TRIES, Office
from servorg.messages import Message, SyncJob
from servorg.poison import Graveyard, TicketBusy, replay
from servorg.records import Run, RunStatus
from servorg.request_records import RequestBook, State
from shared.errors import CustOrgUnreachable
from tests.fakes.helpdesk import CLOSED, IN_PROGRESS
from tests.unit.core.worlds import Killed
from tests.unit.servorg.cli_rig import START, FakeQueue
from tests.unit.servorg.office import CUSTOMER
from tests.unit.servorg.reception_rig import FakeReception, answers
from tests.unit.servorg.test_form_requests_killed import Fuse, Mortal


class Asked(FakeReception):
    """A ticket that was told that its run failed, and the run's message among the poison."""

    def __init__(self) -> None:
        super().__init__()
        self.poison = FakeQueue()
        self.ticket = self.submit()
        self.deliver(self.ticket)
        self.failed = self.run(self.ticket).id
        self.office.entra.then(CustOrgUnreachable("the CustOrg could not be reached"))
        with pytest.raises(CustOrgUnreachable):
            self.office.deliver(MOST_TRIES)
        self.settle()
        self.office.now += timedelta(minutes=1)
        self.poison.failed.append(Message("m1", SyncJob(self.failed, CUSTOMER).to_json(), START))

    def replay(self, office: Office | None = None, requests: RequestBook | None = None) -> Run:
        """What the operator does once the cause is gone."""
        known = requests or self.requests
        yard = Graveyard(self.office.ledger, self.poison, FakeQueue(), FakeQueue(), known)
        run = replay(office or self.office.office, yard, "m1", lambda _: (1,))
        assert isinstance(run, Run)
        return run

    def replay_killed_at(self, step: int, *, done: bool) -> None:
        """The same by a program that is killed at this step; later others may claim what it held."""
        fuse = Fuse(step, done)
        ledger: Any = Mortal(self.office.ledger, fuse)
        jobs: Any = Mortal(self.office.jobs, fuse)
        requests: Any = Mortal(self.requests, fuse)
        with pytest.raises(Killed):
            self.replay(replace(self.office.office, ledger=ledger, jobs=jobs), requests)
        self.office.now += timedelta(seconds=CLAIM_SECONDS)


def test_the_new_run_answers_the_ticket() -> None:
    it = Asked()
    before = it.status(it.ticket)
    run = it.replay()
    it.settle()
    row = it.row(it.ticket)

    assert (before, it.status(it.ticket)) == (IN_PROGRESS, CLOSED)
    assert (row.run, row.state, row.answered) == (run.id, State.ANSWERED, "succeeded")
    assert (run.id != it.failed, run.modes, run.trigger) == (True, (2,), "replay")
    assert it.statuses_told(it.ticket) == [IN_PROGRESS, None, CLOSED]


def test_the_new_run_leaves_the_customers_configuration_as_it_is_by_now() -> None:
    it = Asked()
    it.book.configure(CUSTOMER, {"modes": (1,)})
    it.replay()
    it.settle()

    assert it.book.configuration(CUSTOMER).modes == (1,)


def test_a_ticket_whose_form_was_sent_anew_meanwhile_is_left_to_its_newer_run() -> None:
    it = Asked()
    it.submit(answers(CUSTOMER, "5"), ticket=it.ticket)
    newer = it.deliver(it.ticket).run
    plain = it.replay()

    assert it.row(it.ticket).run == newer
    assert plain.options == {}


def test_a_ticket_that_is_being_looked_at_is_not_taken_away_from_whoever_does() -> None:
    it = Asked()
    it.requests.claim(it.ticket, "somebody", it.office.now, 60)

    with pytest.raises(TicketBusy, match="is being looked at just now; try again in 120 s"):
        it.replay()

    assert (len(it.poison.failed), len(it.runs()), it.row(it.ticket).run) == (1, 1, it.failed)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("again", [False, True])
def test_a_kill_while_it_is_replayed_leaves_no_ticket_without_an_answer(again: bool, step: int, done: bool) -> None:
    it = Asked()
    it.replay_killed_at(step, done=done)
    if again or it.row(it.ticket).run == it.failed:
        it.replay()
    it.catch_up()
    it.settle()

    assert it.status(it.ticket) == CLOSED
    assert it.statuses_told(it.ticket) == [IN_PROGRESS, None, CLOSED]
    assert {run.status for run in it.runs() if run.id != it.failed} == {RunStatus.SUCCEEDED}
