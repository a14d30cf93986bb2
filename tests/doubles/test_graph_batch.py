"""Batches of the Graph double, as https://learn.microsoft.com/graph/json-batching has them."""

from typing import Any

import pytest

from tests.doubles.graph_server import Served, guid, serving

EVENTUAL = {"ConsistencyLevel": "eventual"}


def a_get(number: int, url: str, **headers: str) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": url, "headers": headers}


async def responses(at: Served, *rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await at.ask("/$batch", "POST", {"requests": rows})

    assert answer.status == 200

    return {row["id"]: row for row in answer.json["responses"]}


async def test_each_request_has_its_own_answer_whatever_becomes_of_the_others() -> None:
    people = f"/groups/{guid('it')}/transitiveMembers/microsoft.graph.user?$count=true&$top=1&$select=id"
    async with serving() as at:
        told = await responses(
            at,
            a_get(1, people, **EVENTUAL),
            a_get(2, people),
            a_get(3, f"groups/{guid('nobody')}"),
            a_get(4, f"/groups/{guid('it')}/owners/$count", **EVENTUAL),
        )

    assert {number: row["status"] for number, row in told.items()} == {"1": 200, "2": 400, "3": 404, "4": 200}
    assert told["1"]["body"]["@odata.count"] == 3
    assert told["3"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert told["4"]["body"] == "MQ=="


async def test_a_throttled_request_is_told_inside_the_answer() -> None:
    async with serving() as at:
        await at.admin("POST", "faults", {"path": "owners", "status": 429, "headers": {"Retry-After": "2.5"}})
        told = await responses(at, a_get(1, f"/groups/{guid('it')}/owners"), a_get(2, f"/groups/{guid('it')}"))

    assert (told["1"]["status"], told["1"]["headers"]["Retry-After"], told["2"]["status"]) == (429, "2.5", 200)


async def test_responses_come_in_another_order_than_their_requests() -> None:
    async with serving() as at:
        answer = await at.ask("/$batch", "POST", {"requests": [a_get(1, "/groups"), a_get(2, "/users")]})

    assert [row["id"] for row in answer.json["responses"]] == ["2", "1"]


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([a_get(number, "/groups") for number in range(21)], "MaximumValueExceeded"),
        ([a_get(1, "/groups"), a_get(1, "/users")], "BadRequest"),
        ([a_get(1, "https://graph.microsoft.com/v1.0/groups")], "BadRequest"),
        ([{"id": "1", "url": "/groups"}], "BadRequest"),
        ([], "BadRequest"),
    ],
)
async def test_a_batch_that_is_none_is_refused_as_a_whole(requests: list[Any], code: str) -> None:
    async with serving() as at:
        answer = await at.ask("/$batch", "POST", {"requests": requests})

    assert (answer.status, answer.json["error"]["code"]) == (400, code)
