"""What ServOrg asks DeskDirector about tokens: against the double, and against answers of raw bytes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from servorg.dialect import Dialect
from servorg.form_site import BURST, PER_SECOND, FormSite, Pace, take_slot
from servorg.form_tokens import Person
from shared.errors import CommandRefused
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.raw_server import Scripted, serving


@pytest.fixture
def desk(desk_rig: Rig) -> Rig:
    desk_rig.reset()
    return desk_rig


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving() as server:
        yield server


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def site_at(url: str, clock: Any = time.monotonic, charge: Any = lambda: None, **token: Any) -> FormSite:
    return FormSite(url, "demo-key", Dialect.read(json.dumps({"token": token})), charge, clock)


def an_answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def form_token(desk: Rig, **whose: Any) -> str:
    return desk.form_token(**whose).removeprefix("DdAccessToken ")


def test_the_site_says_whose_token_it_is(desk: Rig) -> None:
    site = site_at(desk.site)
    expired, forged = form_token(desk, contact=101, life=-5), form_token(desk, contact=101, forged=True)

    assert site.whose(form_token(desk, contact=101)) == Person(12)
    assert site.whose(form_token(desk, contact=141)) == Person(40)
    assert site.whose(form_token(desk, agent=7)) == Person(None, agent=True)
    assert site.whose(form_token(desk, contact=140)) is None  # deactivated
    assert [site.whose(token) for token in (expired, forged)] == [None, None]


def test_keys_are_those_of_the_dialect_and_those_that_the_site_serves(desk: Rig, server: Scripted) -> None:
    pem = desk.admin("GET", "public-key")

    assert len(site_at(server.url, pem=[pem]).keys()) == 1
    assert len(site_at(desk.site, path="/_double/public-key").keys()) == 1
    assert len(site_at(desk.site, path="/_double/public-key", pem=[pem]).keys()) == 2
    assert server.requests == []


def test_without_keys_in_the_dialect_none_are_asked_for(server: Scripted) -> None:
    assert site_at(server.url).keys() == ()
    assert server.requests == []


def test_keys_are_read_out_of_json_and_kept_as_long_as_the_site_says(desk: Rig, server: Scripted) -> None:
    pem, clock = desk.admin("GET", "public-key"), Clock()
    body = json.dumps({"keys": [{"kid": "1", "state": "live", "pem": pem}, {"kid": "2", "pem": pem}]}).encode()
    server.answers = [an_answer("200 OK", body, "Cache-Control: public, max-age=120", "Connection: close")] * 2
    site = site_at(server.url, clock, path="/api/v4/keys")
    counts = []
    for seconds in (0, 119, 120):
        clock.seconds = 1_000 + seconds
        counts.append((len(site.keys()), len(server.requests)))

    assert counts == [(2, 1), (2, 1), (2, 2)]
    assert "Authorization: DdApi demo-key" in server.requests[0]


def test_keys_known_are_good_while_the_site_serves_none(desk: Rig, server: Scripted) -> None:
    pem, clock = desk.admin("GET", "public-key").encode(), Clock()
    failing = an_answer("500 Broken", b"", "Connection: close")
    server.answers = [an_answer("200 OK", pem, "Connection: close"), failing, failing]
    site = site_at(server.url, clock, path="/api/v4/keys")
    known = site.keys()
    clock.seconds += 3_601

    assert site.keys() == known
    assert len(server.requests) == 2


def test_other_keys_are_asked_for_once_a_minute_at_most(desk: Rig, server: Scripted) -> None:
    pem, clock = desk.admin("GET", "public-key").encode(), Clock()
    server.answers = [an_answer("200 OK", pem, "Connection: close")] * 9
    site = site_at(server.url, clock, path="/api/v4/keys")
    counts = []
    for seconds in (0, 1, 59, 60, 61):
        clock.seconds = 1_000 + seconds
        site.keys(renewed=True)
        counts.append(len(server.requests))

    assert counts == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "answer",
    [
        an_answer("500 Broken", b"{}"),
        an_answer("429 Slow", b"{}", "Retry-After: 60"),
        an_answer("302 Found", b"", "Location: https://evil.example/"),
        an_answer("200 OK", b"<html>"),
        an_answer("200 OK", b"[" * 100_000),
        an_answer("200 OK", b"[1]"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"",
        None,
    ],
    ids=["500", "429", "elsewhere", "html", "deep", "a list", "cut off", "nothing", "silence"],
)
def test_without_a_usable_answer_it_is_503_in_less_than_two_seconds(server: Scripted, answer: bytes | None) -> None:
    server.answers = [answer]
    began = time.monotonic()

    with pytest.raises(CommandRefused) as caught:
        site_at(server.url).whose("a.b.c")

    assert (caught.value.status, caught.value.code) == (503, "deskdirector")
    assert time.monotonic() - began < 2
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("told", "account"),
    [
        ({"userName": "x"}, None),
        ({"company": {"id": 7}}, 7),
        ({"company": {"entityId": "7"}}, 7),
        ({"company": "Contoso", "account": {"id": 7}}, 7),
    ],
)
def test_the_account_is_read_under_the_words_of_the_dialect(
    server: Scripted, told: dict[str, Any], account: int | None
) -> None:
    server.answers = [an_answer("200 OK", json.dumps(told).encode())]

    assert site_at(server.url).whose("a.b.c") == Person(account)
    assert "Authorization: DdAccessToken a.b.c" in server.requests[0]


def test_a_flood_of_tokens_reaches_the_site_as_a_trickle(server: Scripted) -> None:
    clock, charged = Clock(), []
    site = site_at(server.url, clock, lambda: charged.append(1))
    server.answers = [an_answer("200 OK", b'{"company": {"id": 2}}', "Connection: close")] * 100
    passed, refused = 0, set()
    for _ in range(60):
        try:
            site.whose("a.b.c")
            passed += 1
        except CommandRefused as refusal:
            refused.add(refusal.status)
            clock.seconds += 1

    assert (BURST, PER_SECOND) == (20, 0.5)
    assert refused == {503}
    assert passed == 33  # 20 at once, and 13 in the 27 seconds that the others waited
    assert len(charged) == len(server.requests) == passed


def test_a_pace_does_not_save_up_more_than_its_burst() -> None:
    clock = Clock()
    pace = Pace(2, 1, clock)
    clock.seconds += 1_000

    assert [pace.take() for _ in range(3)] == [True, True, False]


class Row:
    """A row of the budget in memory, which others change `busy` times meanwhile."""

    def __init__(self, free: float | None, busy: int = 0) -> None:
        self.free, self.busy = free, busy

    def read(self) -> tuple[float, str] | None:
        return None if self.free is None else (self.free, "etag")

    def write(self, free: float, found: tuple[float, str] | None) -> bool:
        self.busy -= 1
        if self.busy >= 0:
            return False
        self.free = free
        return True


@pytest.mark.parametrize(
    ("row", "then"),
    [
        (Row(None), 100.5),
        (Row(90.0), 100.5),
        (Row(103.0), 103.5),
        (Row(103.0, busy=2), 103.5),
        (Row(103.0, busy=3), 103.0),
        (Row(161.0), 161.0),
    ],
    ids=["first", "idle", "at work", "contended", "too contended", "far ahead"],
)
def test_a_question_takes_its_slot_of_the_budget_without_waiting(row: Row, then: float) -> None:
    take_slot(row, 2, 100.0)

    assert row.free == then
