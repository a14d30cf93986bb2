"""The agent's access token for DeskDirector's v3 routes."""

import re
import threading
from collections.abc import Callable

import jwt

from shared.errors import DeskUnavailable

LIFE = 50 * 60.0  # seconds; a token lives for at most 60 minutes (deskdirector.md §4.3)
MARGIN = 60.0  # seconds before its end in which a token is not used any more
_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")


class AgentToken:
    """One token, fetched when it is wanted and kept until shortly before its end; threads may share it."""

    def __init__(self, fetch: Callable[[], str], clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._value = ""
        self._until = 0.0

    def value(self) -> str:
        """The token; whatever fetching it raises, and DeskUnavailable when it is no text that a header could have."""
        with self._lock:
            if not self._value or self._clock() >= self._until:
                self._value = ""
                value = self._fetch()
                if not _HEADER_SAFE.fullmatch(value):
                    raise DeskUnavailable("DeskDirector answered with an access token that is none")
                self._value, self._until = value, self._end(value)
            return self._value

    def forget(self, value: str) -> None:
        """The next one is a fresh one, unless another thread has fetched it already."""
        with self._lock:
            if self._value == value:
                self._value = ""

    def _end(self, value: str) -> float:
        """When the token is not used any more; what it says of itself counts while it can be true by our clock."""
        now = self._clock()
        try:
            # Not ours to verify: DeskDirector does that. Read only to know when to ask for the next one.
            life = float(jwt.decode(value, options={"verify_signature": False})["exp"]) - now
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
            return now + LIFE
        return now + (min(LIFE, life - min(MARGIN, life / 10)) if life > 0 else LIFE)
