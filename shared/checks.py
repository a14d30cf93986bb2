"""What was looked at, in what state it is, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

AWAY = "DeskDirector is not available now: try again later"


class State(StrEnum):
    """How something that was looked at is; the values are those of JSON."""

    OK = "ok"
    WARN = "look"
    """It cannot be told from here, or may be meant so: somebody should look."""
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `said` is what is so, `todo` what an operator does about it; empty when nothing."""

    name: str
    state: State
    said: str
    todo: str = ""


def worst(checks: Iterable[Check]) -> State:
    """The worst state of them; OK of none."""
    return max((check.state for check in checks), key=list(State).index, default=State.OK)
