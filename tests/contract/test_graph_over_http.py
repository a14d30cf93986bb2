import datetime as dt
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest

from custorg.graph import GONE_WAIT
from shared.errors import GraphError, GraphThrottled
from tests.contract.graph_rig import SDK_WARNINGS, Rig, rigged
from tests.doubles.graph_server import TENANT, a_group, a_user, a_world, guid

pytestmark = SDK_WARNINGS

IT = guid("it")


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> Any:
    async with rigged(monkeypatch) as made:
        yield made


async def roles(rig: Rig, *granted: str) -> None:
    async with aiohttp.ClientSession() as http:
        await http.post(f"{rig.served.identity}/_double/roles", json={"tenant": TENANT, "roles": list(granted)})


async def test_only_what_is_used_is_selected_and_pages_are_as_large_as_graph_allows(rig: Rig) -> None:
    await rig.directory().page(IT, "people")

    (request,) = await rig.requests()

    assert "$top=999" in request["query"]
    assert "$count=true" in request["query"]
    assert "userPrincipalName" in request["query"]


async def test_a_group_costs_its_pages_and_one_request_more(rig: Rig) -> None:
    crowd = [f"p{number}" for number in range(1_000)]
    await rig.served.admin(
        "PUT", "world", a_world(users=[a_user(name) for name in crowd], groups=[a_group("it", " ".join(crowd))])
    )
    directory = rig.directory()

    await directory.head(IT)
    page = await directory.page(IT, "people")
    await directory.page(IT, "people", page.next_link)

    assert len(await rig.requests()) == 3


@pytest.mark.parametrize("header", ["2", "2.128"])
@pytest.mark.parametrize("status", [429, 503, 504])
async def test_retry_after_is_waited_out_as_it_is_said(rig: Rig, status: int, header: str) -> None:
    await rig.fault(path="/groups/", status=status, headers={"Retry-After": header})

    head = await rig.directory().head(IT)

    assert head is not None
    assert rig.slept == [float(header)]


async def test_retry_after_may_be_a_date(rig: Rig) -> None:
    date = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20), usegmt=True)
    await rig.fault(path="/groups/", status=429, headers={"Retry-After": date})

    await rig.directory().head(IT)

    assert 15 < rig.slept[0] <= 20


async def test_a_wait_that_outlasts_the_command_is_told_with_its_seconds(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=429, headers={"Retry-After": "61.5"})

    with pytest.raises(GraphThrottled) as raised:
        await rig.directory(seconds=60).head(IT)

    assert raised.value.retry_after == 61.5
    assert rig.slept == []


async def test_a_busy_graph_that_says_no_time_is_asked_a_few_times(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=503, times=None)

    with pytest.raises(GraphError) as raised:
        await rig.directory().head(IT)

    assert raised.value.status == 503
    assert rig.slept == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [500, 502])
async def test_a_plain_server_error_is_an_error_at_once(rig: Rig, status: int) -> None:
    await rig.fault(path="/groups/", status=status)

    with pytest.raises(GraphError) as raised:
        await rig.directory().page(IT, "people")

    assert (raised.value.status, len(await rig.requests()), rig.slept) == (status, 1, [])


async def test_a_404_is_asked_again_after_five_seconds_and_may_have_been_wrong(rig: Rig) -> None:
    await rig.fault(path=f"/groups/{IT}", status=404)

    head = await rig.directory().head(IT)

    assert head is not None
    assert rig.slept == [GONE_WAIT]


async def test_only_two_404_prove_that_a_group_is_gone(rig: Rig) -> None:
    await rig.fault(path=f"/groups/{IT}", status=404, times=2)

    head = await rig.directory().head(IT)

    assert (head, len(await rig.requests())) == (None, 2)


async def test_a_404_and_then_another_error_proves_nothing(rig: Rig) -> None:
    await rig.fault(path=f"/groups/{IT}", status=404)
    await rig.fault(path=f"/groups/{IT}", status=500)

    with pytest.raises(GraphError) as raised:
        await rig.directory().head(IT)

    assert raised.value.status == 500


async def test_a_401_is_tried_once_more_with_a_fresh_token(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=401)

    head = await rig.directory().head(IT)
    async with aiohttp.ClientSession() as http, http.get(f"{rig.served.identity}/_double/requests") as response:
        tokens = await response.json()

    assert head is not None
    assert len(tokens) == 2


async def test_a_second_401_names_the_permission(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=401, times=None)

    with pytest.raises(GraphError, match=r"401.*GroupMember\.Read\.All") as raised:
        await rig.directory().head(IT)

    assert raised.value.status == 401
    assert len(await rig.requests()) == 2


@pytest.mark.parametrize(
    ("granted", "call", "missing"),
    [
        (["User.Read.All", "Organization.Read.All"], "head", "GroupMember.Read.All"),
        (["User.Read.All", "Organization.Read.All"], "page", "GroupMember.Read.All"),
        (["User.Read.All", "GroupMember.Read.All"], "organization", "Organization.Read.All"),
    ],
)
async def test_a_403_names_the_permission_that_is_missing(
    rig: Rig, granted: list[str], call: str, missing: str
) -> None:
    await roles(rig, *granted)
    directory = rig.directory()
    calls = {"head": lambda: directory.head(IT), "page": lambda: directory.page(IT, "people")}

    with pytest.raises(GraphError, match=f"needs the application permission {missing}$") as raised:
        await calls.get(call, directory.organization)()

    assert raised.value.status == 403


