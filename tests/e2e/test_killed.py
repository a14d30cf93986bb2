"""ServOrg's host is killed in the middle of applying: the run goes on, and ends as if nothing had happened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import SERVORG, Layout
from tests.e2e.polling import eventually
from tests.e2e.worlds import Customer, tiny_layout

NAMES = ("Ada", "Bo", "Cem", "Dee", "Eve", "Fay", "Gus", "Hal")
MESSAGE_LEASE = "20"  # longer than a run's lease, so that a new `sync` comes before the old message does
CONTACTS = r"/connector/contacts$"
ADDED = r"/teams/.*/users/"


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", LOCALHOST_MESSAGE_LEASE_SECONDS=MESSAGE_LEASE)


def furnish(customer: Customer) -> None:
    people = customer.people(*NAMES)
    customer.group("Staff", people)
    customer.group("Team", people[::2])


def filled(customer: Customer) -> dict[str, dict[str, str]]:
    """The contact groups as an undisturbed run would leave them."""
    mails = list(customer.mails.values())
    return {"Staff": dict.fromkeys(mails, "regular"), "Team": dict.fromkeys(mails[::2], "regular")}


def kill_when(customer: Customer, *, created: int = 0, added: int = 0) -> None:
    """Kills ServOrg's host once so many contacts, and people in groups, are there."""
    eventually(
        lambda: (len(customer.contacts()), sum(map(len, customer.groups().values()))),
        until=lambda seen: seen[0] >= created and seen[1] >= added,
    )
    customer.stack.kill9(SERVORG)


def test_a_run_killed_while_creating_contacts_goes_on_by_itself_and_ends_as_without_the_kill(
    customer: Customer,
) -> None:
    furnish(customer)
    customer.stack.desk.fault(path=CONTACTS, delay=0.3, times=None)
    behind = customer.sync_behind()
    kill_when(customer, created=3)
    customer.stack.desk.clear_faults()
    customer.stack.restart(SERVORG)
    run, [listed], plan = behind.result(timeout=90), customer.runs(), customer.plan()

    assert (run.status, run["status"], listed["id"]) == (0, "succeeded", run["id"])
    assert {row["status"] for row in run["changes"]} == {"applied"}
    assert (customer.active(), customer.groups()) == (set(customer.mails.values()), filled(customer))
    assert plan.status == 0


def test_a_new_sync_takes_up_a_run_killed_while_filling_groups_once_the_lease_is_over(customer: Customer) -> None:
    furnish(customer)
    customer.stack.desk.fault(path=ADDED, delay=0.3, times=None)
    left = customer.sync_behind()
    kill_when(customer, added=3)
    customer.stack.desk.clear_faults()
    customer.stack.restart(SERVORG)
    new = customer.sync()
    old = left.result(timeout=60)
    log = customer.stack.output(SERVORG)

    assert (old.status, old["status"]) == (0, "succeeded")
    assert (new.status, new["status"], new["changes"]) == (0, "succeeded", [])
    assert f'"taking up a run whose holder is gone", "run": "{old["id"]}", "by": "{new["id"]}"' in log
    assert (customer.active(), customer.groups()) == (set(customer.mails.values()), filled(customer))
