"""The connector's companies, contacts and contact groups, and the schemas of their bodies."""

from collections.abc import Callable, Iterable

from aiohttp import web

from doubles import desk_seed, desk_wire
from doubles.desk_http import CONNECTOR, DEFAULT_TAKE, DESK, checked, number, query
from doubles.desk_schemas import NAMES, dynamic_types
from doubles.desk_state import Desk, Refused, Row


def routes() -> list[web.RouteDef]:
    """The connector's routes for people, and its type schemas."""
    return [
        web.get(f"{CONNECTOR}/connections/test", test_connection),
        web.post(f"{CONNECTOR}/companies/find", find_companies),
        web.get(f"{CONNECTOR}/companies/{{companyId}}", get_company),
        web.post(f"{CONNECTOR}/contacts/find", find_contacts),
        web.post(f"{CONNECTOR}/contacts", create_contact),
        web.get(f"{CONNECTOR}/contacts/{{contactId}}", get_contact),
        web.post(f"{CONNECTOR}/user-groups/find", find_user_groups),
        web.get(f"{CONNECTOR}/schema/dynamic-types/{{typeId}}", dynamic_schema),
        web.get(f"{CONNECTOR}/schema2/types/{{typeId}}/$schema", wrapped_schema),
    ]


def page(rows: list[Row], body: Row, write: Callable[[Row], Row]) -> web.Response:
    """The page that a find asks for; only its rows are written."""
    skip, take = body.get("skip", 0), body.get("take", DEFAULT_TAKE)
    results = [write(row) for row in rows[skip : skip + take]]
    return web.json_response({"results": results, "totalResults": len(rows)})


def matching(rows: Iterable[Row], wanted: str | None, *fields: str) -> Iterable[Row]:
    """The rows in which each word of the search stands in one of the fields; all of them without a search."""
    words = (wanted or "").casefold().split()
    if not words:
        return rows
    return [row for row in rows if all(word in " ".join(row[name] for name in fields).casefold() for word in words)]


async def test_connection(request: web.Request) -> web.Response:
    """An empty object; the key was looked at before."""
    query(request)
    return web.json_response({})


async def find_companies(request: web.Request) -> web.Response:
    """Companies by words of the name, by all of some tags and by state."""
    desk, body = request.app[DESK], await checked(request, "FindCompaniesRequest")
    tags, active = set(body.get("tags", ())), body.get("isActive")
    rows = [
        row
        for row in desk.indexed("company", matching(desk.tables["company"].values(), body.get("search"), "name"))
        if tags <= set(row["tags"]) and active in (None, row["isActive"])
    ]
    return page(rows, body, lambda row: desk_wire.company(desk, row))


async def get_company(request: web.Request) -> web.Response:
    """One company, or 404."""
    desk = request.app[DESK]
    return web.json_response(desk_wire.company(desk, desk.get("company", number(request, "companyId"))))


async def find_contacts(request: web.Request) -> web.Response:
    """Contacts by company, by e-mail (exactly, in any case), by words of e-mail and name, and by state."""
    desk, body = request.app[DESK], await checked(request, "FindContactsRequest")
    everywhere, active = "companyId" not in body, body.get("isActive")
    rows = matching(_candidates(desk, body), body.get("search"), "email", "firstName", "lastName", "name")
    seen = desk.indexed("contact", rows)
    if active is not None:
        seen = [row for row in seen if active == (desk.is_active(row) if everywhere else row["isActive"])]
    return page(seen, body, lambda row: desk_wire.contact(desk, row, everywhere=everywhere))


def _candidates(desk: Desk, body: Row) -> Iterable[Row]:
    company = body.get("companyId")
    if "email" in body:
        same = desk.by_email.get(body["email"].casefold(), {})
        return [row for key, row in sorted(same.items()) if company in (None, key)]
    return desk.tables["contact"].values() if company is None else desk.contacts_of.get(company, {}).values()


async def create_contact(request: web.Request) -> web.Response:
    """The new contact, active and in no group. 404 without the company, 409 when the company has the e-mail already."""
    desk, body = request.app[DESK], await checked(request, "CreateContactRequest")
    names = {ours: body[written] for ours, written in NAMES[desk.settings["dialect"]].items() if written in body}
    given = {
        "id": desk.new_id("contact"),
        "company": body["companyId"],
        "email": body["email"],
        "title": body.get("title"),
    }
    row = desk.create_contact(desk_seed.row("contact", given | names))
    return web.json_response(desk_wire.contact(desk, row))


async def get_contact(request: web.Request) -> web.Response:
    """One contact, or 404. Reads the document, so it never lags."""
    desk = request.app[DESK]
    return web.json_response(desk_wire.contact(desk, desk.get("contact", number(request, "contactId"))))


async def find_user_groups(request: web.Request) -> web.Response:
    """Contact groups by company and by words of the name."""
    desk, body = request.app[DESK], await checked(request, "FindUserGroupsRequest")
    company = body.get("companyId")
    groups = desk.tables["group"] if company is None else desk.groups_in.get(company, {})
    rows = desk.indexed("group", matching(groups.values(), body.get("search"), "name"))
    return page(rows, body, lambda row: desk_wire.group(desk, row, everywhere=company is None))


async def dynamic_schema(request: web.Request) -> web.Response:
    """The schema of one type on this site, or 404."""
    return web.json_response(_schema(request))


async def wrapped_schema(request: web.Request) -> web.Response:
    """The same as connector 1.8 and later ask for it: `{"schema": {…}}`."""
    return web.json_response({"schema": _schema(request)})


def _schema(request: web.Request) -> Row:
    types, type_id = dynamic_types(request.app[DESK].settings["dialect"]), request.match_info["typeId"]
    if type_id not in types:
        raise Refused(404, "not_found", f"There is no type {type_id}.")
    return types[type_id]
