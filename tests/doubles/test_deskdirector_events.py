"""Events of the DeskDirector double: subscriptions and signed deliveries."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.contracts import needs_reference
from tests.doubles.deskdirector_rig import Rig

needs_reference()
SECRET = "hK3vQ9ZtW1sYb7RmN5cXe2LpD8fUg4Aj"
EVENT = "sync-user-group"


def subscribe(desk: Rig, url: str = "") -> str:
    query, body = {"type": "ticket-created"}, {"url": url or desk.hook, "parameters": {}}
    return desk.raw("SubscribeToWorkflow", body, workflowId=EVENT, query=query).headers["Location"]


def deliver(desk: Rig, **order: Any) -> Any:
    return desk.admin("POST", "deliver", order)


# Events


def test_workflows_and_their_types_are_listed(desk: Rig) -> None:
    assert desk.ask("ListWorkflows")["results"] == [{"id": EVENT, "name": "Sync User Group"}]
    assert desk.ask("ListWorkflows", query={"type": "ticket-note-added"})["totalResults"] == 0
    assert desk.ask("ListWorkflows", query={"search": "user", "take": 10})["totalResults"] == 1
    assert "ticket-created" in [row["id"] for row in desk.ask("ListWorkflowTypes")["results"]]


def test_a_type_of_workflow_serves_its_schemas(desk: Rig) -> None:
    query = {"type": "ticket-created"}

    plain = desk.ask("GetWorkflowTriggerSchema", query=query)
    wrapped = desk.ask("GetWorkflowTriggerSchema2", query=query)
    parameters = desk.ask("GetWorkflowRequestParameterSchema", type="ticket-created", query={"workflowId": EVENT})

    assert wrapped == {"schema": plain}
    assert "ticketId" in plain["properties"]
    assert desk.ask("GetWorkflowParameters2", type="ticket-created", query={"workflowId": EVENT}) == {
        "schema": parameters
    }
    assert desk.ask("GetWorkflowTriggerSchema", 404, query={"type": "none"})["error"] == "not_found"


def test_a_subscription_says_in_location_how_to_end_it(desk: Rig) -> None:
    location = urlsplit(subscribe(desk))
    action, token = location.path.rsplit("/", 1)[1], parse_qs(location.query)["token"][0]

    assert (
        desk.ask("UnsubscribeFromWorkflow", 404, workflowId=EVENT, actionId=action, query={"token": "x"})["error"]
        == "not_found"
    )
    assert len(desk.admin("GET", "state")["subscriptions"]) == 1
    assert desk.ask("UnsubscribeFromWorkflow", workflowId=EVENT, actionId=action, query={"token": token}) == {}
    assert desk.admin("GET", "state")["subscriptions"] == []


def test_the_location_of_a_subscription_is_an_address_that_answers(desk: Rig) -> None:
    answer = requests.delete(subscribe(desk), headers={"Authorization": "DdApi demo-key"}, timeout=10)

    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("workflow", "kind", "body", "status"),
    [
        ("none", "ticket-created", {"url": "https://a.example", "parameters": {}}, 404),
        (EVENT, "ticket-note-added", {"url": "https://a.example", "parameters": {}}, 400),
        (EVENT, "ticket-created", {"url": "https://a.example"}, 400),
        (EVENT, "ticket-created", {"url": "a.example", "parameters": {}}, 400),
    ],
)
def test_a_subscription_needs_the_workflow_its_type_an_address_and_parameters(
    desk: Rig, workflow: str, kind: str, body: dict[str, Any], status: int
) -> None:
    refusal = desk.ask("SubscribeToWorkflow", status, body, workflowId=workflow, query={"type": kind})

    assert refusal["errorDescription"]
    assert desk.admin("GET", "state")["subscriptions"] == []


def signature_of(headers: Any) -> str:
    """The one signature header's value, whose algorithm is named in front."""
    (header,) = headers.getall("x-dd-signature")
    algorithm, _, value = header.partition("=")

    assert algorithm.lower() == "sha256"
    return str(value)


