"""The HTTP edge of both roles: bodies in, JSON out, and every error as `{"error", "message"}`.

Importing it is cheap: pydantic is touched only when a request comes (runtime.md §5, cold start).
"""

import asyncio
import gzip
import inspect
import json
import logging
import math
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import azure.functions as func
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_options_header

from shared.errors import (
    CommandRefused,
    DeskError,
    DeskThrottled,
    GraphError,
    GraphThrottled,
    SettingsError,
    SourceError,
)
from shared.logs import log_event

if TYPE_CHECKING:
    from pydantic import BaseModel

log = logging.getLogger(__name__)

MAX_BODY = 1_048_576
WORTH_GZIP = 1_024
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}

type Answer = BaseModel | Mapping[str, object] | func.HttpResponse
type Route = Callable[[func.HttpRequest], Answer] | Callable[[func.HttpRequest], Awaitable[Answer]]


def replies(function: Route) -> Callable[[func.HttpRequest], Any]:
    """The function (`def` or `async def`, its one argument named `request`) as the host calls it.

    What it returns goes out as JSON (an HttpResponse as it stands); whatever it raises becomes `{"error", "message"}`.
    Stands under the route: `@blueprint.route(..., trigger_arg_name="request")` above, `@replies` below.
    """
    edge = _async_edge(function) if inspect.iscoroutinefunction(function) else _edge(function)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(edge, name, getattr(function, name))
    return edge


def _edge(function: Callable[[func.HttpRequest], Any]) -> Callable[[func.HttpRequest], Any]:
    def edge(request: func.HttpRequest) -> func.HttpResponse:
        with _caught(function.__name__, request) as answers:
            answers.append(respond(request, function(request)))
        return answers[0]

    return edge


def _async_edge(function: Callable[[func.HttpRequest], Any]) -> Callable[[func.HttpRequest], Any]:
    async def edge(request: func.HttpRequest) -> func.HttpResponse:
        with _caught(function.__name__, request) as answers:
            # A large answer takes a while to write and zip; the worker has one loop for everybody.
            answers.append(await asyncio.to_thread(respond, request, await function(request)))
        return answers[0]

    return edge


@contextmanager
def _caught(name: str, request: func.HttpRequest) -> Iterator[list[func.HttpResponse]]:
    """A list for the answer, into which whatever is raised inside the `with` puts one too."""
    answers: list[func.HttpResponse] = []
    try:
        yield answers
    except Exception as error:  # noqa: BLE001 one of the three edges that answer for whatever went wrong (ruling 28)
        body, status, headers = refusal_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log_event(log, "request failed", logging.ERROR, function=name, **_facts(error))
        answers.append(respond(request, body, status, headers))


def refusal_of(error: Exception) -> tuple[Mapping[str, object], int, Mapping[str, str]]:
    """Body, status and extra headers for an error; of an unexpected one nothing is told but that it happened."""
    match error:
        case CommandRefused():
            return _body(error.code, str(error)), error.status, {}
        case SettingsError():
            return _body("settings", "; ".join(named_only(error))), HTTPStatus.INTERNAL_SERVER_ERROR, {}
        case GraphThrottled() | DeskThrottled():
            body = _body("throttled", str(error)) | {"retryAfter": error.retry_after}
            return body, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(math.ceil(error.retry_after))}
        case SourceError():
            return _body("graph", str(error)), HTTPStatus.BAD_GATEWAY, {}
        case DeskError():
            return _body("deskdirector", str(error)), HTTPStatus.BAD_GATEWAY, {}
        case _:
            return _body("internal", "Something went wrong here; the log says what."), 500, {}


def named_only(error: SettingsError) -> list[str]:
    """The faults without the values that were found: who is told need not be who may see them."""
    return [_without_value(fault) for fault in error.faults]


def _without_value(fault: str) -> str:
    return f"{fault.split(maxsplit=1)[0].rstrip(':')} is {'missing' if ' is missing' in fault else 'wrong'}"


