"""Bad input to a CustOrg's routes: a refusal in JSON that says what is wrong, and nothing of the inside."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from doubles.stack import KEY, Layout, Stack
from tests.e2e.worlds import Customer, tiny_layout

COMMAND = "/api/commands/get-groups-and-members"
GROUP = "/api/groups/00000000-0000-4000-8000-000000000000"
JSON_TYPE = "application/json"
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error; AssertionError when it is no refusal of ours, or tells of the inside."""
    told = answer.json()

    assert answer.headers["Content-Type"].startswith(JSON_TYPE)
    assert told.keys() <= {"error", "message", "runId", "retryAfter"}
    assert told["message"].strip()
    assert not any(sign in answer.text for sign in ("Traceback", ".py", "pydantic", "azure."))

    return answer.status_code, told["error"]


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        pytest.param("{", JSON_TYPE, (400, "malformed"), id="malformed"),
        pytest.param("\ud800".encode("utf-8", "surrogatepass"), JSON_TYPE, (400, "malformed"), id="no UTF-8"),
        pytest.param(DEEP, JSON_TYPE, (400, "malformed"), id="deep"),
        pytest.param(f'{{"groups": {DEEP}}}', JSON_TYPE, (400, "malformed"), id="deep inside"),
        pytest.param("[]", JSON_TYPE, (400, "malformed"), id="a list"),
        pytest.param('{"owners": NaN}', JSON_TYPE, (400, "malformed"), id="NaN"),
        pytest.param('{"owners": "yes"}', JSON_TYPE, (400, "invalid"), id="a text for a flag"),
        pytest.param('{"owners": 1}', JSON_TYPE, (400, "invalid"), id="a number for a flag"),
        pytest.param('{"groups": "all"}', JSON_TYPE, (400, "invalid"), id="a text for a list"),
        pytest.param('{"groups": ["../users"]}', JSON_TYPE, (400, "invalid"), id="no group's id"),
        pytest.param('{"unknown": true}', JSON_TYPE, (400, "invalid"), id="unknown field"),
        pytest.param('{"continuation": "made up"}', JSON_TYPE, (400, "continuation"), id="no continuation"),
        pytest.param('{"owners": true}', "text/plain", (415, "content_type"), id="no JSON type"),
        pytest.param('{"x": "' + "x" * 1_048_577 + '"}', JSON_TYPE, (413, "too_large"), id="too large"),
    ],
)
def test_a_command_refuses_a_bad_body(stack: Stack, body: str | bytes, kind: str, expected: tuple[int, str]) -> None:
    headers = {"x-functions-key": KEY, "Content-Type": kind}
    answer = requests.post(stack.url("alpha") + COMMAND, data=body, headers=headers, timeout=60)

    assert refusal(answer) == expected


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": ""}])
@pytest.mark.parametrize("path", ["/api/commands", COMMAND])
def test_a_command_without_the_right_key_is_401(stack: Stack, path: str, headers: dict[str, str]) -> None:
    method = "GET" if path == "/api/commands" else "POST"
    answer = requests.request(method, stack.url("alpha") + path, json={}, headers=headers, timeout=60)

    assert answer.status_code == 401


def test_an_unknown_command_is_404_and_names_those_that_there_are(stack: Stack) -> None:
    url = f"{stack.url('alpha')}/api/commands/delete-everything"
    answer = requests.post(url, json={}, headers={"x-functions-key": KEY}, timeout=60)

    assert refusal(answer) == (404, "unknown_command")
    assert "get-entra-groups" in answer.json()["message"]


def test_a_reset_without_its_confirmation_changes_nothing(customer: Customer) -> None:
    group, url = customer.group("Staff", []), f"{customer.stack.url('alpha')}/api/commands/reset-entra-groups-table"
    answers = [
        requests.post(url, json=body, headers={"x-functions-key": KEY}, timeout=60)
        for body in ({}, {"confirm": True}, {"confirm": "yes"})
    ]

    assert {refusal(answer) for answer in answers} == {(400, "invalid")}
    assert [row["id"] for row in customer.stack.groups("alpha") if row["sync"]] == [group]


@pytest.mark.parametrize(
    ("path", "body", "origin", "expected"),
    [
        pytest.param(GROUP, {"sync": True}, "", 404, id="unknown group"),
        pytest.param("/api/groups/%00", {"sync": True}, "", 404, id="no id at all"),
        pytest.param("/api/groups/a'%20or%20'1'%20eq%20'1", {"sync": True}, "", 404, id="a filter"),
        pytest.param(GROUP, {"sync": "yes"}, "", 400, id="a text for a flag"),
        pytest.param(GROUP, {}, "", 400, id="nothing"),
        pytest.param(GROUP, {"sync": True}, None, 403, id="no origin"),
        pytest.param(GROUP, {"sync": True}, "https://evil.example", 403, id="foreign origin"),
        pytest.param(GROUP, {"sync": True}, "null", 403, id="opaque origin"),
    ],
)
def test_a_choice_is_refused(stack: Stack, path: str, body: object, origin: str | None, expected: int) -> None:
    own = stack.url("alpha")
    headers = {} if origin is None else {"Origin": origin or own}
    answer = requests.patch(own + path, json=body, headers=headers, timeout=60)

    assert refusal(answer)[0] == expected


def test_a_search_is_text_and_never_a_filter(customer: Customer) -> None:
    customer.group("O'Neill <b>", [])
    url = f"{customer.stack.url('alpha')}/api/groups"
    found = requests.get(url, params={"search": "o'neill <b>"}, timeout=60).json()["groups"]
    none = requests.get(url, params={"search": "' or name ne '"}, timeout=60).json()["groups"]
    wrong = requests.get(url, params={"chosen": "perhaps"}, timeout=60)

    assert [row["name"] for row in found] == ["O'Neill <b>"]
    assert none == []
    assert refusal(wrong) == (400, "invalid")


def test_every_offer_has_its_schemas(stack: Stack) -> None:
    answer = requests.get(f"{stack.url('alpha')}/api/commands", headers={"x-functions-key": KEY}, timeout=60)
    told = json.loads(answer.text)

    assert {offer["name"] for offer in told["commands"]} == {
        "get-entra-groups", "get-groups-and-members", "update-entra-groups-table", "reset-entra-groups-table",
        "tell-group-outlook", "explain-person", "check-health",
    }  # fmt: skip
    assert all(offer["request"]["type"] == offer["answer"]["type"] == "object" for offer in told["commands"])
