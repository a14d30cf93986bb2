"""What tests do to the world by hand, under /_double of the Graph double.

GET, PUT /_double/world dumps and replaces all of it. GET, DELETE /_double/mails. POST /_double/world makes one edit, or
a list of them in order:

    {"tenant": id, "op": "add_user" | "add_group", "set": {Graph's properties, id too; a group's members, owners}}
    {"tenant": id, "op": "update_user" | "update_group", "id": id, "set": {...}}
    {"tenant": id, "op": "delete_user" | "delete_group", "id": id, "forGood": false}
    {"tenant": id, "op": "add_to_group" | "remove_from_group" | "add_owner" | "remove_owner", "group": id, "ids": [...]}
    {"tenant": id, "op": "expire_delta_tokens"}

Answers are `{"id": ...}` of the thing or group, a list for a list; 400 with `{"error"}` for what is not there. A
deleted user or Microsoft 365 group can be restored (`@removed` "changed") unless `forGood`; other groups are gone for
good always.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from doubles.world import Group, NotInWorld, Relation, Tenant, Thing, User, World

Json = dict[str, Any]
KINDS: dict[str, type[Thing]] = {"user": User, "group": Group}
LINKS: dict[str, tuple[Relation, bool]] = {
    "add_to_group": ("members", True),
    "remove_from_group": ("members", False),
    "add_owner": ("owners", True),
    "remove_owner": ("owners", False),
}


def admin_routes(world: World, forget: Callable[[], None]) -> list[web.RouteDef]:
    """The routes; `forget` drops what the double derived from the world that is replaced."""

    async def dump(_request: web.Request) -> web.Response:
        return web.json_response(world.to_json())

    async def load(request: web.Request) -> web.Response:
        world.load(await request.json())
        forget()
        return web.Response(status=204)

    async def change(request: web.Request) -> web.Response:
        orders = await request.json()
        try:
            done = [edit(world, order) for order in (orders if isinstance(orders, list) else [orders])]
        except (NotInWorld, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(done if isinstance(orders, list) else done[0])

    async def mails(_request: web.Request) -> web.Response:
        return web.json_response(world.mails)

    async def forget_mails(_request: web.Request) -> web.Response:
        world.mails.clear()
        return web.Response(status=204)

    return [
        web.get("/_double/world", dump),
        web.put("/_double/world", load),
        web.post("/_double/world", change),
        web.get("/_double/mails", mails),
        web.delete("/_double/mails", forget_mails),
    ]


def edit(world: World, order: Json) -> Json:
    """Makes one edit; NotInWorld or KeyError say what is not there."""
    tenant, operation = world.tenant(order["tenant"]), order["op"]
    if operation == "expire_delta_tokens":
        tenant.expire_delta_tokens()
        return {"id": tenant.id}
    if operation in LINKS:
        return _link(tenant, order, *LINKS[operation])
    verb, _, noun = operation.partition("_")
    if verb not in ("add", "update", "delete") or noun not in KINDS:
        raise NotInWorld(f"no op {operation}")
    return {"id": _thing(tenant, verb, KINDS[noun], order)}


def _link(tenant: Tenant, order: Json, relation: Relation, adds: bool) -> Json:  # noqa: FBT001 - of the table above
    group = tenant.get(Group, order["group"])
    for one in order["ids"]:
        tenant.get(Thing, one)
    (tenant.link if adds else tenant.unlink)(relation, group.id, order["ids"])
    return {"id": group.id}


def _thing(tenant: Tenant, verb: str, kind: type[Thing], order: Json) -> str:
    if verb == "add":
        return tenant.add(kind, order["set"]).id
    if verb == "update":
        return tenant.update(kind, order["id"], order["set"]).id
    thing = tenant.get(kind, order["id"])
    restorable = isinstance(thing, User) or (isinstance(thing, Group) and "Unified" in thing.group_types)
    tenant.delete(kind, thing.id, for_good=not restorable or bool(order.get("forGood")))
    return thing.id
