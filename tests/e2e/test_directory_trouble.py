"""A directory that cannot be read completely justifies no removal, and the run says so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout, custorg, key_setting
from tests.e2e.polling import eventually
from tests.e2e.worlds import Customer, add_customer, new_customer, tiny_layout

MORE_THAN_A_PAGE = 1_000


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", "beta", NO_KEY="wrong")


def test_a_500_on_page_two_blocks_what_the_group_could_justify_and_nothing_else(customer: Customer) -> None:
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    staff, team = customer.group("Staff", [ada, bo]), customer.group("Team", [cem])
    customer.sync()
    customer.crowd(staff, MORE_THAN_A_PAGE)
    eve = customer.person("Eve")
    customer.leave(staff, ada)
    customer.leave(team, cem)
    customer.join(team, eve)
    customer.stack.graph.fault(path=rf"groups/{staff}/.*skiptoken", status=500, times=None)
    run = customer.sync()
    [unread] = [row for row in run["skipped"] if row["reason"] == "group not read"]

    assert (run.status, run["status"]) == (4, "partly")
    assert unread["subject"] == "Staff"
    assert "500" in unread["detail"]
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Staff": customer.mail(ada, bo),
        "Team": customer.mail(eve),
    }
    assert customer.active() == customer.mail(ada, bo, cem, eve)


def test_a_500_on_page_two_of_the_only_group_fails_the_run_without_a_write(customer: Customer) -> None:
    [ada] = customer.people("Ada")
    staff = customer.group("Staff", [ada])
    customer.sync()
    customer.crowd(staff, MORE_THAN_A_PAGE)
    customer.stack.graph.fault(path=rf"groups/{staff}/.*skiptoken", status=500, times=None)
    customer.forget()
    run = customer.sync()

    assert (run.status, run["status"], run["changes"]) == (1, "failed", [])
    assert ("Staff", "group not read") in run.skipped
    assert customer.writes() == []


def test_where_only_the_count_differs_people_are_added_and_nobody_is_removed(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.group("Team", [bo])
    customer.sync()
    eve = customer.person("Eve")
    customer.leave(staff, ada)
    customer.join(staff, eve)
    customer.stack.graph.fault(path=rf"groups/{staff}/transitiveMembers", patch={"@odata.count": 7}, times=None)
    run = customer.sync()

    assert (run.status, run["status"]) == (4, "partly")
    assert ("Staff", "group not read") in run.skipped
    assert set(customer.groups()["Staff"]) == customer.mail(ada, bo, eve)
    assert customer.active() == customer.mail(ada, bo, eve)


def test_throttling_by_graph_is_waited_out_inside_the_command(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    throttled = {"Retry-After": "1.5"}
    customer.stack.graph.fault(path="transitiveMembers", status=429, headers=throttled, times=2)
    customer.forget()
    run = customer.sync()
    seen = [row["status"] for row in customer.stack.graph.requests("GET") if "transitiveMembers" in row["path"]]

    assert (run.status, run["status"]) == (0, "succeeded")
    assert seen == [429, 429, 200]


def test_a_missing_permission_is_named(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    denied = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
    customer.stack.graph.fault(path="transitiveMembers", status=403, body=denied, times=None)
    run = customer.sync()

    assert run["status"] == "failed"
    assert "GroupMember.Read.All" in run["skipped"][0]["detail"]


def test_a_run_is_queued_while_its_custorg_is_down_and_goes_on_under_its_id(customer: Customer) -> None:
    stack, [ada] = customer.stack, customer.people("Ada")
    customer.group("Staff", [ada])
    stack.kill9(custorg("alpha"))
    behind = customer.sync_behind()
    [waiting] = eventually(customer.runs, until=lambda runs: bool(runs and runs[0]["reason"]))
    stack.restart(custorg("alpha"))
    run = behind.result(timeout=60)

    assert waiting["status"] == "queued"
    assert "could not be reached" in waiting["reason"]
    assert (run.status, run["status"], run["id"], run["reason"]) == (0, "succeeded", waiting["id"], "")
    assert customer.active() == customer.mail(ada)


def test_a_wrong_function_key_fails_the_run_with_a_sentence(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    add_customer(customer, url=customer.stack.url("alpha"), key="NO_KEY")
    customer.forget()
    run, plan = customer.sync(), customer.plan()

    assert (run.status, run["status"], customer.writes()) == (1, "failed", [])
    assert run["reason"] == "the CustOrg did not accept the function key (401); check the customer's key setting"
    assert (plan.status, run["reason"] in plan.words) == (1, True)


def test_an_answer_of_another_tenant_fails_the_run_without_a_write(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    customer.sync()
    other = new_customer(customer.stack, "beta")
    other.group("Staff", other.people("Eve"))
    add_customer(customer, url=customer.stack.url("beta"), key=key_setting("beta"))
    customer.forget()
    run = customer.sync()

    assert (run.status, run["status"], customer.writes()) == (1, "failed", [])
    assert "tenant" in run["reason"]
    assert customer.active() == set(customer.mails.values())
