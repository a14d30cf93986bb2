"""What each role's app has, and what it does not load before the first request."""

import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shared.health import faults_in
from shared.version import APP_VERSION
from tests.fakes.directory import TENANT

ROOT = Path(__file__).parents[2]
HEALTH = {"health"}
PICKER = {
    "list_groups", "choose_group", "choose_groups", "refresh_list", "count_groups", "reset_list", "show_picker",
    "show_picker_asset",
}  # fmt: skip
CUSTORG = HEALTH | PICKER | {"offer_commands", "run_command", "refresh_groups"}
HEAVY = {
    "azure.core",
    "azure.data",
    "azure.identity",
    "azure.storage",
    "httpx",
    "jwt",
    "msal",
    "msgraph",
    "opentelemetry",
    "pydantic",
    "requests",
}
SHOW = """
import json, sys, function_app
functions = {one.get_function_name(): one for one in function_app.app.get_functions()}
triggers = {name: one.get_trigger().get_dict_repr() for name, one in functions.items()}
print(json.dumps({"triggers": triggers, "modules": sorted(sys.modules)}, default=str))
"""
ASK = """
import json, function_app
import azure.functions as func
health = {one.get_function_name(): one for one in function_app.app.get_functions()}["health"].get_user_function()
response = health(func.HttpRequest("GET", "http://127.0.0.1/api/health", body=b""))
print(json.dumps([response.status_code, json.loads(response.get_body())]))
"""


def run(code: str, **environ: str) -> Any:
    """What `code` prints as JSON in a process of its own: the library keeps one app per process."""
    return json.loads(_printed(code, tuple(sorted(environ.items()))))


@cache
def _printed(code: str, environ: tuple[tuple[str, str], ...]) -> str:
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=plain | dict(environ),
        timeout=60,
        check=False,
        text=True,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(
    ("role", "names"), [("custorg", CUSTORG), ("", HEALTH), ("Custorg", HEALTH), ("other", HEALTH)]
)
def test_each_role_has_exactly_its_functions(role: str, names: set[str]) -> None:
    shown = run(SHOW, ROLE=role)

    assert set(shown["triggers"]) == names


def test_both_has_the_functions_of_both_and_one_health() -> None:
    servorg, custorg, both = (set(run(SHOW, ROLE=role)["triggers"]) for role in ("servorg", "custorg", "both"))

    assert servorg & custorg == HEALTH
    assert both == servorg | custorg


@pytest.mark.parametrize("role", ["servorg", "custorg", "both"])
def test_nothing_heavy_is_loaded_before_the_first_request(role: str) -> None:
    modules = set(run(SHOW, ROLE=role)["modules"])

    assert modules & HEAVY == set()


def test_commands_take_a_function_key_and_the_other_routes_none() -> None:
    triggers = run(SHOW, ROLE="custorg")["triggers"]

    levels = {name: str(one["authLevel"]) for name, one in triggers.items() if "authLevel" in one}

    assert {name for name, level in levels.items() if level.upper().endswith("FUNCTION")} == {
        "offer_commands",
        "run_command",
    }
    assert {name for name, level in levels.items() if level.upper().endswith("ANONYMOUS")} == HEALTH | PICKER


@pytest.mark.parametrize(
    ("environ", "schedule"),
    [
        ({}, "0 0 1 * * *"),
        ({"REFRESH_SCHEDULE": " "}, "0 0 1 * * *"),
        ({"REFRESH_SCHEDULE": "0 5 * * * *"}, "0 5 * * * *"),
    ],
)
def test_the_schedule_is_read_when_the_app_is_loaded(environ: dict[str, str], schedule: str) -> None:
    shown = run(SHOW, ROLE="custorg", **environ)

    assert shown["triggers"]["refresh_groups"]["schedule"] == schedule


def test_the_forms_lists_take_no_key_and_answer_browsers() -> None:
    triggers = run(SHOW, ROLE="servorg", FORM_LISTS_SCHEDULE="0 5 * * * *")["triggers"]
    usual = run(SHOW, ROLE="servorg")["triggers"]["publish_form_lists"]["schedule"]

    for name, route in (("form_accounts", "forms/accounts"), ("form_sync_modes", "forms/sync-modes")):
        assert triggers[name]["route"] == route
        assert str(triggers[name]["authLevel"]).upper().endswith("ANONYMOUS")
        assert len(triggers[name]["methods"]) == 3
    assert (triggers["publish_form_lists"]["schedule"], usual) == ("0 5 * * * *", "0 15 * * * *")


@pytest.mark.parametrize(
    ("environ", "schedule"), [({}, "0 0 6 * * *"), ({"REPORT_SCHEDULE": "0 5 * * * *"}, "0 5 * * * *")]
)
def test_the_report_has_a_schedule_of_its_own(environ: dict[str, str], schedule: str) -> None:
    shown = run(SHOW, ROLE="servorg", **environ)

    assert shown["triggers"]["send_daily_report"]["schedule"] == schedule


@pytest.mark.parametrize("given", ["", "0 5 * * * *"])
def test_the_timers_of_groups_and_schedules_have_those_of_the_settings_and_their_own(given: str) -> None:
    triggers = run(SHOW, ROLE="servorg", GROUPS_SCHEDULE=given)["triggers"]

    assert triggers["refresh_customers_groups"]["schedule"] == (given or "0 30 1 * * *")
    assert triggers["enqueue_scheduled_jobs"]["schedule"] == "0 */5 * * * *"
    assert triggers["refresh_customer"]["queueName"] == "customer-refreshes"


def test_events_come_without_a_key_into_a_queue_of_their_own_and_are_caught_up_by_a_timer() -> None:
    triggers = run(SHOW, ROLE="servorg", CATCH_UP_SCHEDULE="0 5 * * * *")["triggers"]
    received = triggers["receive_event"]

    assert (received["route"], len(received["methods"])) == ("events/deskdirector", 1)
    assert str(received["authLevel"]).upper().endswith("ANONYMOUS")
    assert triggers["process_event"]["queueName"] == "events"
    assert triggers["collect_missed_requests"]["schedule"] == "0 5 * * * *"
    assert run(SHOW, ROLE="servorg")["triggers"]["collect_missed_requests"]["schedule"] == "0 */15 * * * *"


def test_health_tells_role_and_version_without_touching_anything() -> None:
    answer = run(ASK, ROLE="custorg", TENANT_ID=TENANT, AzureWebJobsStorage="UseDevelopmentStorage=true")

    assert answer == [200, {"status": "ok", "role": "custorg", "version": APP_VERSION}]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, ["ROLE is missing (servorg, custorg or both)"]),
        ({"ROLE": "other"}, ["ROLE is wrong (servorg, custorg or both)"]),
        ({"ROLE": "custorg", "TENANT_ID": "word"}, ["TENANT_ID is wrong", "AzureWebJobsStorage is missing"]),
        (
            {"ROLE": "custorg", "TENANT_ID": TENANT, "AzureWebJobsStorage": "x", "GRAPH_URL": "http://word.example"},
            ["GRAPH_URL is wrong"],
        ),
    ],
)
def test_health_names_the_settings_to_correct_and_no_value(environ: dict[str, str], said: list[str]) -> None:
    status, answer = run(ASK, **environ)

    assert (status, answer["status"], answer["faults"]) == (503, "faulty", said)
    assert "word" not in json.dumps(answer)


def test_both_roles_tell_a_common_fault_once() -> None:
    faults = faults_in({"ROLE": "both"})

    assert len(faults) == len(set(faults))
    assert {"TENANT_ID is missing", "DESKDIRECTOR_URL is missing"} <= set(faults)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == APP_VERSION
