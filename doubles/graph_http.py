"""What every answer of the Graph double has in common: who asked, errors, headers, JSON and gzip.

Sources: https://learn.microsoft.com/graph/errors, .../graph/throttling-limits (costs of identity and access requests)
"""

import json
import time
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from doubles.faults import ADMIN, TENANT, Handler
from doubles.graph_query import Refusal
from doubles.tokens import Caller, TokenRefused, caller
from doubles.world import World

ROOT = "/v1.0"
_CALLER = web.RequestKey("caller", Caller)
_ID = web.RequestKey("id", str)
JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
WORTH_GZIP = 1024
CODES = {
    HTTPStatus.TOO_MANY_REQUESTS: ("TooManyRequests", "Too many requests."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("ServiceUnavailable", "The service is temporarily unavailable."),
    HTTPStatus.GATEWAY_TIMEOUT: ("GatewayTimeout", "The upstream server did not answer in time."),
}
CHALLENGE = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'


def need(request: web.Request, roles: Sequence[str]) -> Caller:
    """The caller, when the token has one of these permissions; Refusal 403 otherwise."""
    who = caller_of(request)
    if not who.may(*roles):
        raise Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return who


def caller_of(request: web.Request) -> Caller:
    """Who asks, as the token said."""
    return request[_CALLER]


def base_url(request: web.Request) -> str:
    """The service's root as the client addressed it: nextLink and deltaLink stay on its host."""
    return f"{request.url.origin()}{ROOT}"


def answer(head: dict[str, Any], rows: Sequence[bytes] | None = None) -> web.Response:
    """A JSON answer; `rows`, JSON already, become its `value`."""
    body = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    if rows is not None:
        body = b"%s,%s%s]}" % (body[:-1], b'"value":[', b",".join(rows))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: JSON_TYPE})


def text(content: str) -> web.Response:
    """A plain text answer, as counts are."""
    return web.Response(text=content, content_type="text/plain")


def refusals(world: World) -> Middleware:
    """The middleware that reads the token and turns a Refusal into Graph's error answer."""

    @web.middleware
    async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(ADMIN):
            return await handler(request)
        try:
            _authenticate(request, world)
            return await handler(request)
        except TokenRefused as refusal:
            return _error(request, 401, "InvalidAuthenticationToken", str(refusal), {hdrs.WWW_AUTHENTICATE: CHALLENGE})
        except Refusal as refusal:
            return _error(request, refusal.status, refusal.code, refusal.message, refusal.headers)

    return serve


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Graph's headers, an error body for a scripted status without one, and gzip for who asks for it."""
    if request.path.startswith(ADMIN):
        return await handler(request)
    request[_ID] = str(uuid.uuid4())
    response = await handler(request)
    if isinstance(response, web.Response) and response.status >= HTTPStatus.BAD_REQUEST and not response.body:
        response = _scripted(request, response)
    response.headers["request-id"] = request[_ID]
    response.headers["client-request-id"] = request.headers.get("client-request-id", request[_ID])
    response.headers.setdefault("x-ms-resource-unit", str(cost(request)))
    length = len(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else 0
    if length > WORTH_GZIP and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def cost(request: web.Request) -> int:
    """The resource units of a request (throttling-limits, "Identity and access service limits")."""
    path = request.path.lower()
    units = 1
    for part, base in (("/transitivemembers", 5), ("/members", 3), (f"{ROOT}/users", 2)):
        if part in path:
            units = base
            break
    units -= "$select" in request.query
    units -= request.query.get("$top", "").isdecimal() and int(request.query["$top"]) < 20  # noqa: PLR2004 - documented
    return max(units, 1)


def _authenticate(request: web.Request, world: World) -> None:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    who = caller(world, token.strip() if scheme.lower() == "bearer" else "")
    request[_CALLER] = who
    request[TENANT] = who.tenant.id


def _scripted(request: web.Request, response: web.Response) -> web.Response:
    code, message = CODES.get(HTTPStatus(response.status), ("UnknownError", "An error was scripted."))
    own = (hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH)
    kept = {name: value for name, value in response.headers.items() if name not in own}
    return _error(request, response.status, code, message, kept)


def _error(request: web.Request, status: int, code: str, message: str, headers: dict[str, str]) -> web.Response:
    inner = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
        "request-id": request[_ID],
        "client-request-id": request.headers.get("client-request-id", request[_ID]),
    }
    body = json.dumps({"error": {"code": code, "message": message, "innerError": inner}}).encode()
    return web.Response(status=status, body=body, headers={hdrs.CONTENT_TYPE: "application/json", **headers})
