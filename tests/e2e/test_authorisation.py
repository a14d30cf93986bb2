"""Who may do what: each route of docs/openapi.yaml, for each kind of caller, and the status that comes."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from custorg.pages import digest
from doubles.programs import ROOT, Program
from doubles.stack import KEY, Layout, Stack
from tests.e2e.callers import ADMIN, OTHER, READER, Hands, form_token
from tests.e2e.worlds import WEBHOOK_SECRET, tenant_id, tiny_layout

FORM = {"BOARD_ID": "1", "IN_PROGRESS_STATUS_ID": "14", "CLOSED_STATUS_ID": "19"}  # doubles/desk_seed.py
FOREIGN = "https://evil.example"
# `forged` writes the platform's header itself, where the platform does not authenticate (EASY_AUTH=false).
CALLERS = {
    "nobody": Hands(),
    "wrong key": Hands(key="wrong", secret="wrong0of032letters0and0digits000"),
    "right key": Hands(key=KEY, secret=WEBHOOK_SECRET),
    "stranger": Hands(roles=(OTHER,), origin="own"),
    "reader": Hands(roles=(READER,), origin="own"),
    "admin": Hands(roles=(ADMIN,), origin="own"),
    "forged": Hands(roles=(ADMIN,), origin="own"),
    "admin elsewhere": Hands(roles=(ADMIN,), origin=FOREIGN, key=KEY, secret=WEBHOOK_SECRET),
}
#        nobody, wrong key, right key, stranger, reader, admin, forged, admin elsewhere
OPEN = (200, 200, 200, 200, 200, 200, 200, 200)
KEYED = (401, 401, 200, 401, 401, 401, 401, 200)
LOOKS = (401, 401, 401, 403, 200, 200, 401, 200)
CHANGES = (401, 401, 401, 403, 403, 200, 401, 403)
LISTS = (401, 401, 200, 401, 401, 401, 401, 403)
ASKS = (204, 204, 204, 204, 204, 204, 204, 403)
EXPECTED = {
    "health": OPEN,
    "offer_commands": KEYED,
    "run_command": (401, 401, 404, 401, 401, 401, 401, 404),
    "get_entra_groups": KEYED,
    "get_groups_and_members": KEYED,
    "explain_person": KEYED,
    "update_entra_groups_table": KEYED,
    "reset_entra_groups_table": KEYED,
    "tell_group_outlook": KEYED,
    "check_health": KEYED,
    "list_groups": LOOKS,
    "choose_group": CHANGES,
    "choose_groups": CHANGES,
    "refresh_list": CHANGES,
    "count_groups": CHANGES,
    "reset_list": CHANGES,
    "show_picker": (302, 302, 302, 403, 200, 200, 401, 200),
    "show_picker_asset": OPEN,  # the page's files hold no data
    "receive_event": (401, 401, 202, 401, 401, 401, 401, 202),
    "form_accounts": LISTS,
    "form_accounts_post": LISTS,
    "form_accounts_preflight": ASKS,
    "form_sync_modes": LISTS,
    "form_sync_modes_post": LISTS,
    "form_sync_modes_preflight": ASKS,
}
BODIES: dict[str, Any] = {
    "explain_person": {"address": "al@alpha.example"},
    "reset_entra_groups_table": {"confirm": "reset"},
    "tell_group_outlook": {"modes": [2], "groups": []},
    "choose_group": {"sync": True},
    "choose_groups": {"choices": []},
    "count_groups": {"before": ""},
    "reset_list": {"confirm": "reset"},
    "receive_event": {"ticketId": 1},
    "form_accounts_post": {},
    "form_sync_modes_post": {},
}
FILE = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
OPERATIONS = {
    told["operationId"]: (method.upper(), path, told)
    for path, item in FILE["paths"].items()
    for method, told in item.items()
}


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    """Where the platform authenticates."""

    def make(folder: Path) -> Layout:
        return replace(tiny_layout(folder, "alpha", **FORM), custorg={"EASY_AUTH": "true", "DEV_PRINCIPAL": ""})

    return make


@dataclass(frozen=True, slots=True)
class Doors:
    """The hosts. `plain` is a CustOrg on the same storage whose platform does not authenticate."""

    stack: Stack
    plain: str
    group: str
    token: str

    def status(self, operation: str, caller: str) -> int:
        """What the caller gets for a request that is well formed."""
        method, path, _ = OPERATIONS[operation]
        hands, sent = CALLERS[caller], BODIES.get(operation)
        parameters: dict[str, str] = {}
        if operation.startswith("form_"):
            hands = replace(hands, origin=hands.origin if hands.origin == FOREIGN else "")
            parameters = {"access_token": self._token(hands)}
            sent = parameters if method == "POST" else None
        url = self._host(path, caller) + path.format(id=self.group, name="other", path=f"{digest()}/app.js")
        return requests.request(
            method,
            url,
            auth=hands,
            json={} if sent is None and method == "POST" else sent,
            params=parameters if method == "GET" else None,
            allow_redirects=False,
            timeout=60,
        ).status_code

    def _host(self, path: str, caller: str) -> str:
        if path.startswith(("/api/events", "/api/forms")):
            return self.stack.servorg_url
        return self.plain if caller == "forged" else self.stack.url("alpha")

    def _token(self, hands: Hands) -> str:
        """The form's token is its key."""
        return self.token if hands.key == KEY else hands.key


