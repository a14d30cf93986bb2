"""docs/openapi.yaml against the running hosts: generated requests, and no answer that the file does not know.

Good and bad requests come to every route, once with everything that opens its door and once with nothing.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from doubles.programs import ROOT
from doubles.stack import Layout, Stack
from tests.e2e.callers import Hands, everything, form_token
from tests.e2e.worlds import tenant_id, tiny_layout

# schemathesis gives all routes of a test one id under pytest 9; of several processes each id is run once.
assert "PYTEST_XDIST_WORKER" not in os.environ, "run this module without -n: most of its tests would be dropped"

CHECKS = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
CONTROLS = "".join(map(chr, (*range(32), *range(127, 160))))
CONFIG = {
    "generation": {
        "deterministic": True,
        "exclude-header-characters": CONTROLS,  # a web server lets none of them through
        "max-examples": 12,
        "with-security-parameters": False,
    },
    # A method that is not listed is answered by the platform, on Azure another one than here.
    "phases": {"coverage": {"unexpected-methods": []}},
}
BOUNDED = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
INSIDE = re.compile(r"Traceback|\.py\b|/site-packages|pydantic|azure\.|/work/|/home/")
SHUT = (401, 403)
FITS = 500  # characters of four bytes, percent-encoded, in a request line of 8 KiB
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
type Case = schemathesis.Case[Any]
PAGES = "/api/picker"
FORM = {"BOARD_ID": "1", "IN_PROGRESS_STATUS_ID": "14", "CLOSED_STATUS_ID": "19"}  # doubles/desk_seed.py
API = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.yaml", config=schemathesis.Config.from_dict(CONFIG))


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    """Where the platform authenticates: the page's routes ask who comes."""

    def make(folder: Path) -> Layout:
        return replace(tiny_layout(folder, "alpha", **FORM), custorg={"EASY_AUTH": "true", "DEV_PRINCIPAL": ""})

    return make


@dataclass(frozen=True, slots=True)
class Rig:
    """A tenant with some groups in its table, and who calls. `token` is the form's, `version` the page's files'."""

    stack: Stack
    session: requests.Session
    groups: tuple[str, ...]
    token: str
    version: str
    hands: Hands

    def send(self, case: Case, hands: Hands) -> schemathesis.Response:
        """The answer to a generated request, brought by these hands."""
        is_servorg = case.path.startswith(("/api/events", "/api/forms"))
        base = self.stack.servorg_url if is_servorg else self.stack.url("alpha")
        answer: schemathesis.Response = case.call(
            base_url=base, session=self.session, auth=hands, timeout=60, allow_redirects=False
        )
        return answer

    def open(self, case: Case) -> Hands:
        """Makes the request one that finds something; what opens its door."""
        parameters, body = case.path_parameters or {}, case.body
        if "id" in parameters and len(str(parameters["id"])) % 2:
            parameters["id"] = self.groups[0]
        if "path" in parameters and len(str(parameters["path"])) % 2:
            parameters["path"] = f"{self.version}/app.js"
        if case.path.startswith("/api/forms"):
            _carry(case, body, self.token)
            return replace(self.hands, origin=self.stack.desk.origin)
        if isinstance(body, dict):
            _use(body, self.groups)
        return replace(self.hands, origin="own")


def _carry(case: Case, body: Any, token: str) -> None:
    """The token stands in the query or the body; a body that cannot hold it is replaced, as it would open no door."""
    if case.method == "GET":
        case.query["access_token"] = token
        case.query |= {name: text[:FITS] for name, text in case.query.items() if name == "term"}
    elif case.method == "POST":
        case.body = {**(body if isinstance(body, dict) else {}), "access_token": token}
        case.media_type = case.media_type or "application/json"


def _use(body: dict[str, Any], groups: tuple[str, ...]) -> None:
    """Ids that no group has cost a second look after five seconds (ruling 5): they become ids of groups."""
    asked = body.get("groups")
    if isinstance(asked, list) and all(isinstance(one, str) and GUID.fullmatch(one) for one in asked):
        body["groups"] = list(islice(cycle(groups), min(len(asked), 3)))


@pytest.fixture(scope="module")
def rig(stack: Stack) -> Iterator[Rig]:
    rows: list[dict[str, Any]] = [
        {"displayName": name, "members": []} for name in ("Sales", "Ø, 'x' & \"y\"", "📞 <b>", "سقف")
    ]
    made = stack.graph.edit(*({"tenant": tenant_id("alpha"), "op": "add_group", "set": row} for row in rows))
    stack.command("alpha", "update-entra-groups-table", {})
    with requests.Session() as session:
        page = session.get(stack.url("alpha") + PAGES, auth=everything(stack), timeout=60).text
        version = re.search(rf"{PAGES}/([0-9a-f]{{16}})/", page)

        assert version

        yield Rig(stack, session, tuple(row["id"] for row in made), form_token(stack), version[1], everything(stack))


def checked(case: Case, answer: schemathesis.Response) -> str:
    """What of the inside an answer tells: nothing. AssertionError when it is not as the file says."""
    case.validate_response(answer, checks=CHECKS)
    # The page's own files are in the answers too; they are no secret.
    told = "" if "javascript" in answer.headers.get("content-type", [""])[0] else answer.text
    found = INSIDE.search(told)
    return found[0] if found else ""


@API.parametrize()
@BOUNDED
def test_whoever_may_call_gets_what_the_file_says(case: Case, rig: Rig) -> None:
    hands = rig.open(case)
    answer = rig.send(case, hands)

    assert checked(case, answer) == ""
    assert answer.status_code not in SHUT


@API.parametrize()
@BOUNDED
def test_whoever_brings_nothing_gets_what_the_file_says(case: Case, rig: Rig) -> None:
    answer = rig.send(case, Hands())

    assert checked(case, answer) == ""


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param({"status": 403}, 502, id="Graph refuses"),
        pytest.param({"status": 429, "headers": {"Retry-After": "600"}}, 429, id="Graph asks to wait for long"),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/commands/get-groups-and-members", {}),
        ("/api/commands/explain-person", {"address": "al@alpha.example"}),
        ("/api/commands/update-entra-groups-table", {}),
        ("/api/commands/reset-entra-groups-table", {"confirm": "reset"}),
        ("/api/groups/refresh", {}),
        ("/api/groups/reset", {"confirm": "reset"}),
    ],
)
def test_trouble_of_graph_is_told_as_the_file_says(
    rig: Rig, path: str, body: Any, fault: dict[str, Any], expected: int
) -> None:
    rig.stack.graph.fault(path="/organization", **fault)
    case = API[path]["POST"].Case(body=body, media_type="application/json")
    try:
        answer = rig.send(case, replace(rig.hands, origin="own"))
    finally:
        rig.stack.graph.clear_faults()
    case.validate_response(answer, checks=[one for one in CHECKS if one is not not_a_server_error])

    assert answer.status_code == expected
