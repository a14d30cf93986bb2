"""Resource bodies against the types that Azure publishes, and role ids against a table."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from tests.infra.bicep import ANYTHING, Declared, Template, read_all

type Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]

OF_BICEP = {"parent", "scope", "dependsOn"}  # what the language takes out of a body
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "73c42c96-874c-492b-b04d-ab87d138a893": "Log Analytics Reader",
}
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def type_faults(folder: Path, types: dict[str, Any]) -> list[str]:
    """Types, versions and bodies that Azure does not publish."""
    return [
        f"{template.path.name}: {resource.symbol}: {said}"
        for template in read_all(folder)
        for resource in template.declared("resource")
        for said in _resource_faults(resource, types)
    ]


def _resource_faults(resource: Declared, types: dict[str, Any]) -> Iterator[str]:
    if resource.what not in types["resources"]:
        yield f"{resource.what} is none of the published types"
    elif not resource.existing:
        body = {name: value for name, value in resource.body.items() if name not in OF_BICEP}
        schema = {"$defs": types["$defs"], **types["resources"][resource.what]}
        for error in _Validator(schema).iter_errors(body):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _unless_anything(check: Keyword) -> Keyword:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is not ANYTHING:
            yield from check(validator, value, instance, schema) or ()

    return checked


def _read_only(_validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if value and instance is not ANYTHING:
        yield ValidationError("may not be set")


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """By the discriminator where the body names it; else any branch will do, since expressions fit several."""
    key = schema.get("discriminator")
    chosen = [one for one in branches if key and one["properties"][key].get("const") == instance.get(key)]
    yield from validator.descend(instance, chosen[0] if chosen else {"anyOf": branches})


_KEYWORDS: dict[str, Any] = {
    name: _unless_anything(check) for name, check in Draft202012Validator.VALIDATORS.items() if name != "$ref"
}
_KEYWORDS |= {"readOnly": _read_only, "oneOf": _unless_anything(_one_of)}
_extend: Any = validators.extend  # it has no annotation
_Validator = _extend(Draft202012Validator, _KEYWORDS)


def role_faults(folder: Path) -> list[str]:
    """Role ids that are not in the table, or stand without their role's name and a reason beside them."""
    return [fault for template in read_all(folder) for fault in _role_faults(template)]


def _role_faults(template: Template) -> Iterator[str]:
    for line in template.text.splitlines():
        for role in re.findall(rf"'({GUID})'", line):
            if role not in ROLES:
                yield f"{template.path.name}: {role} is no role of the table"
            elif not re.search(rf"// {ROLES[role]}: \S", line):
                yield f"{template.path.name}: {role} lacks '// {ROLES[role]}: reason'"


def published(path: Path) -> dict[str, Any]:
    """The file of published types."""
    types: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return types
