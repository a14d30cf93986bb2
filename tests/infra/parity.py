"""The templates against the code: settings, queues, tables, routes and events, each in both directions."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from shared.settings import CustOrgSettings, ServOrgSettings
from tests.infra.bicep import ANYTHING, read, read_all

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, type[ServOrgSettings | CustOrgSettings]] = {"servorg": ServOrgSettings, "custorg": CustOrgSettings}
OF_A_MACHINE = {"AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "DEV_PRINCIPAL"}  # never in Azure
# Read by the Functions host, the worker and Azure's libraries.
PLATFORM = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureFunctionsJobHost__telemetryMode",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
    "OTEL_TRACES_SAMPLER",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# azure.md and deployment.md §1: Flex Consumption refuses them, or they have no effect
FORBIDDEN = {
    *("AzureWebJobsStorage", "ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME"),
    *("SCM_DO_BUILD_DURING_DEPLOYMENT", "TZ", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_TIME_ZONE"),
}
OF_PAGES = {"custorg": {"groups"}, "servorg": set[str]()}  # routes that only the role's own pages call
ADDRESSES = {"servorg": 0, "custorg": 1}  # which branch of main.bicep's output is whose
UNSET = {"0 */5 * * * *"}  # interfaces.md: every five minutes, without a setting
SHOW = """
import json, function_app
triggers = [one.get_trigger().get_dict_repr() for one in function_app.app.get_functions()]
print(json.dumps(triggers, default=str))
"""


@cache
def triggers(role: str) -> tuple[dict[str, Any], ...]:
    """The triggers of the role's functions; a process of its own, since the library keeps one app per process."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"ROLE": role}
    command = [sys.executable, "-c", SHOW]
    shown = subprocess.run(command, capture_output=True, cwd=ROOT, env=environ, timeout=60, check=True)
    return tuple(json.loads(shown.stdout))


def setting_faults(folder: Path, role: str) -> list[str]:
    """Settings that one side has and the other lacks, defaults that differ, names that Flex Consumption refuses."""
    template = read(folder / "modules" / "settings.bicep")
    own = ("ofServOrg", "secretsOfServOrg", "vaultOfServOrg") if role == "servorg" else ("ofCustOrg",)
    values: dict[str, Any] = {}
    for name in ("common", *own, "fixed"):
        values |= template.value(name)
    platform = template.value("platform") | template.value("ofTracing")
    code = set(SETTINGS[role].names()) - OF_A_MACHINE
    defaults = _defaults(role)
    return [
        *(f"{name} is no setting of {role}" for name in sorted(values.keys() - code)),
        *(f"{name} is not in the template" for name in sorted(code - values.keys())),
        *(f"{name} is read by nobody" for name in sorted(platform.keys() - PLATFORM)),
        *(f"{name} is not among the platform's settings" for name in sorted(PLATFORM - platform.keys())),
        *(f"{name} may not be set" for name in sorted(FORBIDDEN & (values | platform).keys())),
        *(
            f"{name} is {value!r} in the template, {defaults[name]!r} in the code"
            for name, value in values.items()
            if name in defaults and value is not ANYTHING and value != defaults[name]
        ),
    ]


def _defaults(role: str) -> dict[str, str]:
    fields = SETTINGS[role].model_fields.values()
    return {field.alias or "": _as_setting(field.get_default()) for field in fields if not field.is_required()}


def _as_setting(value: object) -> str:
    return "" if value in (None, ()) else str(value).lower() if isinstance(value, bool) else str(value)


def timer_faults(folder: Path, role: str) -> list[str]:
    """Schedules that the code has without their setting, and settings for which no timer is there."""
    template = read(folder / "modules" / "settings.bicep")
    values = template.value("ofServOrg" if role == "servorg" else "ofCustOrg")
    told = {value for name, value in values.items() if name.endswith("_SCHEDULE")}
    used = {one["schedule"] for one in triggers(role) if one["type"] == "timerTrigger"} - UNSET
    return [
        *(f"{schedule} of the template is no timer's" for schedule in sorted(told - used)),
        *(f"{schedule} of a timer is not in the template" for schedule in sorted(used - told)),
    ]