@pytest.mark.parametrize("encoding", ["hex", "HEX", "base64"])
def test_a_delivery_is_signed_over_its_raw_body(desk: Rig, made: dict[str, int], encoding: str) -> None:
    subscribe(desk)

    sent = deliver(desk, ticket=made["ticket"], encoding=encoding)

    headers, body = desk.deliveries[0]
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    wanted = {"hex": digest.hex(), "HEX": digest.hex().upper(), "base64": base64.b64encode(digest).decode()}
    assert sent == [{"url": desk.hook, "status": 202}]
    assert signature_of(headers) == wanted[encoding]


def test_a_delivery_may_be_signed_wrongly_or_not_at_all(desk: Rig, made: dict[str, int]) -> None:
    subscribe(desk)

    deliver(desk, ticket=made["ticket"], secret="another")
    deliver(desk, ticket=made["ticket"], secret="")

    (wrong, body), (unsigned, _) = desk.deliveries
    assert signature_of(wrong) == hmac.new(b"another", body, hashlib.sha256).hexdigest()
    assert "x-dd-signature" not in unsigned


def test_an_event_names_its_ticket_in_each_shape_and_style(desk: Rig, made: dict[str, int]) -> None:
    subscribe(desk)
    ticket, form = made["ticket"], made["result"]

    for order in ({"shape": "object"}, {"shape": "array"}, {"style": "nested"}, {"style": "entity", "shape": "array"}):
        deliver(desk, ticket=ticket, **order)

    flat = {"ticketId": ticket, "formId": 21, "resultId": form}
    ids = {"form": {"entityId": 21}, "result": {"entityId": form}}
    bodies = [json.loads(body) for _, body in desk.deliveries]
    assert bodies == [flat, [flat], {"ticket": {"id": ticket}} | ids, [{"entityId": ticket} | ids]]


def test_any_body_can_be_delivered_to_any_address(desk: Rig) -> None:
    sent = deliver(desk, url=desk.hook, body="{broken")

    assert sent == [{"url": desk.hook, "status": 202}]
    assert desk.deliveries[0][1] == b"{broken"


def test_nobody_gets_a_delivery_without_a_subscription_or_when_the_event_is_disabled(
    desk: Rig, made: dict[str, int]
) -> None:
    desk.admin("POST", "deliver", {"ticket": made["ticket"]}, status=409)
    subscribe(desk)
    desk.edit("update_workflow", id=EVENT, isEnabled=False)

    refusal = desk.admin("POST", "deliver", {"ticket": made["ticket"]}, status=409)

    assert refusal["errorDescription"] == "Nobody subscribed."
    assert desk.deliveries == []


def test_a_delivery_that_nobody_takes_says_so(desk: Rig, made: dict[str, int]) -> None:
    subscribe(desk, "http://127.0.0.1:1/hook")

    assert deliver(desk, ticket=made["ticket"]) == [{"url": "http://127.0.0.1:1/hook", "status": None}]
    assert deliver(desk, ticket=made["ticket"]) == [{"url": "http://127.0.0.1:1/hook", "status": None}]


def test_a_failed_delivery_pauses_the_subscription_where_the_site_does_so(desk: Rig, made: dict[str, int]) -> None:
    subscribe(desk)
    desk.edit("set", pauseOnFailure=True)
    desk.hook_status = 500

    seen = [deliver(desk, ticket=made["ticket"])[0]["status"] for _ in range(2)]
    desk.edit("resume")
    desk.hook_status = 202

    assert [*seen, deliver(desk, ticket=made["ticket"])[0]["status"]] == [500, "paused", 202]


def test_an_order_with_a_mistake_is_refused(desk: Rig, made: dict[str, int]) -> None:
    subscribe(desk)

    for order, status in [({}, 400), ({"ticket": 1}, 404), ({"ticket": made["ticket"], "shape": "round"}, 400)]:
        desk.admin("POST", "deliver", order, status=status)

    assert desk.deliveries == []
