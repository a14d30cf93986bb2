"""`doctor` on both roles: a right stack, and stacks in which several things are wrong at once."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from doubles.programs import ROOT, base_environment
from doubles.stack import Layout, Stack, custorg
from tests.e2e.worlds import Customer, cli, new_customer, tenant_id, tiny_layout

TENANT = "alpha"
SETTINGS = {
    "EVENT_ID": "sync-user-group",
    "BOARD_ID": "1",
    "IN_PROGRESS_STATUS_ID": "14",
    "CLOSED_STATUS_ID": "19",
    "APPROVAL_STATUS_IDS": "12",
    "DECLINED_STATUS_IDS": "17",
    "MAIL_SENDER": "sync@bluefern.example",
    "EMAIL_RECIPIENTS": "desk@bluefern.example",
}
FORM: dict[str, Any] = {
    "id": 21,
    "name": "Sync User Group",
    "fields": [
        {"name": "Account", "identifier": "custorg_account", "type": "api_single_select", "required": True},
        {"name": "Sync mode", "identifier": "sync_mode", "type": "api_single_select", "required": True},
    ],
}
type Found = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, TENANT, **SETTINGS)


@pytest.fixture(scope="module")
def right(stack: Stack) -> Customer:
    """A customer in modes 2 and 3 after its first sync, in a site where everything was set up."""
    made = new_customer(stack, TENANT, mode=(2, 3))
    stack.desk.edit({"op": "add_form", **FORM}, {"op": "add_service_group", "name": "Support"})
    made.group("Support", made.people("Ann Lee", "Bo Kim"))
    made.configure("--mode", "2", "--mode", "3")
    synced = made.sync()
    stack.servorg_cli("events", "subscribe", "--url", stack.servorg_url)

    assert synced.status == 0, synced.words
    return made


@pytest.fixture
def customer(stack: Stack, right: Customer) -> Iterator[Customer]:
    """The same; what a test does to DeskDirector ends with the test."""
    before = stack.desk.state()
    yield right
    for double in (stack.graph, stack.desk, stack.functions, stack.identity):
        double.clear_faults()
    requests.put(f"{stack.desk.origin}/_double/state", json=before, timeout=60).raise_for_status()


def looked_at(customer: Customer) -> tuple[int, Found]:
    """The exit status of `doctor`, and each check by its part and name."""
    done = cli(customer.stack, "doctor", "--json")
    return done.status, {(row["part"], row["check"]): row for row in done.told}


def states(found: Mapping[tuple[str, str], dict[str, str]], state: str) -> set[tuple[str, str]]:
    return {place for place, row in found.items() if row["state"] == state}


def custorg_doctor(stack: Stack, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """`python -m custorg doctor` with the settings of the customer's app."""
    values = json.loads((stack.folder / f"{custorg(TENANT)}.settings.json").read_text(encoding="utf-8"))["Values"]
    return subprocess.run(
        [sys.executable, "-m", "custorg", "doctor", *options],
        cwd=stack.folder,
        env=base_environment() | {"PYTHONPATH": str(ROOT)} | values | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_right_stack_is_green(customer: Customer) -> None:
    status, found = looked_at(customer)

    assert {place: found[place] for place in states(found, "wrong") | states(found, "look")} == {}
    assert status == 0
    assert {part for part, _ in found} == {"Settings", "Storage", "Mail", "DeskDirector", "Form", customer.id}
    assert {name for part, name in found if part == customer.id} >= {
        "CustOrg", "version", "tenant", "account", "service groups", "CustOrg's table", "CustOrg's clock",
        "CustOrg's GroupMember.Read.All", "CustOrg's User.Read.All", "CustOrg's Organization.Read.All",
    }  # fmt: skip


def test_nothing_is_changed_and_nobody_is_named(customer: Customer) -> None:
    customer.forget()
    done = customer.stack.servorg_cli("doctor", customer.id)

    assert (done.returncode, customer.writes()) == (0, [])
    assert not [word for word in ("Ann", "ann.lee", "Bo Kim") if word in done.stdout]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_several_faults_are_told_at_once_and_each_says_what_to_do(customer: Customer) -> None:
    stack = customer.stack
    stack.desk.edit(
        {"op": "remove_status", "id": 19},
        {"op": "update_company", "id": customer.account, "isActive": False},
        {"op": "set", "dialect": "given"},
    )
    stack.desk.fault(path="/userkey", status=403, times=None)
    stack.functions.fault(path="/listAdvancedActions", times=None, body={"results": [], "totalResults": 0})
    stack.graph.fault(path="/organization", status=403, times=None)
    status, found = looked_at(customer)

    assert status == 1
    wrong = states(found, "wrong")
    assert wrong >= {
        ("DeskDirector", "agent"),
        ("DeskDirector", "schema CreateContactRequest"),
        ("Form", "closed status"),
        (customer.id, "account"),
        (customer.id, "CustOrg's Organization.Read.All"),
    }
    assert {place for place in wrong if not found[place]["todo"]} == set()
    assert '"firstName": "givenName"' in found["DeskDirector", "schema CreateContactRequest"]["todo"]
    assert "infra/grant-permissions custorg" in found[customer.id, "CustOrg's Organization.Read.All"]["todo"]


def test_a_key_that_the_site_refuses_is_one_red_line_and_customers_are_looked_at_all_the_same(
    customer: Customer,
) -> None:
    customer.stack.desk.fault(path="/automate/connector/", status=401, times=None)
    status, found = looked_at(customer)

    assert (status, states(found, "wrong")) == (1, {("DeskDirector", "key")})
    assert states(found, "look") == {("DeskDirector", "all"), ("Form", "all")}
    assert found[customer.id, "CustOrg's User.Read.All"]["state"] == "ok"


def test_a_custorg_that_cannot_be_reached_or_has_another_key_is_told(customer: Customer) -> None:
    stack = customer.stack
    others = {}
    for name, options in {"gone": ("--url", "http://127.0.0.1:9"), "shut": ("--url", stack.url(TENANT))}.items():
        [row] = stack.desk.edit({"op": "add_company", "name": name})
        stack.servorg_cli("customers", "add", name, "--name", name, "--account", str(row["id"]), *options)
        others[name] = cli(stack, "doctor", name, "--json")
        stack.servorg_cli("customers", "remove", name)
    said = {name: [row for row in done.told if row["part"] == name] for name, done in others.items()}

    assert [done.status for done in others.values()] == [1, 1]
    assert {name: {row["check"]: row["state"] for row in rows}["CustOrg"] for name, rows in said.items()} == {
        "gone": "wrong", "shut": "wrong",
    }  # fmt: skip
    assert any("401" in row["said"] for row in said["shut"])


def test_a_custorg_looks_at_itself(customer: Customer) -> None:
    told = custorg_doctor(customer.stack, "--json")
    words = custorg_doctor(customer.stack)

    assert {row["check"]: row["state"] for row in json.loads(told.stdout) if row["state"] != "ok"} == {}
    assert (told.returncode, words.returncode, words.stderr) == (0, 0, "")
    assert words.stdout.rstrip().splitlines()[-1].startswith("0 wrong, 0 to look at, ")


def test_a_permission_that_is_missing_is_named_with_the_command_that_grants_it(customer: Customer) -> None:
    stack = customer.stack
    roles = {"tenant": tenant_id(TENANT), "roles": ["GroupMember.Read.All", "Organization.Read.All"]}
    whole = {**roles, "roles": [*roles["roles"], "User.Read.All", "Member.Read.Hidden", "Mail.Send"]}
    requests.post(f"{stack.identity.origin}/_double/roles", json=roles, timeout=10).raise_for_status()
    done = custorg_doctor(stack, "--json")
    requests.post(f"{stack.identity.origin}/_double/roles", json=whole, timeout=10).raise_for_status()
    rows = {row["check"]: row for row in json.loads(done.stdout)}

    assert done.returncode == 1
    assert rows["User.Read.All"]["state"] == "wrong"
    assert all(word in rows["User.Read.All"]["todo"] for word in ("infra/grant-permissions custorg", "a day"))
    assert rows["GroupMember.Read.All"]["state"] == "ok"


def test_wrong_settings_are_all_named_and_the_rest_waits(customer: Customer) -> None:
    stack = customer.stack
    settings = stack.servorg_settings() | {"DESKDIRECTOR_RATE": "0", "MAX_REMOVAL_SHARE": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "servorg", "doctor", "--json"],
        cwd=stack.folder,
        env=base_environment() | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    custorgs = custorg_doctor(stack, "--json", TENANT_ID="none", AzureWebJobsStorage="")
    rows = json.loads(done.stdout)

    assert (done.returncode, custorgs.returncode) == (1, 1)
    assert sorted(row["said"].split(maxsplit=1)[0].rstrip(":") for row in rows if row["state"] == "wrong") == [
        "DESKDIRECTOR_RATE", "MAX_REMOVAL_SHARE",
    ]  # fmt: skip
    assert {row["part"] for row in rows if row["state"] == "ok"} == {"Storage"}
    assert len([row for row in json.loads(custorgs.stdout) if row["state"] == "wrong"]) == 2
