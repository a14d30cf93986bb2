"""Messages that failed for good: explained by their run, replayed as a new run, or dropped."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from servorg.customer import UnknownCustomer
from servorg.jobs import enqueue
from servorg.messages import CustomerRefresh, Message, SyncJob, TicketEvent
from servorg.poison import NoSuchMessage, drop, poisoned, replay
from servorg.records import Run, RunStatus
from servorg.request_records import State
from tests.unit.servorg.cli_rig import START, App

MISSING = "contoso-20260101-000000-00000000"
LATER = START + timedelta(seconds=9)


def failed(app: App, *modes: int) -> str:
    """A run that failed for good, and its message."""
    run = enqueue(app.office, "contoso", modes or (1,), "timer")
    app.queue.texts.clear()
    app.ledger.update_run(run.id, status=RunStatus.FAILED, reason="the CustOrg could not be reached")
    app.queue.failed.append(Message("m1", SyncJob(run.id, "contoso").to_json(), START))
    return run.id


def test_a_message_has_the_reason_of_its_run() -> None:
    app = App()
    run = failed(app)

    [told] = poisoned(app.graveyard)

    assert (told.customer, told.run, told.reason) == ("contoso", run, "the CustOrg could not be reached")


@pytest.mark.parametrize(
    ("text", "customer", "reason"),
    [
        ("no json", None, "cannot be read: no sync job: "),
        ('{"run": 1, "customer": "contoso"}', None, "cannot be read: no sync job: run "),
        (SyncJob(MISSING, "contoso").to_json(), "contoso", "there is no such run of this customer"),
    ],
)
def test_a_message_without_a_run_says_so(text: str, customer: str | None, reason: str) -> None:
    app = App()
    app.queue.failed = [Message("m1", text, START)]

    [told] = poisoned(app.graveyard)

    assert told.customer == customer
    assert told.reason.startswith(reason)


def test_a_message_whose_run_went_well_meanwhile_says_so() -> None:
    app = App()
    app.ledger.update_run(failed(app), status=RunStatus.SUCCEEDED, reason="")

    assert [one.reason for one in poisoned(app.graveyard)] == ["its run is succeeded meanwhile"]


def test_the_newest_message_is_told_first() -> None:
    app = App()
    app.queue.failed = [Message(f"m{number}", "?", START) for number in range(3)]

    assert [one.message.id for one in poisoned(app.graveyard)] == ["m2", "m1", "m0"]


def test_a_replayed_message_leaves_the_list_and_starts_a_new_run_in_the_modes_of_the_old_one() -> None:
    app = App()
    old = failed(app, 2, 5)
    app.seconds += 60

    run = replay(app.office, app.graveyard, "m1", lambda _: (1,))

    assert isinstance(run, Run)
    assert run.id != old
    assert (run.customer, run.modes, run.trigger, run.status) == ("contoso", (2, 5), "replay", RunStatus.QUEUED)
    assert app.queue.texts == [SyncJob(run.id, "contoso").to_json()]
    assert (app.queue.failed, app.ledger.kept[old].status) == ([], RunStatus.FAILED)


def test_a_message_whose_run_is_not_known_is_replayed_in_the_modes_of_its_customer() -> None:
    app = App()
    app.queue.failed = [Message("m1", SyncJob(MISSING, "contoso").to_json(), START)]

    run = replay(app.office, app.graveyard, "m1", lambda _: (1, 2))

    assert isinstance(run, Run)
    assert run.modes == (1, 2)


def test_a_message_that_is_not_there_or_names_nobody_is_not_replayed() -> None:
    app = App()
    app.queue.failed = [Message("m1", "no json", START)]

    with pytest.raises(NoSuchMessage, match="`poison list` shows no message 'm2'"):
        replay(app.office, app.graveyard, "m2", lambda _: (1,))
    with pytest.raises(NoSuchMessage, match="can't be read"):
        replay(app.office, app.graveyard, "m1", lambda _: (1,))

    assert len(app.queue.failed) == 1
    assert (app.queue.texts, app.ledger.kept) == ([], {})


def test_a_message_of_a_customer_that_is_gone_stays() -> None:
    app = App()
    failed(app)

    def gone(customer: str) -> tuple[int, ...]:
        raise UnknownCustomer(customer)

    with pytest.raises(UnknownCustomer):
        replay(app.office, app.graveyard, "m1", gone)

    assert len(app.queue.failed) == 1
    assert app.queue.texts == []


def test_a_dropped_message_is_gone() -> None:
    app = App()
    run = failed(app)
    app.queue.failed.append(replace(app.queue.failed[0], id="m2"))

    drop(app.graveyard, "m1")

    assert [message.id for message in app.queue.failed] == ["m2"]
    assert list(app.ledger.kept) == [run]
    with pytest.raises(NoSuchMessage):
        drop(app.graveyard, "m1")


def failed_look(app: App, **fields: Any) -> None:
    """A look at ticket 501 that failed for good, and the row of its request."""
    app.events.failed.append(Message("e1", TicketEvent(501, 9, 70).to_json(), LATER))
    if fields:
        app.requests.claim(501, "me", START, 60)
        app.requests.write(501, "me", **fields)


def test_a_look_at_a_ticket_has_the_reason_and_the_customer_of_its_request() -> None:
    app = App()
    run = failed(app)
    failed_look(app, state=State.STARTING, customer="contoso", run=run, reason="DeskDirector answered 400")

    newest, oldest = poisoned(app.graveyard)

    assert (newest.message.id, oldest.message.id) == ("e1", "m1")
    assert (newest.ticket, newest.customer, newest.run) == (501, "contoso", run)
    assert newest.reason == "ticket 501: DeskDirector answered 400"


@pytest.mark.parametrize(("fields", "state"), [({}, "new"), ({"state": State.QUEUED}, "queued")])
def test_a_look_at_a_ticket_without_a_reason_says_how_far_it_is(fields: dict[str, Any], state: str) -> None:
    app = App()
    failed_look(app, **fields)

    [told] = poisoned(app.graveyard)

    assert (told.customer, told.run) == (None, None)
    assert told.reason == f"ticket 501: its request is {state}; the log says why it failed"


def test_a_look_at_a_ticket_is_replayed_as_another_look() -> None:
    app = App()
    failed_look(app)

    again = replay(app.office, app.graveyard, "e1", lambda _: (1,))

    assert again == TicketEvent(501, 9, 70)
    assert (app.events.texts, app.events.failed) == ([again.to_json()], [])
    assert app.ledger.kept == {}


def test_an_event_that_cannot_be_read_is_told_and_dropped() -> None:
    app = App()
    app.events.failed.append(Message("e1", "no json", START))

    [told] = poisoned(app.graveyard)
    with pytest.raises(NoSuchMessage, match="can't be read"):
        replay(app.office, app.graveyard, "e1", lambda _: (1,))
    drop(app.graveyard, "e1")

    assert told.reason.startswith("cannot be read: no ticket event: ")
    assert (told.customer, told.ticket, app.events.failed) == (None, None, [])


# refreshes of customers' groups


def test_a_refresh_is_told_and_replayed_as_a_first_try() -> None:
    app = App()
    app.refresh_queue.failed.append(Message("r1", CustomerRefresh("contoso", 3).to_json(), LATER))

    [told] = poisoned(app.graveyard)
    again = replay(app.office, app.graveyard, "r1", lambda _: (1,))

    assert (told.customer, told.run, told.ticket) == ("contoso", None, None)
    assert told.reason == "refresh of its groups: the log says why it failed"
    assert again == CustomerRefresh("contoso", 1)
    assert (app.refresh_queue.texts, app.refresh_queue.failed) == ([again.to_json()], [])


def test_a_refresh_that_cannot_be_read_is_told_and_dropped() -> None:
    app = App()
    app.refresh_queue.failed.append(Message("r1", "{}", LATER))

    [told] = poisoned(app.graveyard)
    drop(app.graveyard, "r1")

    assert told.reason == "cannot be read: no refresh: customer Field required"
    assert app.refresh_queue.failed == []
