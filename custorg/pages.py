"""The picker's page and what it is made of: a fixed table of files, read once.

The page is never cached and names its files by the digest of all of them; so these may be cached for ever, and a new
version of the app is seen at the next load.
"""

import gzip
import hashlib
import html
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import azure.functions as func

from shared.errors import CommandRefused
from shared.http import WORTH_GZIP, no_such_route, takes_gzip
from shared.principal import who_looks

if TYPE_CHECKING:
    from shared.settings import CommonSettings

FOLDER = Path(__file__).parent / "picker"
PAGE = "index.html"
SCRIPT, STYLE = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
ASSETS = {
    "app.js": SCRIPT,
    "dom.js": SCRIPT,
    "model.js": SCRIPT,
    "refresh.js": SCRIPT,
    "rows.js": SCRIPT,
    "saving.js": SCRIPT,
    "server.js": SCRIPT,
    "states.js": SCRIPT,
    "words.js": SCRIPT,
    "picker.css": STYLE,
    "icon.svg": "image/svg+xml",
}
SIGN_IN = "/.auth/login/aad?post_login_redirect_uri=/api/picker"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
FOR_EVER = "public, max-age=31536000, immutable"


def page(request: func.HttpRequest, settings: "CommonSettings") -> func.HttpResponse:
    """The page. To whom it may show nothing it says so, with that status; it holds no data itself.

    Where the platform authenticates, whoever is not signed in is sent to sign in.
    """
    status = _status_for(request, settings)
    if status == HTTPStatus.UNAUTHORIZED and settings.easy_auth:
        return func.HttpResponse(status_code=302, headers={"Location": SIGN_IN, "Cache-Control": "no-store"})
    text = _file(PAGE).decode().replace("{assets}", f"/api/picker/{digest()}")
    text = text.replace("{sign-in}", html.escape(SIGN_IN if settings.easy_auth else ""))
    return _answer(request, text.encode(), "text/html; charset=utf-8", {"Cache-Control": "no-store"}, status)


def asset(request: func.HttpRequest, path: str) -> func.HttpResponse:
    """The file at `DIGEST/NAME`; 404 for anything else."""
    version, _, name = path.partition("/")
    if version != digest() or name not in ASSETS:
        return no_such_route(request)
    tag = f'"{digest()}"'
    headers = {"Cache-Control": FOR_EVER, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=HTTPStatus.NOT_MODIFIED, headers=HEADERS | headers)
    return _answer(request, _file(name), ASSETS[name], headers)


@cache
def digest() -> str:
    """16 hexadecimal digits that name this version of the files."""
    return hashlib.sha256(b"".join(_file(name) for name in sorted(ASSETS))).hexdigest()[:16]


def _status_for(request: func.HttpRequest, settings: "CommonSettings") -> int:
    try:
        who_looks(request, settings)
    except CommandRefused as refusal:
        return refusal.status
    return HTTPStatus.OK


def _answer(
    request: func.HttpRequest, body: bytes, kind: str, headers: dict[str, str], status: int = HTTPStatus.OK
) -> func.HttpResponse:
    more = {}
    if len(body) > WORTH_GZIP and takes_gzip(request):
        body, more = _zipped(body), {"Content-Encoding": "gzip"}
    return func.HttpResponse(body, status_code=int(status), headers=HEADERS | headers | more | {"Content-Type": kind})


@cache
def _file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@cache
def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
