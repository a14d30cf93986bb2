"""Messages that failed for good: explained by their run, replayed as a new run, or dropped."""

from dataclasses import replace

import pytest

from servorg.customer import UnknownCustomer
from servorg.jobs import enqueue
from servorg.messages import Message, SyncJob
from servorg.poison import NoSuchMessage, drop, poisoned, replay
from servorg.records import RunStatus
from tests.unit.servorg.cli_rig import START, App

MISSING = "contoso-20260101-000000-00000000"


def failed(app: App, *modes: int) -> str:
    """A run that failed for good, and its message."""
    run = enqueue(app.office, "contoso", modes or (1,), "timer")
    app.queue.texts.clear()
    app.ledger.update_run(run.id, status=RunStatus.FAILED, reason="the CustOrg could not be reached")
    app.queue.failed.append(Message("m1", SyncJob(run.id, "contoso").to_json(), START, 5))
    return run.id


def test_a_message_has_the_reason_of_its_run() -> None:
    app = App()
    run = failed(app)

    [told] = poisoned(app.ledger, app.queue)

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
    app.queue.failed = [Message("m1", text, START, 5)]

    [told] = poisoned(app.ledger, app.queue)

    assert told.customer == customer
    assert told.reason.startswith(reason)


def test_a_message_whose_run_went_well_meanwhile_says_so() -> None:
    app = App()
    app.ledger.update_run(failed(app), status=RunStatus.SUCCEEDED, reason="")

    assert [one.reason for one in poisoned(app.ledger, app.queue)] == ["its run is succeeded meanwhile"]


def test_the_newest_message_is_told_first() -> None:
    app = App()
    app.queue.failed = [Message(f"m{number}", "?", START, 5) for number in range(3)]

    assert [one.message.id for one in poisoned(app.ledger, app.queue)] == ["m2", "m1", "m0"]


def test_a_replayed_message_leaves_the_list_and_starts_a_new_run_in_the_modes_of_the_old_one() -> None:
    app = App()
    old = failed(app, 2, 5)
    app.seconds += 60

    run = replay(app.office, app.queue, "m1", lambda _: (1,))

    assert run.id != old
    assert (run.customer, run.modes, run.trigger, run.status) == ("contoso", (2, 5), "replay", RunStatus.QUEUED)
    assert app.queue.texts == [SyncJob(run.id, "contoso").to_json()]
    assert (app.queue.failed, app.ledger.kept[old].status) == ([], RunStatus.FAILED)


def test_a_message_whose_run_is_not_known_is_replayed_in_the_modes_of_its_customer() -> None:
    app = App()
    app.queue.failed = [Message("m1", SyncJob(MISSING, "contoso").to_json(), START, 5)]

    assert replay(app.office, app.queue, "m1", lambda _: (1, 2)).modes == (1, 2)


def test_a_message_that_is_not_there_or_names_nobody_is_not_replayed() -> None:
    app = App()
    app.queue.failed = [Message("m1", "no json", START, 5)]

    with pytest.raises(NoSuchMessage, match="there is no poison message 'm2'"):
        replay(app.office, app.queue, "m2", lambda _: (1,))
    with pytest.raises(NoSuchMessage, match="names no customer"):
        replay(app.office, app.queue, "m1", lambda _: (1,))

    assert len(app.queue.failed) == 1
    assert (app.queue.texts, app.ledger.kept) == ([], {})


def test_a_message_of_a_customer_that_is_gone_stays() -> None:
    app = App()
    failed(app)

    def gone(customer: str) -> tuple[int, ...]:
        raise UnknownCustomer(customer)

    with pytest.raises(UnknownCustomer):
        replay(app.office, app.queue, "m1", gone)

    assert len(app.queue.failed) == 1
    assert app.queue.texts == []


def test_a_dropped_message_is_gone() -> None:
    app = App()
    run = failed(app)
    app.queue.failed.append(replace(app.queue.failed[0], id="m2"))

    drop(app.queue, "m1")

    assert [message.id for message in app.queue.failed] == ["m2"]
    assert list(app.ledger.kept) == [run]
    with pytest.raises(NoSuchMessage):
        drop(app.queue, "m1")
