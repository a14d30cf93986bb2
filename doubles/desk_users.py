"""Who a token belongs to, and an agent's token for the API key."""

from aiohttp import web

from doubles.desk_http import DESK, KEYRING, agent_of, claims_of, number, query
from doubles.desk_state import Refused
from doubles.desk_tokens import user_claims


def routes() -> list[web.RouteDef]:
    """The routes under /api/v2/user."""
    return [
        web.get("/api/v2/user/member/{agentId}/userkey", agent_user_key),
        web.get("/api/v2/user/client", current_client),
        web.get("/api/v2/user/member", current_agent),
    ]


async def agent_user_key(request: web.Request) -> web.Response:
    """`{"userKey": <jwt>}`; 404 for no agent, 403 for one without permission."""
    query(request)
    desk = request.app[DESK]
    agent = desk.get("agent", number(request, "agentId"))
    if not agent["allowed"]:
        raise Refused(403, "forbidden", f"Agent {agent['id']} may not have a user key.")
    token = request.app[KEYRING].issue(user_claims("member", agent["id"]), desk.settings["tokenLife"])
    return web.json_response({"userKey": token})


async def current_client(request: web.Request) -> web.Response:
    """The active contact whose token it is; 401 for anybody else's."""
    claims, desk = claims_of(request), request.app[DESK]
    person = desk.tables["contact"].get(claims["userId"]) if claims["userType"] == "client" else None
    if person is None or not desk.is_active(person):
        raise Refused(401, "unauthorized", "The token is no active contact's.")
    company = {"id": person["company"], "name": desk.tables["company"][person["company"]]["name"]}
    names = {"userName": person["email"], "email": person["email"]}
    return web.json_response({"id": person["id"], **names, "company": company})


async def current_agent(request: web.Request) -> web.Response:
    """The agent whose token it is; 403 for a contact's token."""
    agent = agent_of(request)
    return web.json_response({"id": agent["id"], "userName": agent["name"]})
