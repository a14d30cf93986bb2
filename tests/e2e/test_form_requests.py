"""The form from its submission to the ticket's answer, over DeskDirector's deliveries and without them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from doubles.stack import Layout, Stack
from tests.e2e.polling import eventually
from tests.e2e.worlds import MSP_ACCOUNT, Customer, Told, add_customer, cli, new_customer, tiny_layout

NEW, APPROVAL, IN_PROGRESS, DECLINED, CLOSED = 11, 12, 14, 17, 19  # doubles/desk_seed.py
SETTINGS = {
    "BOARD_ID": "1",
    "IN_PROGRESS_STATUS_ID": str(IN_PROGRESS),
    "CLOSED_STATUS_ID": str(CLOSED),
    "APPROVAL_STATUS_IDS": str(APPROVAL),
    "DECLINED_STATUS_IDS": str(DECLINED),
}
FIELDS = [
    {"name": "Account", "identifier": "custorg_account", "type": "api_single_select"},
    {"name": "Sync mode", "identifier": "sync_mode", "type": "api_multi_select"},
]


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", "beta", **SETTINGS)


@dataclass(frozen=True, slots=True)
class Form:
    """The form in DeskDirector, and what its tickets are told."""

    stack: Stack
    id: int

    def submit(self, customer: object, modes: object = "2", **fields: Any) -> int:
        """Somebody sends the form; the ticket."""
        filled = {"custorg_account": customer, "sync_mode": modes}
        order = {"op": "submit_form", "form": self.id, "company": MSP_ACCOUNT, "answers": filled, **fields}
        [made] = self.stack.desk.edit(order)
        ticket: int = made["ticket"]
        return ticket

    def deliver(self, ticket: int, **how: Any) -> int | None:
        """DeskDirector delivers the ticket's event; what ServOrg answered."""
        order = {"ticket": ticket, "url": self.url, **how}
        answer = requests.post(f"{self.stack.desk.origin}/_double/deliver", json=order, timeout=60)
        answer.raise_for_status()
        [told] = answer.json()
        status: int | None = told["status"]
        return status

    @property
    def url(self) -> str:
        return f"{self.stack.servorg_url}/api/events/deskdirector"

    def send(self, customer: object, modes: object = "2", **fields: Any) -> int:
        """The form is sent and delivered; the ticket."""
        ticket = self.submit(customer, modes, **fields)

        assert self.deliver(ticket) == 202

        return ticket

    def set_status(self, ticket: int, status: int) -> None:
        """Somebody gives the ticket another status."""
        self.stack.desk.edit({"op": "update_ticket", "id": ticket, "status": status})

    def ticket(self, ticket: int) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.stack.desk.state()["tickets"]
        return next(row for row in rows if row["id"] == ticket)

    def notes(self, ticket: int) -> list[str]:
        """What the ticket was told, oldest first; nothing of it is internal."""
        rows = self.ticket(ticket)["notes"]

        assert not any(row["isInternal"] for row in rows)

        return [row["note"] for row in rows]

    def answered(self, ticket: int, notes: int = 2, *, within: float = 60) -> list[str]:
        """The notes once there are so many."""
        return eventually(lambda: self.notes(ticket), until=lambda found: len(found) >= notes, within=within)

    def closed(self, ticket: int) -> list[str]:
        """The notes once the ticket is closed."""
        eventually(lambda: self.ticket(ticket)["status"], until=lambda status: status == CLOSED)
        return self.notes(ticket)


@pytest.fixture(scope="module")
def form(stack: Stack) -> Form:
    [made] = stack.desk.edit({"op": "add_form", "name": "Sync User Group", "fields": FIELDS})
    return Form(stack, made["id"])


@pytest.fixture
def customer(stack: Stack) -> Customer:
    """A new customer; the fault of the stuck ticket stays."""
    return new_customer(stack)


@dataclass(frozen=True, slots=True)
class Early:
    """What takes long, sent before the other tests: their time passes meanwhile.

    A ticket that DeskDirector doesn't give out, one of a customer whose key is missing, two of one customer.
    """

    stuck: Customer
    stuck_ticket: int
    locked: Customer
    locked_ticket: int
    pair: Customer
    pair_tickets: tuple[int, int]