async def test_people_without_properties_are_told_as_such_when_users_may_not_be_read(rig: Rig) -> None:
    await roles(rig, "GroupMember.Read.All")

    page = await rig.directory().page(IT, "people")

    assert {person.id for person in page.people} == {guid("ann"), guid("bob"), guid("cas")}
    assert {person.upn for person in page.people} == {""}


async def test_a_hidden_membership_is_hidden_without_the_permission_for_it(rig: Rig) -> None:
    await roles(rig, "GroupMember.Read.All", "User.Read.All")

    head = await rig.directory().head(guid("hid"))

    assert head is not None
    assert (head.hidden, head.kind) == (True, "Microsoft 365")


@pytest.mark.parametrize("cast", [False, True])
@pytest.mark.parametrize("allowed", [False, True])
async def test_a_group_with_a_hidden_one_within_it_is_read_only_with_the_permission_for_it(
    rig: Rig, allowed: bool, cast: bool
) -> None:
    if cast:
        await rig.fault(path=r"/transitiveMembers\?", status=400, times=None)
    hides = a_group("deep", "ann", visibility="HiddenMembership", groupTypes=["Unified"])
    groups = [a_group("it", "bob sub"), a_group("sub", "deep"), hides]
    await rig.served.admin("PUT", "world", a_world(users=[a_user("ann"), a_user("bob")], groups=groups))
    if allowed:
        page = await rig.directory().page(IT, "people")

        assert {person.id for person in page.people} == {guid("ann"), guid("bob")}
    else:
        await roles(rig, "GroupMember.Read.All", "User.Read.All")

        with pytest.raises(GraphError, match=r"a group within it has a hidden membership: needs Member\.Read\.Hidden"):
            await rig.directory().page(IT, "people")


async def test_a_hidden_membership_is_like_any_other_with_the_permission_for_it(rig: Rig) -> None:
    head = await rig.directory().head(guid("hid"))

    assert head is not None
    assert not head.hidden


async def test_a_next_link_to_another_host_is_not_followed(rig: Rig) -> None:
    await rig.fault(path="/transitiveMembers", patch={"@odata.nextLink": "https://evil.example/v1.0/groups"})

    with pytest.raises(GraphError, match="another place than GRAPH_URL"):
        await rig.directory().page(IT, "people")

    assert len(await rig.requests()) == 1


async def test_a_next_link_that_is_no_link_is_an_error(rig: Rig) -> None:
    await rig.fault(path="/transitiveMembers", patch={"@odata.nextLink": 5})

    with pytest.raises(GraphError, match="could not be read"):
        await rig.directory().page(IT, "people")


async def test_a_foreign_next_link_ends_the_list_of_groups_with_an_error(rig: Rig) -> None:
    await rig.fault(path="/groups", patch={"@odata.nextLink": "https://evil.example/v1.0/groups"})

    with pytest.raises(GraphError, match="another place than GRAPH_URL"):
        [page async for page in rig.directory().groups()]


async def test_a_refused_selection_is_read_with_the_cast_from_then_on(rig: Rig) -> None:
    await rig.fault(path=r"/transitiveMembers\?", status=400, times=None)
    directory = rig.directory()

    first = await directory.page(IT, "people")
    again = await rig.directory().page(IT, "people")

    assert {person.id for person in first.people} == {guid("ann"), guid("bob"), guid("cas")}
    assert (first.others, first.nested, first.count) == ((), (), 3)
    assert again == first
    assert [entry["status"] for entry in await rig.requests()] == [400, 200, 200]


async def test_a_400_with_the_cast_too_is_an_error(rig: Rig) -> None:
    await rig.fault(path=r"/transitiveMembers", status=400, times=None)

    with pytest.raises(GraphError) as raised:
        await rig.directory().page(IT, "people")

    assert raised.value.status == 400


async def test_a_broken_connection_is_tried_once_more(rig: Rig) -> None:
    await rig.fault(path="/groups/", drop="after")

    head = await rig.directory().head(IT)

    assert head is not None


async def test_a_connection_that_keeps_breaking_is_an_error(rig: Rig) -> None:
    await rig.fault(path="/groups/", drop="before", times=None)

    with pytest.raises(GraphError, match="could not be reached") as raised:
        await rig.directory().head(IT)

    assert (raised.value.status, len(await rig.requests())) == (0, 2)


async def test_an_answer_that_does_not_come_in_time_is_an_error(rig: Rig) -> None:
    await rig.directory().head(IT)
    await rig.fault(path="/groups/", delay=1)

    with pytest.raises(GraphError, match="in time"):
        await rig.directory(seconds=0.2).head(IT)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"value": [{"id": 5}]}', '{"value": [5]}', "{}", '{"value": null}'])
async def test_an_answer_that_is_not_graphs_is_an_error_and_no_empty_page(rig: Rig, body: str) -> None:
    await rig.fault(path="/groups/", status=200, body=body)

    with pytest.raises(GraphError, match="could not be read"):
        await rig.directory().page(IT, "people")


async def test_lone_surrogates_in_names_become_replacement_characters(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=200, body='{"id": "1", "displayName": "a\\ud800b"}')

    head = await rig.directory().head(IT)

    assert head is not None
    assert head.name == "a\ufffdb"


async def test_an_identity_that_gives_no_token_is_an_error_of_graph(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    await rig.graph.identity.renew()

    with pytest.raises(GraphError, match="gave no token") as raised:
        await rig.directory().head(IT)

    assert raised.value.status == 401


async def test_a_redirect_is_not_followed(rig: Rig) -> None:
    await rig.fault(path="/groups/", status=302, headers={"Location": "http://127.0.0.1:1/v1.0/groups"})

    with pytest.raises(GraphError) as raised:
        await rig.directory().head(IT)

    assert raised.value.status == 302
