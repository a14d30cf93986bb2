import asyncio
import gzip
import json
import logging
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import (
    CommandRefused,
    CustOrgUnreachable,
    DeskThrottled,
    DeskUnavailable,
    GraphError,
    GraphThrottled,
    SettingsError,
)
from shared.http import MAX_BODY, body_of, no_such_route, replies
from tests.unit.http_requests import a_request, answer_of


class Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    sync: bool = False
    count: int = 0
    names: tuple[str, ...] = ()


class Told(BaseModel):
    name: str = ""
    chosen_by: str = Field(default="", alias="chosenBy")


@replies
def echo(request: func.HttpRequest) -> dict[str, object]:
    asked = body_of(request, Asked, "Send {}.")
    return {"sync": asked.sync, "names": asked.names}


def sent(body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    response = echo(a_request(body=body, **headers))
    return response.status_code, answer_of(response)


def failing(error: Exception) -> func.HttpResponse:
    @replies
    def fails(_request: func.HttpRequest) -> dict[str, object]:
        raise error

    response: func.HttpResponse = fails(a_request())
    return response


def test_a_body_is_read_and_answered_as_json() -> None:
    assert sent({"sync": True, "names": ["é"]}) == (200, {"sync": True, "names": ["é"]})


@pytest.mark.parametrize("headers", [{}, {"content_type": "application/json"}])
def test_no_body_is_an_empty_object(headers: dict[str, str]) -> None:
    assert sent(b"", **headers) == (200, {"sync": False, "names": []})


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "a/b+json"],
)
def test_json_may_be_declared_in_every_usual_way(content_type: str) -> None:
    assert sent(b'{"sync": true}', content_type=content_type)[0] == 200


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {}),
        (b"{}", {"content_type": "text/plain"}),
        (b"a=b", {"content_type": "application/x-www-form-urlencoded"}),
        (b"{}", {"content_type": "application/json; charset=latin-1"}),
        (b"", {"content_type": "text/xml"}),
        (b"{}", {"content_type": "application/jsonp"}),
    ],
)
def test_another_content_type_is_415(body: bytes, headers: dict[str, str]) -> None:
    status, answer = sent(body, **headers)

    assert (status, answer["error"]) == (415, "content_type")


def test_a_body_over_one_mebibyte_is_413_whatever_it_says_to_be() -> None:
    assert sent(b" " * (MAX_BODY + 1), content_type="text/plain")[0] == 413
    assert sent(b"{}" + b" " * (MAX_BODY - 2), content_type="application/json")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"count": NaN}',
        b'{"count": -Infinity}',
        b'{"sync": true, "sync": false}',
        b"[]",
        b"null",
        b'"sync"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"count": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_object_is_400(body: bytes) -> None:
    status, answer = sent(body, content_type="application/json")

    assert (status, answer["error"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sync": "yes"}, "sync"),
        ({"sync": 1}, "sync"),
        ({"sync": None}, "sync"),
        ({"count": "5"}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": True}, "count"),
        ({"names": "it"}, "names"),
        ({"names": [1]}, "names.0"),
        ({"synk": True}, "synk"),
    ],
)
def test_nothing_is_coerced_and_the_wrong_field_is_named(body: Any, field: str) -> None:
    status, answer = sent(body)

    assert (status, answer["error"]) == (400, "invalid")
    assert answer["message"].startswith(f"{field}: ")
    assert answer["message"].endswith("Send {}.")


@pytest.mark.parametrize("body", [b'{"names": ["\\ud800"]}', b'{"\\udfff": 1}', b'{"sync": "\\ud800"}'])
def test_a_lone_surrogate_is_refused_and_breaks_nothing(body: bytes) -> None:
    assert sent(body, content_type="application/json")[0] == 400


@given(st.binary())
def test_no_body_breaks_the_edge(body: bytes) -> None:
    assert sent(body, content_type="application/json")[0] in {200, 400}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_breaks_the_edge(body: Any) -> None:
    assert sent(body)[0] in {200, 400}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (CommandRefused(409, "wrong_tenant", "wrong tenant"), 409, "wrong_tenant"),
        (GraphError(403, "x", "needs User.Read.All"), 502, "graph"),
        (CustOrgUnreachable("no connection"), 502, "graph"),
        (DeskUnavailable("no connection"), 502, "deskdirector"),
    ],
)
def test_each_error_of_ours_has_its_status_and_says_its_sentence(error: Exception, status: int, code: str) -> None:
    response = failing(error)

    assert (response.status_code, answer_of(response)) == (status, {"error": code, "message": str(error)})


