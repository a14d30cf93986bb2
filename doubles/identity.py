"""The managed-identity endpoint that App Service and Functions give an app, one per tenant.

Set `IDENTITY_ENDPOINT=http://127.0.0.1:PORT/<tenant id>/msi/token` and `IDENTITY_HEADER=local-secret`. Written from
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from aiohttp import web

from doubles.faults import TENANT, Faults
from doubles.tokens import identity_of, issue
from doubles.world import NotInWorld, World

SECRET = "local-secret"
OLDEST_API = "2019-08-01"


def make_identity(world: World) -> web.Application:
    """The app: `GET /{tenant}/msi/token`, `POST /_double/roles {"tenant", "roles"}`, and the routes of Faults.

    Roles that change hold for tokens given afterwards; a token already given keeps the ones it has, as in Azure.
    """
    faults = Faults()
    endpoint = _Endpoint(world)
    app = web.Application(middlewares=[faults.middleware])
    app.add_routes(
        [
            web.get("/{tenant}/msi/token", endpoint.token),
            web.post("/_double/roles", endpoint.change_roles),
            *faults.routes(),
        ]
    )
    return app


class _Endpoint:
    def __init__(self, world: World) -> None:
        self._world = world

    async def token(self, request: web.Request) -> web.Response:
        request[TENANT] = request.match_info["tenant"]
        if request.headers.get("X-IDENTITY-HEADER") != SECRET:
            return _refusal(401, "The X-IDENTITY-HEADER is missing or wrong.")
        resource = request.query.get("resource")
        if not resource or request.query.get("api-version", "") < OLDEST_API:
            return _refusal(400, f"A resource and an api-version of {OLDEST_API} or later are needed.")
        return self._answer(request, resource)

    def _answer(self, request: web.Request, resource: str) -> web.Response:
        tenant = self._world.tenants.get(request.match_info["tenant"])
        if tenant is None:
            return _refusal(400, "No managed identity is here.")
        client_id = request.query.get("client_id")
        token, expires = issue(self._world, tenant, resource, client_id)
        return web.json_response(
            {
                "access_token": token,
                "client_id": client_id or identity_of(tenant.id),
                "expires_on": str(expires),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    async def change_roles(self, request: web.Request) -> web.Response:
        order = await request.json()
        try:
            self._world.tenant(order["tenant"]).roles = tuple(order["roles"])
        except NotInWorld as error:
            return web.json_response({"error": str(error)}, status=404)
        return web.Response(status=204)


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
