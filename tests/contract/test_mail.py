"""The mailer on a real socket: what it sends, and what it says when Graph does not take it."""

import json
import socket
from collections.abc import Iterator

import pytest
import stamina
from azure.core.credentials import AccessToken
from azure.identity import CredentialUnavailableError

from servorg.mail import MOST_WAIT, Mailer, MailNotSent, token_of
from shared.graph_scope import scope_of
from tests.fakes.raw_server import Scripted, serving

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
TRIES = 3


@pytest.fixture
def graph() -> Iterator[Scripted]:
    with serving() as server:
        yield server


def a_mailer(url: str, sender: str = "sync@msp.example") -> Mailer:
    tries = stamina.RetryingCaller(attempts=TRIES, timeout=10, wait_initial=0.01, wait_max=0.01, wait_jitter=0)
    return Mailer(f"{url}/v1.0", sender, ("desk@msp.example", "boss@msp.example"), lambda: "a.b.c", tries)


def an_answer(status: int, code: str = "", message: str = "", header: str = "") -> bytes:
    body = json.dumps({"error": {"code": code, "message": message}}).encode() if code else b"<html>"
    return f"HTTP/1.1 {status} X\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Credential:
    """Gives this token, or this error, and keeps the scopes that it was asked for."""

    def __init__(self, answer: AccessToken | Exception) -> None:
        self.answer = answer
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        self.scopes += scopes
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_mail_is_one_post_to_the_senders_mailbox(graph: Scripted) -> None:
    graph.answers.append(ACCEPTED)
    a_mailer(graph.url).send("Sync Entra Groups: 1 fine", "<p>Zoë</p>")
    [request] = graph.requests
    head, _, body = request.partition("\r\n\r\n")

    assert head.startswith("POST /v1.0/users/sync@msp.example/sendMail HTTP/1.1")
    assert "Authorization: Bearer a.b.c" in head
    assert json.loads(body) == {
        "message": {
            "subject": "Sync Entra Groups: 1 fine",
            "body": {"contentType": "HTML", "content": "<p>Zoë</p>"},
            "toRecipients": [
                {"emailAddress": {"address": "desk@msp.example"}},
                {"emailAddress": {"address": "boss@msp.example"}},
            ],
        },
        "saveToSentItems": False,
    }


def test_a_senders_name_cannot_lead_to_another_route(graph: Scripted) -> None:
    graph.answers.append(ACCEPTED)
    a_mailer(graph.url, "a/../../me?x=#@msp.example").send("s", "h")

    assert graph.requests[0].startswith("POST /v1.0/users/a%2F..%2F..%2Fme%3Fx%3D%23@msp.example/sendMail HTTP/1.1")


@pytest.mark.parametrize("status", [429, 503, 504])
def test_what_graph_turned_away_for_now_is_sent_again(graph: Scripted, status: int) -> None:
    graph.answers += [an_answer(status, header="Retry-After: 0\r\n"), an_answer(status), ACCEPTED]
    a_mailer(graph.url).send("s", "h")

    assert len(graph.requests) == TRIES


def test_who_is_turned_away_each_time_gives_up(graph: Scripted) -> None:
    graph.answers += [an_answer(429)] * TRIES
    with pytest.raises(MailNotSent, match=r"asked to wait each time \(429\)"):
        a_mailer(graph.url).send("s", "h")

    assert len(graph.requests) == TRIES


def test_nobody_waits_for_longer_than_the_tries_may_take(graph: Scripted) -> None:
    graph.answers.append(an_answer(429, header=f"Retry-After: {MOST_WAIT + 1:.0f}\r\n"))
    with pytest.raises(MailNotSent):
        a_mailer(graph.url).send("s", "h")

    assert len(graph.requests) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            an_answer(401, "InvalidAuthenticationToken", "expired"),
            "answered 401: the identity's token was not accepted",
        ),
        (an_answer(403, "ErrorAccessDenied", "Access is denied."), "grant it Mail.Send, or the role for that mailbox"),
        (an_answer(404, "ErrorInvalidUser", "The user 'sync@msp.example' is invalid."), "no mailbox MAIL_SENDER"),
        (an_answer(400, "ErrorInvalidRecipients", "none"), r"did not take the mail \(ErrorInvalidRecipients: none\)"),
        (an_answer(500), "answered 500: it did not take the mail$"),
        (an_answer(799), "answered 799: it did not take the mail$"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "answered 200: it did not take the mail$"),
        (b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answered 302"),
    ],
)
def test_a_refusal_is_one_sentence_that_names_nobody_and_is_final(graph: Scripted, answer: bytes, said: str) -> None:
    graph.answers.append(answer)
    with pytest.raises(MailNotSent, match=said) as refused:
        a_mailer(graph.url).send("s", "h")

    assert len(graph.requests) == 1
    assert "@" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_mail_whose_answer_was_lost_is_not_sent_twice(graph: Scripted) -> None:
    graph.answers.append(b"HTTP/1.1")
    with pytest.raises(MailNotSent, match="no answer from Microsoft Graph"):
        a_mailer(graph.url).send("s", "h")

    assert len(graph.requests) == 1


def test_nobody_at_the_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(MailNotSent, match=r"no answer from Microsoft Graph \(ConnectionError\)$"):
        a_mailer(f"http://127.0.0.1:{port}").send("s", "h")


def test_the_token_is_for_graph_and_its_failure_is_told_without_the_endpoints_words() -> None:
    given = Credential(AccessToken("a.b.c", 0))
    failing = Credential(CredentialUnavailableError(message="secret words"))
    with pytest.raises(MailNotSent, match="no token for Microsoft Graph") as refused:
        token_of(failing, "https://graph.microsoft.com/v1.0")

    assert token_of(given, "https://graph.microsoft.com/v1.0") == "a.b.c"
    assert given.scopes == ["https://graph.microsoft.com/.default"]
    assert "secret words" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"),
        ("https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default"),
        ("http://127.0.0.1:7080/v1.0", "https://graph.microsoft.com/.default"),
        ("http://[::1]:7080/v1.0", "https://graph.microsoft.com/.default"),
    ],
)
def test_each_cloud_has_its_scope(url: str, scope: str) -> None:
    assert scope_of(url) == scope
