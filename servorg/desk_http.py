"""One request to DeskDirector and what its answer means: pace, credentials, lost connections, statuses, JSON."""

import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from servorg.desk_rows import Rows
from servorg.desk_token import AgentToken
from servorg.dialect import Dialect
from servorg.ports import Budget
from servorg.retries import retrying
from shared.errors import DeskError, DeskForbidden, DeskInDoubt, DeskRejected, DeskThrottled, DeskUnavailable
from shared.retry_after import retry_after
from shared.telemetry import count, span

THREADS = 8  # connections kept per host: as many as the applier has threads
DEFAULT_WAIT = 10.0  # seconds, for a 429 that names none; no limit is published (deskdirector.md, question 17)
MAX_TEXT = 200
NO_JSON = "DeskDirector answered with something else than JSON"
_BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)  # no connection, or no whole answer
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_TEXTS = ("message", "errorDescription", "error", "title", "detail")
_PRIVATE = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")  # a JWT, a mail address


@dataclass(frozen=True, slots=True)
class Access:
    """Where DeskDirector is, as bare origins, and as whom we speak to it."""

    site: str
    functions: str
    api_key: str = field(repr=False)
    agent: int


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: to connect, to the next byte of the answer, and for all tries of a repeatable call (ruling 12)."""

    connect: float = 5.0
    read: float = 60.0
    retry: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. One with a `category` goes to the functions host; one `as_agent` brings the access token, not the key.

    An empty category asks for no certain one. A `create` must not be repeated when it is unknown whether it was done.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, int | str] | None = None
    category: str | None = None
    as_agent: bool = False
    create: bool = False


class DeskHttp:
    """Sends calls to one DeskDirector site; threads may share it. `clock` tells Unix seconds."""

    def __init__(
        self,
        access: Access,
        dialect: Dialect,
        budget: Budget,
        *,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access, self._budget, self._clock = access, budget, clock
        self._site_host = urlsplit(access.site).netloc
        self._session = _session()
        self._timeouts = (patience.connect, patience.read)
        self._patient = retrying(attempts=None, timeout=patience.retry, wait_max=2.0).on(_BROKEN)
        read, path = Rows(dialect).user_key, dialect.paths.user_key.format(agentId=access.agent)
        self._token = AgentToken(lambda: read(self.ask(Call(method="GET", path=path))), clock)

    def ask(self, call: Call) -> Any:
        """The JSON of a 2xx answer, or a DeskError; DeskInDoubt when a create got something else than JSON."""
        answer = self._answer(call)
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            if call.create:
                raise DeskInDoubt(NO_JSON) from error
            raise DeskUnavailable(NO_JSON, answer.status_code) from error

    def create(self, call: Call) -> tuple[Any, str]:
        """The JSON of a 2xx answer (None when it is none) and its Location (empty without); else a DeskError."""
        answer = self._answer(call)
        try:
            told = json.loads(answer.content)
        except (ValueError, RecursionError):
            told = None
        return told, answer.headers.get("Location", "")

    def tell(self, call: Call) -> None:
        """Returns when DeskDirector answered 2xx, whatever stands in the answer; else a DeskError."""
        self._answer(call)

    def _answer(self, call: Call) -> requests.Response:
        credentials = self._credentials(call)
        answer = self._deliver(call, credentials)
        if call.as_agent and answer.status_code in _REFUSED:
            self._token.forget(credentials)
            answer = self._deliver(call, self._credentials(call))
        refusal = self._refusal(answer, call)
        if refusal is not None:
            raise refusal
        return answer

    def _credentials(self, call: Call) -> str:
        return self._token.value() if call.as_agent else self._access.api_key

    def _deliver(self, call: Call, credentials: str) -> requests.Response:
        try:
            if call.create:
                return self._send(call, credentials)
            return self._patient(self._send, call, credentials)
        except requests.RequestException as error:
            kind = type(error).__name__
            if call.create and not _never_sent(error):
                raise DeskInDoubt(f"the answer of DeskDirector was lost ({kind})") from error
            raise DeskUnavailable(f"no answer from DeskDirector ({kind})") from error

    def _send(self, call: Call, credentials: str) -> requests.Response:
        self._budget.wait()
        headers = {"Authorization": f"{'DdAccessToken' if call.as_agent else 'DdApi'} {credentials}"}
        origin, query = self._access.site, call.query
        if call.category is not None:
            origin, query = self._access.functions, {"category": call.category} if call.category else None
            headers["dd-host"] = self._site_host
        with span("ask DeskDirector", method=call.method, kind=call.category) as note:
            answer = self._session.request(
                call.method, origin + call.path, params=query, json=call.body, headers=headers, timeout=self._timeouts,
                allow_redirects=False,
            )  # fmt: skip
            note(status=answer.status_code)
        count("deskdirector_calls", status=answer.status_code)
        count("deskdirector_throttled", _is_throttled(answer))
        return answer

    def _refusal(self, answer: requests.Response, call: Call) -> DeskError | None:
        """What an answer other than 2xx means."""
        status = answer.status_code
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        if _is_throttled(answer):
            wait = retry_after(answer.headers.get("Retry-After"), self._clock())
            return DeskThrottled(DEFAULT_WAIT if wait is None else wait)
        if status in _REFUSED:
            who = f"agent {self._access.agent}'s fresh access token" if call.as_agent else "the API key"
            where = f" at {call.path}" if "userkey" in call.path else ""  # that call is about the agent, by the key
            return DeskForbidden(f"DeskDirector answered {status} to {who}{where}")
        if status < HTTPStatus.BAD_REQUEST:
            to = _PRIVATE.sub("…", answer.headers.get("Location", "nowhere").partition("?")[0])[:MAX_TEXT]
            return DeskUnavailable(
                f"DeskDirector answered {status} and sends us to {to}: is its address right?", status
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DeskUnavailable(f"DeskDirector answered {status}", status)
        return DeskRejected(status, self._reason(answer))

    def _reason(self, answer: requests.Response) -> str:
        said = _said(answer.content).replace(self._access.api_key, "…")
        words = " ".join(_PRIVATE.sub("…", said).split())[:MAX_TEXT]
        return f"DeskDirector answered {answer.status_code}" + (f": {words}" if words else "")


class _Session(requests.Session):
    """Looks at no Location: nothing is followed, and a malformed one is no error of ours."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 requests names it
        return None


def _session() -> requests.Session:
    session = _Session()
    session.auth = _as_it_is
    session.headers.update({"Accept": "application/json", "User-Agent": "sync-entra-groups"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # only our own header says who we are
    adapter = HTTPAdapter(pool_maxsize=THREADS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without an `auth` of its own, requests would replace our Authorization by what a .netrc has for the host."""
    return request


def _is_throttled(answer: requests.Response) -> bool:
    """Whether it asks to wait. A 2xx is done, so a Retry-After that comes with it changes nothing."""
    done = HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES
    return not done and (answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or "Retry-After" in answer.headers)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have reached DeskDirector: no connection, no name, no valid certificate."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError):
        return True
    return any(isinstance(part, ssl.SSLCertVerificationError) for part in getattr(reason, "args", ()))


def _said(content: bytes) -> str:
    """The sentence in an error's body; which field has it differs by API generation (second look §9)."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    status = body.get("responseStatus")
    parts = [status.get("message") if isinstance(status, dict) else None, *(body.get(name) for name in _TEXTS)]
    return next((part for part in parts if isinstance(part, str) and part.strip()), "")
