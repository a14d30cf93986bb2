"""What a person decides: held runs approved or rejected, runs cancelled, and what failed for good tried once more."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout, key_setting
from tests.e2e.polling import eventually
from tests.e2e.queues import JobQueues
from tests.e2e.worlds import SOON, Customer, Told, add_customer, cli, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", **SOON)


def holding(customer: Customer) -> tuple[Told, list[str], str]:
    """A held run that would take two of four people away, those two, and their group."""
    customer.configure("--max-removals", "3")
    people = customer.people("Ada", "Bo", "Cem", "Dee")
    staff = customer.group("Staff", people)
    customer.sync()
    customer.leave(staff, *people[:2])
    held = customer.sync()

    assert (held.status, held["status"]) == (3, "held")

    customer.forget()
    return held, people, staff


def decide(customer: Customer, *arguments: str) -> Told:
    return cli(customer.stack, *arguments, "--json")


def test_an_approved_run_applies_exactly_what_was_shown_and_still_is_so(customer: Customer) -> None:
    held, [ada, bo, cem, dee], staff = holding(customer)
    customer.join(staff, bo)
    customer.leave(staff, cem)
    run = decide(customer, "approve", held["id"], held["digest"], "--wait")
    again = decide(customer, "approve", held["id"], held["digest"])

    assert (run.status, run["status"], run["id"]) == (0, "succeeded", held["id"])
    assert customer.active() == customer.mail(bo, cem, dee) == set(customer.groups()["Staff"])
    assert sorted(run.changes("skipped")) == [
        ("deactivate contact", customer.mails[bo]),
        ("remove from contact group", customer.mails[bo]),
    ]
    assert {row["reason"] for row in run["changes"] if row["status"] == "skipped"} == {"no longer so"}
    assert sorted(run.changes("applied")) == [
        ("deactivate contact", customer.mails[ada]),
        ("remove from contact group", customer.mails[ada]),
    ]
    assert (run["counts"]["removed"], run["counts"]["approved"]) == (0, 2)
    assert (again.status, [row["id"] for row in customer.runs()].count(held["id"])) == (1, 1)


def test_another_digest_applies_nothing(customer: Customer) -> None:
    held, _, _ = holding(customer)
    refused = cli(customer.stack, "approve", held["id"], "0" * 16, "--wait")

    assert (refused.status, refused.told) == (1, None)
    assert "another digest" in refused.words
    assert customer.run(held["id"]).told == held.told
    assert customer.writes() == []


def test_an_approval_applies_nothing_while_a_group_cannot_be_read(customer: Customer) -> None:
    held, [_, _, cem, dee], staff = holding(customer)
    customer.stack.graph.fault(path=rf"groups/{staff}/", status=500, times=None)
    blocked = decide(customer, "approve", held["id"], held["digest"], "--wait")
    writes = customer.writes()
    customer.stack.graph.clear_faults()
    run = decide(customer, "approve", held["id"], held["digest"], "--wait")

    assert (blocked.status, blocked["status"], writes) == (3, "held", [])
    assert blocked["reason"].endswith("1 of the chosen groups could not be read completely")
    assert (run.status, customer.active()) == (0, customer.mail(cem, dee))


def test_after_a_rejection_the_next_run_shows_the_same_again(customer: Customer) -> None:
    held, people, _ = holding(customer)
    rejected = decide(customer, "reject", held["id"])
    following = customer.sync()

    assert (rejected.status, rejected["status"], rejected["reason"]) == (0, "cancelled", "rejected")
    assert (following.status, following["status"]) == (3, "held")
    assert following["digest"] == held["digest"]
    assert following.changes("held") == held.changes("held") == rejected.changes("skipped")
    assert customer.active() == customer.mail(*people)
    assert decide(customer, "approve", held["id"], held["digest"]).status == 1


def test_a_run_that_is_cancelled_at_work_stops_and_the_next_one_goes_on(customer: Customer) -> None:
    customer.group("Staff", customer.people(*(f"Person {number}" for number in range(12))))
    customer.stack.desk.fault(path="/contacts$", delay=0.4, times=None)
    behind = customer.sync_behind()
    eventually(customer.contacts, until=lambda found: len(found) >= 2)
    [queued] = customer.runs()
    cancelled = decide(customer, "cancel", queued["id"])
    there = len(customer.contacts())
    run = behind.result(timeout=30)
    closed = eventually(lambda: customer.run(queued["id"]), until=lambda told: told["endedAt"] is not None)
    made = len(customer.contacts())
    customer.stack.desk.clear_faults()
    following = customer.sync()

    assert (cancelled.status, cancelled["status"]) == (0, "cancelled")
    assert (run.status, run["status"], run["reason"]) == (1, "cancelled", "cancelled")
    assert made - there <= 5
    assert made < 12
    assert len(closed.changes("applied")) == made
    assert {row["reason"] for row in closed["changes"] if row["status"] != "applied"} == {"cancelled"}
    assert (following.status, len(customer.active())) == (0, 12)
    assert decide(customer, "cancel", queued["id"]).status == 1


def test_poison_is_listed_with_its_reason_and_replayed_once_the_custorg_is_back(customer: Customer) -> None:
    queues = JobQueues(customer.stack)
    [ada] = customer.people("Ada")
    customer.group("Staff", [ada])
    add_customer(customer, url="http://127.0.0.1:9", key=key_setting("alpha"))
    queues.put("no json")  # first, so that its five tries pass beside the others
    failed = customer.sync()
    eventually(queues.poison, until=lambda texts: len(texts) == 2, within=90)
    listed = decide(customer, "poison", "list").told
    unreadable = next(row for row in listed if row["customer"] is None)
    poison = next(row for row in listed if row["customer"] == customer.id)
    add_customer(customer, url=customer.stack.url("alpha"), key=key_setting("alpha"))
    refused = cli(customer.stack, "poison", "replay", unreadable["message"])
    new = decide(customer, "poison", "replay", poison["message"])
    eventually(lambda: customer.run(new["id"]), until=lambda run: run["status"] == "succeeded")
    dropped = cli(customer.stack, "poison", "drop", unreadable["message"])

    assert (failed.status, failed["status"]) == (1, "failed")
    assert poison["reason"] == failed["reason"] != ""
    assert poison["run"] == failed["id"] != new["id"]
    assert unreadable["reason"].startswith("cannot be read: ")
    assert (refused.status, dropped.status) == (1, 0)
    assert customer.active() == customer.mail(ada)
    assert (decide(customer, "poison", "list").told, queues.poison()) == ([], [])
    assert json.dumps(customer.run(failed["id"]).told) == json.dumps(failed.told)
