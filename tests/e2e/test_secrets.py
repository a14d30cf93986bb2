"""Secrets stay where they belong: after good and bad days, none of them is in a log, a row, a message or an answer."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from doubles.azurite import account_name
from doubles.identity import SECRET as IDENTITY_SECRET
from doubles.stack import KEY, SERVORG, Layout, Stack, custorg
from tests.e2e.callers import ADMIN, Hands, form_token, principal
from tests.e2e.polling import eventually
from tests.e2e.queues import JobQueues
from tests.e2e.worlds import SOON, WEBHOOK_SECRET, add_customer, command, host_logs, new_customer, tiny_layout

API_KEY = "sentinel0api0key0of0deskdirector"
WRONG_KEY = "sentinel0wrong0function0key"
WRONG_KEY_SETTING = "WRONG_CUSTOMER_KEY"
FORM = {"BOARD_ID": "1", "IN_PROGRESS_STATUS_ID": "14", "CLOSED_STATUS_ID": "19"}  # doubles/desk_seed.py
TOKEN = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")
"""Any access token: of the identity, of DeskDirector, of the form."""


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return with_api_key


def with_api_key(folder: Path) -> Layout:
    """A tiny world whose DeskDirector has our key."""
    made = tiny_layout(folder, "alpha", **{WRONG_KEY_SETTING: WRONG_KEY}, **FORM, **SOON)
    file = folder / "world.json"
    world = json.loads(file.read_text(encoding="utf-8"))
    world["deskdirector"]["apiKey"] = API_KEY
    file.write_text(json.dumps(world), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def told(stack: Stack) -> dict[str, str]:
    """Everything that was written or answered, by place, after a good day and a bad one."""
    token = form_token(stack)
    heard = {**good_day(stack, token), **bad_day(stack, token)}
    logs = {f"log of {name}": text for name, text in host_logs(stack).items()}
    return {**heard, **rows(stack), **messages(stack), **logs}


def good_day(stack: Stack, token: str) -> dict[str, str]:
    """A sync that succeeds, and what the commands tell of it."""
    customer = new_customer(stack)
    customer.group("Staff", customer.people("Ada Lovelace", "Grace Hopper"))
    done = customer.sync()

    assert done["status"] == "succeeded"

    JobQueues(stack).put("no job at all")  # given up after five tries
    words = [
        ("run", done["id"]), ("runs",), ("report",), ("customers", "show", customer.id), ("customers", "list"),
        ("offers", customer.id), ("groups", customer.id), ("configurations",), ("doctor",), ("poison", "list"),
        ("explain", customer.id, f"ada.lovelace.{customer.id}@alpha.example"),
    ]  # fmt: skip
    return {**commands(stack, words), **answers(stack, token, "right")}


def bad_day(stack: Stack, token: str) -> dict[str, str]:
    """Wrong keys, refusals and breakdowns on each side."""
    locked = new_customer(stack)
    add_customer(locked, url=stack.url("alpha"), key=WRONG_KEY_SETTING)
    runs = [locked.sync()]
    for name, fault in (
        ("desk", {"path": "/", "status": 401, "times": None}),
        ("desk", {"path": "/contact", "status": 500}),
        ("graph", {"path": "/groups", "status": 403}),
    ):
        customer = new_customer(stack)
        customer.group("Staff", customer.people("Ada Lovelace"))
        getattr(stack, name).fault(**fault)
        runs.append(customer.sync())
        getattr(stack, name).clear_faults()

    assert [run["status"] for run in runs] == ["failed", "failed", "succeeded", "failed"]

    eventually(JobQueues(stack).poison, until=bool)
    words = [*(("run", run["id"]) for run in runs), ("report",), ("doctor",), ("poison", "list"), ("offers", locked.id)]
    return {**commands(stack, words), **answers(stack, f"{token}x", "wrong")}


def commands(stack: Stack, words: list[tuple[str, ...]]) -> dict[str, str]:
    """Both outputs of each command line; and of one that begins as an operator's does, with everything to import."""
    done = {" ".join(one): command(stack, *one) for one in words}
    done["doctor, begun anew"] = stack.servorg_cli("doctor")
    return {f"servorg {line}": ended.stdout + ended.stderr for line, ended in done.items()}


