"""Access tokens: RS256, at most 60 minutes (deskdirector.md §4.3). What the real claims are called is not published."""

import functools
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]
DATABASE = "demo"


class Keyring:
    """Signs tokens and tells ours from others. Its RSA key is made when the first token is."""

    def __init__(self) -> None:
        self._known: dict[str, Claims] = {}
        self._generation = 0

    @functools.cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return _new_key()

    def issue(self, user: Claims, life: float, *, forged: bool = False) -> str:
        """A token for `life` seconds (0 or less: expired); a forged one is signed by a key that is not ours."""
        now = time.time()
        claims = user | {"iat": int(now), "exp": now + life, "generation": self._generation}
        return jwt.encode(claims, _new_key() if forged else self._key, algorithm="RS256", headers={"kid": "demo-1"})

    def claims(self, token: str) -> Claims | None:
        """What the token says; None when it is expired, withdrawn or none of ours."""
        if token not in self._known:
            try:
                self._known[token] = jwt.decode(
                    token, self._key.public_key(), algorithms=["RS256"], options={"verify_exp": False}
                )
            except jwt.InvalidTokenError:
                return None
        claims = self._known[token]
        return claims if time.time() < claims["exp"] and claims["generation"] == self._generation else None

    def withdraw_all(self) -> None:
        """No token that was issued until now is valid any more."""
        self._generation += 1

    def public_pem(self) -> str:
        """The key that verifies the tokens."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def user_claims(kind: str, user_id: int, **more: Any) -> Claims:
    """The claims that name a user: `{database}~c~{id}` for a contact, `{database}~m~{id}` for an agent ("member")."""
    return {"sub": f"{DATABASE}~{kind[0]}~{user_id}", "userType": kind, "userId": user_id, "database": DATABASE} | more


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