@pytest.fixture(scope="module")
def early(stack: Stack, form: Form) -> Early:
    stuck, locked = (new_customer(stack) for _ in range(2))
    pair = new_customer(stack, "beta")  # no other test chooses groups in this tenant meanwhile
    pair.group("Staff", pair.people("Ada", "Bo"))
    ticket = form.submit(stuck.id, "1")
    stack.desk.fault(path=f"/tickets/{ticket}$", status=500, times=None)
    add_customer(locked, url=stack.url("alpha"), key="CUSTOMER_KEY_NOBODY_SET")

    assert form.deliver(ticket) == 202

    return Early(stuck, ticket, locked, form.send(locked.id), pair, (form.send(pair.id, "1"), form.send(pair.id, "2")))


def test_a_form_is_run_at_once_and_its_ticket_is_told_and_closed(early: Early, customer: Customer, form: Form) -> None:
    customer.group("Staff", customer.people("Ada", "Bo"))
    ticket = form.send(customer.id, ["2"])
    [begun, result] = form.closed(ticket)
    [run] = customer.runs()

    assert early.stuck.id != customer.id
    assert (run["status"], run["modes"], run["trigger"]) == ("succeeded", [2], "form")
    assert begun.startswith(f"The sync of Customer {customer.id} has started.")
    assert result.startswith(f"The sync of Customer {customer.id} succeeded.")
    assert "- 2 contacts created, 1 contact group created, 2 added to groups" in result
    assert 'It replaces "Sync contacts only"' in result
    assert run["id"] in begun
    assert set(customer.groups()["Staff"]) == customer.active() == set(customer.mails.values())
    shown = cli(customer.stack, "configurations", "--json").told
    assert next(row["modes"] for row in shown if row["customer"] == customer.id) == [2]


def test_deliveries_in_any_shape_and_as_often_as_they_like_give_one_run(customer: Customer, form: Form) -> None:
    ticket = form.submit(customer.id, ["2", "1"])
    answers = [
        form.deliver(ticket, shape=shape, style=style, encoding=encoding)
        for shape, style, encoding in [
            ("object", "flat", "hex"),
            ("array", "nested", "HEX"),
            ("object", "entity", "base64"),
            ("array", "flat", "base64"),
        ]
    ]
    notes = form.closed(ticket)
    answers.append(form.deliver(ticket))
    later = form.send(customer.id, "1")
    form.closed(later)

    assert answers == [202] * 5
    assert [run["modes"] for run in customer.runs()] == [[1], [1, 2]]
    assert form.notes(ticket) == notes
    assert len(notes) == 2


def test_what_is_not_signed_or_no_delivery_is_refused_and_starts_nothing(customer: Customer, form: Form) -> None:
    ticket = form.submit(customer.id)
    refused = [form.deliver(ticket, secret=secret) for secret in ("", "another secret of 32 characters!")]
    wrong = [form.deliver(ticket, body=body) for body in ("{}", "[]", '{"ticketId": "501"}', "no json", "[" * 90_000)]
    large = form.deliver(ticket, body=json.dumps({"ticketId": ticket, "more": "x" * 1_048_576}))
    twice = requests.post(form.url, data="{}", headers={"x-dd-signature": "sha256=1,sha256=1"}, timeout=60)

    assert (refused, wrong, large, twice.status_code) == ([401, 401], [400] * 5, 413, 401)
    assert twice.json() == {"error": "signature", "message": "The signature is missing or wrong."}
    assert customer.runs() == []
    assert form.notes(ticket) == []


def test_a_request_waits_until_it_is_approved_and_a_declined_one_is_not_run(customer: Customer, form: Form) -> None:
    waiting, declined = (form.send(customer.id, status=APPROVAL) for _ in range(2))
    [said] = form.answered(waiting, 1)
    form.answered(declined, 1)
    before = customer.runs()
    form.set_status(declined, DECLINED)
    form.set_status(waiting, NEW)
    answers = [form.deliver(declined), form.deliver(waiting), form.deliver(waiting)]
    notes = form.closed(waiting)

    assert "waits for the approval of this ticket" in said
    assert (before, answers, len(notes)) == ([], [202] * 3, 3)
    assert len(customer.runs()) == 1
    assert (form.ticket(declined)["status"], len(form.notes(declined))) == (DECLINED, 1)


def test_what_no_delivery_told_of_is_found_on_the_board(customer: Customer, form: Form) -> None:
    lost, approved = form.submit(customer.id, "1"), form.submit(customer.id, "2")
    closed = form.submit(customer.id, status=CLOSED)
    customer.stack.fire("collect_missed_requests")
    notes = [form.closed(ticket) for ticket in (lost, approved)]
    customer.stack.fire("collect_missed_requests")
    form.deliver(closed)
    eventually(lambda: f'"ticket": {closed}, "state": "closed"' in customer.stack.output("servorg"), until=bool)

    assert [len(told) for told in notes] == [2, 2]
    assert sorted(run["modes"] for run in customer.runs()) == [[1], [2]]
    assert form.notes(closed) == []


