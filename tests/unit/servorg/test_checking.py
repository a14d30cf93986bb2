"""Checks run side by side, bounded in time, and none keeps the others waiting."""

import threading
from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from servorg.checking import Part, guarded, looked
from shared.checks import AWAY, Check, State
from shared.errors import CustOrgRefused, CustOrgUnreachable, DeskForbidden, DeskThrottled, DeskUnavailable, SyncError

GOOD = Check("one", State.OK, "is so")


def good() -> Iterator[Check]:
    yield GOOD


def test_checks_come_in_the_order_of_their_parts_though_all_are_looked_at_at_once() -> None:
    second_is_done = threading.Event()

    def first() -> Iterator[Check]:
        assert second_is_done.wait(10)
        yield GOOD

    def second() -> Iterator[Check]:
        yield GOOD
        second_is_done.set()

    told = list(looked([Part("a", first), Part("b", second)], 20))

    assert told == [("a", GOOD), ("b", GOOD)]


def test_more_parts_than_are_looked_at_at_once_are_all_told() -> None:
    parts = [Part(f"p{number}", good) for number in range(7)]

    assert [part for part, _ in looked(parts, 10, at_once=3)] == [part.name for part in parts]


def test_a_part_that_gives_no_answer_is_told_and_passed_over() -> None:
    stop = threading.Event()

    def stuck() -> Iterator[Check]:
        yield GOOD
        stop.wait(30)

    told = list(looked([Part("slow", stuck), Part("b", good)], 0.2))
    stop.set()

    assert [(part, check.name, check.state) for part, check in told] == [
        ("slow", "one", State.OK), ("slow", "time", State.BAD), ("b", "one", State.OK),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "name"),
    [(SyncError("no"), "answer"), (ServiceRequestError("no"), "storage"), (HttpResponseError(), "storage")],
)
def test_what_ends_a_part_is_told_after_what_it_said(error: Exception, name: str) -> None:
    def broken() -> Iterator[Check]:
        yield GOOD
        raise error

    told = [check for _, check in looked([Part("a", broken)], 10)]

    assert [(check.name, check.state) for check in told] == [("one", State.OK), (name, State.BAD)]
    assert told[1].todo


def test_an_error_that_nobody_expected_is_wrong_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: shown.append(told.exc_value))

    def broken() -> Iterator[Check]:
        yield GOOD
        raise KeyError("x")

    told = [check for _, check in looked([Part("a", broken)], 10)]

    assert [(check.name, check.state) for check in told] == [("one", State.OK), ("doctor", State.BAD)]
    assert [type(error) for error in shown] == [KeyError]


@pytest.mark.parametrize(
    ("error", "state", "todo"),
    [
        (DeskForbidden("no"), State.BAD, "do this"),
        (CustOrgRefused("no"), State.BAD, "do this"),
        (DeskUnavailable("no"), State.BAD, f"{AWAY}; if it stays so, do this"),
        (DeskUnavailable("no", 503), State.BAD, f"{AWAY}; if it stays so, do this"),
        (DeskUnavailable("is its address right?", 302), State.BAD, "do this"),
        (CustOrgUnreachable("no"), State.BAD, "do this; or try again later"),
        (DeskThrottled(7), State.WARN, "try again later"),
    ],
)
def test_a_failed_check_says_what_to_do(error: SyncError, state: State, todo: str) -> None:
    def look() -> Check:
        raise error

    check = guarded("one", look, "do this")

    assert (check.name, check.state, check.todo) == ("one", state, todo)
    assert check.said == str(error)
