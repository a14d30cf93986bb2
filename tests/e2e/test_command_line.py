"""The command line as scripts see it: exit statuses, and the JSON of every command that reads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout, Stack, key_setting
from tests.e2e.queues import JobQueues
from tests.e2e.worlds import Customer, add_customer, cli, tenant_id, tiny_layout

RUN = {
    "id", "customer", "modes", "status", "digest", "startedAt", "endedAt", "reason", "objections", "changes", "skipped",
}  # fmt: skip


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", NO_KEY="wrong")


def test_the_exit_status_of_sync_tells_the_end_and_then_nothing_is_left_in_the_queue(customer: Customer) -> None:
    queues, url = JobQueues(customer.stack), customer.stack.url("alpha")
    customer.group("Staff", customer.people("Ada", "Bo"))
    seen = []
    customer.configure("--max-additions", "1")
    seen.append((customer.sync(), queues.left()))
    customer.configure("--max-additions", "none")
    customer.stack.desk.fault(path=r"/contacts$", method="POST", status=400)
    seen.append((customer.sync(), queues.left()))
    seen.append((customer.sync(), queues.left()))
    add_customer(customer, url=url, key="NO_KEY")
    seen.append((customer.sync(), queues.left()))

    assert [(run.status, run["status"], left) for run, left in seen] == [
        (3, "held", 0),
        (4, "partly", 0),
        (0, "succeeded", 0),
        (1, "failed", 0),
    ]


def test_plan_tells_what_a_run_would_do_and_the_run_is_told_in_the_promised_form(customer: Customer) -> None:
    guest = customer.person("Gil", userType="Guest")
    customer.group("Staff", [*customer.people("Ada"), guest])
    plan, run = customer.plan(), customer.sync()
    shown, [listed] = customer.run(run["id"]), customer.runs()

    assert plan.status == 2
    assert [(row["kind"], row["status"]) for row in plan["changes"]] == [
        (row["kind"], "planned") for row in run["changes"]
    ]
    assert run.told.keys() >= RUN
    assert all(change.keys() >= {"kind", "status", "reason"} for change in run["changes"])
    assert [row.keys() >= {"subject", "reason"} for row in run["skipped"]] == [True]
    assert shown.told == run.told
    assert listed == {name: value for name, value in run.told.items() if name != "changes"}


def test_runs_are_listed_newest_first_for_one_customer_and_for_all(customer: Customer) -> None:
    first, second = customer.sync(), customer.sync()
    everybody = cli(customer.stack, "runs", "--json").told

    assert [row["id"] for row in customer.runs()] == [second["id"], first["id"]]
    assert [row["id"] for row in everybody[:2]] == [second["id"], first["id"]]
    assert cli(customer.stack, "runs", customer.id, "--limit", "1", "--json").told == customer.runs()[:1]


def test_a_mode_on_sync_holds_for_that_run_only(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    run = customer.sync("--mode", "1")
    [configured] = [
        row for row in cli(customer.stack, "configurations", "--json").told if row["customer"] == customer.id
    ]

    assert (run["modes"], run["status"], customer.groups()) == ([1], "succeeded", {})
    assert configured["modes"] == [1]
    assert customer.sync("--mode", "5", "--mode", "1")["modes"] == [1, 5]
    assert set(customer.groups()) == {"Staff"}


def test_customers_groups_and_offers_have_json(customer: Customer) -> None:
    stack, group = customer.stack, customer.group("Staff")
    customer.configure("--mode", "2", "--mode", "5", "--max-removals", "9", "--schedule", "0 0 3 * * *")
    stack.servorg_cli("protect", customer.id, "Boss@Alpha.example")
    customer.sync()
    shown = cli(stack, "customers", "show", customer.id, "--json").told
    [row] = [row for row in cli(stack, "customers", "list", "--json").told if row["id"] == customer.id]
    groups, offers = (cli(stack, name, customer.id, "--json").told for name in ("groups", "offers"))

    assert row.items() >= {
        "id": customer.id, "account": customer.account, "url": stack.url("alpha"), "tenant": tenant_id("alpha"),
    }.items()  # fmt: skip
    assert row["keySetting"] == key_setting("alpha")
    assert shown["protected"] == ["boss@alpha.example"]
    assert shown["configuration"].items() >= {"modes": [2, 5], "maxRemovals": 9, "schedule": "0 0 3 * * *"}.items()
    assert {one["id"]: (one["name"], one["sync"]) for one in groups}[group] == ("Staff", True)
    assert "get-groups-and-members" in {one["name"] for one in offers}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("sync", "nobody"), 1, "there is no customer 'nobody'"),
        (("plan", "nobody"), 1, "there is no customer 'nobody'"),
        (("run", "nobody-20260101-000000-00000000"), 1, "nobody-20260101-000000-00000000"),
        (("sync",), 64, "Name one customer, or --all."),
        (("sync", "a", "--mode", "6"), 64, "--mode"),
        (("unheard-of",), 64, "unheard-of"),
        (("customers", "add", "No!", "--name", "x", "--url", "http://127.0.0.1:1", "--account", "5"), 1, "ID"),
        (("customers", "add", "x", "--name", "x", "--url", "http://x.example", "--account", "5"), 1, "url"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_on_standard_error(
    stack: Stack, words: tuple[str, ...], status: int, said: str
) -> None:
    done = stack.servorg_cli(*words)

    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_customer_with_the_same_account_is_refused(customer: Customer) -> None:
    words = ("--name", "Twin", "--url", customer.stack.url("alpha"), "--account", str(customer.account))
    done = customer.stack.servorg_cli("customers", "add", "twin", *words)
    known = [row["id"] for row in cli(customer.stack, "customers", "list", "--json").told]

    assert done.returncode == 1
    assert str(customer.account) in done.stderr
    assert "twin" not in known