def answers(stack: Stack, token: str, what: str) -> dict[str, str]:
    """What the routes answer to somebody who brings right or wrong secrets, headers included."""
    secret, key = (WEBHOOK_SECRET, KEY) if what == "right" else (f"{WEBHOOK_SECRET}x", WRONG_KEY)
    alpha, own = stack.url("alpha"), stack.servorg_url
    hands = Hands(key=key, secret=secret, roles=(ADMIN,))
    asked = [
        ("GET", f"{own}/api/health", None), ("GET", f"{alpha}/api/health", None),
        ("GET", f"{own}/api/forms/accounts?access_token={token}&term={API_KEY[:4]}", None),
        ("POST", f"{own}/api/forms/sync-modes", {"access_token": token}),
        ("POST", f"{own}/api/events/deskdirector", {"ticketId": 1}),
        ("POST", f"{own}/api/events/deskdirector", {"secret": secret}),
        ("GET", f"{alpha}/api/commands?code={key}", None),
        ("POST", f"{alpha}/api/commands/check-health", {}),
        ("POST", f"{alpha}/api/commands/get-groups-and-members", {}),
        ("POST", f"{alpha}/api/commands/explain-person", {"address": 5}),
        ("GET", f"{alpha}/api/groups", None), ("GET", f"{alpha}/api/picker", None),
    ]  # fmt: skip
    got = {
        f"{what} {method} {url.partition('?')[0]}": requests.request(method, url, json=body, auth=hands, timeout=60)
        for method, url, body in asked
    }
    return {place: f"{dict(answer.headers)}\n{answer.text}" for place, answer in got.items()}


def connections(stack: Stack) -> dict[str, str]:
    """The connection string of each app's storage."""
    return {name: stack.azurite.connection_string(account_name(name)) for name in (SERVORG, custorg("alpha"))}


def rows(stack: Stack) -> dict[str, str]:
    """Every row of every table of every app."""
    found: dict[str, str] = {}
    for app, connection in connections(stack).items():
        with TableServiceClient.from_connection_string(connection) as tables:
            for table in tables.list_tables():
                entities = tables.get_table_client(table.name).list_entities()
                found[f"table {table.name} of {app}"] = "\n".join(repr(dict(row)) for row in entities)
    return found


def messages(stack: Stack) -> dict[str, str]:
    """Every message that is still in a queue, decoded."""
    found: dict[str, str] = {}
    for app, connection in connections(stack).items():
        with QueueServiceClient.from_connection_string(connection) as queues:
            for queue in queues.list_queues():
                peeked = queues.get_queue_client(queue.name).peek_messages(max_messages=32)
                found[f"queue {queue.name} of {app}"] = "\n".join(_plain(one.content) for one in peeked)
    return found


def _plain(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def account_keys(stack: Stack) -> dict[str, str]:
    """The storage keys."""
    parts = {app: dict(part.split("=", 1) for part in text.split(";")) for app, text in connections(stack).items()}
    return {f"storage key of {app}": part["AccountKey"] for app, part in parts.items()}


def places_of(secret: str, told: Mapping[str, str]) -> list[str]:
    """Where a secret stands, plainly or in base64."""
    forms = {secret, base64.b64encode(secret.encode()).decode().rstrip("=")}
    return [place for place, text in told.items() if any(form in text for form in forms)]


def test_the_days_left_traces_everywhere(told: dict[str, str]) -> None:
    kinds = {place.split(maxsplit=1)[0] for place, text in told.items() if text.strip()}
    tables = {place.split()[1] for place in told if place.startswith("table") and told[place]}

    assert kinds == {"servorg", "right", "wrong", "table", "queue", "log"}
    assert {"runs", "changes", "links", "customers"} <= tables
    assert {place.split()[0] for place in places_of("Staff", told)} >= {"table", "servorg"}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DeskDirector's API key", API_KEY),
        ("the webhook's secret", WEBHOOK_SECRET),
        ("a function key", KEY),
        ("a wrong function key", WRONG_KEY),
        ("the identity's header", IDENTITY_SECRET),
    ],
)
def test_no_secret_is_told(told: dict[str, str], name: str, secret: str) -> None:
    assert places_of(secret, told) == [], name


def test_no_storage_key_is_told(stack: Stack, told: dict[str, str]) -> None:
    found = {name: places_of(key, told) for name, key in account_keys(stack).items()}

    assert not any(found.values()), found


def test_no_access_token_and_no_principal_is_told(told: dict[str, str]) -> None:
    found = [place for place, text in told.items() if TOKEN.search(text) or principal(ADMIN)[:60] in text]

    assert found == []
