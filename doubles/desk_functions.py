"""The functions host: advanced actions, for the site that `dd-host` names."""

from collections.abc import Callable

import aiohttp
from aiohttp import web

from doubles import desk_wire
from doubles.desk_http import CONNECTOR, DESK, Handler, checked, listing, query, require_key
from doubles.desk_schemas import action_types
from doubles.desk_state import Desk, Refused, Row

FUNCTION = f"{CONNECTOR}/functions/{{function}}"
NONCE_PATH = "/_double/nonce"
HOSTS = web.AppKey("hosts", set[str])
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def routes() -> list[web.RouteDef]:
    """The routes under …/functions."""
    return [
        web.get(f"{CONNECTOR}/functions/listAdvancedActionCategories", list_categories),
        web.get(f"{CONNECTOR}/functions/listAdvancedActions", list_actions),
        web.get(f"{FUNCTION}/$request", schema),
        web.get(f"{FUNCTION}/$response", schema),
        web.get(f"{FUNCTION}/schema2/$request", schema),
        web.get(f"{FUNCTION}/schema2/$response", schema),
        web.post(FUNCTION, call),
    ]


@web.middleware
async def of_this_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """401 without the site's key; 400 unless `dd-host` is a bare host[:port], 404 unless our site answers there."""
    if request.path.startswith("/api/"):
        require_key(request)
        await _require_host(request)
    return await handler(request)


async def _require_host(request: web.Request) -> None:
    named, known = request.headers.getall("dd-host", []), request.app[HOSTS]
    if len(named) != 1 or not named[0] or "/" in named[0]:
        raise Refused(400, "bad_request", "dd-host is the site's host[:port], given once.")
    if named[0] not in known:
        if not await _is_ours(request.app[DESK], named[0]):
            raise Refused(404, "not_found", f"There is no site {named[0]}.")
        known.add(named[0])


async def _is_ours(desk: Desk, host: str) -> bool:
    """Whether our own site answers at that address; asked once per address, as its port is not known beforehand."""
    if not host.startswith(_LOOPBACK):
        return False
    try:
        async with aiohttp.request("GET", f"http://{host}{NONCE_PATH}") as answer:
            return await answer.text() == desk.nonce
    except (aiohttp.ClientError, ValueError):
        return False


async def list_categories(request: web.Request) -> web.Response:
    """The categories of the actions."""
    query(request)
    names = sorted({action["category"] for action in request.app[DESK].actions.values()})
    return listing([{"id": name, "name": name} for name in names])


async def list_actions(request: web.Request) -> web.Response:
    """The actions, of one category or of all."""
    wanted = query(request, "category").get("category")
    actions = request.app[DESK].actions.items()
    return listing(
        [{"id": action["id"], "name": name} for name, action in actions if wanted in (None, action["category"])]
    )


def _action(request: web.Request) -> str:
    """Our name of the action; 400 without a category, 404 when the category has no action of that id."""
    category = query(request, "category").get("category")
    if category is None:
        raise Refused(400, "bad_request", "category is missing.")
    wanted = {"id": request.match_info["function"], "category": category}
    for name, action in request.app[DESK].actions.items():
        if action == wanted:
            return name
    raise Refused(404, "not_found", f"There is no action {wanted['id']} in {category}.")


async def schema(request: web.Request) -> web.Response:
    """The schema of an action's request or answer; `{"schema": {…}}` on the newer routes."""
    pair = action_types(request.app[DESK].settings["dialect"])[_action(request)]
    found = pair[0] if request.path.endswith("/$request") else pair[1]
    return web.json_response({"schema": found} if "/schema2/" in request.path else found)


async def call(request: web.Request) -> web.Response:
    """Runs an action; 400 for another body than its own, 404 for what it names and is not there."""
    name = _action(request)
    return CALLS[name](request.app[DESK], await checked(request, name))


def create_contact_group(desk: Desk, body: Row) -> web.Response:
    """A new, empty contact group of the company."""
    return web.json_response(desk_wire.group(desk, desk.create_group(body["companyId"], body["name"])))


def rename_contact_group(desk: Desk, body: Row) -> web.Response:
    """The company's group under its new name."""
    row = desk.group_in(body["companyId"], body["contactGroupId"])
    return web.json_response(desk_wire.group(desk, desk.update("group", row["id"], {"name": body["name"]})))


def activate_contact(desk: Desk, body: Row) -> web.Response:
    """The contact, active."""
    return _changed(desk, body["contactId"], {"isActive": True})


def deactivate_contact(desk: Desk, body: Row) -> web.Response:
    """The contact, inactive; it stays in its groups."""
    return _changed(desk, body["contactId"], {"isActive": False})


def set_contact_service_group(desk: Desk, body: Row) -> web.Response:
    """The contact with its one override, or with none."""
    return _changed(desk, body["contactId"], {"serviceGroup": body["serviceGroupId"]})


def list_service_groups(desk: Desk, _body: Row) -> web.Response:
    """Every service group."""
    return listing(list(desk.tables["service_group"].values()))


def _changed(desk: Desk, contact: int, changes: Row) -> web.Response:
    return web.json_response(desk_wire.contact(desk, desk.update("contact", contact, changes)))


CALLS: dict[str, Callable[[Desk, Row], web.Response]] = {
    "createContactGroup": create_contact_group,
    "renameContactGroup": rename_contact_group,
    "activateContact": activate_contact,
    "deactivateContact": deactivate_contact,
    "setContactServiceGroup": set_contact_service_group,
    "listServiceGroups": list_service_groups,
}
