"""JSON batches of the Graph double: each request of one is served as if it had come alone, faults and log included.

Source: https://learn.microsoft.com/graph/json-batching: at most 20 requests, ids that differ, relative addresses; the
answer is 200 whatever became of the single requests, and their responses may come in another order. Here they come in
the opposite one, so that no client relies on theirs. `dependsOn` is not served.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import hdrs, web

from doubles.graph_http import answer, base_url
from doubles.graph_query import Refusal

Json = dict[str, Any]
MOST = 20
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
# What is of one connection only, or of the outer answer's body.
DROPPED = frozenset({"content-length", "content-encoding", "transfer-encoding", "date", "server", "connection"})


async def batch(request: web.Request) -> web.Response:
    """The answers to all requests of a batch, or the Refusal of the whole."""
    rows = await _requests_of(request)
    async with aiohttp.ClientSession(auto_decompress=True) as http:
        answers = await asyncio.gather(*(_one(http, request, row) for row in rows))
    return answer({"responses": answers[::-1]})


async def _requests_of(request: web.Request) -> list[Json]:
    try:
        body = json.loads(await request.read())
        rows: list[Json] = body["requests"]
        ids = [str(row["id"]) for row in rows]
        wrong = [row for row in rows if row["method"].upper() not in METHODS or "://" in row["url"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal(400, "BadRequest", "Invalid batch payload format.") from error
    if not rows or wrong or len(set(ids)) != len(ids) or any("dependsOn" in row for row in rows):
        raise Refusal(400, "BadRequest", "Invalid batch payload format.")
    if len(rows) > MOST:
        message = f"Number of batch request steps exceeds the maximum value of {MOST}."
        raise Refusal(400, "MaximumValueExceeded", message)
    return rows


async def _one(http: aiohttp.ClientSession, request: web.Request, row: Json) -> Json:
    url = f"{base_url(request)}/{row['url'].lstrip('/')}".replace(" ", "%20")
    headers = {hdrs.AUTHORIZATION: request.headers[hdrs.AUTHORIZATION], **row.get("headers", {})}
    try:
        async with http.request(row["method"].upper(), url, json=row.get("body"), headers=headers) as response:
            return {"id": row["id"], "status": response.status, **_told(response.headers, await response.read())}
    except aiohttp.ClientError:  # a scripted fault closed the connection
        return {"id": row["id"], "status": int(HTTPStatus.GATEWAY_TIMEOUT), "headers": {}}


def _told(headers: Mapping[str, str], body: bytes) -> Json:
    shown = {name: value for name, value in headers.items() if name.lower() not in DROPPED}
    if not body:
        return {"headers": shown}
    if "json" in headers.get(hdrs.CONTENT_TYPE, ""):
        return {"headers": shown, "body": json.loads(body)}
    return {"headers": shown, "body": base64.urlsafe_b64encode(body).decode()}
