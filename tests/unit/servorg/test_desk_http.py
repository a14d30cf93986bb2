"""The transport alone, against answers of raw bytes on a loopback socket."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stamina.instrumentation import set_on_retry_hooks

from servorg.desk_http import Access, Call, DeskHttp
from servorg.deskdirector import DeskDirector, connect
from servorg.dialect import Dialect
from shared.errors import (
    DeskError,
    DeskForbidden,
    DeskInDoubt,
    DeskRejected,
    DeskThrottled,
    DeskUnavailable,
    SettingsError,
)
from shared.settings import ServOrgSettings
from tests.fakes.raw_server import Scripted, serving
from tests.unit.servorg.desk_wire import CREATE, KEY, READ, Waits, a_client, an_answer, refused_with


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving() as server:
        yield server


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def http(server: Scripted, waits: Waits) -> DeskHttp:
    return a_client(server.url, waits)


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, DeskRejected),
            (404, DeskRejected),
            (409, DeskRejected),
            (422, DeskRejected),
            (401, DeskForbidden),
            (403, DeskForbidden),
            (429, DeskThrottled),
            (500, DeskUnavailable),
            (504, DeskUnavailable),
        ],
    )
    def test_each_status_has_its_error(
        self, server: Scripted, http: DeskHttp, status: int, kind: type[DeskError]
    ) -> None:
        server.answers = [an_answer(status)]
        error = refused_with(http)

        assert type(error) is kind
        assert getattr(error, "status", status) == status

    @pytest.mark.parametrize("call", [READ, CREATE])
    def test_a_redirect_is_told_and_not_followed(self, server: Scripted, http: DeskHttp, call: Call) -> None:
        server.answers = [an_answer(302, b"", "Location: https://other.example/login?back=here")]
        error = refused_with(http, call)

        assert isinstance(error, DeskUnavailable)
        assert "302 and sends us to https://other.example/login:" in str(error)
        assert len(server.requests) == 1

    def test_a_malformed_redirect_is_no_other_error(self, server: Scripted, http: DeskHttp) -> None:
        server.answers = [an_answer(301, b"", "Location: http://[")]

        assert isinstance(refused_with(http), DeskUnavailable)

    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_who_needs_no_answer_takes_any_success(self, server: Scripted, http: DeskHttp, status: int) -> None:
        server.answers = [an_answer(status, b"" if status == 204 else b"<ok>")]
        http.tell(READ)

        assert len(server.requests) == 1

    @pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe{", b"[" * 100_000])
    def test_something_else_than_json_is_told(self, server: Scripted, http: DeskHttp, body: bytes) -> None:
        server.answers = [an_answer(200, body), an_answer(200, body)]

        assert "something else than JSON" in str(refused_with(http))
        assert isinstance(refused_with(http, CREATE), DeskInDoubt)


class TestTexts:
    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"responseStatus": {"message": "one"}, "message": "two"}, "one"),
            ({"message": "two", "error": "code"}, "two"),
            ({"error": "code", "errorDescription": "three"}, "three"),
            ({"error": "code", "errorDescription": " "}, "code"),
            ({"title": "five", "detail": "six"}, "five"),
            ({"detail": "six"}, "six"),
            ({"message": "of\n two\tlines"}, "of two lines"),
            ({"message": "x" * 1_000}, "x" * 200),
        ],
    )
    def test_the_sentence_of_a_refusal_is_told_at_most_200_letters(
        self, server: Scripted, http: DeskHttp, body: Any, text: str
    ) -> None:
        server.answers = [an_answer(422, json.dumps(body).encode())]

        assert str(refused_with(http)) == f"DeskDirector answered 422: {text}"

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{}", b'{"message": {"a": 1}}', b"[" * 100_000])
    def test_a_refusal_without_a_sentence_is_told_by_its_status(
        self, server: Scripted, http: DeskHttp, body: bytes
    ) -> None:
        server.answers = [an_answer(422, body)]

        assert str(refused_with(http)) == "DeskDirector answered 422"

    def test_neither_credentials_nor_addresses_are_told(self, server: Scripted, http: DeskHttp) -> None:
        said = f"{'x' * 195} {KEY}: eyJhbGciOi.eyJleHAi.c2ln, 'jan.novak@contoso.example' exists"
        server.answers = [an_answer(409, json.dumps({"message": said[190:]}).encode()), an_answer(409, said.encode())]
        error = refused_with(http)

        assert str(error) == "DeskDirector answered 409: xxxxx …: …, '…' exists"
        assert KEY not in str(refused_with(http))
        assert KEY not in repr(Access(server.url, server.url, KEY, 7))


class TestRequests:
    def test_the_key_and_the_body_are_sent_to_the_site(self, server: Scripted, http: DeskHttp) -> None:
        http.ask(CREATE)
        head, body = server.requests[0].split("\r\n\r\n")

        assert head.startswith("POST /create HTTP/1.1\r\n")
        assert f"Authorization: DdApi {KEY}\r\n" in head
        assert "Content-Type: application/json" in head
        assert "dd-host" not in head
        assert json.loads(body) == {"a": 1}

    def test_the_functions_host_is_told_the_site_and_the_category(self, server: Scripted, waits: Waits) -> None:
        access = Access("https://desk.example:8443", server.url, KEY, 7)
        DeskHttp(access, Dialect(), waits).ask(Call(method="POST", path="/f", body={}, category="a & b"))

        assert server.requests[0].startswith("POST /f?category=a+%26+b HTTP/1.1\r\n")
        assert "dd-host: desk.example:8443\r\n" in server.requests[0]

    def test_no_cookie_is_kept(self, server: Scripted, http: DeskHttp) -> None:
        server.answers = [an_answer(200, b"{}", "Set-Cookie: session=somebody; Path=/")]
        http.ask(READ)
        http.ask(READ)

        assert "cookie" not in server.requests[1].lower()

    def test_a_netrc_does_not_replace_the_key(
        self, server: Scripted, http: DeskHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        http.ask(READ)

        assert f"Authorization: DdApi {KEY}\r\n" in server.requests[0]


ENVIRON = {
    "ROLE": "servorg",
    "TENANT_ID": "11111111-1111-1111-1111-111111111111",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "DESKDIRECTOR_URL": "https://desk.example",
    "DESKDIRECTOR_API_KEY": f" {KEY}\n",
    "DESKDIRECTOR_AGENT_ID": "7",
}


class TestConnect:
    def test_the_settings_make_an_adapter_that_has_sent_nothing(self, waits: Waits) -> None:
        assert isinstance(connect(ServOrgSettings.model_validate(ENVIRON), waits), DeskDirector)
        assert waits.count == 0

    @pytest.mark.parametrize("key", ["sec\nret", "s\N{LATIN SMALL LETTER E WITH ACUTE}cret"])
    def test_a_key_that_no_header_can_have_is_told_without_it(self, waits: Waits, key: str) -> None:
        with pytest.raises(SettingsError, match=r"^DESKDIRECTOR_API_KEY has characters that no key has$"):
            connect(ServOrgSettings.model_validate(ENVIRON | {"DESKDIRECTOR_API_KEY": key}), waits)

    def test_a_wrong_key_and_a_wrong_dialect_are_told_together(self, waits: Waits) -> None:
        wrong = {"DESKDIRECTOR_API_KEY": "sec\nret", "DESKDIRECTOR_DIALECT": '{"path": 1}'}

        with pytest.raises(SettingsError) as caught:
            connect(ServOrgSettings.model_validate(ENVIRON | wrong), waits)

        assert len(caught.value.faults) == 2
        assert "ret" not in caught.value.faults[0]


def test_a_call_that_is_tried_again_writes_nothing(
    server: Scripted, waits: Waits, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    set_on_retry_hooks(None)  # as stamina comes
    server.answers = [b"", an_answer(200, b"1")]

    answer = a_client(server.url, waits, retry=10).ask(READ)

    assert (answer, waits.count) == (1, 2)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name == "stamina"] == []
