"""HTTP: requests to invocations and back, function keys, and the host's own /admin.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

import asyncio
import datetime as dt
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from localhost.bindings import Function, HttpOutput, HttpTrigger, TimerTrigger
from localhost.messages import by_hand_metadata, trigger_value
from localhost.protos import RpcHttp, RpcHttpCookie, TypedData
from localhost.routes import Route, decode_path, find_route
from localhost.runner import Runner
from localhost.schedules import Status, next_tick, timer_value
from localhost.traces import trace_of
from localhost.worker import Outcome

KEY = "localhost-key"
KEY_HEADER = "x-functions-key"
KEY_PARAMETER = "code"
# https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits
LARGEST_BODY = 100 * 1024 * 1024
# aiohttp writes these itself.
FRAMING_HEADERS = {"content-length", "transfer-encoding", "connection"}


class Site:
    """The HTTP side of the host."""

    def __init__(self, functions: Iterable[Function], routes: list[Route], runner: Runner, *, ask_keys: bool) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._routes = routes
        self._runner = runner
        self._ask_keys = ask_keys
        self._by_hand: set[asyncio.Task[Outcome]] = set()

    def application(self) -> web.Application:
        """The aiohttp application; a larger body than Azure takes gets 413."""
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_post("/admin/functions/{name}", self._fire_by_hand)
        application.router.add_get("/admin/host/status", self._status)
        application.router.add_route("*", r"/{path:[\s\S]*}", self._call_function)
        return application

    async def drain(self) -> None:
        """Waits for the functions that were fired by hand."""
        if self._by_hand:
            await asyncio.wait(self._by_hand)

    async def _call_function(self, request: web.Request) -> web.Response:
        found = find_route(self._routes, request.method, request.rel_url.raw_path)
        if found is None:
            return web.Response(status=404)
        function, values = found
        if isinstance(function.trigger, HttpTrigger) and not self._may_call(request, function.trigger.auth_level):
            return web.Response(status=401)
        body = await request.read()
        asked = TypedData(http=to_rpc(request, body, values))
        outcome = await self._runner.run(function, asked, trace=trace_of(request.headers))
        return to_response(function, outcome)

    async def _fire_by_hand(self, request: web.Request) -> web.Response:
        # https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
        function = self._functions.get(request.match_info["name"].lower())
        if not self._may_call(request, "ADMIN"):
            return web.Response(status=401)
        if function is None:
            return web.Response(status=404)
        if isinstance(function.trigger, HttpTrigger):
            return web.Response(status=400, text=f"Function '{function.name}' has an HTTP trigger; call its route.")
        try:
            value = _value_by_hand(function, await request.read())
        except ValueError:
            return web.Response(status=400, text='The body must be JSON: {"input": "..."}.')
        call = asyncio.create_task(self._runner.run(function, value, by_hand_metadata(dt.datetime.now(dt.UTC))))
        self._by_hand.add(call)
        call.add_done_callback(self._by_hand.discard)
        return web.Response(status=202)

    async def _status(self, request: web.Request) -> web.Response:
        if not self._may_call(request, "ADMIN"):
            return web.Response(status=401)
        return web.json_response({"id": "localhost", "state": "Running", "version": "localhost"})

    def _may_call(self, request: web.Request, level: str) -> bool:
        """Whether the key, one for all levels, is there if it is asked for."""
        # bytes of a header that are no UTF-8 arrive as surrogates, which cannot be encoded
        given = request.headers.get(KEY_HEADER) or request.query.get(KEY_PARAMETER, "")
        return (
            not self._ask_keys
            or level == "ANONYMOUS"
            or hmac.compare_digest(given.encode(errors="replace"), KEY.encode())
        )


def to_rpc(request: web.Request, body: bytes, route_values: Mapping[str, str]) -> RpcHttp:
    """The request as the real host hands it to the worker.

    The path in the URL is unescaped, repeated names are joined by commas, header names are in small letters.
    An empty query value is left out, as that host does for workers without UseNullableValueDictionaryForHttp.
    """
    url = f"{request.scheme}://{request.host}{decode_path(request.rel_url.raw_path)}"
    query = request.rel_url.raw_query_string
    return RpcHttp(
        method=request.method,
        url=f"{url}?{query}" if query else url,
        headers={name.lower(): text for name, text in _joined(request.headers).items()},
        query={name: value for name, value in _joined(request.query).items() if value},
        params=dict(route_values),
        body=TypedData(bytes=body),
    )


def to_response(function: Function, outcome: Outcome) -> web.Response:
    """The function's answer: 500 without a body when it failed, 204 when it returned nothing."""
    if outcome.failure is not None:
        return web.Response(status=500)
    output = next((output for output in function.outputs if isinstance(output, HttpOutput)), None)
    value = outcome.values.get(output.name) if output else None
    if value is None:
        return web.Response(status=204)
    if value.kind == "http":
        return _rpc_response(value.value)
    if value.kind == "bytes":
        return web.Response(body=value.value)
    return web.Response(text=str(value.value))


def _rpc_response(answer: RpcHttp) -> web.Response:
    headers = CIMultiDict((name, text) for name, text in answer.headers.items() if name.lower() not in FRAMING_HEADERS)
    response = web.Response(status=int(answer.status_code), headers=headers, body=answer.body.value)
    for cookie in answer.cookies or ():
        response.set_cookie(cookie.name, cookie.value, **_cookie_options(cookie))
    return response


def _cookie_options(cookie: RpcHttpCookie) -> dict[str, Any]:
    named = ("domain", "path", "secure", "max_age")
    given = {name: getattr(cookie, name).value for name in named if getattr(cookie, name) is not None}
    if "max_age" in given:
        given["max_age"] = int(given["max_age"])
    if cookie.expires is not None:
        moment = dt.datetime.fromtimestamp(cookie.expires.value.seconds, dt.UTC)
        given["expires"] = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return given | {"httponly": cookie.http_only.value, "samesite": cookie.same_site.value or None}


def _joined(pairs: MultiMapping[str]) -> dict[str, str]:
    """One text per name."""
    names = dict.fromkeys(pairs.keys())
    return {name: ",".join(pairs.getall(name)) for name in names}


def _value_by_hand(function: Function, body: bytes) -> TypedData:
    """The trigger's value for a call by hand. ValueError when the body is no JSON object."""
    content = json.loads(body or b"{}")
    if not isinstance(content, dict):
        raise json.JSONDecodeError("no object", "", 0)
    if isinstance(function.trigger, TimerTrigger):
        schedule = function.trigger.schedule
        return timer_value(Status(schedule, next_tick(schedule, dt.datetime.now(dt.UTC))), past_due=False)
    given = content.get("input", "")
    text = given if isinstance(given, str) else json.dumps(given)
    return trigger_value(text.encode(), binary=getattr(function.trigger, "binary", False))
