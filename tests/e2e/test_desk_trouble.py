"""DeskDirector refuses, throttles, breaks or loses an answer: what becomes of the run, and that nothing is doubled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, tiny_layout

CONTACTS = r"/connector/contacts$"
GROUPS = r"functions/createContactGroup\b"


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def test_throttling_ends_the_slice_and_the_run_goes_on_without_a_failed_try(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada", "Bo", "Cem"))
    customer.stack.desk.fault(path=CONTACTS, method="POST", status=429, headers={"Retry-After": "2"}, after=1)
    customer.forget()
    run = customer.sync()
    creates = [row["status"] for row in customer.stack.desk.requests("POST") if row["path"].endswith("/contacts")]
    log = customer.stack.output("servorg")

    assert (run.status, run["status"]) == (0, "succeeded")
    assert creates == [200, 429, 200, 200]
    assert f'"run will be tried again", "run": "{run["id"]}"' not in log
    assert "(Failed" not in log
    assert set(customer.groups()["Staff"]) == customer.active() == set(customer.mails.values())


def test_one_refused_contact_fails_alone(customer: Customer) -> None:
    customer.mode = (1,)
    customer.group("Staff", customer.people("Ada", "Bo", "Cem"))
    refusal = {"error": "bad_request", "errorDescription": "This one is not to our taste."}
    customer.stack.desk.fault(path=CONTACTS, method="POST", status=400, body=refusal, after=1)
    run, again = customer.sync(), customer.sync()
    [failed] = [row for row in run["changes"] if row["status"] == "failed"]

    assert (run.status, run["status"]) == (4, "partly")
    assert failed["reason"] == "DeskDirector answered 400: This one is not to our taste."
    assert len(run.changes("applied")) == 2
    assert (again.status, again.changes("applied")) == (0, [("create contact", failed["address"])])
    assert customer.active() == set(customer.mails.values())


def test_a_change_that_breaks_once_is_made_all_the_same(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada", "Bo", "Cem"))
    customer.stack.desk.fault(path=CONTACTS, method="POST", status=502, after=1)
    customer.stack.functions.fault(path=GROUPS, method="POST", status=502)
    run = customer.sync()

    assert (run.status, run["status"]) == (0, "succeeded")
    assert set(customer.groups()["Staff"]) == customer.active() == set(customer.mails.values())


def test_a_change_that_breaks_in_two_slices_fails_alone(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    contact = customer.contact(customer.mails[ada])
    customer.group("Staff", [ada, bo])
    customer.stack.desk.fault(path=rf"/users/{contact}$", method="PUT", status=503, times=None)
    run = customer.sync()

    assert (run.status, run["status"]) == (4, "partly")
    assert run.changes("failed") == [("add to contact group", customer.mails[ada])]
    assert [row["reason"] for row in run["changes"] if row["status"] == "failed"] == ["DeskDirector answered 503"]
    assert set(customer.groups()["Staff"]) == customer.mail(bo)


def test_a_lost_answer_to_a_create_makes_no_second_one_though_the_index_lags(customer: Customer) -> None:
    stack = customer.stack
    customer.group("Staff", customer.people("Ada", "Bo"))
    stack.desk.edit({"op": "set", "indexLagSeconds": 3})
    stack.desk.fault(path=CONTACTS, method="POST", drop="after")
    stack.functions.fault(path=GROUPS, method="POST", drop="after")
    run = customer.sync()
    stack.desk.edit({"op": "set", "indexLagSeconds": 0})

    assert (run.status, run["status"]) == (0, "succeeded")
    assert customer.groups() == {"Staff": dict.fromkeys(customer.mails.values(), "regular")}
    assert customer.active() == set(customer.mails.values())


def test_a_token_that_is_not_taken_any_more_is_fetched_anew(customer: Customer) -> None:
    staff = customer.group("Staff", customer.people("Ada"))
    customer.sync()
    customer.stack.desk.edit({"op": "withdraw_tokens"})
    customer.join(staff, customer.person("Bo"))
    customer.forget()
    run = customer.sync()
    statuses = [row["status"] for row in customer.stack.desk.requests("GET") if "/teams/" in row["path"]]

    assert (run.status, run["status"]) == (0, "succeeded")
    assert statuses == [401, 200]
    assert set(customer.groups()["Staff"]) == set(customer.mails.values())


def test_an_agent_without_permission_ends_the_run(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    customer.stack.desk.edit({"op": "update_agent", "id": 7, "allowed": False})
    run = customer.sync()
    customer.stack.desk.edit({"op": "update_agent", "id": 7, "allowed": True})

    assert (run.status, run["status"]) == (4, "partly")
    assert run["reason"].startswith("DeskDirector answered 403 to ")
    assert run.changes("failed") == [("add to contact group", next(iter(customer.mails.values())))]


def test_a_wrong_api_key_fails_the_run_without_a_write(customer: Customer) -> None:
    desk = customer.stack.desk
    customer.group("Staff", customer.people("Ada"))
    key = desk.state()["apiKey"]
    desk.edit({"op": "set", "apiKey": "another-key"})
    customer.forget()
    run = customer.sync()
    desk.edit({"op": "set", "apiKey": key})

    assert (run.status, run["status"], customer.writes()) == (1, "failed", [])
    assert run["reason"] == "DeskDirector answered 401 to the API key"
    assert customer.contacts() == {}


def test_a_desk_that_is_away_while_reading_leaves_the_run_queued_and_it_goes_on(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada"))
    customer.stack.desk.fault(path="contacts/find", method="POST", status=503)
    run = customer.sync()

    assert (run.status, run["status"], run["reason"]) == (0, "succeeded", "")
    assert f'"run will be tried again", "run": "{run["id"]}"' in customer.stack.output("servorg")
    assert customer.active() == set(customer.mails.values())
