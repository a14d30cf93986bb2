"""Mail by Microsoft Graph, sent as one mailbox with the managed identity."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

import requests
import stamina
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError

from servorg.retries import retrying
from shared.errors import SyncError
from shared.graph_scope import scope_of
from shared.retry_after import BUSY, retry_after

TIMEOUT = (10.0, 60.0)  # seconds to connect, and to answer
TRIES = 4
MOST_WAIT = 120.0  # seconds for all tries; a timer is never in a hurry, a person at a terminal is
_ADDRESSES = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+")
_MOST_SAID = 200
_HINTS = {
    HTTPStatus.UNAUTHORIZED: "the identity's token was not accepted",
    HTTPStatus.FORBIDDEN: "the identity may not send as MAIL_SENDER; grant it Mail.Send, or the role for that mailbox",
    HTTPStatus.NOT_FOUND: "there is no mailbox MAIL_SENDER in the tenant",
}


class MailNotSent(SyncError):
    """Graph did not take the mail, or it is not known; the text says why and names nobody."""


class _NotNow(MailNotSent):
    """Graph asks to wait; nothing was sent."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends as one mailbox to the same people. `token` gives a bearer token for Graph, or raises MailNotSent."""

    graph_url: str
    sender: str
    recipients: tuple[str, ...]
    token: Callable[[], str] = field(repr=False)
    tries: stamina.RetryingCaller = field(
        default_factory=lambda: retrying(attempts=TRIES, timeout=MOST_WAIT, wait_initial=2.0)
    )

    def send(self, subject: str, html: str) -> None:
        """Returns when Graph has accepted the mail (202); MailNotSent otherwise.

        Only what Graph turned away for now is sent again: a mail whose answer was lost may have been sent.
        https://learn.microsoft.com/graph/api/user-sendmail
        """
        message = {
            "subject": subject,
            "body": {"contentType": "HTML", "content": html},
            "toRecipients": [{"emailAddress": {"address": one}} for one in self.recipients],
        }
        # names people: one place less that keeps it
        body = json.dumps({"message": message, "saveToSentItems": False}, ensure_ascii=False).encode()
        self.tries(_worth_another_try, lambda: self._post(body))  # stamina logs arguments, and this one names people

    def _post(self, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        url = f"{self.graph_url}/users/{quote(self.sender, safe='@')}/sendMail"
        try:
            answer = requests.post(
                url, data=body, headers=headers, auth=_as_it_is, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise MailNotSent(f"no answer from Microsoft Graph ({type(error).__name__})") from None
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise _refusal(answer)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without an `auth` of its own, requests would replace our Authorization by what a .netrc has for the host."""
    return request


def token_of(credential: TokenCredential, graph_url: str) -> str:
    """A bearer token for Graph; MailNotSent when the credential gives none."""
    try:
        return credential.get_token(scope_of(graph_url)).token
    except AzureError as error:
        # its text may quote the endpoint's answer
        raise MailNotSent(f"there is no token for Microsoft Graph ({type(error).__name__})") from None


def _worth_another_try(error: Exception) -> bool | float:
    if not isinstance(error, _NotNow) or (error.seconds or 0) > MOST_WAIT:
        return False
    return True if error.seconds is None else error.seconds


def _refusal(answer: requests.Response) -> MailNotSent:
    status = answer.status_code
    if status in BUSY:
        wait = retry_after(answer.headers.get("Retry-After"), time.time())
        return _NotNow(f"Microsoft Graph asked to wait each time ({status})", wait)
    said = _HINTS.get(HTTPStatus(status)) if status in set(HTTPStatus) else None
    return MailNotSent(f"Microsoft Graph answered {status}: {said or 'it did not take the mail'}{_code(answer)}")


def _code(answer: requests.Response) -> str:
    """Graph's own code and words for an error, without addresses."""
    try:
        error = json.loads(answer.content)["error"]
        told = f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f" ({_ADDRESSES.sub('…', ' '.join(told.split()))[:_MOST_SAID]})"
