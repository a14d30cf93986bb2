"""Callers of the routes: what each of them has in its hands, put onto a request when it is sent."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase

from doubles.stack import KEY, Stack
from tests.e2e.worlds import MSP_ACCOUNT

ADMIN, READER, OTHER = "SyncAdmin", "SyncReader", "SomethingElse"


def principal(*roles: str, name: str = "al@alpha.example") -> str:
    """The header in which the platform tells who is signed in (runtime.md §4)."""
    claims = [{"typ": "preferred_username", "val": name}, *({"typ": "roles", "val": role} for role in roles)]
    told = {"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims}
    return base64.b64encode(json.dumps(told).encode()).decode()


def signature(secret: str, body: bytes) -> str:
    """The header with which DeskDirector signs a delivery (deskdirector.md §5)."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def form_token(stack: Stack) -> str:
    """The access token of a new contact of the MSP's own account."""
    email = f"contact{len(stack.desk.state()['contacts'])}@bluefern.example"
    [row] = stack.desk.edit({"op": "add_contact", "company": MSP_ACCOUNT, "email": email})
    answer = requests.post(f"{stack.desk.origin}/_double/form-token", json={"contact": row["id"]}, timeout=60)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


@dataclass(frozen=True, slots=True)
class Hands(AuthBase):
    """What a caller brings; an empty text is not brought. `secret` signs, `origin` `own` is the app's own."""

    key: str = ""
    roles: tuple[str, ...] | None = None
    origin: str = ""
    secret: str = ""

    def __call__(self, sent: requests.PreparedRequest) -> requests.PreparedRequest:
        brought = {
            "x-functions-key": self.key,
            "X-MS-CLIENT-PRINCIPAL": "" if self.roles is None else principal(*self.roles),
            "Origin": _origin_of(sent) if self.origin == "own" else self.origin,
            "X-DD-Signature": self.secret and signature(self.secret, _bytes(sent.body)),
        }
        sent.headers.update({name: text for name, text in brought.items() if text})
        return sent


def everything(stack: Stack) -> Hands:
    """The hands of somebody who may do all; an origin each route's caller adds itself."""
    return Hands(key=KEY, roles=(ADMIN,), secret=stack.desk.state()["webhookSecret"])


def _origin_of(sent: requests.PreparedRequest) -> str:
    scheme, _, rest = (sent.url or "").partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
