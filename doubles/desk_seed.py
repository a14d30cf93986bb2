"""The seed of a DeskDirector double: its fields with their defaults, and the check that nothing else stands in it."""

from typing import Any

from jsonschema import Draft202012Validator

Row = dict[str, Any]

# In order of reference: a row names only rows of kinds before it.
KINDS = {
    "agent": "agents",
    "service_group": "serviceGroups",
    "company": "companies",
    "contact": "contacts",
    "group": "contactGroups",
    "board": "boards",
    "status": "statuses",
    "ticket": "tickets",
    "form": "forms",
    "workflow": "workflows",
}
TEXT_IDS = {"group", "workflow"}
REFERENCES = {
    "company": {"serviceGroup": "service_group"},
    "contact": {"company": "company", "serviceGroup": "service_group"},
    "group": {"company": "company", "serviceGroup": "service_group"},
    "status": {"board": "board"},
    "ticket": {"company": "company", "contact": "contact", "board": "board", "status": "status"},
}

MAY_BE_EMPTY = {"serviceGroup", "contact"}
SETTINGS: Row = {
    "apiKey": "demo-key",
    "webhookSecret": "hK3vQ9ZtW1sYb7RmN5cXe2LpD8fUg4Aj",
    "dialect": "first",
    "tokenLife": 3600,
    "indexLagRequests": 0,
    "indexLagSeconds": 0,
    "formResultShape": "fields",
    "pauseOnFailure": False,
}
ACTIONS = {
    "activateContact": "contacts",
    "deactivateContact": "contacts",
    "setContactServiceGroup": "contacts",
    "createContactGroup": "contactGroups",
    "renameContactGroup": "contactGroups",
    "listServiceGroups": "serviceGroups",
}
_DEFAULT_ROWS: dict[str, list[Row]] = {
    "agents": [{"id": 7, "name": "Sync", "allowed": True}],
    "boards": [{"id": 1, "name": "Service Desk"}],
    "statuses": [
        {"id": 11, "name": "New", "board": 1},
        {"id": 12, "name": "Approval Required", "board": 1},
        {"id": 14, "name": "In Progress", "board": 1},
        {"id": 17, "name": "Declined", "board": 1},
        {"id": 19, "name": "Closed", "board": 1, "isClosed": True},
    ],
    "workflows": [{"id": "sync-user-group", "name": "Sync User Group", "type": "ticket-created"}],
}

