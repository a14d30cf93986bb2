"""The form's lists as a browser asks for them: real tokens of the site double, customers of the command line."""

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from doubles.programs import Program
from doubles.stack import Layout, Stack
from tests.e2e.worlds import MSP_ACCOUNT, Customer, host_logs, tiny_layout

ACCOUNTS, MODES = "accounts", "sync-modes"
FRESH = 60  # seconds in which a change must be seen


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


@pytest.fixture(scope="module")
def contact(stack: Stack) -> int:
    """A contact of the MSP's own account."""
    [row] = stack.desk.edit({"op": "add_contact", "company": MSP_ACCOUNT, "email": "ada@bluefern.example"})
    found: int = row["id"]
    return found


def token(stack: Stack, **whose: Any) -> str:
    """The access token with which a person's browser comes."""
    answer = requests.post(f"{stack.desk.origin}/_double/form-token", json=whose, timeout=60)
    answer.raise_for_status()
    found: str = answer.json()["token"]
    return found


def ask(
    stack: Stack, name: str, method: str = "POST", *, origin: str | None = "site", **parameters: Any
) -> requests.Response:
    """A field's request from a page of the site, of another `origin`, or of none."""
    url = f"{stack.servorg_url}/api/forms/{name}"
    headers = {} if origin is None else {"Origin": stack.desk.origin if origin == "site" else origin}
    sent: dict[str, Any] = {"json": parameters} if method == "POST" else {"params": parameters}
    return requests.request(method, url, headers=headers, timeout=60, **sent)


