"""What the routes of both hosts share: reading a request strictly, writing an answer, and who may ask."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from doubles.desk_schemas import INTEGER, TAKE, request_validator
from doubles.desk_seed import refuse_unfit
from doubles.desk_state import Desk, Refused, Row
from doubles.desk_tokens import Keyring

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CONNECTOR = "/api/v2/automate/connector"
DESK = web.AppKey("desk", Desk)
KEYRING = web.AppKey("keyring", Keyring)
DEFAULT_TAKE = 100


# Answers


def listing(rows: Sequence[Row], skip: int = 0, take: int = DEFAULT_TAKE) -> web.Response:
    """A page of the rows: `{"results", "totalResults"}`, as every list of the connector."""
    return web.json_response({"results": list(rows[skip : skip + take]), "totalResults": len(rows)})


def refusal_answer(request: web.Request, status: int, error: str, description: str) -> web.Response:
    """An error, in JSON unless the caller asks for something else (v21.25: "structured JSON when asked for")."""
    accept = request.headers.get("Accept", "*/*")
    if "json" in accept or "*/*" in accept:
        return web.json_response({"error": error, "errorDescription": description}, status=status)
    return web.Response(status=status, text=description)


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals, and the framework's own 404, 405 and 413, into error answers."""
    try:
        return await handler(request)
    except Refused as refusal:
        return refusal_answer(request, refusal.status, refusal.error, str(refusal))
    except web.HTTPException as refusal:
        code = (refusal.reason or "error").lower().replace(" ", "_")
        return refusal_answer(request, refusal.status, code, f"{request.method} {request.path}: {refusal.reason}")


# Requests


async def json_body(request: web.Request) -> Any:
    """The JSON value that was sent; 415 for another content type, 400 for what is no JSON."""
    if request.content_type != "application/json":
        raise Refused(415, "unsupported_media_type", f"application/json is wanted, not {request.content_type}.")
    try:
        return await request.json()
    except ValueError as fault:
        raise Refused(400, "bad_request", f"The body is no JSON: {fault}") from fault


async def checked(request: web.Request, type_id: str) -> Row:
    """The body, which is of that type and has no field more; else 400."""
    body = await json_body(request)
    try:
        refuse_unfit(request_validator(type_id, request.app[DESK].settings["dialect"]), body)
    except ValueError as fault:
        raise Refused(400, "bad_request", str(fault)) from fault
    return dict(body)


def query(request: web.Request, *known: str) -> dict[str, str]:
    """The query's parameters; 400 for one that is not known or is given twice."""
    given = request.query
    unknown = [name for name in given if name not in known]
    if unknown or len(set(given)) < len(given):
        raise Refused(
            400,
            "bad_request",
            f"Query parameters are {', '.join(known) or 'none'}, each once; not {request.query_string}.",
        )
    return dict(given)


def paging(given: dict[str, str]) -> dict[str, int]:
    """`skip` and `take` out of a query; 400 when one is no number or out of its range."""
    names = [name for name in ("skip", "take") if name in given]
    chosen: dict[str, int] = {name: whole(given[name], f"{name} is") for name in names}
    if not INTEGER["minimum"] <= chosen.get("skip", 0) <= INTEGER["maximum"]:
        raise Refused(400, "bad_request", "skip is 0 or more.")
    if not TAKE["minimum"] <= chosen.get("take", 1) <= TAKE["maximum"]:
        raise Refused(400, "bad_request", f"take is 1 to {TAKE['maximum']}.")
    return chosen


def number(request: web.Request, name: str) -> int:
    """A number in the path; 400 when it is none."""
    return whole(request.match_info[name], f"{name} in the path is")


def whole(text: str, what: str) -> int:
    """A whole number, not negative; else 400, in which `what` begins the sentence."""
    if not (text.isascii() and text.isdigit()):
        raise Refused(400, "bad_request", f"{what} a whole number, not {text!r}.")
    return int(text)


# Who may ask


@web.middleware
async def key_or_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The API key for the connector, an agent's token for the v3 routes; …/user/client and /member look themselves."""
    path = request.path
    if path.startswith("/api/v3/"):
        agent_of(request)
    elif path.startswith((CONNECTOR, "/api/v2/ddform/")) or path.endswith("/userkey"):
        require_key(request)
    return await handler(request)


def require_key(request: web.Request) -> None:
    """401 unless the request brings `Authorization: DdApi <key>`."""
    if request.headers.get("Authorization") != f"DdApi {request.app[DESK].settings['apiKey']}":
        raise Refused(401, "unauthorized", "Authorization: DdApi <key> is missing or wrong.")


def claims_of(request: web.Request) -> Row:
    """The claims of the request's `Authorization: DdAccessToken <jwt>`; 401 without a valid one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = request.app[KEYRING].claims(token) if scheme == "DdAccessToken" else None
    if claims is None:
        raise Refused(401, "unauthorized", "Authorization: DdAccessToken <token> is missing, expired or not ours.")
    return claims


def agent_of(request: web.Request) -> Row:
    """The agent whose token it is; 401 without one that is valid, 403 for a contact's or a barred agent's."""
    claims = claims_of(request)
    agent = request.app[DESK].tables["agent"].get(claims["userId"]) if claims["userType"] == "member" else None
    if agent is None or not agent["allowed"]:
        raise Refused(403, "forbidden", "Only an agent with permission may do this.")
    return agent
