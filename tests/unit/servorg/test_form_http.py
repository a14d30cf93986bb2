"""The edge of the form's lists: for pages of the DeskDirector site only, and errors as DeskDirector documents them."""

from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError

from servorg import form_asked
from servorg.form_http import for_the_site, site_origin
from shared.errors import CommandRefused, SettingsError
from tests.unit.http_requests import a_request, answer_of

SITE = "https://msp.deskdirector.com"


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKDIRECTOR_URL", SITE)


@for_the_site
def shows(request: func.HttpRequest) -> dict[str, object]:
    """Shows what was asked."""
    return {"value": [], "request": {"term": form_asked.asked(request).term, "ticketId": None}}


def raising(error: Exception) -> Callable[[func.HttpRequest], func.HttpResponse]:
    @for_the_site
    def fails(request: func.HttpRequest) -> dict[str, object]:
        raise error

    return fails


def cors(response: func.HttpResponse) -> str | None:
    found: str | None = response.headers.get("Access-Control-Allow-Origin")
    return found


def told(response: func.HttpResponse) -> tuple[int, Any]:
    return response.status_code, answer_of(response)


def test_the_site_may_read_the_answer_and_nothing_keeps_it() -> None:
    response = shows(a_request(body={"term": "x"}, origin="http://here", Origin=SITE))

    assert told(response) == (200, {"value": [], "request": {"term": "x", "ticketId": None}})
    assert cors(response) == SITE
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept-Encoding, Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


def request_from(origin: str | None, method: str = "GET", **headers: str) -> func.HttpRequest:
    sent = headers if origin is None else {"Origin": origin, **headers}
    return func.HttpRequest(method, "http://here/api/forms/accounts", headers=sent, params={}, body=b"")


def test_without_an_origin_it_is_no_browser_and_gets_its_answer() -> None:
    response = shows(request_from(None))

    assert (response.status_code, cors(response), response.headers["Vary"]) == (200, None, "Accept-Encoding, Origin")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://msp.deskdirector.com",
        "https://msp.deskdirector.com.evil.example",
        "https://msp.deskdirector.com:444",
        "https://MSP.deskdirector.com/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_page_is_refused_and_may_not_even_read_that(origin: str, method: str) -> None:
    response = shows(request_from(origin, method))

    assert (response.status_code, cors(response)) == (403, None)
    assert answer_of(response).keys() == {"error", "errorDescription"}
    assert "Access-Control-Allow-Methods" not in response.headers


def test_the_browser_asks_first_and_may_send_what_it_names() -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-trace"}
    response = shows(request_from(SITE, "OPTIONS", **asked))

    assert (response.status_code, response.get_body(), cors(response)) == (204, b"", SITE)
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert response.headers["Access-Control-Allow-Headers"] == "content-type, x-trace"
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("names", ["", "a b", "x\r\nSet-Cookie: a", "a,,b", "é"])
def test_names_of_headers_that_are_none_are_not_repeated(names: str) -> None:
    response = shows(request_from(SITE, "OPTIONS", **{"Access-Control-Request-Headers": names}))

    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"


@pytest.mark.parametrize(
    ("error", "status", "code", "said"),
    [
        (CommandRefused(401, "token_expired", "Load anew."), 401, "token_expired", "Load anew."),
        (SettingsError(["SERVORG_ACCOUNT_ID is missing: why"]), 503, "settings", "SERVORG_ACCOUNT_ID is missing"),
        (ServiceRequestError("https://storage.example/secret"), 503, "storage", "Try again"),
        (ZeroDivisionError("jan@contoso.example"), 500, "internal", "the log says what"),
        (CommandRefused(400, "invalid", "x" * 3_000), 400, "invalid", "xxx"),
    ],
)
def test_every_error_has_the_documented_shape_and_the_page_can_read_it(
    error: Exception, status: int, code: str, said: str
) -> None:
    response = raising(error)(request_from(SITE))

    assert (response.status_code, cors(response)) == (status, SITE)
    assert answer_of(response).keys() == {"error", "errorDescription"}
    assert answer_of(response)["error"] == code
    assert said in answer_of(response)["errorDescription"]
    assert not any(word in response.get_body().decode() for word in ("contoso", "secret", "why"))


def test_a_long_error_that_was_zipped_is_still_put_into_shape() -> None:
    response = raising(CommandRefused(400, "invalid", "x" * 3_000))(request_from(SITE, **{"Accept-Encoding": "gzip"}))

    assert response.headers["Content-Encoding"] == "gzip"
    assert cors(response) == SITE


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"{", "application/json", (400, "malformed")),
        (b"[]", "application/json", (400, "malformed")),
        (b"[" * 100_000, "application/json", (400, "malformed")),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", (400, "malformed")),
        (b'{"term": 5}', "application/json", (400, "invalid")),
        (b"term=x", "application/x-www-form-urlencoded", (415, "content_type")),
        (b'{"x": "' + b"x" * 1_048_577 + b'"}', "application/json", (413, "too_large")),
    ],
    ids=["malformed", "a list", "deep", "deep inside", "a number", "a form", "too large"],
)
def test_bad_bodies_are_refused_in_that_shape(body: bytes, kind: str, expected: tuple[int, str]) -> None:
    response = shows(a_request(body=body, content_type=kind, Origin=SITE))

    assert (response.status_code, answer_of(response)["error"]) == expected
    assert cors(response) == SITE


def test_without_the_sites_address_settings_are_to_blame_and_no_page_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESKDIRECTOR_URL")
    response = raising(SettingsError(["DESKDIRECTOR_URL is missing"]))(request_from(SITE))

    assert (response.status_code, cors(response)) == (503, None)
    assert cors(shows(request_from(SITE, "OPTIONS"))) is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://MSP.DeskDirector.com/", SITE),
        ("https://msp.deskdirector.com:443", SITE),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://msp.deskdirector.com:99999", None),
        ("msp.deskdirector.com", None),
        ("ftp://msp.deskdirector.com", None),
        ("", None),
    ],
)
def test_the_origin_is_written_as_browsers_do(url: str, origin: str | None) -> None:
    assert site_origin({"DESKDIRECTOR_URL": url}) == origin


def test_the_host_sees_the_functions_own_name() -> None:
    assert (shows.__name__, shows.__doc__) == ("shows", "Shows what was asked.")
