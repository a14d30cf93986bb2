import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from servorg.desk_token import LIFE, AgentToken
from shared.errors import DeskForbidden

SECRET = "a secret that nobody asks for, 32 bytes"
NOW = 1_000_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def a_token(number: int, **claims: object) -> str:
    return jwt.encode({"number": number, **claims}, SECRET, algorithm="HS256")


class Issuer:
    """Hands out numbered tokens with these claims."""

    def __init__(self, claims: Callable[[], dict[str, object]]) -> None:
        self.claims, self.count = claims, 0

    def __call__(self) -> str:
        self.count += 1
        return a_token(self.count, **self.claims())


@pytest.mark.parametrize(
    ("life", "kept", "replaced"),
    [(3600.0, LIFE - 1, LIFE), (1800.0, 1739.0, 1740.0), (10.0, 8.9, 9.1), (-5.0, LIFE - 1, LIFE)],
)
def test_a_token_is_kept_until_shortly_before_its_end(life: float, kept: float, replaced: float) -> None:
    clock, issuer = Clock(), Issuer(lambda: {"exp": NOW + life})
    token = AgentToken(issuer, clock)
    first = token.value()
    clock.now = NOW + kept
    second = token.value()
    clock.now = NOW + replaced
    third = token.value()

    assert first == second != third
    assert issuer.count == 2


@pytest.mark.parametrize("value", ["opaque", "a.b.c", a_token(1), a_token(1, exp="soon"), a_token(1, exp=None)])
def test_a_token_that_does_not_tell_its_end_is_kept_for_fifty_minutes(value: str) -> None:
    clock, answers = Clock(), iter([value, "another"])
    token = AgentToken(lambda: next(answers), clock)
    values = [token.value()]
    for wait in (LIFE - 1, 1):
        clock.now += wait
        values.append(token.value())

    assert values == [value, value, "another"]


def test_forgetting_a_token_that_was_replaced_already_changes_nothing() -> None:
    issuer = Issuer(lambda: {"exp": NOW + 3600})
    token = AgentToken(issuer, Clock())
    old = token.value()
    token.forget(old)
    new = token.value()
    token.forget(old)

    assert token.value() == new != old
    assert issuer.count == 2


def test_a_fetch_that_fails_is_tried_again_by_the_next_call() -> None:
    answers = [DeskForbidden("no"), None]

    def fetch() -> str:
        error = answers.pop(0)
        if error:
            raise error
        return "token"

    token = AgentToken(fetch, Clock())
    with pytest.raises(DeskForbidden):
        token.value()

    assert token.value() == "token"


def test_threads_that_want_a_token_at_once_share_one_fetch() -> None:
    gate, issuer = threading.Event(), Issuer(lambda: {"exp": NOW + 3600})

    def fetch() -> str:
        gate.wait(5)
        return issuer()

    token = AgentToken(fetch, Clock())
    with ThreadPoolExecutor(8) as threads:
        values = [threads.submit(token.value) for _ in range(8)]
        gate.set()

    assert len({value.result() for value in values}) == 1
    assert issuer.count == 1
