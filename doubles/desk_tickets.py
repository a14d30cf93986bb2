"""Tickets with their boards and statuses."""

import datetime as dt

from aiohttp import web

from doubles import desk_wire
from doubles.desk_http import CONNECTOR, DESK, checked, listing, number, query, whole
from doubles.desk_site import page
from doubles.desk_state import Desk, Refused, Row


def routes() -> list[web.RouteDef]:
    """The connector's routes for tickets and the lists that go with them."""
    return [
        web.post(f"{CONNECTOR}/tickets/find", find_tickets),
        web.get(f"{CONNECTOR}/tickets/{{ticketId}}", get_ticket),
        web.patch(f"{CONNECTOR}/tickets/{{ticketId}}", update_ticket),
        web.get(f"{CONNECTOR}/service/boards", list_boards),
        web.get(f"{CONNECTOR}/service/statuses", list_statuses),
    ]


async def find_tickets(request: web.Request) -> web.Response:
    """Tickets by queue, statuses, state and time of creation."""
    desk, body = request.app[DESK], await checked(request, "FindTicketsRequest")
    after = moment(body["createdAfter"]) if "createdAfter" in body else None
    rows = [row for row in desk.indexed("ticket", desk.tables["ticket"].values()) if _is_wanted(desk, row, body, after)]
    return page(rows, body, lambda row: desk_wire.ticket(desk, row))


def _is_wanted(desk: Desk, row: Row, body: Row, after: dt.datetime | None) -> bool:
    return (
        body.get("queueId") in (None, row["board"])
        and ("statusIds" not in body or row["status"] in body["statusIds"])
        and body.get("isClosed") in (None, desk_wire.is_closed(desk, row))
        and (after is None or moment(row["createdOn"]) > after)
    )


def moment(text: str) -> dt.datetime:
    """A point in time, UTC unless the text says otherwise; 400 for no ISO 8601."""
    try:
        point = dt.datetime.fromisoformat(text)
    except ValueError as fault:
        raise Refused(400, "bad_request", f"{text!r} is no point in time.") from fault
    return point if point.tzinfo else point.replace(tzinfo=dt.UTC)


async def get_ticket(request: web.Request) -> web.Response:
    """One ticket, or 404."""
    desk = request.app[DESK]
    return web.json_response(desk_wire.ticket(desk, desk.get("ticket", number(request, "ticketId"))))


async def update_ticket(request: web.Request) -> web.Response:
    """Sets the status (any known one: boards are not enforced, v21.22), adds a note; 404, 400 for an unknown status."""
    desk, key = request.app[DESK], number(request, "ticketId")
    body, row = await checked(request, "UpdateTicketRequest"), desk.get("ticket", key)
    if "statusId" in body:
        if body["statusId"] not in desk.tables["status"]:
            raise Refused(400, "bad_request", f"There is no status {body['statusId']}.")
        row["status"] = body["statusId"]
    if "note" in body:
        note = {
            "id": desk.new_note_id(),
            "note": body["note"]["text"],
            "isInternal": body["note"].get("isInternal", False),
        }
        row["notes"].append(note)
    return web.json_response(desk_wire.ticket(desk, row))


async def list_boards(request: web.Request) -> web.Response:
    """Every board."""
    query(request)
    return listing([{"id": row["id"], "name": row["name"]} for row in request.app[DESK].tables["board"].values()])


async def list_statuses(request: web.Request) -> web.Response:
    """The statuses of one board; the vendor's definition wants the boardId."""
    given = query(request, "boardId")
    if "boardId" not in given:
        raise Refused(400, "bad_request", "boardId is missing.")
    board = whole(given["boardId"], "boardId is")
    rows = request.app[DESK].tables["status"].values()
    return listing([{"id": row["id"], "name": row["name"]} for row in rows if row["board"] == board])
