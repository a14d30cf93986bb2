"""Fields of what DeskDirector answers, read strictly: what is missing or of another kind is an error."""

from typing import Any

from servorg.dialect import Words
from shared.errors import DeskUnavailable

MISSING = object()
"""Stands for a field that is not there; null is a value."""


def wrong(what: str, why: str) -> DeskUnavailable:
    """The error for an answer that cannot be used; `what` and `why` make its sentence, without any answered text."""
    return DeskUnavailable(f"DeskDirector answered with {what} {why}; see `doctor` and DESKDIRECTOR_DIALECT")


def first(row: Any, words: Words) -> Any:
    """The first of these fields that the row has, else MISSING."""
    return next((row[word] for word in words if word in row), MISSING)


def field(row: Any, words: Words, what: str) -> Any:
    """The same, or DeskUnavailable when the row has none of them or is no object."""
    if not isinstance(row, dict):
        raise wrong(what, "that is no object")
    found = first(row, words)
    if found is MISSING:
        raise wrong(what, f"without `{words[0]}`")
    return found


def number(row: Any, words: Words, what: str) -> int:
    """A whole number, or DeskUnavailable."""
    found = field(row, words, what)
    if type(found) is not int:  # a boolean is an int to isinstance
        raise wrong(what, f"whose `{words[0]}` is no whole number")
    return found


def text(row: Any, words: Words, what: str) -> str:
    """A text, or DeskUnavailable."""
    found = field(row, words, what)
    if not isinstance(found, str):
        raise wrong(what, f"whose `{words[0]}` is no text")
    return found


def flag(row: Any, words: Words, what: str) -> bool:
    """True or false, or DeskUnavailable."""
    found = field(row, words, what)
    if not isinstance(found, bool):
        raise wrong(what, f"whose `{words[0]}` is neither true nor false")
    return found
