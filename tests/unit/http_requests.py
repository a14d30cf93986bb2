"""HTTP requests as Azure's runtime hands them to a function."""

import json
from typing import Any

import azure.functions as func


def a_request(
    method: str = "POST",
    path: str = "/api/commands/x",
    *,
    body: Any = b"",
    params: Any = None,
    route: Any = None,
    origin: str = "http://127.0.0.1:7071",
    **headers: str,
) -> func.HttpRequest:
    """A request; `content_type="…"` is the header Content-Type. A body that is not bytes is sent as JSON."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("content-type", "application/json")
    return func.HttpRequest(
        method, origin + path, headers=sent, params=params or {}, route_params=route or {}, body=body
    )


def answer_of(response: func.HttpResponse) -> Any:
    """The JSON of an answer that is not zipped."""
    return json.loads(response.get_body())