@pytest.mark.parametrize("error", [GraphThrottled(2.128), DeskThrottled(2.128)])
def test_throttling_is_429_with_the_seconds(error: Exception) -> None:
    response = failing(error)

    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    assert (answer_of(response)["error"], answer_of(response)["retryAfter"]) == ("throttled", 2.128)


def test_faulty_settings_are_named_without_their_values() -> None:
    response = failing(SettingsError(["TENANT_ID is missing", "ROLE: Input should be 'both', not 'secret'"]))

    assert response.status_code == 500
    assert answer_of(response) == {"error": "settings", "message": "TENANT_ID is missing; ROLE is wrong"}


def test_an_unexpected_error_tells_nothing_and_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = failing(KeyError("ann@here.example"))

    (record,) = caplog.records
    logged = json.loads(record.message)

    assert (response.status_code, answer_of(response)["error"]) == (500, "internal")
    assert "ann@here.example" not in response.get_body().decode() + record.getMessage()
    assert (logged["event"], logged["function"], logged["error"]) == ("request failed", "fails", "KeyError")
    assert logged["at"][-1].endswith(" fails")


async def test_an_async_function_has_the_same_edge() -> None:
    @replies
    async def refuses(_request: func.HttpRequest) -> dict[str, object]:
        await asyncio.sleep(0)
        raise CommandRefused(404, "unknown_command", "no")

    @replies
    async def answers(_request: func.HttpRequest) -> dict[str, object]:
        return {"fine": True}

    assert (await refuses(a_request())).status_code == 404
    assert answer_of(await answers(a_request())) == {"fine": True}


async def test_a_cancelled_call_stays_cancelled() -> None:
    @replies
    async def stops(_request: func.HttpRequest) -> dict[str, object]:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await stops(a_request())


def large(**headers: str) -> func.HttpResponse:
    @replies
    def tells(_request: func.HttpRequest) -> dict[str, object]:
        return {"text": "x" * 2_000}

    response: func.HttpResponse = tells(a_request(**headers))
    return response


@pytest.mark.parametrize("header", ["gzip", "deflate, gzip;q=0.5", "*"])
def test_a_large_answer_is_zipped_for_who_takes_gzip(header: str) -> None:
    response = large(accept_encoding=header)

    assert response.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.get_body())) == {"text": "x" * 2_000}


@pytest.mark.parametrize("headers", [{}, {"accept_encoding": "br"}, {"accept_encoding": "gzip;q=0"}])
def test_a_large_answer_is_plain_for_who_does_not(headers: dict[str, str]) -> None:
    response = large(**headers)

    assert "Content-Encoding" not in response.headers
    assert answer_of(response) == {"text": "x" * 2_000}


def test_a_small_answer_is_never_zipped() -> None:
    assert "Content-Encoding" not in echo(a_request(body={}, accept_encoding="gzip")).headers


def test_no_answer_is_cached_or_sniffed() -> None:
    for response in (echo(a_request(body={})), failing(KeyError())):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.mimetype == "application/json"


def test_models_go_out_under_their_aliases_and_odd_text_as_its_escape() -> None:
    @replies
    def tells(_request: func.HttpRequest) -> dict[str, object]:
        return {"rows": [Told(name="é", chosenBy="jo")], "odd": "\ud800"}

    @replies
    def tells_one(_request: func.HttpRequest) -> Told:
        return Told(chosenBy="jo")

    assert tells(a_request()).get_body() == '{"rows":[{"name":"é","chosenBy":"jo"}],"odd":"\\ud800"}'.encode()
    assert answer_of(tells_one(a_request())) == {"name": "", "chosenBy": "jo"}


def test_an_answer_that_is_ready_goes_out_as_it_stands() -> None:
    ready = func.HttpResponse("<p>", mimetype="text/html")

    @replies
    def page(_request: func.HttpRequest) -> func.HttpResponse:
        return ready

    assert page(a_request()) is ready


def test_what_is_neither_page_nor_asset_is_404() -> None:
    response = no_such_route(a_request("GET", "/api/picker/x"))

    assert (response.status_code, answer_of(response)["error"]) == (404, "not_found")
