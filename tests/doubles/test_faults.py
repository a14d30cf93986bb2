"""Scripted misbehaviour, on a double that only counts how often its real handler worked."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from doubles.faults import Faults


class Counter:
    """A client of the double."""

    def __init__(self, http: aiohttp.ClientSession, worked: list[str]) -> None:
        self.http = http
        self.worked = worked

    async def script(self, *rules: dict[str, Any]) -> int:
        async with self.http.post("/_double/faults", json=list(rules)) as answer:
            return answer.status

    async def get(self, path: str = "/things") -> tuple[int, Any]:
        async with self.http.get(path) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def log(self) -> list[dict[str, Any]]:
        async with self.http.get("/_double/requests") as answer:
            rows: list[dict[str, Any]] = await answer.json()
            return rows


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    faults, worked = Faults(), list[str]()

    async def work(request: web.Request) -> web.Response:
        worked.append(request.path_qs)
        return web.json_response({"@odata.count": 2, "value": [{"id": "a"}, {"id": "b", "name": {"first": "B"}}]})

    app = web.Application(middlewares=[faults.middleware])
    app.add_routes([*faults.routes(), web.route("*", "/{path:things.*}", work)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        yield Counter(http, worked)
    await runner.cleanup()


async def test_a_rule_answers_once_in_place_of_the_handler(counter: Counter) -> None:
    await counter.script({"path": "things", "status": 503, "body": {"why": "tired"}})
    answers = [await counter.get(), await counter.get()]

    assert answers[0] == (503, {"why": "tired"})
    assert answers[1][0] == 200
    assert len(counter.worked) == 1


async def test_a_rule_without_times_left_to_count_holds_until_rules_are_cleared(counter: Counter) -> None:
    await counter.script({"path": "things", "status": 500, "times": None})
    before = [(await counter.get())[0] for _ in range(3)]
    async with counter.http.delete("/_double/faults") as answer:
        cleared = answer.status

    assert (before, cleared) == ([500, 500, 500], 204)
    assert (await counter.get())[0] == 200


async def test_a_rule_lets_so_many_matching_requests_pass_first(counter: Counter) -> None:
    await counter.script({"path": "page=", "status": 500, "after": 1})
    statuses = [(await counter.get(f"/things?page={page}"))[0] for page in range(3)]

    assert statuses == [200, 500, 200]


async def test_a_rule_is_for_its_method_and_the_decoded_path_and_query(counter: Counter) -> None:
    await counter.script({"path": r"/things/a b\?to=ü$", "method": "POST", "status": 409})
    other = await counter.get("/things/a%20b?to=%C3%BC")
    async with counter.http.post("/things/a%20b?to=%C3%BC") as answer:
        hit = answer.status

    assert (other[0], hit) == (200, 409)


async def test_the_first_matching_rule_with_times_left_applies(counter: Counter) -> None:
    await counter.script({"path": "things", "status": 500}, {"path": "things", "status": 502})
    statuses = [(await counter.get())[0] for _ in range(3)]

    assert statuses == [500, 502, 200]


async def test_headers_go_out_with_a_scripted_and_with_a_real_answer(counter: Counter) -> None:
    await counter.script(
        {"path": "things", "status": 429, "headers": {"Retry-After": "2.128"}},
        {"path": "things", "headers": {"Retry-After": "1"}},
    )
    seen = []
    for _ in range(2):
        async with counter.http.get("/things") as answer:
            seen.append((answer.status, answer.headers["Retry-After"]))

    assert seen == [(429, "2.128"), (200, "1")]


async def test_a_drop_before_leaves_no_trace_in_the_state(counter: Counter) -> None:
    await counter.script({"path": "things", "drop": "before"})

    with pytest.raises(aiohttp.ClientConnectionError):
        await counter.http.post("/things")
    assert counter.worked == []


async def test_a_drop_after_loses_the_answer_to_work_that_was_done(counter: Counter) -> None:
    await counter.script({"path": "things", "drop": "after"})

    with pytest.raises(aiohttp.ClientConnectionError):
        await counter.http.post("/things")
    assert counter.worked == ["/things"]
    assert await counter.log() == [{"method": "POST", "path": "/things", "query": "", "status": None}]


async def test_a_delay_comes_before_the_answer(counter: Counter) -> None:
    await counter.script({"path": "things", "delay": 0.2})
    begin = time.monotonic()
    status, _ = await counter.get()

    assert status == 200
    assert time.monotonic() - begin >= 0.2


async def test_requests_that_wait_do_not_share_a_rule(counter: Counter) -> None:
    await counter.script({"path": "things", "status": 500, "delay": 0.05})
    answers = await asyncio.gather(*(counter.get() for _ in range(4)))

    assert sorted(status for status, _ in answers) == [200, 200, 200, 500]


@pytest.mark.parametrize(
    ("patch", "seen"),
    [
        ({"@odata.count": 7}, lambda answer: answer["@odata.count"] == 7),
        ({"@odata.nextLink": "x"}, lambda answer: answer["@odata.nextLink"] == "x"),
        ({"value.1.name.first": None}, lambda answer: answer["value"][1]["name"] == {"first": None}),
        ({"value.0.@odata.type": "#x"}, lambda answer: answer["value"][0] == {"id": "a", "@odata.type": "#x"}),
        ({"value": []}, lambda answer: answer["value"] == []),
    ],
)
async def test_a_patch_changes_the_real_answer(counter: Counter, patch: dict[str, Any], seen: Any) -> None:
    await counter.script({"path": "things", "patch": patch})
    status, answer = await counter.get()

    assert status == 200
    assert seen(answer)
    assert len(counter.worked) == 1


async def test_the_log_has_requests_but_not_those_of_the_test(counter: Counter) -> None:
    await counter.script({"path": "things", "status": 500})
    await counter.get("/things?a=1%202")
    await counter.get("/nothing")
    log = await counter.log()
    async with counter.http.delete("/_double/requests"):
        rest = await counter.log()

    assert [(row["path"], row["query"], row["status"]) for row in log] == [
        ("/things", "a=1 2", 500),
        ("/nothing", "", 404),
    ]
    assert rest == []


@pytest.mark.parametrize(
    "rule", [{"pathh": "x"}, {"path": "("}, {"path": "x", "drop": "now"}, {"path": "x", "method": "GRAB"}, "x"]
)
async def test_a_rule_that_could_never_work_is_refused(counter: Counter, rule: Any) -> None:
    assert await counter.script(rule) == 400
