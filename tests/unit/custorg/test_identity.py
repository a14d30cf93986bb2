import asyncio
import time
from typing import Any

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from custorg.identity import Identity
from shared.errors import GraphError

KEY = "a key of some length, as HS256 wants it"


class FakeCredential:
    """Gives one token after the other, and counts."""

    def __init__(self, *tokens: str, life: float = 3_600) -> None:
        self.tokens = list(tokens)
        self.life = life
        self.asked: list[str] = []
        self.closed = 0

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        self.asked += scopes
        if not self.tokens:
            raise ClientAuthenticationError("ann@here.example may not")
        return AccessToken(self.tokens.pop(0), int(time.time() + self.life))

    def close(self) -> None:
        self.closed += 1


def identity(credential: FakeCredential) -> Identity:
    return Identity(lambda: credential, "scope")


def a_token(**claims: Any) -> str:
    return jwt.encode(claims, KEY)


async def test_a_token_is_asked_for_once_also_by_many_at_once() -> None:
    credential = FakeCredential("first", "second")
    someone = identity(credential)

    tokens = await asyncio.gather(*(someone.get_token() for _ in range(5)))

    assert {token.token for token in tokens} == {"first"}
    assert credential.asked == ["scope"]


async def test_a_token_that_ends_soon_is_replaced() -> None:
    someone = identity(FakeCredential("first", "second", life=60))

    assert [(await someone.get_token()).token for _ in range(2)] == ["first", "second"]


async def test_a_renewed_identity_asks_again() -> None:
    credential = FakeCredential("first", "second")
    someone = identity(credential)
    await someone.get_token()

    await someone.renew()

    assert ((await someone.get_token()).token, credential.closed) == ("second", 1)


async def test_no_token_is_an_error_that_does_not_quote_the_answer() -> None:
    with pytest.raises(GraphError) as raised:
        await identity(FakeCredential()).get_token()

    assert str(raised.value) == "the managed identity gave no token (ClientAuthenticationError)"
    assert raised.value.status == 401


@pytest.mark.parametrize(
    ("token", "roles"),
    [
        (a_token(roles=["User.Read.All", 5]), {"User.Read.All"}),
        (a_token(roles="User.Read.All"), set()),
        (a_token(), set()),
        ("opaque", set()),
        ("a.b.c", set()),
        ("", set()),
    ],
)
async def test_the_roles_are_those_of_the_token_and_none_of_an_opaque_one(token: str, roles: set[str]) -> None:
    assert await identity(FakeCredential(token)).roles() == roles
