"""Who is in a contact group: the v3 routes, which want an agent's access token."""

from aiohttp import web

from doubles.desk_http import DESK, checked, listing, number, paging, query
from doubles.desk_state import Desk

USERS = "/api/v3/tech/companies/{companyId}/teams/{teamId}/users"


def routes() -> list[web.RouteDef]:
    """…/teams/{teamId}/users and below."""
    return [
        web.get(USERS, list_group_users),
        web.put(f"{USERS}/{{contactId}}", set_group_user),
        web.delete(f"{USERS}/{{contactId}}", remove_group_user),
    ]


def _place(request: web.Request) -> tuple[Desk, int, str]:
    query(request, "skip", "take")
    return request.app[DESK], number(request, "companyId"), request.match_info["teamId"]


async def list_group_users(request: web.Request) -> web.Response:
    """A page of the group's people with their roles, in order of joining."""
    desk, company, group = _place(request)
    desk.group_in(company, group)
    return listing(desk.group_users(group), **paging(query(request, "skip", "take")))


async def set_group_user(request: web.Request) -> web.Response:
    """Adds the contact or changes its role; repeating is harmless. 404; 422 when it is inactive or in 50 groups."""
    desk, company, group = _place(request)
    body = await checked(request, "SetGroupUser")
    desk.set_group_user(company, group, number(request, "contactId"), body["role"])
    return web.json_response({})


async def remove_group_user(request: web.Request) -> web.Response:
    """204, or 404 when the contact is not in the group."""
    desk, company, group = _place(request)
    desk.remove_group_user(company, group, number(request, "contactId"))
    return web.Response(status=204)
