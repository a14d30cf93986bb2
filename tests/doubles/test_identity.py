"""The managed-identity double, and azure-identity's own credential in front of it."""

import asyncio
from typing import Any

import jwt
import pytest
from azure.identity import ManagedIdentityCredential

from tests.doubles.graph_server import TENANT, Served, serving

GRAPH = "https://graph.microsoft.com"
QUERY = {"resource": GRAPH, "api-version": "2019-08-01"}


async def a_token(at: Served, header: str = "local-secret", tenant: str = TENANT, **query: str) -> tuple[int, Any]:
    sent = {"X-IDENTITY-HEADER": header}
    url = f"{at.identity}/{tenant}/msi/token"
    async with at.http.get(url, params=QUERY | query, headers=sent) as answer:
        return answer.status, await answer.json()


async def test_the_real_credential_gets_a_token_that_graph_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as at:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{at.identity}/{TENANT}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "local-secret")
        with ManagedIdentityCredential() as credential:
            token = await asyncio.to_thread(credential.get_token, f"{GRAPH}/.default")
        answer = await at.ask("/groups", Authorization=f"Bearer {token.token}")

    assert answer.status == 200


async def test_an_answer_is_what_app_service_documents() -> None:
    async with serving() as at:
        status, answer = await a_token(at)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})

    assert status == 200
    assert answer.keys() == {"access_token", "client_id", "expires_on", "resource", "token_type"}
    assert (answer["expires_on"], answer["resource"]) == (str(claims["exp"]), GRAPH)
    assert (claims["aud"], claims["tid"], claims["exp"] - claims["iat"]) == (GRAPH, TENANT, 3600)


async def test_a_user_assigned_identity_has_an_id_of_its_own() -> None:
    async with serving() as at:
        _, system = await a_token(at)
        _, assigned = await a_token(at, client_id="11111111-2222-4333-8444-555555555555")
    subjects = [
        jwt.decode(one["access_token"], options={"verify_signature": False})["oid"] for one in (system, assigned)
    ]

    assert assigned["client_id"] == "11111111-2222-4333-8444-555555555555"
    assert subjects[0] != subjects[1]


@pytest.mark.parametrize(
    ("header", "tenant", "query", "status"),
    [
        ("wrong", TENANT, {}, 401),
        ("local-secret", TENANT, {"api-version": "2017-09-01"}, 400),
        ("local-secret", TENANT, {"resource": ""}, 400),
        ("local-secret", "no-tenant", {}, 400),
    ],
)
async def test_a_wrong_request_is_refused(header: str, tenant: str, query: dict[str, str], status: int) -> None:
    async with serving() as at:
        answered, answer = await a_token(at, header, tenant, **query)

    assert (answered, answer["statusCode"]) == (status, status)


async def test_new_roles_hold_for_new_tokens_only() -> None:
    async with serving() as at:
        _, before = await a_token(at)
        order = {"tenant": TENANT, "roles": ["User.Read.All"]}
        async with at.http.post(f"{at.identity}/_double/roles", json=order) as answer:
            changed = answer.status
        _, after = await a_token(at)
        answers = [
            (await at.ask("/groups", Authorization=f"Bearer {one['access_token']}")).status for one in (before, after)
        ]

    assert (changed, answers) == (204, [200, 403])


async def test_a_worlds_tokens_live_as_long_as_it_says() -> None:
    async with serving() as at:
        at.world.token_life = 60
        _, answer = await a_token(at)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})

    assert claims["exp"] - claims["iat"] == 60
