"""The managed identity's token for Graph, and what its claims say that it may do."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

import jwt
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError

from shared.errors import GraphError

RENEW_BEFORE = 300  # seconds before its end


class Credential(TokenCredential, Protocol):
    """A credential of azure-identity."""

    def close(self) -> None:
        """Closes its connections."""


class Identity:
    """A credential for kiota that any event loop may use: the blocking one asks in a thread, and its token is kept.

    `make` builds a credential without a token in its cache, so that `renew` really asks again.
    """

    def __init__(self, make: Callable[[], Credential], scope: str) -> None:
        self._make = make
        self._scope = scope
        self._credential = make()
        self._kept: AccessToken | None = None
        self._turn = asyncio.Lock()

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """A token that lasts for some minutes more. GraphError 401 when the identity's endpoint gives none."""
        async with self._turn:
            if self._kept is None or self._kept.expires_on - time.time() < RENEW_BEFORE:
                self._kept = await self._ask()
            return self._kept

    async def renew(self) -> None:
        """Forgets the token, so that the next call asks the identity's endpoint."""
        async with self._turn:
            self.close()
            self._credential = self._make()
            self._kept = None

    def close(self) -> None:
        """Closes the connections to the identity's endpoint."""
        self._credential.close()

    async def roles(self) -> frozenset[str]:
        """The application permissions in the token's `roles` claim; none when the token can't be read."""
        token = await self.get_token()
        try:
            claims = jwt.decode(token.token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return frozenset()
        roles = claims.get("roles")
        return frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset()

    async def _ask(self) -> AccessToken:
        try:
            return await asyncio.to_thread(self._credential.get_token, self._scope)
        except AzureError as error:
            # Its text may quote the endpoint's answer.
            raise GraphError(401, "noToken", f"the managed identity gave no token ({type(error).__name__})") from None
