"""Routes, companies, schemas, dialects and scripted faults of the DeskDirector double."""

import json
import re
from typing import Any

import pytest
import requests

from doubles.deskdirector import make_deskdirector
from tests.contracts import CONNECTOR, check_answer, check_request, needs_reference, ours, swagger
from tests.doubles.deskdirector_rig import Rig, a_contact

needs_reference()


def ids(found: dict[str, Any]) -> list[Any]:
    return [row["id"] for row in found["results"]]


# Routes


def test_each_operation_of_the_contract_has_a_route_on_its_host() -> None:
    hosts = dict(zip(("site", "functions"), make_deskdirector({}), strict=True))
    routes = {
        (host, route.method, re.sub(r"{.*?}", "{}", route.resource.canonical))
        for host, application in hosts.items()
        for route in application.router.routes()
        if route.resource
    }

    wanted = {(entry.host, entry.method, re.sub(r"{.*?}", "{}", entry.path)) for entry in ours()}

    assert len(wanted) > 30
    assert wanted - routes == set()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"email": None}, "email"),
        ({"id": "101"}, "id"),
        ({"id": 2**31}, "id"),
        ({"shoe": 42}, "shoe"),
        ({"company": {"id": 12, "shoe": 42}}, "shoe"),
        ({"givenName": "Jan"}, "givenName"),
    ],
)
def test_an_answer_that_is_not_the_contracts_is_noticed(desk: Rig, change: dict[str, Any], fault: str) -> None:
    answer = desk.ask("GetContact", contactId=101)

    with pytest.raises(AssertionError, match=fault):
        check_answer("GetContact", 200, answer | change)


def test_each_connector_route_of_the_double_stands_in_the_vendors_definition_or_is_newer_than_it() -> None:
    newer = ("/schema2/",)  # connector 1.8 (deskdirector-second-look.md §1)

    routes = {
        (route.method, route.resource.canonical)
        for application in make_deskdirector({})
        for route in application.router.routes()
        if route.resource and route.resource.canonical.startswith(CONNECTOR) and route.method != "HEAD"
    }
    published = {(method.upper(), path) for path, entry in swagger()["paths"].items() for method in entry}
    unknown = {route for route in routes - published if not any(part in route[1] for part in newer)}

    assert len(routes) > 30
    assert unknown == set()


def test_a_key_that_is_right_connects(desk: Rig) -> None:
    assert desk.ask("TestConnection") == {}


@pytest.mark.parametrize("key", [None, "DdApi other", "demo-key", "DdAccessToken demo-key", "Basic ZGVtbw=="])
def test_a_wrong_key_is_401(desk: Rig, key: str | None) -> None:
    answer = desk.ask("TestConnection", 401, headers={"Authorization": key})

    assert answer["error"] == "unauthorized"