def test_a_held_run_is_told_with_the_command_that_approves_it_and_its_ticket_closed_afterwards(
    customer: Customer, form: Form
) -> None:
    customer.configure("--max-removals", "1")
    people = customer.people("Ada", "Bo", "Cem", "Dee")
    staff = customer.group("Staff", people)
    customer.sync()
    customer.leave(staff, *people[:2])
    ticket = form.send(customer.id, "2")
    told = form.answered(ticket)[-1]
    open_with = form.ticket(ticket)["status"]
    command = next(line.split() for line in told.splitlines() if "servorg approve" in line)
    decided: Told = cli(customer.stack, *command[3:], "--wait", "--json")
    notes = form.closed(ticket)

    assert told.startswith(f"The sync of Customer {customer.id} is held:")
    assert (open_with, decided["status"]) == (IN_PROGRESS, "succeeded")
    assert len(notes) == 3
    assert "2 removed from groups, 2 contacts deactivated" in notes[-1]
    assert customer.active() == customer.mail(*people[2:])


def test_what_cannot_be_done_is_refused_with_a_note(customer: Customer, form: Form) -> None:
    other = {"identifier": "custorg_account_other", "name": "Other", "value": "Nobody Ltd"}
    tickets = [
        form.send("nobody"),
        form.send(other),
        form.send(customer.id, "7"),
        form.send(customer.id, company=customer.account),
    ]
    notes = [form.answered(ticket, 1) for ticket in tickets]

    assert [note[: note.index(". ", 20) + 1] for [note] in notes] == [
        'Nothing was synced. Answer: "nobody".',
        'Nothing was synced. Answer: "Nobody Ltd".',
        'Nothing was synced. Answer: "7".',
        "Nothing was synced. The ticket belongs to another account than the one that this form is for.",
    ]
    assert {form.ticket(ticket)["status"] for ticket in tickets} == {NEW}
    assert customer.runs() == []


def test_a_customer_is_found_by_the_name_that_somebody_wrote_and_a_mode_by_its_label(
    customer: Customer, form: Form
) -> None:
    other = {"identifier": "custorg_account_other", "name": "Other", "value": f" cUSTOMER {customer.id} "}
    label = {"identifier": "sync_mode_other", "name": "Other", "value": "sync contacts ONLY"}
    form.closed(form.send(other, [label]))

    assert [run["modes"] for run in customer.runs()] == [[1]]


def test_two_tickets_of_one_customer_are_each_answered(early: Early, form: Form) -> None:
    results = [form.closed(ticket)[-1] for ticket in early.pair_tickets]
    runs = early.pair.runs()

    assert sorted((run["status"], run["modes"]) for run in runs) == [("succeeded", [1]), ("succeeded", [2])]
    assert all("succeeded" in result for result in results)
    assert set(early.pair.groups()["Staff"]) == early.pair.active() == set(early.pair.mails.values())
    assert max(run["startedAt"] for run in runs) >= min(run["endedAt"] for run in runs)


def test_a_failed_run_leaves_its_ticket_open_with_the_reason(early: Early, form: Form) -> None:
    customer, result = early.locked, form.answered(early.locked_ticket)[-1]

    assert result.startswith(f"The sync of Customer {customer.id} failed.")
    assert "CUSTOMER_KEY_NOBODY_SET is missing" in result
    assert f"python -m servorg sync {customer.id} --wait" in result
    assert form.ticket(early.locked_ticket)["status"] == IN_PROGRESS


def test_a_ticket_that_could_not_be_read_five_times_is_poison_and_is_done_once_it_is_replayed(
    early: Early, form: Form
) -> None:
    customer, ticket = early.stuck, early.stuck_ticket
    [poison] = eventually(
        lambda: cli(form.stack, "poison", "list", "--json").told, until=lambda rows: len(rows) == 1, within=90
    )
    form.stack.desk.clear_faults()
    replayed = cli(form.stack, "poison", "replay", poison["message"], "--json")
    form.closed(ticket)

    assert (poison["customer"], poison["ticket"]) == (None, ticket)
    assert poison["reason"] == f"ticket {ticket}: DeskDirector answered 500"
    assert (replayed.status, replayed.told) == (0, {"ticket": ticket})
    assert [run["status"] for run in customer.runs()] == ["succeeded"]
    assert cli(form.stack, "poison", "list", "--json").told == []
