"""`explain` over the whole stack: why a person is where they are, and why one was removed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, Told, cli, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", GRACE_DAYS_CONTACTS="7")


def explained(customer: Customer, address: str) -> Told:
    return cli(customer.stack, "explain", customer.id, address, "--json")


def shown(customer: Customer, address: str) -> str:
    """What `explain` tells in words, on one line."""
    return " ".join(cli(customer.stack, "explain", customer.id, address).words.split())


def rules(told: Told) -> list[str]:
    return [one["rule"] for one in told["applies"]]


def test_a_person_of_a_nested_group_is_told_with_the_way_and_with_all_that_is_his(customer: Customer) -> None:
    [ada] = customer.people("Ada")
    team = customer.group("Team", [ada], chosen=False)
    region = customer.group("Region", [team], chosen=False)
    staff = customer.group("Staff", [region])
    run = customer.sync()
    told = explained(customer, f"  {customer.mails[ada].upper()} ")
    [person], [contact], [link] = told["entra"]["people"], told["contacts"], told["links"]
    words = shown(customer, customer.mails[ada])

    assert (told.status, told["known"], rules(told)) == (0, True, ["counts"])
    assert person["groups"] == [{"id": staff, "name": "Staff", "path": ["Staff", "Region", "Team"], "owner": False}]
    assert (contact["account"], contact["active"]) == (customer.account, True)
    assert contact["groups"] == [{"name": "Staff", "role": "regular"}]
    assert [(group["name"], group["role"]) for group in link["groups"]] == [("Staff", "regular")]
    assert [(one["run"], one["kind"], one["status"]) for one in told["changes"]] == [
        (run["id"], "create contact", "applied"),
        (run["id"], "add to contact group", "applied"),
    ]
    assert "In Staff by way of Region > Team." in words
    assert run["id"] in words


def test_a_guest_a_disabled_person_and_one_of_a_foreign_domain_are_told_with_their_reasons(customer: Customer) -> None:
    ada, gil, dis, far = (
        customer.person("Ada"),
        customer.person("Gil", userType="Guest"),
        customer.person("Dis", accountEnabled=False),
        customer.person("Far", mail=f"far.{customer.id}@elsewhere.example"),
    )
    customer.group("Staff", [ada, gil, dis, far])
    customer.sync()
    told = {one: explained(customer, customer.mails[one]) for one in (gil, dis, far)}

    assert {one: answer["applies"][0]["reason"] for one, answer in told.items()} == {
        gil: "guest",
        dis: "disabled",
        far: "unverified domain",
    }
    assert {answer.status for answer in told.values()} == {0}
    assert [row["subject"] for row in told[gil]["skipped"]] == [customer.mails[gil]]
    assert "is a guest in the tenant; guests are not synced" in shown(customer, customer.mails[gil])


def test_a_leaver_in_grace_is_told_with_the_date_and_the_run_that_took_him_out_of_his_group(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    customer.leave(staff, ada)
    left = customer.sync()
    waiting = explained(customer, customer.mails[ada])
    grace = next(one for one in waiting["applies"] if one["rule"] == "in grace")
    [held] = [row for row in left["changes"] if row["status"] == "waiting"]

    assert rules(waiting) == ["in no chosen group", "in grace"]
    assert (grace["run"], grace["reason"]) == (left["id"], held["reason"])
    assert waiting["links"][0]["leavingSince"] is not None
    assert "remove from contact group" in {one["kind"] for one in waiting["changes"] if one["run"] == left["id"]}
    assert any("protect" in one for one in waiting["advice"])


def test_what_is_held_is_told_with_the_command_that_lets_it_through(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    customer.configure("--max-removals", "0")
    customer.leave(staff, ada)
    run = customer.sync()
    told = explained(customer, customer.mails[ada])

    assert run["status"] == "held"
    assert "held" in rules(told)
    assert any(f"approve {run['id']} {run['digest']}" in one for one in told["advice"])


def test_a_person_is_found_by_a_proxy_address_and_told_with_the_address_of_the_contact(customer: Customer) -> None:
    other = f"o'neil.{customer.id}@alpha.test"
    ada = customer.person("Ada", proxyAddresses=[f"smtp:{other}"])
    customer.group("Staff", [ada])
    customer.sync()
    told = explained(customer, other)
    [person], [contact] = told["entra"]["people"], told["contacts"]

    assert (person["foundBy"], person["contactAddress"]) == ("proxy address", customer.mails[ada])
    assert (contact["address"], contact["active"]) == (customer.mails[ada], True)


def test_an_owner_is_told_as_one(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    customer.own(customer.group("Staff", [ada]), bo)
    customer.sync()
    told = explained(customer, customer.mails[bo])
    [group] = told["entra"]["people"][0]["groups"]

    assert (group["path"], group["owner"], rules(told)) == ([], True, ["owner only"])


def test_an_unknown_address_is_exit_status_2_with_a_sentence(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    customer.sync()
    done = customer.stack.servorg_cli("explain", customer.id, "nobody@alpha.example")
    told = explained(customer, "nobody@alpha.example")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nobody@alpha.example is not known to Entra")
    assert (told.status, told["known"]) == (2, False)


@pytest.mark.parametrize("path", ["/memberOf", "/ownedObjects", r"/users\?"])
def test_a_directory_that_cannot_be_read_is_told_and_nobody_is_said_to_be_in_no_group(
    customer: Customer, path: str
) -> None:
    [ada] = customer.people("Ada")
    customer.group("Staff", [ada])
    customer.sync()
    customer.stack.graph.fault(path=path, status=403, times=None)
    told: Any = explained(customer, customer.mails[ada])

    assert (told.status, told["entra"], rules(told)) == (0, None, [])
    assert "403" in told["entraProblem"]
    assert len(told["changes"]) == 2
