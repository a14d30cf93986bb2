"""Who may see the form's lists: a contact of the MSP's own account, by the access token that the form brings.

A token is verified with the site's public keys where DESKDIRECTOR_DIALECT names them; else the site itself is asked
(deskdirector.md §4.3). Agents are contacts of no account and are refused.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from servorg.dialect import TokenWords
from shared.errors import CommandRefused
from shared.logs import log_event

log = logging.getLogger(__name__)

KEPT = 300.0  # seconds for which a verified token is believed, unless it expires before (ruling 25)
KEPT_REFUSED = 60.0  # seconds for which a refused one is not looked at again
LEEWAY = 30.0  # seconds that clocks may differ
MOST_KEPT = 5_000
LONGEST_TOKEN = 8_192
SMALLEST_KEY = 2_048  # bits; the vendor's were never smaller
_PEM = re.compile(r"-----BEGIN (?P<kind>(?:RSA )?PUBLIC KEY)-----.+?-----END (?P=kind)-----", re.DOTALL)
_AGENT = re.compile(r"[^~]+~m~[0-9]+")  # a subject `{database}~m~{id}` is an agent's


class TokenRefused(CommandRefused):
    """The token is not good for these lists; that will not change by asking again."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose token it is. `account` is None when nothing says which account a contact belongs to."""

    account: int | None
    agent: bool = False


class Site(Protocol):
    """What the DeskDirector site knows of tokens."""

    def keys(self, *, renewed: bool = False) -> tuple[RSAPublicKey, ...]:
        """The keys that sign tokens, `renewed` when those known are not enough; none when none can be had."""
        ...

    def whose(self, token: str) -> Person | None:
        """Whose token the site says it is; None when the site refuses it. CommandRefused (503) without an answer."""
        ...


@dataclass(frozen=True, slots=True)
class _Verdict:
    refusal: tuple[int, str, str] | None
    until: float


