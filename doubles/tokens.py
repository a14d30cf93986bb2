"""The access tokens that the identity double gives and the Graph double reads: signed JWTs with Entra's claims."""

import time
import uuid
from dataclasses import dataclass

import jwt

from doubles.world import Tenant, World

GRAPH = "https://graph.microsoft.com"
GRAPH_AUDIENCES = (GRAPH, f"{GRAPH}/", "00000003-0000-0000-c000-000000000000")
NAMESPACE = uuid.UUID("6f1d0c1e-3d53-4b5c-9d0e-0d2f3a4b5c6d")


class TokenRefused(Exception):
    """The token is missing, not ours, for somebody else or expired; the text is what Graph says of it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the token's tenant and its application permissions."""

    tenant: Tenant
    roles: frozenset[str]

    def may(self, *roles: str) -> bool:
        """Whether the token has one of these permissions."""
        return not self.roles.isdisjoint(roles)


def identity_of(tenant_id: str, client_id: str | None = None) -> str:
    """The object id of a tenant's system-assigned identity, or of the user-assigned one of this client id."""
    return str(uuid.uuid5(NAMESPACE, f"{tenant_id}/{client_id or 'system'}"))


def issue(world: World, tenant: Tenant, resource: str = GRAPH, client_id: str | None = None) -> tuple[str, int]:
    """A token of the tenant's managed identity as it is entitled now, and when it expires (Unix seconds).

    Claims as in https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    now = int(time.time())
    expires = now + world.token_life
    principal = identity_of(tenant.id, client_id)
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{tenant.id}/",
        "iat": now,
        "nbf": now,
        "exp": expires,
        "appid": client_id or str(uuid.uuid5(NAMESPACE, principal)),
        "oid": principal,
        "sub": principal,
        "tid": tenant.id,
        "roles": list(tenant.roles) if resource in GRAPH_AUDIENCES else [],
        "ver": "1.0",
    }
    return jwt.encode(claims, world.key, algorithm="HS256"), expires


def caller(world: World, token: str) -> Caller:
    """Who the token is for, or TokenRefused with Graph's words."""
    if not token:
        raise TokenRefused("Access token is empty.")
    try:
        claims = jwt.decode(token, world.key, algorithms=["HS256"], audience=GRAPH_AUDIENCES)
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused("Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidAudienceError as error:
        raise TokenRefused("Access token validation failure. Invalid audience.") from error
    except jwt.InvalidSignatureError as error:
        raise TokenRefused("Access token validation failure. Invalid signature.") from error
    except jwt.InvalidTokenError as error:
        raise TokenRefused("CompactToken parsing failed.") from error
    tenant = world.tenants.get(claims.get("tid", ""))
    if tenant is None:
        raise TokenRefused("The identity of the calling application could not be established.")
    return Caller(tenant, frozenset(claims.get("roles", ())))