_TEXT: Row = {"type": "string"}
_INTEGER: Row = {"type": "integer", "minimum": 1}
_FLAG: Row = {"type": "boolean"}
_TEXTS: Row = {"type": "array", "items": _TEXT}
_OPTIONAL: Row = {"type": ["integer", "null"]}
# "lowercase English letters; digits; + - . #; only # and . may be the first special character" (help: lbs94vp3co-tag)
TAG = "^[a-z0-9#.][a-z0-9+\\-.#]*$"
_TAGS: Row = {"type": "array", "items": {"type": "string", "pattern": TAG}}
EMAIL: Row = {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+$"}
GROUP_NAME: Row = {"type": "string", "pattern": r"\S", "maxLength": 100}
ROLE: Row = {"enum": ["manager", "regular", "guest"]}
_NAMED: Row = {"name": _TEXT}


def _rows(*required: str, **fields: Row) -> Row:
    return {"type": "array", "items": {"type": "object", "required": list(required), "properties": fields}}


_FORM_FIELDS = _rows("name", "identifier", "type", name=_TEXT, identifier=_TEXT, type=_TEXT, required=_FLAG)
_RESULTS = _rows("id", "ticket", "answers", id=_INTEGER, ticket=_INTEGER, answers={"type": "object"})
_FORM_IDS = _rows("formId", "resultId", formId=_INTEGER, resultId=_INTEGER)
_NOTES = _rows("id", "note", "isInternal", id=_INTEGER, note=_TEXT, isInternal=_FLAG)
_USERS = _rows("id", "role", id=_INTEGER, role=ROLE)
_SUBSCRIPTIONS = _rows(
    "id", "workflow", "url", "token", "paused", id=_TEXT, workflow=_TEXT, url=_TEXT, token=_TEXT, paused=_FLAG
)

# Per kind: its fields, and the defaults of those that may be left out.
_FIELDS: dict[str, tuple[Row, Row]] = {
    "agent": (_NAMED | {"allowed": _FLAG}, {"name": "", "allowed": True}),
    "service_group": (_NAMED, {}),
    "company": (
        _NAMED
        | {"isActive": _FLAG, "tags": _TAGS, "tenantIds": _TEXTS, "emailDomains": _TEXTS, "serviceGroup": _OPTIONAL},
        {"isActive": True, "tags": [], "tenantIds": [], "emailDomains": [], "serviceGroup": None},
    ),
    "contact": (
        {"company": _INTEGER, "email": EMAIL, "firstName": _TEXT, "lastName": _TEXT, "name": _TEXT}
        | {"title": {"type": ["string", "null"]}, "isActive": _FLAG, "serviceGroup": _OPTIONAL, "tags": _TAGS},
        {
            "firstName": "",
            "lastName": "",
            "name": "",
            "title": None,
            "isActive": True,
            "serviceGroup": None,
            "tags": [],
        },
    ),
    "group": (
        {
            "company": _INTEGER,
            "name": GROUP_NAME,
            "isActive": _FLAG,
            "serviceGroup": _OPTIONAL,
            "tags": _TAGS,
            "users": _USERS,
        },
        {"isActive": True, "serviceGroup": None, "tags": [], "users": []},
    ),
    "board": (_NAMED, {}),
    "status": (_NAMED | {"board": _INTEGER, "isClosed": _FLAG}, {"isClosed": False}),
    "ticket": (
        {"company": _INTEGER, "contact": _OPTIONAL, "board": _INTEGER, "status": _INTEGER}
        | {"summary": _TEXT, "createdOn": _TEXT, "forms": _FORM_IDS, "notes": _NOTES},
        {
            "contact": None,
            "board": 1,
            "status": 11,
            "summary": "",
            "createdOn": "2026-01-31T08:00:00Z",
            "forms": [],
            "notes": [],
        },
    ),
    "form": (_NAMED | {"fields": _FORM_FIELDS, "results": _RESULTS}, {"fields": [], "results": []}),
    "workflow": (_NAMED | {"type": _TEXT, "isEnabled": _FLAG}, {"type": "ticket-created", "isEnabled": True}),
}


def _row_schema(kind: str) -> Row:
    fields, defaults = _FIELDS[kind]
    key = _TEXT if kind in TEXT_IDS else _INTEGER
    required = ["id", *(name for name in fields if name not in defaults)]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": {"id": key} | fields}


def _changes_schema(kind: str) -> Row:
    """The same, everything optional; who is in a group changes one by one."""
    schema = _row_schema(kind)
    fields = {name: field for name, field in schema["properties"].items() if name not in ("id", "users")}
    return schema | {"required": [], "properties": fields}


_SETTING_SCHEMAS: Row = {
    "apiKey": _TEXT,
    "webhookSecret": _TEXT,
    "dialect": {"enum": ["first", "given"]},
    "tokenLife": {"type": "number"},
    "indexLagRequests": {"type": "integer", "minimum": 0},
    "indexLagSeconds": {"type": "number", "minimum": 0},
    "formResultShape": {"enum": ["fields", "ddform", "keyed"]},
    "pauseOnFailure": _FLAG,
}
_ACTION: Row = {"type": "object", "additionalProperties": False, "properties": {"id": _TEXT, "category": _TEXT}}
_LISTS: Row = {name: {"type": "array", "items": _row_schema(kind)} for kind, name in KINDS.items()}
_SEED: Row = {
    "type": "object",
    "additionalProperties": False,
    "properties": _SETTING_SCHEMAS
    | _LISTS
    | {
        "subscriptions": _SUBSCRIPTIONS,
        "actions": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(ACTIONS, _ACTION)},
    },
}
_VALIDATORS = {kind: Draft202012Validator(_row_schema(kind)) for kind in KINDS}
_CHANGES = {kind: Draft202012Validator(_changes_schema(kind)) for kind in KINDS}
_SEED_VALIDATOR = Draft202012Validator(_SEED)
_SETTINGS_VALIDATOR = Draft202012Validator(
    {"type": "object", "additionalProperties": False, "properties": _SETTING_SCHEMAS}
)


def completed(seed: Row) -> Row:
    """The seed with every default filled in; ValueError names the first thing that no seed has."""
    refuse_unfit(_SEED_VALIDATOR, seed)
    tables = {
        name: [row(kind, given) for given in seed.get(name, _DEFAULT_ROWS.get(name, []))]
        for kind, name in KINDS.items()
    }
    actions = {
        name: {"id": name, "category": category} | seed.get("actions", {}).get(name, {})
        for name, category in ACTIONS.items()
    }
    settings = {name: seed.get(name, default) for name, default in SETTINGS.items()}
    return settings | tables | {"actions": actions, "subscriptions": seed.get("subscriptions", [])}


def row(kind: str, given: Row) -> Row:
    """A row with its defaults filled in; ValueError when a field is missing, unknown or of another type."""
    refuse_unfit(_VALIDATORS[kind], given)
    defaults = {name: list(value) if isinstance(value, list) else value for name, value in _FIELDS[kind][1].items()}
    complete = defaults | given
    if kind == "contact" and not complete["name"]:
        complete["name"] = f"{complete['firstName']} {complete['lastName']}".strip()
    return complete


def check_changes(kind: str, changes: Row) -> None:
    """ValueError when one of them is no field of that kind, or of another type."""
    refuse_unfit(_CHANGES[kind], changes)


def check_settings(changes: Row) -> None:
    """ValueError when one of them is no setting, or out of its range."""
    refuse_unfit(_SETTINGS_VALIDATOR, changes)


def refuse_unfit(validator: Draft202012Validator, value: Any) -> None:
    """ValueError with the place and the words of the first fault."""
    fault = next(validator.iter_errors(value), None)
    if fault is not None:
        raise ValueError(f"{fault.json_path}: {fault.message}")
