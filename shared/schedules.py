"""Texts that say when something is due. croniter is imported on first use: a default schedule needs no check."""

import re
from collections.abc import Container

_SIX_FIELDS = frozenset({6})  # seconds first
# https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer: five fields are taken too, the hours of a
# time span end at 23, and croniter's L, #, ?, @daily and 7 for Sunday are unknown there.
_TIMER_FIELDS = frozenset({5, 6})
_PART = r"(?:\*|[0-9]+|[A-Za-z]{3})(?:-(?:[0-9]+|[A-Za-z]{3}))?(?:/[0-9]+)?"
_FIELD = re.compile(rf"{_PART}(?:,{_PART})*")
_SUNDAY_AS_SEVEN = re.compile(r"(?<![0-9/])7(?![0-9])")
_TIME_SPAN = re.compile(r"(?!00:00:00)(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")


def is_ncrontab(text: str, fields: Container[int] = _SIX_FIELDS) -> bool:
    """Whether the text is an NCRONTAB expression of so many fields."""
    from croniter import croniter

    return len(text.split()) in fields and croniter.is_valid(text, second_at_beginning=True)


def timer_schedule(text: str) -> str:
    """The schedule of a timer as Azure's host takes it, without blanks around it; ValueError for any other text."""
    schedule = text.strip()
    if _TIME_SPAN.fullmatch(schedule) or _is_for_timers(schedule):
        return schedule
    raise ValueError("must be NCRONTAB, such as '0 30 2 * * *', or a time span, such as '01:30:00'")


def _is_for_timers(schedule: str) -> bool:
    fields = schedule.split()
    known = all(_FIELD.fullmatch(field) for field in fields) and not _SUNDAY_AS_SEVEN.search(fields[-1])
    return known and is_ncrontab(schedule, _TIMER_FIELDS)
