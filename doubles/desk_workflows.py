"""Workflows ("events"): their subscriptions, and deliveries to them on demand.

POST /_double/deliver {"ticket": 501, "workflow": null, "shape": "object" | "array", "style": "flat" | "nested" |
"entity", "encoding": "hex" | "HEX" | "base64", "secret": null, "url": null, "body": null} sends the ticket's event to
the workflow's subscriptions (all of them without a workflow), or to `url` alone, signed with the site's secret or with
another one; `secret` "" leaves the header out; `body` (a text) is sent as it stands instead. Answers a list of
{"url", "status"}: null for no answer, "paused" for a subscription that a failure paused.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web
from jsonschema import Draft202012Validator

from doubles.desk_http import CONNECTOR, DESK, checked, json_body, listing, paging, query
from doubles.desk_schemas import INTEGER, TEXT, closed, nullable, record
from doubles.desk_seed import refuse_unfit
from doubles.desk_site import matching
from doubles.desk_state import Desk, Refused, Row

ACTIONS = f"{CONNECTOR}/workflows/{{workflowId}}/actions"
# Triggers of DeskDirector's events (deskdirector.md §5); the ids are made up.
TYPES = {
    "ticket-created": "Ticket created",
    "ticket-status-changed": "Ticket status changed",
    "ticket-note-added": "Ticket note added",
}
SIGNATURE = "x-dd-signature"
ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "HEX": lambda digest: digest.hex().upper(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
}
_CHOICES: Row = {
    "shape": {"enum": ["object", "array"]},
    "style": {"enum": ["flat", "nested", "entity"]},
    "encoding": {"enum": list(ENCODINGS)},
}
_DELIVERY = Draft202012Validator(
    closed(
        record(
            ticket=INTEGER,
            workflow=nullable(TEXT),
            secret=nullable(TEXT),
            url=nullable(TEXT),
            body=nullable(TEXT),
            **_CHOICES,
        )
    )
)
ACCEPTED = range(200, 300)
EVENT = record(ticketId=INTEGER, formId=INTEGER, resultId=INTEGER)


def routes() -> list[web.RouteDef]:
    """The connector's routes for workflows and their subscriptions, and /_double/deliver."""
    return [
        web.get(f"{CONNECTOR}/workflow-types", list_types),
        web.get(f"{CONNECTOR}/workflows", list_workflows),
        web.post(ACTIONS, subscribe),
        web.delete(f"{ACTIONS}/{{actionId}}", unsubscribe),
        web.get(f"{CONNECTOR}/schema/workflow-webhook/$request", event_schema),
        web.get(f"{CONNECTOR}/schema2/workflow-webhook/$request", event_schema),
        web.get(f"{CONNECTOR}/schema/workflow-types/{{type}}/$parameters", parameters_schema),
        web.get(f"{CONNECTOR}/schema2/workflow-types/{{type}}/$parameters", parameters_schema),
        web.post("/_double/deliver", deliver),
    ]


async def list_types(request: web.Request) -> web.Response:
    """The types that a workflow may have."""
    query(request)
    return listing([{"id": key, "name": name} for key, name in TYPES.items()])


async def list_workflows(request: web.Request) -> web.Response:
    """A page of the workflows, by type and by words of the name."""
    given = query(request, "skip", "take", "type", "search")
    rows = matching(request.app[DESK].tables["workflow"].values(), given.get("search"), "name")
    named = [{"id": row["id"], "name": row["name"]} for row in rows if given.get("type") in (None, row["type"])]
    return listing(named, **paging(given))


async def subscribe(request: web.Request) -> web.Response:
    """An opaque object, and in Location the address that unsubscribes. 404: no such workflow, 400: another type."""
    desk, kind = request.app[DESK], query(request, "type").get("type")
    workflow, body = desk.get("workflow", request.match_info["workflowId"]), await checked(request, "Subscribe")
    if kind != workflow["type"]:
        raise Refused(400, "bad_request", f"Workflow {workflow['id']} has the type {workflow['type']}, not {kind}.")
    key, token = secrets.token_hex(8), secrets.token_urlsafe(16)
    given = {"url": body["url"], "parameters": body["parameters"], "token": token, "paused": False}
    desk.subscriptions[key] = {"id": key, "workflow": workflow["id"], "type": kind} | given
    location = request.url.with_query(None) / key % {"token": token}
    return web.json_response({}, headers={"Location": str(location)})