def identifiers(answer: requests.Response) -> list[str]:
    answer.raise_for_status()
    return [row["identifier"] for row in answer.json()["value"]]


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error; AssertionError when it has not the documented shape or tells of the inside."""
    told = answer.json()

    assert told.keys() == {"error", "errorDescription"}
    assert told["errorDescription"].strip()
    assert answer.headers["Cache-Control"] == "no-store"
    assert not any(sign in answer.text for sign in ("Traceback", ".py", "pydantic", "azure."))

    return answer.status_code, told["error"]


def eventually(look: Callable[[], list[str]], wanted: Callable[[list[str]], bool]) -> list[str]:
    """What `look` sees once it is as wanted, or after a minute."""
    deadline = time.monotonic() + FRESH
    while not wanted(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return seen


def test_a_customer_is_listed_within_a_minute_of_the_command_and_leaves_as_soon(
    stack: Stack, contact: int, customer: Customer
) -> None:
    key = token(stack, contact=contact)

    def look() -> list[str]:
        return identifiers(ask(stack, ACCOUNTS, access_token=key, term=customer.id))

    came = eventually(look, lambda seen: customer.id in seen)
    stack.servorg_cli("customers", "remove", customer.id).check_returncode()
    gone = eventually(look, lambda seen: not seen)

    assert (came, gone) == ([customer.id], [])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_methods_give_the_documented_answer(stack: Stack, contact: int, method: str) -> None:
    parameters: dict[str, Any] = {"term": "GROUP add", "ticketId": 3032, "access_token_expiration": 3600, "form_id": 21}
    key = token(stack, contact=contact)
    answer = ask(stack, MODES, method, access_token=key, identifier="sync_mode", **parameters)

    assert answer.json() == {
        "value": [
            {"name": "Add contacts to Contact Group", "identifier": "2"},
            {"name": "Add Entra group owners and members to Contact Group", "identifier": "5"},
        ],
        "request": {"term": "GROUP add", "ticketId": 3032},
    }
    assert answer.headers["Access-Control-Allow-Origin"] == stack.desk.origin
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Origin" in answer.headers["Vary"]


def test_contacts_only_comes_first_and_the_customers_own_mode_is_marked(
    stack: Stack, contact: int, customer: Customer
) -> None:
    key = token(stack, contact=contact)
    customer.configure("--mode", "3")
    eventually(
        lambda: identifiers(ask(stack, ACCOUNTS, access_token=key, term=customer.id)), lambda seen: customer.id in seen
    )
    plain = ask(stack, MODES, access_token=key, ticketId="").json()["value"]
    after = ask(stack, MODES, access_token=key, custorg_account=[{"identifier": customer.id}]).json()["value"]

    assert [row["identifier"] for row in plain] == ["1", "2", "3", "4", "5"]
    assert plain[0]["name"] == "Sync contacts only (recommended for the first sync)"
    assert [row["identifier"] for row in after if row not in plain] == ["3"]
    assert after[2]["name"] == "Link contacts to Service Group (configured now)"


def altered(text: str, **header: Any) -> str:
    """The token with another header and no signature that fits."""
    made = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return ".".join([made, text.split(".")[1], ""])


@pytest.mark.parametrize("name", [ACCOUNTS, MODES])
def test_only_contacts_of_the_own_account_see_anything(stack: Stack, contact: int, name: str) -> None:
    [company] = stack.desk.edit({"op": "add_company", "name": "Foreign"})
    [foreign] = stack.desk.edit({"op": "add_contact", "company": company["id"], "email": f"x@{name}.example"})
    agent = stack.desk.state()["agents"][0]["id"]
    good = token(stack, contact=contact)
    tokens = {
        "nothing": None,
        "no token": "x.y.z",
        "expired": token(stack, contact=contact, life=-60),
        "forged": token(stack, contact=contact, forged=True),
        "unsigned": altered(good, alg="none", typ="JWT"),
        "without a signature": altered(good, alg="RS256", typ="JWT"),
        "foreign account": token(stack, contact=foreign["id"]),
        "agent": token(stack, agent=agent),
    }
    told = {what: refusal(ask(stack, name, access_token=text)) for what, text in tokens.items()}

    assert told == {
        "nothing": (401, "token_missing"),
        "no token": (401, "token_invalid"),
        "expired": (401, "token_expired"),
        "forged": (401, "token_invalid"),
        "unsigned": (401, "token_invalid"),
        "without a signature": (401, "token_invalid"),
        "foreign account": (403, "foreign_account"),
        "agent": (403, "agent"),
    }
    assert ask(stack, name, access_token=good).status_code == 200


def test_an_error_can_be_read_by_the_site_and_a_foreign_page_reads_nothing(stack: Stack, contact: int) -> None:
    own = ask(stack, ACCOUNTS, access_token="x")
    foreign = ask(stack, ACCOUNTS, origin="https://evil.example", access_token=token(stack, contact=contact))

    assert own.headers["Access-Control-Allow-Origin"] == stack.desk.origin
    assert refusal(foreign) == (403, "foreign_origin")
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_the_preflight_is_answered_for_the_site_alone(stack: Stack) -> None:
    url = f"{stack.servorg_url}/api/forms/{ACCOUNTS}"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    own = requests.options(url, headers={"Origin": stack.desk.origin, **asked}, timeout=60)
    foreign = requests.options(url, headers={"Origin": "https://evil.example", **asked}, timeout=60)

    assert (own.status_code, own.headers["Access-Control-Allow-Origin"]) == (204, stack.desk.origin)
    assert "POST" in own.headers["Access-Control-Allow-Methods"]
    assert own.headers["Access-Control-Allow-Headers"] == "content-type"
    assert foreign.status_code == 403
    assert not [name for name in foreign.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        pytest.param("{", "application/json", (400, "malformed"), id="malformed"),
        pytest.param("[" * 100_000 + "]" * 100_000, "application/json", (400, "malformed"), id="deep"),
        pytest.param('{"term": 5}', "application/json", (400, "invalid"), id="a number"),
        pytest.param("term=x", "text/plain", (415, "content_type"), id="no JSON type"),
        pytest.param('{"x": "' + "x" * 1_048_577 + '"}', "application/json", (413, "too_large"), id="too large"),
    ],
)
def test_bad_bodies_are_refused_in_the_documented_shape(
    stack: Stack, body: str, kind: str, expected: tuple[int, str]
) -> None:
    url, headers = f"{stack.servorg_url}/api/forms/{ACCOUNTS}", {"Content-Type": kind, "Origin": stack.desk.origin}
    answer = requests.post(url, data=body, headers=headers, timeout=60)

    assert refusal(answer) == expected
    assert answer.headers["Access-Control-Allow-Origin"] == stack.desk.origin


def test_a_token_is_asked_about_once_and_the_site_may_be_down_then(
    stack: Stack, contact: int, customer: Customer
) -> None:
    key = token(stack, contact=contact)
    stack.desk.forget_requests()
    for _ in range(5):
        ask(stack, ACCOUNTS, access_token=key).raise_for_status()
    asked = [row["path"] for row in stack.desk.requests("GET")]
    stack.desk.fault(path="/user/", status=500)
    known, unknown = (ask(stack, ACCOUNTS, access_token=text) for text in (key, token(stack, contact=contact, life=9)))

    assert asked == ["/api/v2/user/client"]
    assert known.status_code == 200
    assert refusal(unknown) == (503, "deskdirector")
    assert unknown.headers["Access-Control-Allow-Origin"] == stack.desk.origin


@contextmanager
def another_servorg(stack: Stack, **changed: str | None) -> Iterator[str]:
    """One more ServOrg beside the stack's, with other settings (None: without it); its address."""
    values = {name: text for name, text in (stack.servorg_settings() | changed).items() if text is not None}
    file = stack.folder / "another.settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8")
    command = [sys.executable, "-m", "localhost", "--port", "0", "--settings", str(file), "--http-keys"]
    program = Program("another", command, log=stack.folder / "another.log", environ={})
    program.start()
    try:
        yield program.ready(r"^READY (http://\S+) ")[1].rstrip("/")
    finally:
        program.stop()


