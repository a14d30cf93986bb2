"""Scripted misbehaviour of one double, and the log of the requests that it got.

`web.Application(middlewares=[faults.middleware])` and `app.add_routes(faults.routes())`; the scripts come over the
double's own port: POST and DELETE /_double/faults, GET and DELETE /_double/requests.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from http import HTTPMethod
from typing import Any, Literal, Self

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ADMIN = "/_double/"
TENANT = web.RequestKey("tenant", str)  # for the log, set by whichever double knows it
_DROPPED = web.RequestKey("dropped", bool)


@dataclass(slots=True, kw_only=True)
class Rule:
    """What happens to requests whose method is `method` and whose decoded `path?query` the regex `path` finds.

    `after` matching requests pass first, then `times` are hit (None: for ever). `status` or `body` answer in place of
    the real handler; `headers` are set on whichever answer goes out; `delay` (seconds) comes first. `drop` closes the
    socket without an answer, before or after the real handler did its work. `patch` changes the real JSON answer (see
    `patched`).
    """

    path: str = ""
    method: str | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int | None = 1
    after: int = 0
    delay: float = 0
    drop: Literal["before", "after"] | None = None
    patch: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, row: Any) -> Self:
        """The rule of one JSON object; ValueError or TypeError name a field or value that no rule has."""
        if not isinstance(row, dict):
            raise TypeError(f"a rule is a JSON object, not {row!r}")
        unknown = row.keys() - {known.name for known in fields(cls)}
        if unknown:
            raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        rule = cls(**row)
        if rule.drop not in (None, "before", "after"):
            raise ValueError(f"drop is 'before', 'after' or null, not {rule.drop!r}")
        if rule.method is not None:
            HTTPMethod(rule.method)
        re.compile(rule.path)
        return rule

    def takes(self, method: str, target: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.times == 0 or self.method not in (None, method) or not re.search(self.path, target):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def answers(self) -> bool:
        """Whether the rule answers itself, so that the real handler is not called."""
        return self.status is not None or self.body is not None


class Faults:
    """The rules of one double, first come first served, and the log of its requests in order of arrival."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.requests: list[dict[str, Any]] = []

    @property
    def middleware(self) -> Middleware:
        """Logs each request but those for /_double and does to it what the first matching rule with times left says."""
        return self._serve

    def routes(self) -> list[web.RouteDef]:
        """The admin routes of the rules and of the log."""
        return [
            web.post(f"{ADMIN}faults", self._add),
            web.delete(f"{ADMIN}faults", self._clear),
            web.get(f"{ADMIN}requests", self._list),
            web.delete(f"{ADMIN}requests", self._forget),
        ]

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(ADMIN):
            return await handler(request)
        entry: dict[str, Any] = {"method": request.method, "path": request.path, "query": request.query_string}
        entry["status"] = None
        self.requests.append(entry)
        try:
            answer = await self._answer(request, handler)
        except web.HTTPException as refusal:
            entry["status"] = refusal.status
            raise
        finally:
            if TENANT in request:
                entry["tenant"] = request[TENANT]
        entry["status"] = None if _DROPPED in request else answer.status
        return answer

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        target = f"{request.path}?{request.query_string}" if request.query_string else request.path
        rule = next((rule for rule in self.rules if rule.takes(request.method, target)), None)
        if rule is None:
            return await handler(request)
        await asyncio.sleep(rule.delay)
        if rule.drop == "before":
            return _dropped(request)
        answer = scripted(rule) if rule.answers else await handler(request)
        if rule.drop == "after":
            return _dropped(request)
        if rule.patch and isinstance(answer, web.Response):
            answer.body = patched(answer.body, rule.patch)
        answer.headers.update(rule.headers)
        return answer

    async def _add(self, request: web.Request) -> web.Response:
        try:
            rows = await request.json()
            rules = [Rule.from_json(row) for row in (rows if isinstance(rows, list) else [rows])]
        except (ValueError, TypeError, re.error) as error:
            return web.json_response({"error": str(error)}, status=400)
        self.rules += rules
        return web.json_response({"rules": len(self.rules)}, status=201)

    async def _clear(self, _request: web.Request) -> web.Response:
        self.rules.clear()
        return web.Response(status=204)

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self.requests)

    async def _forget(self, _request: web.Request) -> web.Response:
        self.requests.clear()
        return web.Response(status=204)


def scripted(rule: Rule) -> web.Response:
    """The answer that a rule gives itself: its status (200 without one), a JSON body, or a text body as it stands."""
    status = rule.status or 200
    if rule.body is None:
        return web.Response(status=status)
    if isinstance(rule.body, str):
        return web.Response(status=status, text=rule.body)
    return web.json_response(rule.body, status=status)


def patched(body: Any, patch: dict[str, Any]) -> bytes:
    """A JSON body with each dotted path of `patch` set to its value; ValueError when the body is no JSON.

    Keys may hold dots themselves: `@odata.count`, `value.0.@odata.type`. At each step the longest key that is there is
    followed; where none is, the rest of the path is one new key. Steps into lists are indexes.
    """
    answer = json.loads(body)
    for path, value in patch.items():
        _set(answer, path.split("."), value)
    return json.dumps(answer).encode()


def _set(here: Any, steps: list[str], value: Any) -> None:
    if isinstance(here, list):
        _put(here, int(steps[0]), steps[1:], value)
        return
    known = (cut for cut in range(len(steps), 0, -1) if ".".join(steps[:cut]) in here)
    cut = next(known, len(steps))
    _put(here, ".".join(steps[:cut]), steps[cut:], value)


def _put(here: Any, key: str | int, rest: list[str], value: Any) -> None:
    if rest:
        _set(here[key], rest, value)
    else:
        here[key] = value


def _dropped(request: web.Request) -> web.Response:
    """Closes the socket under the request; the response is for aiohttp's bookkeeping and reaches nobody."""
    request[_DROPPED] = True
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500, headers={hdrs.CONNECTION: "close"})