class Doorkeeper:
    """Admits contacts of one account; threads may share it. `clock` tells Unix seconds."""

    def __init__(self, account: int, words: TokenWords, site: Site, clock: Callable[[], float]) -> None:
        self._account, self._words, self._site, self._clock = account, words, site, clock
        self._verdicts: dict[bytes, _Verdict] = {}
        self._lock = threading.Lock()

    def admit(self, token: str) -> None:
        """Returns for a good token. TokenRefused (401, 403) for another, CommandRefused (503) when nobody can tell."""
        if not token:
            raise _refused("token_missing", "This list is for the form in DeskDirector: it brought no access token.")
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        verdict = self._verdicts.get(name)
        if verdict is None or self._clock() >= verdict.until:
            verdict = self._judged(token)
            self._keep(name, verdict)
        if verdict.refusal is not None:
            raise TokenRefused(*verdict.refusal)

    def _judged(self, token: str) -> _Verdict:
        now = self._clock()
        try:
            claims = self._claims(token)
            self._refuse_stranger(self._whose(token, claims))
        except TokenRefused as error:
            log_event(log, "form token refused", reason=error.code)
            return _Verdict((error.status, error.code, str(error)), now + KEPT_REFUSED)
        return _Verdict(None, min(now + KEPT, float(claims["exp"])))

    def _keep(self, name: bytes, verdict: _Verdict) -> None:
        with self._lock:
            if len(self._verdicts) >= MOST_KEPT:
                now = self._clock()
                alive = [(key, kept) for key, kept in self._verdicts.items() if now < kept.until]
                self._verdicts = dict(alive[-MOST_KEPT // 2 :])
            self._verdicts[name] = verdict

    def _claims(self, token: str) -> dict[str, Any]:
        """What the token claims, not verified but for its form, its algorithm and its time."""
        if len(token) > LONGEST_TOKEN:
            raise _invalid()
        options: Any = {"verify_signature": False, "verify_exp": True, "verify_nbf": True, "require": ["exp"]}
        try:
            if jwt.get_unverified_header(token).get("alg") not in self._words.algorithms:
                raise _invalid()
            found: dict[str, Any] = jwt.decode(token, options=options, leeway=LEEWAY)
        except jwt.ExpiredSignatureError:
            said = (
                "Your time in DeskDirector is over: load the page anew, sign in when it asks, and open the form again."
            )
            raise _refused("token_expired", said) from None
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            raise _invalid() from None
        if any(found.get(name) != wanted for name, wanted in self._words.claims.items()):
            raise _invalid()
        return found

    def _whose(self, token: str, claims: Mapping[str, Any]) -> Person:
        claimed = _claimed(claims, self._words)
        keys = self._site.keys()
        if keys:
            if not self._signed(token, keys) and not self._signed(token, self._site.keys(renewed=True)):
                raise _invalid()
            if claimed.agent or claimed.account is not None:
                return claimed
        told = self._site.whose(token)
        if told is None:
            raise _invalid()
        # The site has accepted the token as a whole, so what it claims is true where the answer is silent.
        return told if told.agent or told.account is not None else claimed

    def _signed(self, token: str, keys: tuple[RSAPublicKey, ...]) -> bool:
        return any(_is_signed(token, key, self._words.algorithms) for key in keys)

    def _refuse_stranger(self, person: Person) -> None:
        if person.agent:
            said = (
                "Agents belong to no account. Open the form as a contact of the MSP's own account: in the admin portal,"
                " under Contacts, its profile menu has Diagnose Client portal."
            )
            raise _refused("agent", said, HTTPStatus.FORBIDDEN)
        if person.account is None:
            said = "DeskDirector does not say which account you belong to; DESKDIRECTOR_DIALECT has to name the claim."
            raise _refused("account_unknown", said, HTTPStatus.FORBIDDEN)
        if person.account != self._account:
            said = "This list is for contacts of the MSP's own account only."
            raise _refused("foreign_account", said, HTTPStatus.FORBIDDEN)


def public_keys(text: str) -> tuple[RSAPublicKey, ...]:
    """Every public key in PEM that stands in `text`. ValueError when one is no RSA key of at least 2,048 bits."""
    return tuple(_key(found[0]) for found in _PEM.finditer(text))


def account_in(value: object) -> int | None:
    """An account's id, from a number, its digits or an object with it; None when it is none of these."""
    match value:
        case bool():
            return None
        case int():
            return value
        case str() if re.fullmatch(r"[0-9]{1,18}", value):
            return int(value)
        case {"id": inner} | {"entityId": inner} if not isinstance(inner, dict):
            return account_in(inner)
        case _:
            return None


def _key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError("is of an unknown kind") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise ValueError(f"must be an RSA key of at least {SMALLEST_KEY} bits")
    return key


def _is_signed(token: str, key: RSAPublicKey, algorithms: tuple[str, ...]) -> bool:
    # Only the signature is asked here: time and claims are looked at before, and nothing says what `sub` or `aud` are.
    options: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        jwt.decode(token, key, algorithms=algorithms, options=options)
    except jwt.InvalidTokenError:
        return False
    return True


def _claimed(claims: Mapping[str, Any], words: TokenWords) -> Person:
    kinds = {str(claims[name]).casefold() for name in words.kind if name in claims}
    agent = bool(kinds & {word.casefold() for word in words.agents})
    accounts = (account_in(claims.get(name)) for name in words.company)
    return Person(
        next((account for account in accounts if account is not None), None),
        agent or _AGENT.fullmatch(str(claims.get("sub", ""))) is not None,
    )


def _invalid() -> TokenRefused:
    return _refused("token_invalid", "The access token is none of this DeskDirector site. Load the page anew.")


def _refused(code: str, said: str, status: int = HTTPStatus.UNAUTHORIZED) -> TokenRefused:
    return TokenRefused(status, code, said)
