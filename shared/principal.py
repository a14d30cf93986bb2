"""Who calls a page's routes, and what that person may do.

`EASY_AUTH` says that the platform authenticates; only then are its headers trusted (runtime.md §4: "external requests
aren't allowed to set these headers" holds only while it does). `DEV_PRINCIPAL` is for this machine only (ruling 23).
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import azure.functions as func

from shared.errors import CommandRefused

if TYPE_CHECKING:
    from shared.settings import CommonSettings

LOOK = frozenset({"SyncReader", "SyncAdmin"})
CHANGE = frozenset({"SyncAdmin"})
HEADER = "x-ms-client-principal"
# As runtime.md §4 has them, whatever `role_typ` says: if that were `groups`, a group called SyncAdmin would be a role.
ROLE_TYPES = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
NAME_TYPES = ("preferred_username", "name")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person: the name that is written beside a choice, and the app roles."""

    name: str
    roles: frozenset[str]


def who_looks(request: func.HttpRequest, settings: "CommonSettings") -> Principal:
    """The person, who may look. CommandRefused: 401 when nobody is signed in, 403 without an app role."""
    return _allowed(_signed_in(request, settings), LOOK)


def who_changes(request: func.HttpRequest, settings: "CommonSettings") -> Principal:
    """The person, who may change things, on a request from our own page. CommandRefused 401 or 403 otherwise."""
    principal = _allowed(_signed_in(request, settings), CHANGE)
    check_origin(request)
    return principal


def check_origin(request: func.HttpRequest) -> None:
    """CommandRefused 403 unless the Origin header is the request's own scheme, host and port.

    Behind App Service the request arrives as plain http, and X-Forwarded-Proto tells what the browser used.
    """
    if _place(request.headers.get("origin", "")) != _place(_own_origin(request)):
        raise CommandRefused(HTTPStatus.FORBIDDEN, "origin", "Changes are accepted from this app's own page only.")


def _own_origin(request: func.HttpRequest) -> str:
    url = urlsplit(request.url)
    scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() or url.scheme
    return f"{scheme}://{request.headers.get('host') or url.netloc}"


def _place(origin: str) -> tuple[str, str, int | None] | None:
    parts = _split(origin)
    if parts is None or parts.scheme not in DEFAULT_PORTS or parts.path or parts.username is not None:
        return None
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _signed_in(request: func.HttpRequest, settings: "CommonSettings") -> Principal:
    if settings.easy_auth:
        return _by_platform(request.headers)
    if settings.dev_principal and _on_this_machine(request):
        return _principal(json.loads(settings.dev_principal))
    raise _nobody()


def _by_platform(headers: Mapping[str, str]) -> Principal:
    text = headers.get(HEADER, "")
    try:
        claims = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, RecursionError):
        raise _nobody() from None
    return _principal(claims)


def _principal(row: Any) -> Principal:
    """Of `{"name", "roles": [...]}`, or of the platform's `{"claims": [{"typ", "val"}], "name_typ"}`."""
    try:
        if "claims" in row:
            return _of_claims(row)
        return Principal(_text(row["name"]), frozenset(_text(role) for role in row["roles"]))
    except (TypeError, KeyError, AttributeError):
        raise _nobody() from None


def _of_claims(row: dict[str, Any]) -> Principal:
    claims = [(_text(claim["typ"]), _text(claim["val"])) for claim in row["claims"]]
    named = dict(reversed(claims))
    name = next((named[typ] for typ in (row.get("name_typ"), *NAME_TYPES) if typ in named), "")
    return Principal(name, frozenset(value for typ, value in claims if typ in ROLE_TYPES))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _on_this_machine(request: func.HttpRequest) -> bool:
    places = [_split(request.url), _split(f"//{request.headers.get('host', 'localhost')}")]
    return all(place is not None and place.hostname in LOOPBACK for place in places)


def _allowed(principal: Principal, roles: frozenset[str]) -> Principal:
    if not principal.roles & roles:
        message = f"This needs the app role {' or '.join(sorted(roles))}."
        raise CommandRefused(HTTPStatus.FORBIDDEN, "forbidden", message)
    return principal


def _nobody() -> CommandRefused:
    return CommandRefused(HTTPStatus.UNAUTHORIZED, "unauthorized", "Nobody is signed in.")
