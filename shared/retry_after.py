"""The Retry-After header, as DeskDirector, Graph and a CustOrg send it."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus

MOST = 86_400.0  # a day: no single answer may park a job for longer (and a queue message hides 7 days at most)
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""The statuses by which Graph asks to come back later."""


def retry_after(header: str | None, now: float) -> float | None:
    """The seconds to wait, from 0 to a day; None without a header, or when it is neither a number nor an HTTP date.

    `now` is in Unix seconds and counts for dates only; a date that is over gives 0. Services send decimals too, though
    RFC 9110 §10.2.3 has none.
    """
    text = (header or "").strip()
    wait = float(text) if _SECONDS.fullmatch(text) else _until(text, now)
    return None if wait is None else min(max(wait, 0.0), MOST)


def _until(text: str, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp() - now
