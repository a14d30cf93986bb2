"""Messages of the queue: at once, twice, late, unreadable; and the timer that sends them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from doubles.stack import Layout, Stack, key_setting
from tests.e2e.polling import eventually
from tests.e2e.queues import JobQueues
from tests.e2e.worlds import Customer, Told, add_customer, new_customer, tiny_layout

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


@pytest.fixture
def queues(stack: Stack) -> JobQueues:
    return JobQueues(stack)


def test_the_timer_syncs_every_customer_but_those_with_a_schedule_of_their_own(customer: Customer) -> None:
    scheduled = new_customer(customer.stack)
    scheduled.configure("--schedule", "0 0 3 * * *")
    other = new_customer(customer.stack)
    other.configure("--mode", "2")
    other.group("Staff", other.people("Ada"))
    customer.stack.fire("enqueue_sync_jobs")
    done = [
        eventually(one.runs, until=lambda runs: bool(runs and runs[0]["status"] == "succeeded"))
        for one in (customer, other)
    ]

    assert [[(run["trigger"], run["modes"]) for run in runs] for runs in done] == [[("timer", [1])], [("timer", [2])]]
    assert scheduled.runs() == []
    assert set(other.groups()["Staff"]) == other.active() == set(other.mails.values())


def test_two_syncs_at_once_are_done_one_after_the_other(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada", "Bo", "Cem"))
    customer.stack.desk.fault(path="/contacts$", delay=0.3, times=None)
    behind = [customer.sync_behind(), customer.sync_behind()]
    runs = sorted((one.result(timeout=60) for one in behind), key=lambda run: str(run["startedAt"]))

    assert [(run.status, run["status"]) for run in runs] == [(0, "succeeded")] * 2
    assert [bool(run["changes"]) for run in runs] == [True, False]
    assert runs[1]["startedAt"] >= runs[0]["endedAt"]
    assert customer.groups() == {"Staff": dict.fromkeys(customer.mails.values(), "regular")}


def test_a_message_that_comes_twice_is_done_once(customer: Customer, queues: JobQueues) -> None:
    customer.group("Staff", customer.people("Ada", "Bo"))
    queued = customer.sync(wait=False)
    for _ in range(3):
        queues.put(queues.job(queued.told))
    eventually(queues.left, until=lambda left: left == 0)
    [listed], run = customer.runs(), customer.run(queued["id"])

    assert (listed["id"], run["status"]) == (queued["id"], "succeeded")
    assert customer.groups() == {"Staff": dict.fromkeys(customer.mails.values(), "regular")}
    assert not any(queued["id"] in text for text in queues.poison())


def test_an_old_message_changes_nothing(customer: Customer, queues: JobQueues) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    old = customer.sync()
    customer.leave(staff, ada)
    customer.sync()
    customer.join(staff, ada)
    customer.forget()
    before = customer.runs()
    queues.put(queues.job(old.told))
    customer.stack.fire("run_sync_job", queues.job(old.told))
    eventually(queues.left, until=lambda left: left == 0)

    assert customer.runs() == before
    assert customer.writes() == []
    assert customer.stack.graph.requests() == []


@dataclass(frozen=True, slots=True)
class FiveTries:
    """What failed for good: `bad` messages, and the run of `cut_off`, whose CustOrg is away; `fine` ran meanwhile."""

    cut_off: Customer
    run: Told
    fine: Customer
    fine_run: Told
    bad: list[str]
    poison: list[str]
    seconds: float


@pytest.fixture(scope="module")
def five_tries(stack: Stack) -> FiveTries:
    """All that has to fail five times, at once: each try is five seconds after the last one."""
    queues, cut_off = JobQueues(stack), new_customer(stack)
    cut_off.group("Staff", cut_off.people("Ada", "Bo"))
    cut_off.sync()
    add_customer(cut_off, url=NOBODY_LISTENS, key=key_setting("alpha"))
    fine = new_customer(stack)
    fine.group("Staff", fine.people("Cem"))
    cut_off.forget()
    start = time.monotonic()
    unknown = queues.job({"id": f"{fine.id}-20260101-000000-00000000", "customer": fine.id})
    bad = ["no json", '{"run": 1}', json.dumps({"run": "x", "customer": "../*"}), unknown]
    for text in bad:
        queues.put(text)
    behind = cut_off.sync_behind()
    fine_run, run = fine.sync(), behind.result(timeout=100)
    poison = eventually(queues.poison, until=lambda found: len(found) >= len(bad) + 1)
    return FiveTries(cut_off, run, fine, fine_run, bad, poison, time.monotonic() - start)


def test_a_custorg_that_stays_away_fails_the_run_after_five_tries_and_nobody_is_removed(
    five_tries: FiveTries,
) -> None:
    run, customer = five_tries.run, five_tries.cut_off
    tries = customer.stack.output("servorg").count(f'"run will be tried again", "run": "{run["id"]}"')

    assert five_tries.seconds < 100
    assert (run.status, run["status"], tries) == (1, "failed", 4)
    assert "could not be reached" in run["reason"]
    assert sum(run["id"] in text for text in five_tries.poison) == 1
    assert customer.active() == set(customer.groups()["Staff"]) == set(customer.mails.values())


def test_unreadable_messages_and_those_without_a_run_are_poison_and_disturb_nobody(five_tries: FiveTries) -> None:
    fine, run = five_tries.fine, five_tries.fine_run

    assert (run.status, run["status"]) == (0, "succeeded")
    assert sorted(text for text in five_tries.poison if five_tries.run["id"] not in text) == sorted(five_tries.bad)
    assert [row["id"] for row in fine.runs()] == [run["id"]]
    assert fine.active() == set(fine.mails.values())