@pytest.fixture(scope="module")
def doors(stack: Stack) -> Iterator[Doors]:
    order = {"tenant": tenant_id("alpha"), "op": "add_group", "set": {"displayName": "Staff"}}
    [group] = stack.graph.edit(order)
    stack.command("alpha", "update-entra-groups-table", {})
    with plain_custorg(stack) as plain:
        yield Doors(stack, plain, group["id"], form_token(stack))


@contextmanager
def plain_custorg(stack: Stack) -> Iterator[str]:
    """The address of a CustOrg beside the stack's, with EASY_AUTH=false and nothing instead of it."""
    told = json.loads((stack.folder / "custorg-alpha.settings.json").read_text(encoding="utf-8"))
    told["Values"]["EASY_AUTH"] = "false"
    file = stack.folder / "plain.settings.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    command = [sys.executable, "-m", "localhost", "--port", "0", "--settings", str(file), "--http-keys"]
    program = Program("plain", command, log=stack.folder / "plain.log", environ={})
    program.start()
    try:
        yield program.ready(r"^READY (http://\S+) ")[1].rstrip("/")
    finally:
        program.stop()


def test_every_route_of_the_file_is_in_the_table() -> None:
    assert set(EXPECTED) == set(OPERATIONS)


@pytest.mark.parametrize("operation", EXPECTED)
def test_a_caller_gets_what_the_table_says(doors: Doors, operation: str) -> None:
    expected = dict(zip(CALLERS, EXPECTED[operation], strict=True))
    found = {caller: doors.status(operation, caller) for caller in CALLERS}

    assert found == expected
    assert {str(status) for status in expected.values()} <= set(OPERATIONS[operation][2]["responses"])


def test_who_is_refused_changes_nothing(doors: Doors) -> None:
    refused = [caller for caller, status in zip(CALLERS, CHANGES, strict=True) if status != requests.codes.ok]
    seen = {caller: doors.status("choose_group", caller) for caller in refused}
    rows = requests.get(f"{doors.stack.url('alpha')}/api/groups", auth=CALLERS["reader"], timeout=60).json()["groups"]

    assert set(seen.values()) == {401, 403}
    assert [row["sync"] for row in rows] == [False]


@pytest.mark.parametrize("path", ["/api/health", "/api/groups", "/api/picker/other", "/api/nowhere"])
@pytest.mark.parametrize("caller", ["nobody", "stranger", "admin"])
def test_no_data_is_kept_or_sniffed_by_a_browser(doors: Doors, path: str, caller: str) -> None:
    answer = requests.get(doors.stack.url("alpha") + path, auth=CALLERS[caller], timeout=60)
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

    assert not answer.content or kept.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("caller", ["stranger", "reader", "admin"])
def test_a_page_runs_its_own_scripts_only_and_in_no_frame(doors: Doors, caller: str) -> None:
    answer = requests.get(f"{doors.stack.url('alpha')}/api/picker", auth=CALLERS[caller], timeout=60)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not [tag for tag in re.findall(r"<script[^>]*>", answer.text) if "src=" not in tag]
    assert "style=" not in answer.text
