"""docs/openapi.yaml and the code say the same of routes, doors, commands and bodies."""

import re
from typing import Any

import schemathesis
import yaml

from custorg.commands import COMMANDS
from scripts.openapi import FILE, MARKER, schemas
from tests.unit.test_function_app import SHOW, run

METHODS = {"delete", "get", "head", "options", "patch", "post", "put", "trace"}
TOLD: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
COMMAND = "/api/commands/"


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of the file by method and path, in the words of the routes."""
    return {
        (method.upper(), path): operation
        for path, item in TOLD["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def routes() -> dict[tuple[str, str], str]:
    """The level of each HTTP function of both roles by method and path, in the words of the file."""
    triggers = run(SHOW, ROLE="both")["triggers"].values()
    return {
        (str(method).rpartition(".")[2].upper(), f"/api/{one['route'].replace('{*', '{')}"): str(one["authLevel"])
        for one in triggers
        if "route" in one
        for method in one["methods"]
    }


def test_the_file_is_an_openapi_document() -> None:
    api = schemathesis.openapi.from_dict(TOLD)
    api.validate()

    assert api.specification.version == TOLD["openapi"]


def test_the_file_has_the_routes_of_the_app_and_no_others() -> None:
    named = {(method, path) for method, path in operations() if path.removeprefix(COMMAND) not in COMMANDS}

    assert named == set(routes())


def test_a_function_key_opens_exactly_the_routes_that_the_platform_guards() -> None:
    guarded = {route for route, level in routes().items() if not level.upper().endswith("ANONYMOUS")}
    keyed = {route for route, told in operations().items() if told.get("security") == [{"functionKey": []}]}

    assert {route for route in keyed if route[1].removeprefix(COMMAND) not in COMMANDS} == guarded
    assert {path for _, path in keyed} - {path for _, path in guarded} == {f"{COMMAND}{name}" for name in COMMANDS}


def test_each_command_stands_there_with_the_models_of_its_request_and_answer() -> None:
    told = {
        path.removeprefix(COMMAND): (
            operation["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        )
        for (_, path), operation in operations().items()
        if path.startswith(COMMAND) and "{" not in path
    }
    place = "#/components/schemas/"

    assert told == {
        name: (place + command.request.__name__, place + command.answer.__name__) for name, command in COMMANDS.items()
    }


def test_the_schemas_are_those_of_the_models() -> None:
    written = FILE.read_text(encoding="utf-8").partition(MARKER)[2]

    assert yaml.safe_load(written) == schemas(), "python -m scripts.openapi"


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    text = yaml.safe_dump(TOLD)
    wanted = set(re.findall(r"#/components/schemas/(\w+)", text))

    assert wanted == set(TOLD["components"]["schemas"])
