"""The fields of requests and answers: served as the site's schemas, and enforced on what clients send.

Field names follow deskdirector-contract.yaml; the dialect `given` writes a contact's names as newer sites are thought
to (deskdirector-second-look.md §3).
"""

import functools
from typing import Any

from jsonschema import Draft202012Validator

from doubles.desk_seed import EMAIL, GROUP_NAME, ROLE

Schema = dict[str, Any]

# What a contact's first, last and full name are called, per dialect.
NAMES = {
    "first": {"firstName": "firstName", "lastName": "lastName", "name": "name"},
    "given": {"firstName": "givenName", "lastName": "surname", "name": "fullName"},
}
INTEGER: Schema = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**31 - 1}
LONG: Schema = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NAME: Schema = {"type": "string", "pattern": r"\S"}
TAKE: Schema = INTEGER | {"minimum": 1, "maximum": 100}


def record(*required: str, **properties: Schema) -> Schema:
    """An object with these properties."""
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def array(of: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": of}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def listing(of: Schema) -> Schema:
    """One page of these, and how many there are in all."""
    return record(results=array(of), totalResults=LONG)


REF = record("id", id=INTEGER, name=TEXT)
PAGING = {"skip": INTEGER, "take": TAKE}
COMPANY = record(
    "id", "name", "isActive", id=INTEGER, name=TEXT, isActive=FLAG, tags=array(TEXT), tenantIds=array(TEXT),
    emailDomains=array(TEXT), serviceGroup=nullable(REF),
)  # fmt: skip
GROUP = record(
    "id",
    "name",
    "company",
    id=TEXT,
    name=GROUP_NAME,
    company=REF,
    isActive=FLAG,
    serviceGroup=nullable(REF),
    tags=array(TEXT),
)
FORM_REFERENCE = record(formId=INTEGER, resultId=LONG)
NOTE = record(id=INTEGER, note=TEXT, isInternal=FLAG)
TICKET = record(
    "id", "status", "account", id=INTEGER, summary=TEXT, account=REF, contact=nullable(REF), queue=REF, status=REF,
    isClosed=FLAG, createdOn=TEXT | {"format": "date-time"}, forms=array(FORM_REFERENCE), notes=array(NOTE),
)  # fmt: skip


def contact(dialect: str) -> Schema:
    """A contact in that dialect."""
    names = dict.fromkeys(NAMES[dialect].values(), TEXT)
    return record(
        "id", "email", "isActive", "company", id=INTEGER, **names, email=TEXT, title=nullable(TEXT), isActive=FLAG,
        company=REF, serviceGroup=nullable(REF), tags=array(TEXT),
    )  # fmt: skip


def create_contact(dialect: str) -> Schema:
    """What creates a contact: its company, its e-mail and a name (first name; or given name or full name)."""
    if dialect == "first":
        names = {"firstName": NAME, "lastName": TEXT}
        return record("companyId", "email", "firstName", companyId=INTEGER, email=EMAIL, **names, title=TEXT)
    names = {"givenName": NAME, "surname": TEXT, "fullName": NAME}
    either = {"anyOf": [{"required": ["givenName"]}, {"required": ["fullName"]}]}
    return record("companyId", "email", companyId=INTEGER, email=EMAIL, **names, title=TEXT) | either


@functools.cache
def dynamic_types(dialect: str) -> dict[str, Schema]:
    """The schema of each type id that /schema/dynamic-types serves."""
    person, active = contact(dialect), nullable(FLAG)
    note = record("text", text=NAME, isInternal=FLAG)
    return {
        "CompanyDetails": COMPANY,
        "FindCompaniesRequest": record(search=TEXT, tags=array(TEXT), isActive=active, **PAGING),
        "FindCompaniesResponse": listing(COMPANY),
        "ContactDetails": person,
        "CreateContactRequest": create_contact(dialect),
        "FindContactsRequest": record(companyId=INTEGER, email=TEXT, search=TEXT, isActive=active, **PAGING),
        "FindContactsResponse": listing(person),
        "FindUserGroupsRequest": record(companyId=INTEGER, search=TEXT, **PAGING),
        "FindUserGroupsResponse": listing(GROUP),
        "FindTicketsRequest": record(
            queueId=INTEGER,
            statusIds=array(INTEGER),
            isClosed=active,
            createdAfter=TEXT | {"format": "date-time"},
            **PAGING,
        ),
        "FindTicketsResponse": listing(TICKET),
        "TicketDetails": TICKET,
        "UpdateTicketRequest": record(statusId=INTEGER, note=note),
    }


@functools.cache
def action_types(dialect: str) -> dict[str, tuple[Schema, Schema]]:
    """Request and answer of each action of the functions host."""
    person, one_contact = contact(dialect), record("contactId", contactId=INTEGER)
    rename = record("companyId", "contactGroupId", "name", companyId=INTEGER, contactGroupId=TEXT, name=GROUP_NAME)
    link = record("contactId", "serviceGroupId", contactId=INTEGER, serviceGroupId=nullable(INTEGER))
    return {
        "createContactGroup": (record("companyId", "name", companyId=INTEGER, name=GROUP_NAME), GROUP),
        "renameContactGroup": (rename, GROUP),
        "activateContact": (one_contact, person),
        "deactivateContact": (one_contact, person),
        "listServiceGroups": (record(), listing(REF)),
        "setContactServiceGroup": (link, person),
    }


SET_GROUP_USER = record("role", role=ROLE)
SUBSCRIBE = record("url", "parameters", url=TEXT | {"pattern": "^https?://"}, parameters={"type": "object"})
FIND_RESULTS = record(
    skip=INTEGER, take=INTEGER, timeRange=record("startTime", "endTime", startTime=TEXT, endTime=TEXT)
)


@functools.cache
def request_validator(type_id: str, dialect: str) -> Draft202012Validator:
    """Accepts bodies of that type without a field more; type ids are those of `dynamic_types` and the actions."""
    known = dynamic_types(dialect) | {name: pair[0] for name, pair in action_types(dialect).items()}
    others = {"SetGroupUser": SET_GROUP_USER, "Subscribe": SUBSCRIBE, "FindResults": FIND_RESULTS}
    return Draft202012Validator(closed((known | others)[type_id]))


def closed(schema: Any) -> Any:
    """The same schema, in which no object has a property that it does not name (one that names none is left open)."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {word: closed(part) for word, part in schema.items()}
    return tight | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else tight
