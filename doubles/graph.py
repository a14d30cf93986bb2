"""Microsoft Graph v1.0, as far as this project could ask for it, over a world of several tenants.

Written from Microsoft's published pages (each module names its own) and the CSDL. The bearer token's `tid` names the
tenant, its `roles` are enforced. Beside the published routes stand those of Faults and graph_admin, under /_double.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import web

from doubles.faults import Faults
from doubles.graph_above import ABOVE, above
from doubles.graph_admin import admin_routes
from doubles.graph_batch import batch
from doubles.graph_delta import Rounds
from doubles.graph_http import ROOT, answer, base_url, caller_of, envelope, need, refusals, text
from doubles.graph_mail import Mailroom
from doubles.graph_organization import organization
from doubles.graph_query import Query, Refusal, page_token, unsupported
from doubles.graph_reach import Reach
from doubles.graph_rows import CASTS, READERS, RowCache, row
from doubles.tokens import Caller
from doubles.world import Group, Thing, User, World

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
RELATIONS = ("members", "transitivemembers", "owners")


def make_graph(world: World) -> web.Application:
    """The app with the URL prefix /v1.0; one world may be shared with the identity double, whose tokens it takes."""
    faults = Faults()
    graph = _Graph(world)
    app = web.Application(middlewares=[envelope, faults.middleware, refusals(world)])
    app.add_routes(
        [
            *_collection("users", User, graph),
            *_collection("groups", Group, graph),
            *_above("users", User, graph),
            *_above("groups", Group, graph),
            web.get(ROOT + "/groups/{id}/{relation}", graph.related),
            web.get(ROOT + "/groups/{id}/{relation}/$count", graph.count_related),
            web.get(ROOT + "/groups/{id}/{relation}/{cast}", graph.related),
            web.get(ROOT + "/groups/{id}/{relation}/{cast}/$count", graph.count_related),
            web.get(ROOT + "/organization", organization),
            web.post(ROOT + "/users/{id}/sendMail", Mailroom(world).send),
            web.post(ROOT + "/$batch", batch),
            web.route("*", ROOT + "/{segment}{rest:.*}", _nowhere),
            *admin_routes(world, graph.forget),
            *faults.routes(),
        ]
    )
    return app


def _collection(name: str, kind: type[Thing], graph: "_Graph") -> list[web.RouteDef]:
    async def everyone(request: web.Request) -> web.Response:
        return graph.everyone(request, kind, name)

    async def count(request: web.Request) -> web.Response:
        return graph.count(request, kind)

    async def one(request: web.Request) -> web.Response:
        return graph.one(request, kind, name)

    async def delta(request: web.Request) -> web.Response:
        return graph.delta(request, kind, name)

    root = f"{ROOT}/{name}"
    return [
        web.get(root, everyone),
        web.get(f"{root}/$count", count),
        web.get(root + r"/{function:(?:microsoft\.graph\.)?delta(?:\(\))?}", delta),
        web.get(root + "/{id}", one),
    ]


def _above(name: str, kind: type[Thing], graph: "_Graph") -> list[web.RouteDef]:
    async def listed(request: web.Request) -> web.Response:
        return graph.above(request, kind)

    async def count(request: web.Request) -> web.Response:
        return graph.count_above(request, kind)

    path = ROOT + f"/{name}/{{id}}/{{relation:(?i:{'|'.join(ABOVE)})}}"
    return [
        web.get(path, listed),
        web.get(path + "/$count", count),
        web.get(path + "/{cast}", listed),
        web.get(path + "/{cast}/$count", count),
    ]


async def _nowhere(request: web.Request) -> web.Response:
    raise Refusal(400, "BadRequest", f"Resource not found for the segment '{request.match_info['segment']}'.")


class _Graph:
    def __init__(self, world: World) -> None:
        self._world = world
        self._reach = Reach()
        self._rows = RowCache()
        self._rounds = Rounds()

    def forget(self) -> None:
        self._reach.forget()
        self._rounds = Rounds()

    def everyone(self, request: web.Request, kind: type[Thing], name: str) -> web.Response:
        caller = need(request, READERS[kind])
        return self._page(request, Query.of(request, kind), self._reach.everyone(caller, kind), name, typed=False)

    def count(self, request: web.Request, kind: type[Thing]) -> web.Response:
        caller = need(request, READERS[kind])
        return _count(request, kind, caller, self._reach.everyone(caller, kind))

    def one(self, request: web.Request, kind: type[Thing], name: str) -> web.Response:
        caller = need(request, READERS[kind])
        query = Query.of(request, kind)
        thing = find(caller, kind, request.match_info["id"])
        context = f"{base_url(request)}/$metadata#{name}{_selected(query)}/$entity"
        return answer({"@odata.context": context, **row(thing, query.select)})

    async def related(self, request: web.Request) -> web.Response:
        caller = need(request, READERS[Group])
        kind = self._kind(request, caller)
        return self._related(request, kind, self._ids(request, caller, kind))

    async def count_related(self, request: web.Request) -> web.Response:
        caller = need(request, READERS[Group])
        kind = self._kind(request, caller)
        return _count(request, kind, caller, self._ids(request, caller, kind))

    def above(self, request: web.Request, kind: type[Thing]) -> web.Response:
        return self._related(request, _cast(request), _above_ids(request, kind))

    def count_above(self, request: web.Request, kind: type[Thing]) -> web.Response:
        return _count(request, _cast(request), caller_of(request), _above_ids(request, kind))

    def _related(self, request: web.Request, kind: type[Thing], ids: list[str]) -> web.Response:
        query = Query.of(request, kind)
        if kind is not Thing:
            query.need_advanced("An OData cast")
        if query.filter:
            query.need_advanced("$filter on a relationship")
        context = "directoryObjects" if kind is Thing else f"{kind.type}s"
        return self._page(request, query, ids, context, typed=kind is Thing)

    def delta(self, request: web.Request, kind: type[Thing], name: str) -> web.Response:
        caller = need(request, READERS[kind])
        url = f"{base_url(request)}/{name}/delta"
        try:
            link, rows = self._rounds.page(caller, kind, request.query)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.GONE:
                refusal.headers["Location"] = f"{url}?$deltatoken="
            raise
        links = {f"@odata.{name}": f"{url}?{option}" for name, option in link.items()}
        return answer({"@odata.context": f"{base_url(request)}/$metadata#{name}", **links, "value": rows})

    def _kind(self, request: web.Request, caller: Caller) -> type[Thing]:
        group = find(caller, Group, request.match_info["id"])
        relation = request.match_info["relation"].lower()
        if relation not in RELATIONS:
            raise Refusal(400, "BadRequest", f"Resource not found for the segment '{request.match_info['relation']}'.")
        kind = _cast(request)
        # Says group-list-members: "Microsoft 365 groups cannot have other groups as members".
        if kind is Group and "Unified" in group.group_types:
            raise unsupported("The cast is not supported for this group.")
        return kind

    def _ids(self, request: web.Request, caller: Caller, kind: type[Thing]) -> list[str]:
        return self._reach.ids(caller, request.match_info["id"], request.match_info["relation"].lower(), kind)

    def _page(
        self, request: web.Request, query: Query, ids: Sequence[str], context: str, *, typed: bool
    ) -> web.Response:
        caller = caller_of(request)
        if query.filter:
            test = query.test()
            ids = [one for one in ids if test(caller.tenant.things[one])]
        begin = bisect_right(ids, query.after) if query.after else 0
        shown = ids[begin : begin + query.top]
        head: dict[str, Any] = {"@odata.context": f"{base_url(request)}/$metadata#{context}{_selected(query)}"}
        # Says graph/paging: "@odata.count will be present only in the first page".
        if query.count and query.first:
            head["@odata.count"] = len(ids)
        if begin + query.top < len(ids):
            head["@odata.nextLink"] = _next_link(request, page_token(shown[-1], eventual=query.eventual))
        return answer(head, [self._row(caller, caller.tenant.things[one], query, typed=typed) for one in shown])

    def _row(self, caller: Caller, thing: Thing, query: Query, *, typed: bool) -> bytes:
        readable = caller.may(*READERS[type(thing)])
        return self._rows.render(thing, query.select, typed=typed, readable=readable)


def _above_ids(request: web.Request, kind: type[Thing]) -> list[str]:
    """The ids of what stands above the object of this kind that the path names, by its relation and cast."""
    caller = need(request, READERS[kind])
    thing = find(caller, kind, request.match_info["id"])
    return above(caller, thing, request.match_info["relation"], _cast(request))


def _cast(request: web.Request) -> type[Thing]:
    """The type that the path casts to, Thing without a cast; Refusal for a segment that is none."""
    cast = request.match_info.get("cast")
    if cast is None:
        return Thing
    kind = CASTS.get(cast.lower().removeprefix("microsoft.").removeprefix("graph."))
    if kind is None or "." not in cast:
        raise Refusal(400, "BadRequest", f"Resource not found for the segment '{cast}'.")
    return kind


def find[T: Thing](caller: Caller, kind: type[T], key: str) -> T:
    """The thing with this id, or the user with this principal name; Refusal 404, or 400 for what can be no id."""
    thing = caller.tenant.things.get(key)
    if thing is None and kind is User:
        named = (one for one in caller.tenant.of(User) if isinstance(one, User) and _is_named(one, key))
        thing = next(named, None)
    if not isinstance(thing, kind):
        if kind is not User and key not in caller.tenant.removed and not GUID.fullmatch(key):
            raise Refusal(400, "Request_BadRequest", f"Invalid object identifier '{key}'.")
        problem = "does not exist or one of its queried reference-property objects are not present."
        raise Refusal(404, "Request_ResourceNotFound", f"Resource '{key}' {problem}")
    return thing


def _is_named(user: User, key: str) -> bool:
    return user.user_principal_name.lower() == key.lower()


def _count(request: web.Request, kind: type[Thing], caller: Caller, ids: Sequence[str]) -> web.Response:
    if request.headers.get("ConsistencyLevel", "").lower() != "eventual":
        raise Refusal(400, "Request_BadRequest", "$count is not currently supported.")
    query = Query.of(request, kind)
    test = query.test()
    return text(str(sum(1 for one in ids if test(caller.tenant.things[one])) if query.filter else len(ids)))


def _selected(query: Query) -> str:
    return f"({','.join(query.select)})" if query.select else ""


def _next_link(request: web.Request, skip: str) -> str:
    kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
    options = "&".join(f"{name}={quote(value, safe='')}" for name, value in {**kept, "$skiptoken": skip}.items())
    return f"{request.url.origin()}{request.rel_url.raw_path}?{options}"
