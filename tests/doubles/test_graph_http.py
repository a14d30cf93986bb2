"""What every answer of the Graph double has in common: tokens, errors, headers, throttling, compression; and mail."""

import gzip

import aiohttp
import jwt
import pytest

from doubles.tokens import issue
from tests.doubles.graph_server import TENANT, guid, serving

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
MAIL = {
    "message": {
        "subject": "Report",
        "body": {"contentType": "HTML", "content": "<p>Fine</p>"},
        "toRecipients": [{"emailAddress": {"address": "boss@here.example"}}],
    },
    "saveToSentItems": False,
}


async def test_answers_are_odata_json_with_a_request_id() -> None:
    async with serving() as at:
        answer = await at.ask("/groups", client_request_id="abc")

    assert answer.headers["Content-Type"] == JSON_TYPE
    assert answer.headers["client-request-id"] == "abc"
    assert answer.headers["request-id"]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nonsense", "Bearer a.b.c", "Basic Zm9v"])
async def test_a_missing_or_unknown_token_is_401_with_graphs_error(token: str) -> None:
    async with serving() as at:
        answer = await at.ask("/groups", Authorization=token)

    assert (answer.status, answer.json["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.json["error"]["innerError"].keys() == {"date", "request-id", "client-request-id"}
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_an_expired_token_one_for_another_service_and_a_forged_one_are_401() -> None:
    async with serving() as at:
        tenant = at.world.tenant(TENANT)
        at.world.token_life = -1
        expired, _ = issue(at.world, tenant)
        at.world.token_life = 3600
        storage, _ = issue(at.world, tenant, "https://storage.azure.com")
        forged = jwt.encode({"aud": "https://graph.microsoft.com", "tid": TENANT}, b"x" * 32, "HS256")
        answers = [await at.ask("/groups", Authorization=f"Bearer {one}") for one in (expired, storage, forged)]

    assert [answer.status for answer in answers] == [401, 401, 401]
    assert "expired" in answers[0].json["error"]["message"]


async def test_an_unknown_path_is_a_bad_request() -> None:
    async with serving() as at:
        answers = [await at.ask(path) for path in ("/nix", f"/groups/{guid('it')}/sites", "/groups/no-guid")]

    assert [answer.status for answer in answers] == [400, 400, 400]


@pytest.mark.parametrize("wait", ["2", "2.128", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_throttling_is_scripted_with_any_form_of_retry_after(wait: str) -> None:
    async with serving() as at:
        await at.admin("POST", "faults", {"path": "members", "status": 429, "headers": {"Retry-After": wait}})
        throttled = await at.ask(f"/groups/{guid('it')}/members")
        served = await at.ask(f"/groups/{guid('it')}/members")

    assert (throttled.status, throttled.headers["Retry-After"], served.status) == (429, wait, 200)
    assert throttled.json["error"]["code"] == "TooManyRequests"


async def test_a_wrong_count_is_scripted_by_a_patch() -> None:
    async with serving() as at:
        await at.admin("POST", "faults", {"path": r"\$count=true", "patch": {"@odata.count": 7}})
        answer = await at.eventually(f"/groups/{guid('it')}/members/graph.user?$count=true")

    assert (answer.json["@odata.count"], len(answer.ids)) == (7, 2)


async def test_the_log_names_each_request_with_its_tenant() -> None:
    async with serving() as at:
        await at.ask("/groups?$top=1")
        log = await at.admin("GET", "requests")

    assert log == [{"method": "GET", "path": "/v1.0/groups", "query": "$top=1", "status": 200, "tenant": TENANT}]


@pytest.mark.parametrize(
    ("path", "units"),
    [
        (f"/groups/{guid('it')}/members", 3),
        (f"/groups/{guid('it')}/transitiveMembers?$select=id", 4),
        (f"/groups/{guid('it')}/transitiveMembers?$select=id&$top=5", 3),
        ("/users", 2),
        ("/groups?$select=id", 1),
    ],
)
async def test_each_answer_tells_its_cost(path: str, units: int) -> None:
    async with serving() as at:
        answer = await at.ask(path)

    assert answer.headers["x-ms-resource-unit"] == str(units)


async def test_a_large_answer_is_gzipped_for_who_asks_for_it() -> None:
    async with serving() as at, aiohttp.ClientSession(auto_decompress=False) as raw:
        headers = {"Authorization": f"Bearer {at.token()}", "Accept-Encoding": "gzip, deflate"}
        async with raw.get(f"{at.graph}/users", headers=headers) as response:
            packed = await response.read()
        async with raw.get(f"{at.graph}/users", headers={**headers, "Accept-Encoding": "identity"}) as response:
            plain = await response.read()

    assert gzip.decompress(packed) == plain
    assert plain.startswith(b'{"@odata.context":')


async def test_mail_is_accepted_and_kept() -> None:
    async with serving() as at:
        sent = await at.ask("/users/Ann@here.example/sendMail", "POST", MAIL)
        mails = await at.admin("GET", "mails")

    assert (sent.status, sent.text) == (202, "")
    assert mails == [{"tenant": TENANT, "sender": guid("ann"), **MAIL}]


@pytest.mark.parametrize(
    ("sender", "order", "status"),
    [
        ("nobody@here.example", MAIL, 404),
        ("ann@here.example", {}, 400),
        ("ann@here.example", {"message": {"subject": "To nobody"}}, 400),
        ("ann@here.example", {"message": {**MAIL["message"], "titel": "x"}}, 400),  # type: ignore[dict-item]
        ("ann@here.example", {"message": {**MAIL["message"], "body": "text"}}, 400),  # type: ignore[dict-item]
        ("ann@here.example", {"message": {"toRecipients": ["boss@here.example"]}}, 400),
    ],
)
async def test_mail_that_exchange_would_not_take_is_refused(sender: str, order: object, status: int) -> None:
    async with serving() as at:
        answer = await at.ask(f"/users/{sender}/sendMail", "POST", order)
        mails = await at.admin("GET", "mails")

    assert (answer.status, mails) == (status, [])


async def test_mail_needs_its_permission() -> None:
    async with serving() as at:
        at.world.tenant(TENANT).roles = ("User.Read.All",)
        answer = await at.ask("/users/ann@here.example/sendMail", "POST", MAIL)

    assert (answer.status, answer.json["error"]["code"]) == (403, "ErrorAccessDenied")