def test_without_the_own_account_the_error_names_the_setting(stack: Stack, contact: int) -> None:
    parameters = {"access_token": token(stack, contact=contact)}
    with another_servorg(stack, SERVORG_ACCOUNT_ID=None) as url:
        answer = requests.get(
            f"{url}/api/forms/{ACCOUNTS}", params=parameters, headers={"Origin": stack.desk.origin}, timeout=60
        )

    assert refusal(answer) == (503, "settings")
    assert "SERVORG_ACCOUNT_ID is missing" in answer.json()["errorDescription"]
    assert answer.headers["Access-Control-Allow-Origin"] == stack.desk.origin


def test_with_the_sites_keys_it_is_not_asked_about_tokens(stack: Stack, contact: int) -> None:
    dialect = json.dumps({"token": {"path": "/_double/public-key"}})
    tokens = [token(stack, contact=contact), token(stack, contact=contact, forged=True), token(stack, agent=7)]
    stack.desk.forget_requests()
    with another_servorg(stack, DESKDIRECTOR_DIALECT=dialect) as url:
        told = [
            requests.get(f"{url}/api/forms/{MODES}", params={"access_token": text}, timeout=60).status_code
            for text in tokens
        ]

    assert told == [200, 401, 403]
    assert not [row for row in stack.desk.requests() if "/user/" in row["path"]]


def test_a_command_publishes_at_once(stack: Stack) -> None:
    done = stack.servorg_cli("form", "publish")

    assert (done.returncode, done.stderr) == (0, "")
    assert "and 5 sync modes; forms show them within a minute" in " ".join(done.stdout.split())


def test_the_timer_publishes_and_no_log_has_a_token(stack: Stack, contact: int) -> None:
    text = token(stack, contact=contact)
    ask(stack, ACCOUNTS, "GET", access_token=text).raise_for_status()
    stack.fire("publish_form_lists")
    seen = eventually(
        lambda: [line for line in stack.output("servorg").splitlines() if "form lists published" in line], bool
    )

    assert '"sync-modes": 5' in seen[0].replace('\\"', '"')
    assert not any(part in log for log in host_logs(stack).values() for part in (text, text.split(".")[1]))
