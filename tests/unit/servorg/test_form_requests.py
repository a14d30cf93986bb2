"""A form's request from its ticket to the ticket's answer: one run for each, told once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from servorg.customer import Configuration
from servorg.decisions import approve, cancel, reject
from servorg.form_requests import CLAIM_SECONDS
from servorg.helpdesk import FieldAnswer, FormAnswers, FormRef, Picked
from servorg.jobs import Office
from servorg.messages import SyncJob, TicketEvent
from servorg.records import Run, RunStatus
from servorg.request_records import State
from shared.core.model import Prune
from shared.errors import DeskRejected
from tests.builders import a_group, a_side, an_unread_group
from tests.fakes.helpdesk import APPROVAL, CLOSED, DECLINED, IN_PROGRESS, NEW
from tests.unit.servorg.office import CUSTOMER
from tests.unit.servorg.reception_rig import FORM, TIGHT, FakeReception, answers


def test_a_form_starts_a_run_and_its_ticket_is_told_and_closed_when_it_succeeded() -> None:
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "5", "2"))

    it.deliver(ticket)
    queued, working = it.run(ticket), it.status(ticket)
    it.settle()

    assert (queued.customer, queued.modes, queued.trigger, queued.status) == (CUSTOMER, (2, 5), "form", "queued")
    assert queued.options == {"ticket": ticket}
    assert working == IN_PROGRESS
    assert (it.run(ticket).status, it.status(ticket)) == (RunStatus.SUCCEEDED, CLOSED)
    assert it.statuses_told(ticket) == [IN_PROGRESS, CLOSED]
    assert "Done:\n- 2 contacts created, 1 contact group created, 2 added to groups" in it.helpdesk.notes(ticket)[1]
    assert it.row(ticket).state is State.ANSWERED
    assert it.office.active() == {"ann", "bob"}


def test_the_run_is_a_row_before_its_message_and_the_ticket_in_progress_before_both_can_end() -> None:
    it = FakeReception()
    it.helpdesk.fail("tell_ticket", DeskRejected(400, "DeskDirector answered 400: no such status"))
    ticket = it.submit()

    with pytest.raises(DeskRejected):
        it.deliver(ticket)

    assert it.run(ticket).status is RunStatus.QUEUED
    assert it.jobs() == []
    assert (it.row(ticket).state, it.row(ticket).reason) == (
        State.STARTING,
        "DeskDirector answered 400: no such status",
    )
    it.deliver(ticket)
    assert it.jobs() == [SyncJob(it.row(ticket).run, CUSTOMER)]
    assert it.row(ticket).reason == ""


def test_modes_replace_those_of_the_customer_and_nothing_else_and_the_notes_say_which() -> None:
    it = FakeReception()
    it.book.configured[CUSTOMER] = Configuration(modes=(1, 3), max_removals=7)
    ticket = it.submit(answers(CUSTOMER, "2"))

    it.deliver(ticket)
    it.settle()

    assert it.book.configuration(CUSTOMER) == Configuration(modes=(2,), max_removals=7)
    assert len(it.helpdesk.notes(ticket)) == 2
    for note in it.helpdesk.notes(ticket):
        assert 'Sync mode: "Add contacts to Contact Group". It replaces "Sync contacts only" and "Link ' in note


def test_the_notes_of_a_strict_mirror_say_what_it_takes_away() -> None:
    it = FakeReception()
    it.book.configured[CUSTOMER] = Configuration(prune=Prune.ALL)
    ticket = it.submit(answers(CUSTOMER, "2"))

    it.deliver(ticket)
    it.settle()

    assert len(it.helpdesk.notes(ticket)) == 2
    assert all("what was given by hand in DeskDirector is taken away too" in note for note in it.helpdesk.notes(ticket))


def test_modes_that_stay_are_not_said_to_be_replaced() -> None:
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "1"))

    it.deliver(ticket)
    it.settle()

    assert len(it.helpdesk.notes(ticket)) == 2
    assert all("replaces" not in note for note in it.helpdesk.notes(ticket))
    assert all('Sync mode: "Sync contacts only".' in note for note in it.helpdesk.notes(ticket))


def test_a_delivery_that_comes_again_and_again_gives_one_run_and_one_answer() -> None:
    it = FakeReception()
    ticket = it.submit()

    for _ in range(3):
        it.deliver(ticket)
    it.settle()
    for _ in range(3):
        it.deliver(ticket, form=FORM, result=it.results)
        it.deliver(ticket, form=1, result=1)
    it.settle()

    assert len(it.runs()) == 1
    assert it.statuses_told(ticket) == [IN_PROGRESS, CLOSED]


def test_a_ticket_that_is_reopened_after_its_answer_is_not_worked_on_again() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.settle()
    it.helpdesk.set_status(ticket, NEW)

    it.deliver(ticket)
    it.catch_up()
    it.settle()

    assert (len(it.runs()), len(it.helpdesk.notes(ticket))) == (1, 2)


def test_a_closed_ticket_gets_no_run_and_no_note_until_it_is_open() -> None:
    it = FakeReception()
    ticket = it.submit(status=CLOSED)

    closed = it.deliver(ticket)
    it.helpdesk.set_status(ticket, NEW)
    reopened = it.deliver(ticket)

    assert (closed.state, closed.run) == (State.CLOSED, "")
    assert (reopened.state, len(it.runs())) == (State.QUEUED, 1)


def test_a_ticket_that_is_gone_is_done_with() -> None:
    it = FakeReception()

    assert it.deliver(501).state is State.CLOSED
    assert (it.events.sent, it.runs()) == ([], [])


def test_a_ticket_that_goes_while_it_is_told_is_done_with() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail("tell_ticket", DeskRejected(404, "DeskDirector answered 404: There is no ticket."))

    row = it.deliver(ticket)

    assert row.reason == "DeskDirector answered 404: There is no ticket."
    assert it.events.sent == []


def test_a_ticket_without_the_form_is_left_alone_and_not_looked_into_twice() -> None:
    it = FakeReception()
    ticket = it.submit(FormAnswers({"printer": FieldAnswer()}), account=99)

    it.deliver(ticket)
    row = it.deliver(ticket)

    assert (row.state, row.seen) == (State.NOT_OURS, it.results)
    assert [call.name for call in it.helpdesk.calls] == ["ticket", "form_answers", "ticket"]
    assert it.helpdesk.told == []


def test_a_ticket_whose_form_cannot_be_found_is_not_ours() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.answers.clear()

    assert it.deliver(ticket).state is State.NOT_OURS


def test_a_site_whose_tickets_do_not_tell_their_forms_is_asked_for_those_of_the_delivery() -> None:
    it = FakeReception()
    ticket = it.submit()
    [form] = it.helpdesk.tickets[ticket].forms
    it.helpdesk.tickets[ticket] = type(it.helpdesk.tickets[ticket])(ticket, 2, NEW, closed=False)

    alone = it.deliver(ticket)
    told = it.deliver(ticket, form=form.form, result=form.result)
    older = it.deliver(ticket, form=form.form, result=form.result - 1)
    it.settle()

    assert (alone.state, told.state, older.state) == (State.NOT_OURS, State.QUEUED, State.QUEUED)
    assert (len(it.runs()), it.status(ticket)) == (1, CLOSED)


def test_a_form_that_is_sent_anew_on_its_ticket_is_a_new_request() -> None:
    it = FakeReception()
    ticket = it.submit(answers("nobody"))
    refused = it.deliver(ticket)
    it.submit(answers(), ticket=ticket)
    it.deliver(ticket)
    it.settle()

    assert refused.state is State.REFUSED
    assert (len(it.runs()), it.status(ticket)) == (1, CLOSED)
    assert it.row(ticket).result == it.results


def test_another_form_that_is_added_to_the_ticket_changes_nothing() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.submit(FormAnswers({"survey": FieldAnswer()}), ticket=ticket)

    it.deliver(ticket)
    it.deliver(ticket)
    it.settle()

    assert (len(it.runs()), it.statuses_told(ticket)) == (1, [IN_PROGRESS, CLOSED])
    assert it.row(ticket).result == it.results - 1


def test_an_older_form_that_was_answered_does_not_run_again_when_the_newer_one_is_gone() -> None:
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "2"))
    it.deliver(ticket)
    it.settle()
    it.helpdesk.set_status(ticket, NEW)
    it.submit(answers(CUSTOMER, "1"), ticket=ticket)
    it.deliver(ticket)
    it.settle()
    it.helpdesk.set_status(ticket, NEW)
    del it.helpdesk.answers[it.helpdesk.tickets[ticket].forms[-1]]
    it.submit(FormAnswers({"survey": FieldAnswer()}), ticket=ticket)

    it.deliver(ticket)
    it.settle()

    assert len(it.runs()) == 2
    assert it.book.configuration(CUSTOMER).modes == (1,)
    assert it.row(ticket).seen == it.results
    assert it.catch_up() == 0


@pytest.mark.parametrize(
    ("filled", "account", "said"),
    [
        (answers(), 99, "The ticket belongs to another account than the one that this form is for."),
        (answers("gone"), 2, 'Answer: "gone". No customer of the sync has this id or name.'),
        (answers(CUSTOMER, "9"), 2, 'Answer: "9". There is no such sync mode.'),
    ],
)
def test_what_cannot_be_done_is_refused_with_one_note_and_the_ticket_stays_open(
    filled: FormAnswers, account: int, said: str
) -> None:
    it = FakeReception()
    ticket = it.submit(filled, account=account)

    for _ in range(2):
        it.deliver(ticket)
    it.settle()
    [note] = it.helpdesk.notes(ticket)

    assert note.startswith(f"Nothing was synced. {said}")
    assert "lease send the form" in note
    assert (it.row(ticket).state, it.status(ticket), it.runs()) == (State.REFUSED, NEW, [])
    assert it.book.configured == {}


def test_an_answer_by_name_is_resolved() -> None:
    it = FakeReception()
    other = FieldAnswer((Picked("custorg_account_other", "Other"),), " cóntoso ")
    label = FieldAnswer((Picked("sync_mode_other", "Other"),), "add contacts to CONTACT group")
    ticket = it.submit(FormAnswers({"custorg_account": other, "sync_mode": label}))

    it.deliver(ticket)

    assert (it.run(ticket).customer, it.run(ticket).modes) == (CUSTOMER, (2,))


def test_a_customer_that_is_removed_before_its_run_starts_is_told_as_unknown() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail("tell_ticket", DeskRejected(400, "x"))
    with pytest.raises(DeskRejected):
        it.deliver(ticket)
    del it.office.ledger.kept[it.row(ticket).run]
    it.book.remove(CUSTOMER)

    assert it.deliver(ticket).state is State.REFUSED
    assert "No customer of the sync has this id" in it.helpdesk.notes(ticket)[-1]


def test_a_customer_that_is_removed_while_its_run_is_at_work_is_told_by_its_id() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.office.settle()
    it.book.remove(CUSTOMER)

    it.events_only()

    assert it.helpdesk.notes(ticket)[-1].startswith("The sync of contoso succeeded.")


# Approval


def test_a_request_waits_for_its_approval_and_says_so_once() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=APPROVAL)

    it.deliver(ticket)
    it.deliver(ticket)
    waiting, queued = it.deliver(ticket), it.runs()
    it.helpdesk.set_status(ticket, NEW)
    it.deliver(ticket)
    it.settle()

    assert (waiting.state, queued) == (State.WAITING, [])
    assert it.statuses_told(ticket) == [None, IN_PROGRESS, CLOSED]
    assert "waits for the approval of this ticket" in it.helpdesk.notes(ticket)[0]


def test_an_approval_that_is_delivered_before_the_first_event_starts_the_run_and_the_other_changes_nothing() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=NEW)

    it.deliver(ticket)
    it.deliver(ticket)
    it.settle()
    it.deliver(ticket)

    assert (len(it.runs()), it.statuses_told(ticket)) == (1, [IN_PROGRESS, CLOSED])


def test_a_declined_request_is_not_run_unless_it_is_approved_after_all() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(status=APPROVAL)
    it.deliver(ticket)
    it.helpdesk.set_status(ticket, DECLINED)

    declined = it.deliver(ticket)
    none = it.runs()
    it.helpdesk.set_status(ticket, NEW)
    approved = it.deliver(ticket)

    assert (declined.state, none) == (State.DECLINED, [])
    assert (approved.state, len(it.runs())) == (State.QUEUED, 1)


def test_without_approval_statuses_every_open_status_runs() -> None:
    it = FakeReception()
    ticket = it.submit(status=APPROVAL)

    assert it.deliver(ticket).state is State.QUEUED


def test_a_wrong_request_is_refused_before_anybody_approves_it() -> None:
    it = FakeReception(approval=True)
    ticket = it.submit(answers("gone"), status=APPROVAL)

    assert it.deliver(ticket).state is State.REFUSED


# Ends


def held() -> tuple[FakeReception, int]:
    """A ticket whose run wants to take two people away and may take one."""
    it = FakeReception(limits=TIGHT)
    first = it.submit()
    it.deliver(first)
    it.settle()
    it.office.entra.side = a_side(a_group("it", ["cid"]))
    ticket = it.submit()
    it.deliver(ticket)
    it.settle()
    return it, ticket


def test_a_held_run_leaves_its_ticket_open_and_says_who_decides_with_which_command() -> None:
    it, ticket = held()
    run, note = it.run(ticket), it.helpdesk.notes(ticket)[-1]

    assert (run.status, it.status(ticket)) == (RunStatus.HELD, IN_PROGRESS)
    assert note.startswith("The sync of Contoso is held: changes wait for a person to decide.")
    assert f"python -m servorg approve {run.id} {run.digest}" in note
    assert f"python -m servorg reject {run.id}" in note
    assert "4 removals in one run, 1 are allowed" in note
    assert "An administrator of the sync" in note


def test_after_the_approval_the_ticket_is_told_again_and_closed() -> None:
    it, ticket = held()
    run = it.run(ticket)

    approve(it.office.office, run.id, run.digest)
    it.deliver(ticket)
    it.settle()

    assert (it.run(ticket).status, it.status(ticket)) == (RunStatus.SUCCEEDED, CLOSED)
    assert it.statuses_told(ticket) == [IN_PROGRESS, None, CLOSED]
    assert it.office.active() == {"cid"}


def test_a_run_that_is_held_once_more_tells_why() -> None:
    it, ticket = held()
    run = it.run(ticket)
    it.office.entra.side = a_side(an_unread_group("it"))
    it.office.now += timedelta(minutes=1)

    approve(it.office.office, run.id, run.digest)
    it.settle()
    for _ in range(2):
        it.deliver(ticket)

    assert it.statuses_told(ticket) == [IN_PROGRESS, None, None]
    assert "approved, but nothing was applied: " in it.helpdesk.notes(ticket)[-1]


@pytest.mark.parametrize(
    ("decide", "said"),
    [
        (reject, "An administrator rejected what the sync of Contoso held; nothing of that was done."),
        (cancel, "An administrator cancelled the sync of Contoso."),
    ],
)
def test_a_rejected_or_cancelled_run_leaves_its_ticket_open_and_says_so(
    decide: Callable[[Office, str], Run], said: str
) -> None:
    it, ticket = held()
    decide(it.office.office, it.row(ticket).run)
    it.settle()

    assert it.helpdesk.notes(ticket)[-1].startswith(said)
    assert "Skipped" not in it.helpdesk.notes(ticket)[-1]
    assert (it.status(ticket), it.row(ticket).state) == (IN_PROGRESS, State.ANSWERED)


def test_a_run_that_is_cancelled_before_it_began_is_answered() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)

    cancel(it.office.office, it.row(ticket).run)
    it.settle()

    assert it.helpdesk.notes(ticket)[-1].startswith("An administrator cancelled the sync of Contoso.")


def test_a_newer_run_that_supersedes_a_held_one_answers_both_tickets() -> None:
    it, first = held()
    second = it.submit()
    it.deliver(second)
    it.settle()

    note = it.helpdesk.notes(first)[-1]
    assert note.startswith("A newer run of Contoso took the place of this one")
    assert f"python -m servorg run {it.row(second).run}" in note
    assert "is held" in it.helpdesk.notes(second)[-1]
    assert (it.row(first).state, it.row(second).state) == (State.ANSWERED, State.QUEUED)


def test_a_failed_run_leaves_its_ticket_open_and_says_why_and_what_to_do() -> None:
    it = FakeReception(a_side(an_unread_group("it", why="the count differs")))
    ticket = it.submit()
    it.deliver(ticket)
    it.settle()
    note = it.helpdesk.notes(ticket)[-1]

    assert (it.run(ticket).status, it.status(ticket)) == (RunStatus.FAILED, IN_PROGRESS)
    assert note.startswith("The sync of Contoso failed.")
    assert "group not read: the count differs (1): it" in note
    assert "python -m servorg sync contoso --wait" in note
    assert "close it when it is settled" in note


def test_a_run_that_was_done_in_part_leaves_its_ticket_open() -> None:
    it = FakeReception(a_side(a_group("it", ["ann"]), an_unread_group("hr")))
    ticket = it.submit()
    it.deliver(ticket)
    it.settle()

    assert (it.run(ticket).status, it.status(ticket)) == (RunStatus.PARTLY, IN_PROGRESS)
    assert it.helpdesk.notes(ticket)[-1].startswith("The sync of Contoso was done in part: something failed.")


def test_a_ticket_that_somebody_closed_meanwhile_gets_no_note() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.helpdesk.set_status(ticket, CLOSED)

    during = it.deliver(ticket)
    it.settle()

    assert (during.state, it.row(ticket).state) == (State.QUEUED, State.ANSWERED)
    assert it.statuses_told(ticket) == [IN_PROGRESS]
    assert it.run(ticket).status is RunStatus.SUCCEEDED


def test_a_run_that_is_there_already_when_its_ticket_is_closed_is_left_to_its_end() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.helpdesk.fail("tell_ticket", DeskRejected(400, "no such status"))
    with pytest.raises(DeskRejected):
        it.deliver(ticket)
    it.helpdesk.set_status(ticket, CLOSED)

    row = it.deliver(ticket)
    it.settle()

    assert (row.state, it.row(ticket).state) == (State.QUEUED, State.ANSWERED)
    assert it.run(ticket).status is RunStatus.SUCCEEDED
    assert it.helpdesk.notes(ticket) == []


def test_a_run_that_nobody_asked_for_by_ticket_is_announced_to_nobody() -> None:
    it = FakeReception()

    it.office.sync()

    assert it.events.sent == []


# Together


def test_two_tickets_of_one_customer_are_done_one_after_the_other_and_each_is_answered() -> None:
    it = FakeReception()
    tickets = [it.submit(answers(CUSTOMER, "1")), it.submit(answers(CUSTOMER, "2"))]

    for ticket in tickets:
        it.deliver(ticket)
    it.settle()

    assert [it.run(ticket).modes for ticket in tickets] == [(1,), (2,)]
    assert [it.status(ticket) for ticket in tickets] == [CLOSED, CLOSED]
    assert [len(it.helpdesk.notes(ticket)) for ticket in tickets] == [2, 2]
    assert it.book.configuration(CUSTOMER).modes == (2,)


def test_a_ticket_that_another_host_looks_at_is_looked_at_a_little_later() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.requests.claim(ticket, "another host", it.office.now, CLAIM_SECONDS)

    it.deliver(ticket, form=FORM, result=it.results)
    [(event, delay)] = it.events.sent

    assert (event, delay) == (TicketEvent(ticket, FORM, it.results), 3.0)
    assert (it.helpdesk.calls, it.runs()) == ([], [])
    it.requests.release(ticket, "another host")
    it.settle()
    assert (len(it.runs()), it.status(ticket)) == (1, CLOSED)


def test_the_event_of_a_runs_end_needs_no_look_into_the_form() -> None:
    it = FakeReception()
    ticket = it.submit()
    it.deliver(ticket)
    it.office.settle()
    it.helpdesk.calls.clear()

    it.events_only()

    assert [call.name for call in it.helpdesk.calls] == ["ticket", "tell_ticket"]


def test_answers_are_looked_for_in_the_newest_form_first() -> None:
    it = FakeReception()
    ticket = it.submit(answers(CUSTOMER, "1"))
    it.submit(answers(CUSTOMER, "3"), ticket=ticket)

    it.deliver(ticket)

    assert it.run(ticket).modes == (3,)
    assert it.helpdesk.calls[1].arguments == (FORM, it.results)
    assert FormRef(FORM, it.results) == it.helpdesk.tickets[ticket].forms[-1]
