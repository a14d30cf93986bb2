"""The timers end to end, each fired by hand as an administrator can."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import requests

from doubles.stack import SERVORG, Layout, Stack, key_setting
from servorg.ledger import TableLedger
from servorg.records import ChangeRow, Run, RunStatus, new_run_id
from shared.settings import StorageSettings
from shared.tables import Tables
from tests.e2e.older_custorg import OlderCustOrg
from tests.e2e.polling import eventually
from tests.e2e.worlds import Customer, Json, add_customer, cli, new_customer, tenant_id, tiny_layout

NOBODY = "http://127.0.0.1:9"  # discard: nothing listens there
RANDOM = Random(5)


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", "beta")


@pytest.fixture
def ledger(stack: Stack) -> TableLedger:
    """ServOrg's ledger, to put there what a killed host would have left."""
    storage = stack.servorg_settings()["AzureWebJobsStorage"]
    return TableLedger(Tables(StorageSettings.read({"AzureWebJobsStorage": storage})))


def look(stack: Stack) -> None:
    """Fires `enqueue_scheduled_jobs` and returns when it is done."""
    before = stack.output(SERVORG).count("schedules looked at")
    stack.fire("enqueue_scheduled_jobs")
    eventually(lambda: stack.output(SERVORG).count("schedules looked at"), until=lambda count: count > before)


def left_run(ledger: TableLedger, customer: Customer, age: timedelta, **fields: object) -> Run:
    """A run's row as a host left it that was killed before it sent the message."""
    at = datetime.now(UTC) - age
    run = Run(new_run_id(customer.id, at, RANDOM), customer.id, (2,), queued_at=at, trigger="timer")
    run = replace(run, **fields)  # type: ignore[arg-type]
    ledger.create_run(run)
    return run


def refreshed(customer: Customer, since: datetime) -> Json:
    """What is known of the customer's refresh, once there was one after `since`."""

    def seen() -> Json | None:
        found: Json | None = cli(customer.stack, "customers", "show", customer.id, "--json")["refresh"]
        return found if found and datetime.fromisoformat(found["triedAt"]) > since else None

    found = eventually(seen, until=bool)
    assert found
    return found


def test_a_schedule_of_the_customers_own_gives_one_run_and_the_common_timer_none(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada", "Bo"))
    due = datetime.now(UTC) + timedelta(seconds=4)
    customer.configure("--schedule", f"{due:%S %M %H %d %m} *", "--mode", "2")
    look(customer.stack)
    early = customer.runs() if datetime.now(UTC) < due else []

    def fired() -> list[Json]:
        look(customer.stack)
        return customer.runs()

    eventually(fired, until=bool)
    customer.stack.fire("enqueue_sync_jobs")
    look(customer.stack)
    [run] = eventually(customer.runs, until=lambda runs: runs[0]["status"] not in {"queued", "running"})

    assert early == []
    assert (run["trigger"], run["status"], run["modes"]) == ("schedule", "succeeded", [2])
    assert customer.active() == set(customer.mails.values())


def test_a_run_whose_message_never_came_is_taken_up_and_a_fresh_one_left_alone(
    customer: Customer, ledger: TableLedger
) -> None:
    customer.group("Staff", customer.people("Ada"))
    stuck = left_run(ledger, customer, timedelta(hours=1))
    fresh = left_run(ledger, customer, timedelta(minutes=2))
    look(customer.stack)
    taken = eventually(lambda: ledger.run(stuck.id), until=lambda run: bool(run and run.ended_at))
    waiting = ledger.run(fresh.id)

    assert taken
    assert taken.status is RunStatus.SUCCEEDED
    assert waiting
    assert waiting.status is RunStatus.QUEUED
    assert f'"run": "{stuck.id}", "customer": "{customer.id}"' in customer.stack.output(SERVORG)
    assert customer.active() == set(customer.mails.values())


def test_runs_that_are_long_over_are_forgotten_but_for_the_newest(customer: Customer, ledger: TableLedger) -> None:
    ended = datetime.now(UTC) - timedelta(days=401)
    runs = [
        left_run(ledger, customer, timedelta(days=days), status=RunStatus.SUCCEEDED, ended_at=ended)
        for days in (500, 402)
    ]
    for run in runs:
        ledger.write_changes(run.id, [ChangeRow(run.id, 0, "create contact")])
    look(customer.stack)

    assert [run["id"] for run in customer.runs()] == [runs[1].id]
    assert (ledger.changes(runs[0].id), len(ledger.changes(runs[1].id))) == ([], 1)


def test_one_customer_that_is_down_keeps_no_other_waiting_and_the_report_tells_it(stack: Stack) -> None:
    down, fine = new_customer(stack), new_customer(stack)
    fine.group("Staff", fine.people("Ada"))
    add_customer(down, url=NOBODY, key=key_setting("alpha"))
    began = datetime.now(UTC)
    stack.fire("refresh_customers_groups")
    good, bad = refreshed(fine, began), refreshed(down, began)
    listed = {row["customer"]: row["custOrg"] for row in cli(stack, "report", "--json")["customers"]}

    assert (good["reason"], good["chosen"], good["version"], good["lacks"]) == ("", 1, 1, [])
    assert bad["reason"] == "the CustOrg could not be reached (ConnectionError)"
    assert (bad["refreshedAt"], good["refreshedAt"]) == (None, good["triedAt"])
    assert listed[down.id] == {"refreshedAt": None, "reason": bad["reason"], "versions": []}
    assert listed[fine.id]["reason"] == ""


def test_the_page_is_told_what_becomes_of_each_group(stack: Stack) -> None:
    customer = new_customer(stack, "beta", mode=(2, 3, 4))
    customer.configure("--mode", "2", "--mode", "3", "--mode", "4")
    stack.desk.edit({"op": "add_company", "name": "Night shift", "tags": ["night-shift"]})
    customer.contact_group("Staff")
    customer.group("Staff")
    customer.group("Night Shift", chosen=False)
    customer.group("x" * 101, chosen=False)
    began = datetime.now(UTC)
    stack.fire("refresh_customers_groups")
    told = refreshed(customer, began)
    page = requests.get(f"{stack.url('beta')}/api/groups", timeout=60).json()

    assert (told["silence"], told["toldAt"]) == ("", told["triedAt"])
    assert page["modes"] == [2, 3, 4]
    assert {row["name"][:11]: row["outlook"] for row in page["groups"]} == {
        "Staff": ["contact", "contact-group-found", "service-group-missing", "account-missing"],
        "Night Shift": ["contact", "contact-group-made", "service-group-missing", "account-found"],
        "x" * 11: ["contact", "name-too-long", "service-group-missing", "account-missing"],
    }


def test_an_older_custorg_is_refreshed_and_told_what_does_not_work(stack: Stack) -> None:
    customer = new_customer(stack)
    with OlderCustOrg(tenant_id("alpha")) as older:
        add_customer(customer, url=older.url, key=key_setting("alpha"))
        began = datetime.now(UTC)
        stack.fire("refresh_customers_groups")
        told = refreshed(customer, began)
        live = stack.servorg_cli("offers", customer.id)
    kept = stack.servorg_cli("offers", customer.id)

    assert (told["reason"], told["groups"], told["silence"]) == ("", 3, "its CustOrg is too old for it")
    assert "tell-group-outlook" in told["lacks"]
    assert "The CustOrg is older than this ServOrg; update its function app." in live.stdout
    assert (live.stderr, kept.returncode, kept.stdout) == ("", 0, live.stdout)
    assert "this is what it told at" in " ".join(kept.stderr.split())