def respond(
    request: func.HttpRequest, answer: Answer, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """`answer` as JSON, zipped when it is over 1 KiB and the caller takes gzip; never cached, never sniffed."""
    if isinstance(answer, func.HttpResponse):
        return answer
    body = to_json(answer)
    more = {}
    if len(body) > WORTH_GZIP and takes_gzip(request):
        body, more = gzip.compress(body, compresslevel=5, mtime=0), {"Content-Encoding": "gzip"}
    return func.HttpResponse(
        body, status_code=int(status), mimetype="application/json", headers=HEADERS | more | dict(headers or {})
    )


def to_json(answer: object) -> bytes:
    """Compact JSON in UTF-8 under the aliases of the models; a lone surrogate goes out as its escape."""
    text = json.dumps(answer, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def body_of[T: BaseModel](request: func.HttpRequest, model: type[T], hint: str = "") -> T:
    """The request's JSON object as `model`, strictly; no body at all is `{}`. CommandRefused (413, 415, 400) otherwise.

    `hint` is added to what is said about a body that is well formed and not what was asked for.
    """
    from pydantic import ValidationError

    text = _checked(request)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        parts = error.errors(include_url=False, include_context=False, include_input=False)
        said = "; ".join(_told(part["loc"], part["msg"]) for part in parts)
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "invalid", f"{said}. {hint}".strip()) from None


def raw_body(request: func.HttpRequest) -> bytes:
    """The body byte for byte; CommandRefused (413) when it is larger than 1 MiB."""
    body = request.get_body() or b""
    if len(body) > MAX_BODY:
        raise CommandRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is larger than 1 MiB.")
    return body


def json_of(request: func.HttpRequest) -> object:
    """Whatever JSON the body is, read as strictly as `body_of` does; no body at all is `{}`."""
    return _parsed(_declared(request))


def no_such_route(request: func.HttpRequest) -> func.HttpResponse:
    """The 404 of a path under a page that is neither a page nor an asset."""
    return respond(request, _body("not_found", "There is nothing here."), HTTPStatus.NOT_FOUND)


def _checked(request: func.HttpRequest) -> bytes:
    body = _declared(request)
    if not isinstance(_parsed(body), dict):
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "malformed", "The body must be a JSON object.")
    return body


def _declared(request: func.HttpRequest) -> bytes:
    """The body, which is told to be JSON; `{}` when there is none."""
    body = raw_body(request)
    declared = request.headers.get("content-type", "")
    kind, options = parse_options_header(declared)
    if (body or declared) and not _is_json(kind.lower(), options.get("charset", "utf-8")):
        message = "The body must be application/json in UTF-8."
        raise CommandRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_type", message)
    return body or b"{}"


def _is_json(kind: str, charset: str) -> bool:
    return (kind == "application/json" or kind.endswith("+json")) and charset.lower() in {"utf-8", "utf8"}


def _parsed(body: bytes) -> object:
    """The JSON, without what pydantic's own parser lets through: NaN, twice the same name, deep nesting."""
    try:
        parsed: object = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "malformed", "The body is not well-formed JSON.") from None
    return parsed


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _told(loc: tuple[int | str, ...], said: str) -> str:
    name = ".".join(str(step) for step in loc)[:100]
    return f"{name}: {said}" if name else said


def _body(code: str, message: str) -> dict[str, object]:
    return {"error": code, "message": message}


def _plain(value: Any) -> object:
    return value.model_dump(mode="json", by_alias=True)


def takes_gzip(request: func.HttpRequest) -> bool:
    """Whether the caller reads gzip."""
    return parse_accept_header(request.headers.get("accept-encoding"), Accept).quality("gzip") > 0


def _facts(error: Exception) -> dict[str, object]:
    # Without its text: what an unexpected error says may be about a person.
    frames = traceback.extract_tb(error.__traceback__)
    at = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    faults = {"faults": error.faults} if isinstance(error, SettingsError) else {}
    status = {"status": error.status} if isinstance(error, GraphError) else {}
    return {"error": type(error).__name__, "at": at, **faults, **status}
