"""Checks requests and answers against deskdirector-contract.yaml and, where it speaks in words only, what it cites.

`check_answer("FindContacts", 200, body)` raises AssertionError with every fault. The reference folder lies beside the
repository; `needs_reference()` at the top of a test module skips it, with the reason, where the folder is absent.
"""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

Json = Any
REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"
CONTRACT = REFERENCE / "deskdirector-contract.yaml"
SWAGGER = REFERENCE / "deskdirector-connector.swagger.json"
CONNECTOR = "/api/v2/automate/connector"

# deskdirector-second-look.md §3: a contact's names in the dialect `given`
ALIASES = {"firstName": "givenName", "lastName": "surname", "name": "fullName"}

# Operations that the contract lacks (ruling 35): deskdirector-second-look.md §1, §6 and §8, deskdirector.md §1.5
ADDITIONS = f"""
  {CONNECTOR}/schema2/types/{{typeId}}/$schema: {{get: {{operationId: GetDynamicSchema2, answer: Wrapped}}}}
  {CONNECTOR}/schema2/workflow-webhook/$request: {{get: {{operationId: GetWorkflowTriggerSchema2, answer: Wrapped}}}}
  {CONNECTOR}/schema2/workflow-types/{{type}}/$parameters:
    get: {{operationId: GetWorkflowParameters2, answer: Wrapped}}
  {CONNECTOR}/schema2/v2/form/{{formId}}/$result-response:
    get: {{operationId: GetFormResultSchema2_V2, answer: Wrapped}}
  {CONNECTOR}/functions/{{function}}/schema2/$request:
    get: {{operationId: GetActionRequest2, answer: Wrapped}}
  {CONNECTOR}/functions/{{function}}/schema2/$response:
    get: {{operationId: GetActionResponse2, answer: Wrapped}}
  /api/v2/user/member: {{get: {{operationId: GetCurrentAgent, answer: Agent}}}}
  /api/v2/ddform/forms/{{formId}}: {{get: {{operationId: GetLegacyForm, answer: LegacyForm}}}}
  /api/v2/ddform/forms/{{formId}}/results/{{resultId}}: {{get: {{operationId: GetLegacyResult, answer: LegacyResult}}}}
  /api/v2/ddform/forms/{{formId}}/results/find: {{post: {{operationId: FindLegacyResults, answer: LegacyResults}}}}
"""
SHAPES = """
  Wrapped: {type: object, required: [schema], additionalProperties: false, properties: {schema: {type: object}}}
  Agent: {type: object, required: [userName], properties: {id: {type: integer}, userName: {type: string}}}
  LegacyForm:
    type: object
    required: [form]
    properties:
      form:
        type: object
        required: [entityId, name, fields]
        properties:
          entityId: {type: integer}
          name: {type: string}
          description: {type: string}
          titleFormat: {type: string}
          readOnly: {type: boolean}
          fields: {type: array, items: {$ref: "#/components/schemas/FormField"}}
  LegacyResult:
    type: object
    required: [result]
    properties: {result: {type: object, required: [form], properties: {form: {$ref: "#/components/schemas/Sections"}}}}
  Sections:
    type: object
    required: [sections]
    properties:
      sections:
        type: array
        items:
          type: object
          required: [fields]
          properties:
            fields:
              type: array
              items:
                type: object
                required: [name]
                properties:
                  name: {type: string}
                  identifier: {type: string}
                  value: {nullable: true}
                  choices:
                    type: array
                    items: {type: object, properties: {name: {type: string}, identifier: {type: string}}}
  LegacyResults:
    type: object
    required: [results]
    properties:
      results:
        type: array
        items:
          type: object
          properties:
            entityId: {type: integer}
            ticket: {type: object, properties: {entityId: {type: integer}}}
"""
# Answers that the contract states in words ("{results:[{id:int,name}], totalResults}") or by reference to another part
IN_WORDS = {
    "ListBoards": "Numbers",
    "ListStatuses": "Numbers",
    "ListWorkflows": "Texts",
    "ListAdvancedActions": "Texts",
    "TestConnection": "Object",
    "SubscribeToWorkflow": "Object",
    "UnsubscribeFromWorkflow": "Object",
    "SetGroupUser": "Object",
}
# Advanced actions by id: request and answer, as the contract's CallAdvancedAction lists them
ACTIONS: dict[str, tuple[str, str]] = {
    "createContactGroup": ("{companyId: integer, name: string}", "ContactGroup"),
    "renameContactGroup": ("{companyId: integer, contactGroupId: string, name: string}", "ContactGroup"),
    "activateContact": ("{contactId: integer}", "Contact"),
    "deactivateContact": ("{contactId: integer}", "Contact"),
    "listServiceGroups": ("{}", "Numbers"),
    "setContactServiceGroup": ("{contactId: integer, serviceGroupId: integer}", "Contact"),
}
LIST = {"Numbers": "Int32", "Texts": "String"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where it is, on which host, and its description."""

    method: str
    path: str
    host: str
    text: dict[str, Any]


def needs_reference() -> None:
    """Skips the module in which it is called when the reference documents are not there."""
    if not CONTRACT.exists():
        pytest.skip(f"needs the reference documents in {REFERENCE}", allow_module_level=True)


@functools.cache
def contract() -> dict[str, Any]:
    """The contract with the additions of the second look."""
    text = yaml.safe_load(CONTRACT.read_text())
    text["components"]["schemas"] |= yaml.safe_load(SHAPES) | _lists()
    return dict(text)


@functools.cache
def swagger() -> dict[str, Any]:
    """The vendor's own connector definition, version 1.6."""
    return dict(json.loads(SWAGGER.read_text()))


def _lists() -> dict[str, Any]:
    """The connector's list answers out of the vendor's definition, `Numbers` and `Texts`; `Object` is any object."""
    prefix = "DeskDirector.ServiceModels.Connector.Dynamic"
    lists: dict[str, Any] = {"Object": {"type": "object"}}
    for name, kind in LIST.items():
        listing = swagger()["definitions"][f"{prefix}ListResponse[System.{kind}]"]["properties"]
        entry = swagger()["definitions"][f"{prefix}ListItem[System.{kind}]"]
        # second look §1: totalResults is int64 since connector 1.7
        total = listing["totalResults"] | {"format": "int64"}
        fields = {"results": {"type": "array", "items": entry}, "totalResults": total}
        lists[name] = {"type": "object", "required": list(fields), "properties": fields}
    return lists


@functools.cache
def operations() -> dict[str, Operation]:
    """Every operation by its id: the contract's, the additions, and the vendor's own for what neither has."""
    found = {entry.text["operationId"]: entry for entry in _walk(swagger()["paths"])}
    return found | {entry.text["operationId"]: entry for entry in ours()}


def ours() -> list[Operation]:
    """The operations of the contract and the additions, without the rest of the vendor's."""
    return [*_walk(contract()["paths"]), *_walk(yaml.safe_load(ADDITIONS))]


def _walk(paths: dict[str, Any]) -> Iterator[Operation]:
    for path, entry in paths.items():
        on_functions = entry.get("servers") or path.startswith(f"{CONNECTOR}/functions")
        for method in entry.keys() & {"get", "post", "put", "patch", "delete"}:
            if "operationId" in entry[method]:
                yield Operation(method.upper(), path, "functions" if on_functions else "site", entry[method])


def answer_schema(operation_id: str, status: int, action: str | None = None) -> Json:
    """The schema of that answer; None when it has no body; AssertionError for a status that is not foreseen."""
    text = operations()[operation_id].text
    if status >= 400:
        return {"$ref": "#/components/schemas/Error"}
    if action is not None:
        return {"$ref": f"#/components/schemas/{ACTIONS[action][1]}"}
    if "answer" in text or operation_id in IN_WORDS:
        return {"$ref": f"#/components/schemas/{text.get('answer') or IN_WORDS[operation_id]}"}

    assert str(status) in text["responses"], f"{operation_id} has no answer {status}"
    answer = text["responses"][str(status)]
    if "$ref" in answer.get("schema", {}):
        return {"$ref": f"#/components/schemas/{'Numbers' if 'Int32' in answer['schema']['$ref'] else 'Texts'}"}
    if "schema" in answer or ("content" not in answer and status != 204):
        return {"$ref": "#/components/schemas/Object"}
    return answer["content"]["application/json"]["schema"] if "content" in answer else None


def request_schema(operation_id: str, action: str | None = None) -> dict[str, Any]:
    """The schema of what is sent; any object where nothing is said."""
    if action is not None:
        fields = {name: {"type": kind} for name, kind in yaml.safe_load(ACTIONS[action][0]).items()}
        if action == "setContactServiceGroup":
            fields["serviceGroupId"]["nullable"] = True
        return {"type": "object", "required": list(fields), "properties": fields}
    body = operations()[operation_id].text.get("requestBody")
    schema: dict[str, Any] = body["content"]["application/json"]["schema"] if body else {"type": "object"}
    if operation_id == "CreateContact":
        # second look §3: "a name is required: firstName, or fullName where the schema has it"
        names = {"name": {"type": "string"}}
        schema = schema | {"required": ["companyId", "email"], "properties": schema["properties"] | names}
    return schema


def check_answer(
    operation_id: str, status: int, body: Json, *, dialect: str = "first", action: str | None = None
) -> None:
    """AssertionError unless the operation may answer so; `action` names the advanced action that was called.

    Stricter than the contract as it is written: no field that it does not name, and every list is complete.
    """
    schema = answer_schema(operation_id, status, action)
    if schema is None:
        assert body is None, f"{operation_id} {status} has no body"
        return
    _check(f"{operation_id} {status}", schema, body, dialect)


def check_request(operation_id: str, body: Json, *, dialect: str = "first", action: str | None = None) -> None:
    """AssertionError unless the operation takes that body; stricter like `check_answer`."""
    schema = request_schema(operation_id, action)
    if operation_id == "CreateContact" and dialect == "given":
        schema = schema | {
            "properties": {ALIASES.get(name, name): field for name, field in schema["properties"].items()}
        }
    _check(f"request of {operation_id}", schema, body, dialect)


def _check(what: str, schema: Json, body: Json, dialect: str) -> None:
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in _validator(json.dumps(schema), dialect).iter_errors(body)
    ]

    assert not faults, f"{what}: " + "; ".join(faults)