async def unsubscribe(request: web.Request) -> web.Response:
    """An empty object. 404 without the subscription, or when the token that is given is not its own."""
    given, desk = query(request, "token"), request.app[DESK]
    found = desk.subscriptions.get(request.match_info["actionId"])
    if (
        found is None
        or found["workflow"] != request.match_info["workflowId"]
        or given.get("token", found["token"]) != found["token"]
    ):
        raise Refused(404, "not_found", f"There is no such subscription of {request.match_info['workflowId']}.")
    del desk.subscriptions[found["id"]]
    return web.json_response({})


async def event_schema(request: web.Request) -> web.Response:
    """What an event of that type brings; wrapped on the newer route. 404 for an unknown type."""
    return _schema(request, query(request, "type").get("type", ""), EVENT)


async def parameters_schema(request: web.Request) -> web.Response:
    """What a subscription of that type is asked for: nothing. 404 for an unknown type."""
    query(request, "workflowId")
    return _schema(request, request.match_info["type"], record())


def _schema(request: web.Request, kind: str, schema: Row) -> web.Response:
    if kind not in TYPES:
        raise Refused(404, "not_found", f"There is no workflow type {kind}.")
    return web.json_response({"schema": schema} if "/schema2/" in request.path else schema)


async def deliver(request: web.Request) -> web.Response:
    """See the module; 400 for a wrong order, 404 without the ticket, 409 without anybody to deliver to."""
    desk, order = request.app[DESK], await json_body(request)
    try:
        refuse_unfit(_DELIVERY, order)
    except ValueError as fault:
        raise Refused(400, "bad_request", str(fault)) from fault
    body = order["body"] if order.get("body") is not None else json.dumps(event(desk, order))
    targets = (
        [{"url": order["url"], "paused": False}] if order.get("url") else _subscriptions(desk, order.get("workflow"))
    )
    if not targets:
        raise Refused(409, "conflict", "Nobody subscribed.")
    headers = {"Content-Type": "application/json"} | signature(desk, order, body.encode())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        return web.json_response([await _send(desk, session, target, body, headers) for target in targets])


def _subscriptions(desk: Desk, workflow: str | None) -> list[Row]:
    enabled = {key for key, row in desk.tables["workflow"].items() if row["isEnabled"]}
    rows = [row for row in desk.subscriptions.values() if row["workflow"] in enabled]
    return [row for row in rows if workflow in (None, row["workflow"])]


async def _send(desk: Desk, session: aiohttp.ClientSession, target: Row, body: str, headers: dict[str, str]) -> Row:
    if target["paused"]:
        return {"url": target["url"], "status": "paused"}
    try:
        async with session.post(target["url"], data=body.encode(), headers=headers, allow_redirects=False) as answer:
            status: int | None = answer.status
    except (aiohttp.ClientError, TimeoutError):
        status = None
    # "webhooks whose delivery fails are paused for 30 minutes" (v21.33); here until somebody resumes them
    target["paused"] = desk.settings["pauseOnFailure"] and (status is None or status not in ACCEPTED)
    return {"url": target["url"], "status": status}


def signature(desk: Desk, order: Row, body: bytes) -> dict[str, str]:
    """The header `x-dd-signature: sha256=…`, HMAC-SHA256 of the raw body; none for an empty secret."""
    secret = order["secret"] if order.get("secret") is not None else desk.settings["webhookSecret"]
    if not secret:
        return {}
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {SIGNATURE: f"sha256={ENCODINGS[order.get('encoding', 'hex')](digest)}"}


def event(desk: Desk, order: Row) -> Any:
    """The event of a ticket in the shape and style that the order names."""
    if "ticket" not in order:
        raise Refused(400, "bad_request", "ticket is missing.")
    ticket = desk.get("ticket", order["ticket"])
    form = ticket["forms"][-1] if ticket["forms"] else {}
    written = _styled(order.get("style", "flat"), ticket["id"], form)
    return [written] if order.get("shape") == "array" else written


def _styled(style: str, ticket: int, form: Row) -> Row:
    ids = {"form": form.get("formId"), "result": form.get("resultId")}
    if style == "flat":
        return {"ticketId": ticket} | {f"{name}Id": key for name, key in ids.items() if key is not None}
    nested = {name: {"entityId": key} for name, key in ids.items() if key is not None}
    return ({"ticket": {"id": ticket}} if style == "nested" else {"entityId": ticket}) | nested