def test_an_unknown_route_is_404_in_json_when_json_is_asked_for(desk: Rig) -> None:
    url, key = f"{desk.site}{CONNECTOR}/nothing", {"Authorization": "DdApi demo-key"}

    as_json = requests.get(url, headers=key | {"Accept": "application/json"}, timeout=10)
    as_html = requests.get(url, headers=key | {"Accept": "text/html"}, timeout=10)

    assert (as_json.status_code, as_json.json()["error"]) == (404, "not_found")
    assert (as_html.status_code, as_html.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")


# Companies


def test_companies_are_found_by_all_of_some_tags(desk: Rig) -> None:
    assert ids(desk.ask("FindCompanies", body={"tags": ["west"]})) == [12, 40]
    assert ids(desk.ask("FindCompanies", body={"tags": ["west", "it-support-team"]})) == [12]
    assert ids(desk.ask("FindCompanies", body={"tags": ["none"]})) == []


def test_companies_are_found_by_words_and_by_state(desk: Rig) -> None:
    assert ids(desk.ask("FindCompanies", body={"search": "CONT"})) == [12]
    assert ids(desk.ask("FindCompanies", body={"isActive": False})) == [77]
    assert ids(desk.ask("FindCompanies", body={"isActive": None})) == [12, 40, 77]


def test_a_company_is_read_by_its_id_and_is_404_when_there_is_none(desk: Rig) -> None:
    assert desk.ask("GetCompany", companyId=12)["name"] == "Contoso"
    assert desk.ask("GetCompany", 404, companyId=13)["error"] == "not_found"


@pytest.mark.parametrize("tag", ["it-support-team", "#vip", ".net", "c++", "4u"])
def test_a_tag_of_the_documented_grammar_is_taken(desk: Rig, tag: str) -> None:
    assert desk.edit("update_company", id=12, tags=[tag])["tags"] == [tag]


@pytest.mark.parametrize("tag", ["", "It", "it support", "-it", "+it", "žluť"])
def test_another_tag_is_refused(desk: Rig, tag: str) -> None:
    refusal = desk.admin("POST", "edit", {"op": "update_company", "id": 12, "tags": [tag]}, status=400)

    assert "does not match" in refusal["errorDescription"]


# The dialect


def test_the_first_dialect_says_first_name_and_last_name(desk: Rig) -> None:
    found = desk.ask("GetContact", contactId=101)

    assert (found["firstName"], found["lastName"], found["name"]) == ("Jan", "Novak", "Jan Novak")


def test_the_given_dialect_says_given_name_surname_and_full_name(desk: Rig) -> None:
    desk.edit("set", dialect="given")
    body = {"companyId": 12, "email": "new@contoso.example", "givenName": "New", "surname": "Person"}

    made = desk.ask("CreateContact", body=body, dialect="given")

    check_request("CreateContact", body, dialect="given")
    assert (made["givenName"], made["surname"], made["fullName"]) == ("New", "Person", "New Person")
    assert desk.admin("GET", "state")["contacts"][-1]["firstName"] == "New"


@pytest.mark.parametrize(
    ("name", "status"),
    [({"fullName": "New Person"}, 200), ({}, 400), ({"surname": "Person"}, 400), ({"firstName": "New"}, 400)],
)
def test_the_given_dialect_wants_a_given_name_or_a_full_name(desk: Rig, name: dict[str, str], status: int) -> None:
    desk.edit("set", dialect="given")

    answer = desk.ask("CreateContact", status, a_contact(firstName=None) | name, dialect="given")

    assert answer.get("fullName", "New Person") == "New Person"


@pytest.mark.parametrize(("dialect", "field"), [("first", "firstName"), ("given", "givenName")])
def test_the_served_schemas_speak_the_dialect(desk: Rig, dialect: str, field: str) -> None:
    desk.edit("set", dialect=dialect)

    plain = desk.ask("GetDynamicSchema", typeId="CreateContactRequest")
    wrapped = desk.ask("GetDynamicSchema2", typeId="ContactDetails")

    assert field in plain["properties"]
    assert field in wrapped["schema"]["properties"]


def test_every_type_that_the_vendor_names_for_our_operations_has_a_schema(desk: Rig) -> None:
    ours = [
        "FindCompanies",
        "GetCompany",
        "FindContacts",
        "CreateContact",
        "GetContact",
        "FindUserGroups",
        "FindTickets",
    ]
    operations = [op for entry in swagger()["paths"].values() for op in entry.values() if op.get("operationId") in ours]
    named = {text.split('"')[0] for op in operations for text in json.dumps(op).split('"typeId": "')[1:]}

    schemas = {type_id: desk.ask("GetDynamicSchema", typeId=type_id) for type_id in named}

    assert len(schemas) >= 11
    assert {schema["type"] for schema in schemas.values()} == {"object"}
    assert desk.ask("GetDynamicSchema", 404, typeId="Nothing")["error"] == "not_found"


# The log of requests


def test_the_log_of_requests_holds_what_clients_did_and_nothing_of_what_was_done_by_hand(desk: Rig) -> None:
    desk.edit("add_contact", company=12, email="hand@contoso.example")
    desk.ask("CreateContact", body=a_contact())
    desk.ask("CreateContact", 409, a_contact())

    log = desk.admin("GET", "requests")

    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("POST", f"{CONNECTOR}/contacts", 200),
        ("POST", f"{CONNECTOR}/contacts", 409),
    ]
