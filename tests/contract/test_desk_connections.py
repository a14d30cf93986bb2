"""The transport when connections fail or break, against raw bytes on a loopback socket."""

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from servorg.desk_http import Call, DeskHttp
from shared.errors import DeskInDoubt, DeskUnavailable
from tests.fakes.raw_server import Scripted, serving
from tests.unit.servorg.desk_wire import CREATE, READ, Waits, a_client, an_answer, refused_with

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"


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


class TestConnections:
    @pytest.mark.parametrize(("call", "tries"), [(READ, 2), (CREATE, 1)])
    def test_who_cannot_connect_is_unavailable_and_only_a_repeatable_call_tries_again(
        self, waits: Waits, call: Call, tries: int
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
            http = a_client(f"http://127.0.0.1:{taken.getsockname()[1]}", waits, retry=1.5)
            error = refused_with(http, call)

        assert isinstance(error, DeskUnavailable)
        assert error.status is None
        assert min(waits.count, 2) == tries

    @pytest.mark.parametrize("first", [b"", b"HTTP/1.1 2", CUT])
    def test_an_answer_that_breaks_off_is_asked_for_again(self, server: Scripted, waits: Waits, first: bytes) -> None:
        server.answers = [first]
        http = a_client(server.url, waits, retry=5)

        assert http.ask(READ) == {}
        assert waits.count == len(server.requests) == 2

    @pytest.mark.parametrize("first", [b"", b"HTTP/1.1 2", CUT, None])
    def test_a_create_whose_answer_breaks_off_or_never_comes_is_in_doubt(
        self, server: Scripted, waits: Waits, first: bytes | None
    ) -> None:
        server.answers = [first]

        assert isinstance(refused_with(a_client(server.url, waits, read=0.2), CREATE), DeskInDoubt)
        assert len(server.requests) == 1

    def test_a_read_that_is_never_answered_is_unavailable(self, server: Scripted, waits: Waits) -> None:
        server.answers = [None]
        error = refused_with(a_client(server.url, waits, read=0.2))

        assert isinstance(error, DeskUnavailable)
        assert len(server.requests) == 1

    def test_an_answer_that_cannot_be_unpacked_is_unavailable(self, server: Scripted, http: DeskHttp) -> None:
        server.answers = [an_answer(200, gzip.compress(b"{}")[:-12] + b"x" * 12, "Content-Encoding: gzip")]

        assert isinstance(refused_with(http), DeskUnavailable)

    def test_a_create_to_a_host_with_a_false_certificate_was_never_sent(self, waits: Waits, tmp_path: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=shake_hands, args=(context, listener))
            thread.start()
            error = refused_with(a_client(f"https://127.0.0.1:{listener.getsockname()[1]}", waits), CREATE)
            thread.join()

        assert isinstance(error, DeskUnavailable)

    def test_a_create_through_a_proxy_that_is_not_there_was_never_sent(
        self, waits: Waits, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")
            error = refused_with(a_client("https://desk.invalid", waits), CREATE)

        assert isinstance(error, DeskUnavailable)


def shake_hands(context: ssl.SSLContext, listener: socket.socket) -> None:
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()
