"""Asks the DeskDirector site about tokens: whose one is, and which keys sign them.

People wait for it, so it never waits for the budget of requests: it takes a slot there and goes ahead, and the next job
waits longer by that. How many checks there are is limited here, since anybody can send something like a token.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from servorg.budget import BudgetRow
from servorg.dialect import Dialect
from servorg.form_tokens import Person, account_in, public_keys
from shared.errors import CommandRefused
from shared.logs import log_event

TIMEOUT = 0.9  # seconds to connect, and to each next byte; two questions at most, in less than 2 s
BURST, PER_SECOND = 20.0, 0.5  # online checks of one process
KEYS_KEPT = 3_600.0  # seconds, where the site names no time
_LEAST_KEPT, _MOST_KEPT = 60.0, 86_400.0
_MAX_AGE = re.compile(r"\bmax-age=([0-9]{1,9})\b")
_NO = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}

log = logging.getLogger(__name__)
_TRIES = 3
_FAR_AHEAD = 60.0  # seconds; a budget that is reserved so far is left alone


class Pace:
    """`take` answers whether one more may go: `burst` at once, then `rate` per second. Threads may share it."""

    def __init__(self, burst: float, rate: float, clock: Callable[[], float]) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._left, self._since = burst, clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Takes one, if there is one left."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._since) * self._rate)
            self._since = now
            taken = self._left >= 1
            self._left -= taken
            return taken


def take_slot(row: BudgetRow, rate: float, now: float) -> None:
    """Takes a slot of the budget without waiting for it: whoever reserves next begins later by that."""
    for _ in range(_TRIES):
        found = row.read()
        free = now if found is None else max(now, found[0])
        if free > now + _FAR_AHEAD:
            return
        if row.write(free + 1 / rate, found):
            return


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[RSAPublicKey, ...]
    since: float
    until: float


class FormSite:
    """One site; threads may share it. `charge` is called before each request; `clock` is in seconds.

    ValueError for keys in the dialect that are none.
    """

    def __init__(
        self,
        site: str,
        api_key: str,
        dialect: Dialect,
        charge: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site, self._api_key, self._charge, self._clock = site, api_key, charge, clock
        self._words, self._answer = dialect.token, dialect.answer
        self._given = tuple(key for pem in self._words.pem for key in public_keys(pem))
        self._fetched = _Keys((), -_MOST_KEPT, -_MOST_KEPT)
        self._pace = Pace(BURST, PER_SECOND, clock)
        self._turn = threading.Lock()
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def keys(self, *, renewed: bool = False) -> tuple[RSAPublicKey, ...]:
        """As the port says: those of the dialect, and those that the site serves where the dialect says so."""
        if self._words.path is None:
            return self._given
        with self._turn:
            now, known = self._clock(), self._fetched
            if now >= known.until or (renewed and now >= known.since + _LEAST_KEPT):
                self._fetched = self._fetch(self._words.path, now) or _Keys(known.keys, now, now + _LEAST_KEPT)
            return self._given + self._fetched.keys

    def whose(self, token: str) -> Person | None:
        """As the port says: the contact whose token it is, or an agent."""
        if not self._pace.take():
            raise _unanswered("Too many people open the form at this moment. Try again in a minute.")
        contact = self._ask(self._words.check_contact, f"DdAccessToken {token}")
        if contact.ok:
            return Person(self._account_of(_json(contact)))
        agent = self._ask(self._words.check_agent, f"DdAccessToken {token}")
        return Person(None, agent=True) if agent.ok else None

    def _account_of(self, told: Any) -> int | None:
        if not isinstance(told, dict):
            raise _unanswered("DeskDirector gave an answer that cannot be read.")
        return next((found for name in self._answer.company if (found := account_in(told.get(name))) is not None), None)

    def _ask(self, path: str, credentials: str) -> requests.Response:
        """The answer, which is a yes or a no; CommandRefused (503) when it is neither."""
        self._charge()
        try:
            answer = self._session.get(
                self._site + path, headers={"Accept": "application/json", "User-Agent": "sync-entra-groups"},
                auth=lambda request: _with(request, credentials), timeout=TIMEOUT, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            raise _unanswered("DeskDirector did not answer. Try again in a minute.") from error
        if answer.status_code not in {HTTPStatus.OK, *_NO}:
            raise _unanswered("DeskDirector could not tell whose access token it is. Try again in a minute.")
        return answer

    def _fetch(self, path: str, now: float) -> _Keys | None:
        """The keys that the site serves, PEM as text or within JSON; None when it serves none that can be used."""
        try:
            answer = self._ask(path, f"DdApi {self._api_key}")
            keys = public_keys("\n".join(_texts(answer)))
        except (CommandRefused, ValueError) as error:
            log_event(log, "the site's token keys could not be read", logging.WARNING, error=type(error).__name__)
            return None
        if not (answer.ok and keys):
            log_event(log, "the site's token keys could not be read", logging.WARNING, status=answer.status_code)
            return None
        said = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
        kept = KEYS_KEPT if said is None else min(max(float(said[1]), _LEAST_KEPT), _MOST_KEPT)
        return _Keys(keys, now, now + kept)


def _with(request: requests.PreparedRequest, credentials: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = credentials  # and not what a .netrc has for the host
    return request


def _json(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _texts(answer: requests.Response) -> Iterator[str]:
    """The answer's text; of JSON, the texts in it down to the third level."""
    told, level = _json(answer), 0
    if told is None:
        yield answer.text
        return
    parts: list[Any] = [told]
    while parts and level <= _TRIES:
        yield from (part for part in parts if isinstance(part, str))
        lists = [part.values() if isinstance(part, dict) else part for part in parts if isinstance(part, dict | list)]
        parts, level = [inner for part in lists for inner in part], level + 1


def _unanswered(said: str) -> CommandRefused:
    return CommandRefused(HTTPStatus.SERVICE_UNAVAILABLE, "deskdirector", said)