@functools.cache
def _validator(schema: str, dialect: str) -> OAS30Validator:
    whole = json.loads(schema) | {"components": {"schemas": _schemas(dialect)}}
    return OAS30Validator(_strict(whole), format_checker=oas30_format_checker)


def _schemas(dialect: str) -> dict[str, Any]:
    """The contract's schemas; required fields of a contact's names in the words of the dialect."""
    schemas = json.loads(json.dumps(contract()["components"]["schemas"]))
    schemas["Error"]["required"] = ["error", "errorDescription"]
    if dialect == "given":
        fields = schemas["Contact"]["properties"]
        schemas["Contact"]["properties"] = {ALIASES.get(name, name): field for name, field in fields.items()}
    return dict(schemas)


def _strict(schema: Any) -> Any:
    """The same; objects have no other properties than those named, and a list answer has all its parts."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("nullable") and "type" not in schema:
        # What the contract means; by OpenAPI 3.0.3's own words `nullable` works beside `type` only.
        rest = {word: part for word, part in schema.items() if word != "nullable"}
        return {"anyOf": [_strict(rest), {"type": "object", "nullable": True, "enum": [None]}]} if rest else {}
    tight = {word: _strict(part) for word, part in schema.items()}
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, dict):
        return tight
    complete = {"required": list(properties)} if {"results", "totalResults"} == properties.keys() else {}
    return {"additionalProperties": False} | tight | complete