def override_faults(folder: Path, role: str) -> list[str]:
    """Names in the role's parameter files that are no settings of it."""
    given = set(read(folder / f"{role}.bicepparam").value("settings"))
    azd = json.loads((folder / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    if role == "servorg":
        given |= set(azd["settings"]["value"])
    parameters = read(folder / "main.bicep").names("parameter").keys()
    return [
        *(f"{name} is no setting of {role}" for name in sorted(given - set(SETTINGS[role].names()))),
        *(f"main.parameters.json: there is no parameter {name}" for name in sorted(azd.keys() - parameters)),
    ]


def storage_faults(folder: Path, role: str) -> list[str]:
    """Queues and tables that one side has and the other lacks."""
    content = (folder / "modules" / "storage.bicep").read_text(encoding="utf-8")
    declared = {kind: _of_role(content, kind, role) for kind in ("queues", "tables")}
    queues = {one["queueName"] for one in triggers(role) if one["type"] == "queueTrigger"}
    wanted = {"queues": queues | {f"{name}-poison" for name in queues}, "tables": set(tables(role))}
    return [
        *(f"{kind}: {name} is used by nobody" for kind in declared for name in sorted(declared[kind] - wanted[kind])),
        *(f"{kind}: {name} is missing" for kind in declared for name in sorted(wanted[kind] - declared[kind])),
    ]


def _of_role(content: str, name: str, role: str) -> set[str]:
    """The list of the role in `var NAME = role == 'servorg' ? [servorg's] : [custorg's]`."""
    found = re.search(rf"^var {name} = role == 'servorg' \? \[(.*?)\] : \[(.*?)\]", content, re.MULTILINE | re.DOTALL)
    lists = found.groups() if found else ("", "")
    return set(re.findall(r"'([^']+)'", lists[ADDRESSES[role]]))


def tables(role: str) -> Iterator[str]:
    """The names that the role's code gives to `.table(…)`, as texts or by a constant of the module."""
    for file in [*sorted((ROOT / role).rglob("*.py")), *sorted((ROOT / "shared").rglob("*.py"))]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = dict(_constants(tree))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            match call:
                case ast.Call(func=ast.Attribute(attr="table"), args=[ast.Constant(value=str(name))]):
                    yield name
                case ast.Call(func=ast.Attribute(attr="table"), args=[ast.Name(id=name)]) if name in constants:
                    yield constants[name]


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                yield name, value


def route_faults(folder: Path, role: str) -> list[str]:
    """Addresses that the deployment tells and nobody serves, and routes that it does not tell."""
    content = (folder / "main.bicep").read_text(encoding="utf-8")
    found = re.search(r"output addresses object = isServOrg \? \{(.*?)\} : \{(.*?)\}\n", content, re.DOTALL)
    told = set(re.findall(r"\$\{address\}/([^'$]+)'", found.groups()[ADDRESSES[role]] if found else ""))
    served = {one["route"] for one in triggers(role) if one["type"] == "httpTrigger"}
    covered = told | OF_PAGES[role]
    return [
        *(f"nobody serves {route}" for route in sorted(told - served)),
        *(f"{route} is not told" for route in sorted(served) if not _is_below(route, covered)),
    ]


def _is_below(route: str, known: set[str]) -> bool:
    return any(route == one or route.startswith(f"{one}/") for one in known)


def query_faults(folder: Path) -> list[str]:
    """Events that a query names and no code logs; queries that no alert uses, or that are not there."""
    workbook = json.loads((folder / "workbook.json").read_text(encoding="utf-8"))
    shown = {one["name"]: one["content"]["query"] for one in workbook["items"] if one["type"] != 1}
    files = {path.name: path.read_text(encoding="utf-8") for path in (folder / "queries").glob("*.kql")}
    used = {name for one in read_all(folder) for name in re.findall(r"'\.\./queries/([^']+)'", one.text)}
    return [
        *(
            f"{name}: nobody logs {event!r}"
            for name, query in (shown | files).items()
            for event in re.findall(r'\bevent\) (?:==|in \() ?"([^"]+)"', query)
            if event not in events()
        ),
        *(f"{name} is used by no alert" for name in sorted(files.keys() - used)),
        *(f"there is no query {name}" for name in sorted(used - files.keys())),
    ]


@cache
def events() -> frozenset[str]:
    """Every event that the shipped code logs."""
    files = [file for folder in ("shared", "servorg", "custorg") for file in (ROOT / folder).rglob("*.py")]
    logged = re.compile(r'log_event\(\s*\w+,\s*"([^"]+)"')
    return frozenset(event for file in files for event in logged.findall(file.read_text(encoding="utf-8")))
