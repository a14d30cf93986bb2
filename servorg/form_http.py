"""The HTTP edge of the form's lists: a browser calls them from DeskDirector's site, so they answer for that site only.

Errors have the form that DeskDirector documents for its dynamic fields, `{"error", "errorDescription"}`, and the CORS
headers too: without them the browser would not let the site read what was wrong.
"""

import gzip
import json
import os
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from shared.errors import CommandRefused, SettingsError
from shared.http import Answer, named_only, replies, respond

_PORTS = {"http": 80, "https": 443}
_HEADER_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(\s*,\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_KEEP_PREFLIGHT = "3600"  # seconds
_VARY = "Accept-Encoding, Origin"


def for_the_site(function: Callable[[func.HttpRequest], Answer]) -> Callable[[func.HttpRequest], func.HttpResponse]:
    """The function (its one argument named `request`) as the host calls it, and as DeskDirector's pages may.

    It answers GET and POST; OPTIONS is answered here. Stands under the route, as shared.http's `replies` does.
    """
    answers = replies(_explained(function))

    def edge(request: func.HttpRequest) -> func.HttpResponse:
        origin, site = request.headers.get("Origin"), site_origin(os.environ)
        if origin is not None and site is not None and origin != site:
            return _refusal(request, "foreign_origin", "Only pages of the DeskDirector site may ask for this list.")
        if request.method.upper() == "OPTIONS":
            return _preflight(request, site)
        return _allowed(_as_documented(request, answers(request)), origin and site)

    return _named_as(function, edge)


def site_origin(environ: Mapping[str, str]) -> str | None:
    """The origin of DeskDirector's pages as a browser writes it; None when DESKDIRECTOR_URL is none.

    Read by itself, so that also an error about other settings can be read by the page that asked.
    """
    try:
        parts = urlsplit(environ.get("DESKDIRECTOR_URL", "").strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def _explained(function: Callable[[func.HttpRequest], Answer]) -> Callable[[func.HttpRequest], Answer]:
    """The function, with 503 for what the MSP has to mend: a setting, or the storage."""

    def inner(request: func.HttpRequest) -> Answer:
        from azure.core.exceptions import AzureError

        try:
            return function(request)
        except SettingsError as error:
            said = f"The MSP's administrator has to correct settings: {'; '.join(named_only(error))}."
            raise CommandRefused(HTTPStatus.SERVICE_UNAVAILABLE, "settings", said) from error
        except AzureError as error:
            said = "The list cannot be read just now. Try again in a minute."
            raise CommandRefused(HTTPStatus.SERVICE_UNAVAILABLE, "storage", said) from error

    return _named_as(function, inner)


def _named_as(function: Callable[..., Any], edge: Callable[..., Any]) -> Callable[..., Any]:
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(edge, name, getattr(function, name))
    return edge


def _preflight(request: func.HttpRequest, site: str | None) -> func.HttpResponse:
    """What the browser may send: GET and POST, with the headers that it asks for."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": asked if _HEADER_NAMES.fullmatch(asked) else "Content-Type",
        "Access-Control-Max-Age": _KEEP_PREFLIGHT,
        "Cache-Control": "no-store",
    }
    return _allowed(func.HttpResponse(status_code=HTTPStatus.NO_CONTENT, headers=headers), site)


def _allowed(response: func.HttpResponse, origin: str | None) -> func.HttpResponse:
    response.headers["Vary"] = _VARY
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


def _refusal(request: func.HttpRequest, code: str, said: str) -> func.HttpResponse:
    return _allowed(respond(request, {"error": code, "errorDescription": said}, HTTPStatus.FORBIDDEN), None)


def _as_documented(request: func.HttpRequest, response: func.HttpResponse) -> func.HttpResponse:
    """An error with the names that DeskDirector reads; any other answer as it is."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    body = response.get_body()
    told = json.loads(gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body)
    return respond(request, {"error": told["error"], "errorDescription": told["message"]}, response.status_code)
