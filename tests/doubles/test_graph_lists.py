"""Lists of the Graph double: casts, nesting, paging, counts, selection, filters, and what permissions do to them."""

import pytest

from tests.doubles.graph_server import OTHER, TENANT, Served, a_group, a_user, a_world, guid, serving

USER = "microsoft.graph.user"


async def everything(at: Served, url: str) -> list[str]:
    """The ids of all pages."""
    ids: list[str] = []
    while url:
        answer = await at.eventually(url)
        ids += answer.ids
        url = answer.json.get("@odata.nextLink", "")
    return ids


async def test_direct_members_are_of_every_kind_and_say_of_which() -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups/{guid('it')}/members")

    assert {row["id"]: row["@odata.type"] for row in answer.json["value"]} == {
        guid("ann"): "#microsoft.graph.user",
        guid("bob"): "#microsoft.graph.user",
        guid("sub"): "#microsoft.graph.group",
        guid("pc"): "#microsoft.graph.device",
        guid("app"): "#microsoft.graph.servicePrincipal",
        guid("mate"): "#microsoft.graph.orgContact",
    }


async def test_transitive_members_are_those_of_all_levels_each_once_though_groups_hold_each_other() -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups/{guid('it')}/transitiveMembers")

    assert sorted(answer.ids) == sorted(guid(one) for one in ("ann", "bob", "sub", "cas", "pc", "app", "mate"))


@pytest.mark.parametrize("cast", ["microsoft.graph.user", "graph.user"])
async def test_a_cast_leaves_one_kind_and_no_type_annotation(cast: str) -> None:
    async with serving() as at:
        answer = await at.eventually(f"/groups/{guid('it')}/transitiveMembers/{cast}?$count=true")

    assert sorted(answer.ids) == sorted(guid(one) for one in ("ann", "bob", "cas"))
    assert answer.json["@odata.count"] == 3
    assert answer.json["@odata.context"] == f"{at.graph}/$metadata#users"
    assert all("@odata.type" not in row for row in answer.json["value"])


@pytest.mark.parametrize(("query", "header"), [("", "eventual"), ("?$count=true", "")])
async def test_a_cast_without_header_or_count_is_refused(query: str, header: str) -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups/{guid('it')}/members/{USER}{query}", ConsistencyLevel=header)

    assert (answer.status, answer.json["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_a_microsoft_365_group_can_not_be_asked_for_nested_groups() -> None:
    async with serving() as at:
        answer = await at.eventually(f"/groups/{guid('uni')}/members/microsoft.graph.group?$count=true")

    assert (answer.status, answer.json["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_owners_need_not_be_in_the_group() -> None:
    async with serving() as at:
        answer = await at.eventually(f"/groups/{guid('it')}/owners/{USER}?$count=true&$select=id,displayName")

    assert answer.json["value"] == [{"id": guid("ola"), "displayName": "Ola"}]
    assert answer.json["@odata.context"] == f"{at.graph}/$metadata#users(id,displayName)"


async def test_pages_follow_the_next_link_on_the_same_host_until_everyone_came_once() -> None:
    people = [a_user(f"p{number}") for number in range(250)]
    crowd = a_group("crowd", " ".join(f"p{number}" for number in range(250)))
    url = f"/groups/{guid('crowd')}/transitiveMembers/{USER}?$count=true&$select=id&$top=99"
    async with serving(a_world(users=people, groups=[crowd])) as at:
        first = await at.eventually(url)
        second = await at.eventually(first.json["@odata.nextLink"])
        ids = await everything(at, url)

    assert first.json["@odata.nextLink"].startswith(f"{at.graph}/groups/{guid('crowd')}/transitiveMembers/")
    assert (len(first.ids), first.json["@odata.count"]) == (99, 250)
    assert "@odata.count" not in second.json
    assert sorted(ids) == sorted(row["id"] for row in people)


async def test_a_page_holds_100_unless_top_asks_for_another_size() -> None:
    async with serving(a_world(users=[a_user(f"p{number}") for number in range(120)], groups=[])) as at:
        answer = await at.ask("/users")
        wide = await at.ask("/users?$top=999")

    assert (len(answer.ids), len(wide.ids)) == (100, 120)


@pytest.mark.parametrize("top", ["0", "1000", "many"])
async def test_a_top_outside_1_to_999_is_refused(top: str) -> None:
    async with serving() as at:
        answer = await at.ask(f"/users?$top={top}")

    assert answer.status == 400


async def test_the_next_page_of_an_advanced_query_needs_the_header_again() -> None:
    async with serving() as at:
        first = await at.eventually(f"/groups/{guid('it')}/members?$count=true&$top=2")
        second = await at.ask(first.json["@odata.nextLink"])

    assert (second.status, second.json["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_a_page_token_that_is_none_counts_as_expired() -> None:
    async with serving() as at:
        answer = await at.ask("/users?$skiptoken=nonsense")

    assert (answer.status, answer.json["error"]["code"]) == (400, "Directory_ExpiredPageToken")


async def test_a_count_is_plain_text_and_needs_the_header() -> None:
    async with serving() as at:
        counted = await at.eventually(f"/groups/{guid('it')}/transitiveMembers/{USER}/$count")
        groups = await at.eventually("/groups/$count")
        refused = await at.ask(f"/groups/{guid('it')}/members/$count")

    assert (counted.text, groups.text) == ("3", "5")
    assert counted.headers["Content-Type"].startswith("text/plain")
    assert (refused.status, refused.json["error"]["code"]) == (400, "Request_BadRequest")


async def test_count_true_without_the_header_is_ignored_in_silence() -> None:
    async with serving() as at:
        answer = await at.ask("/groups?$count=true")

    assert answer.status == 200
    assert "@odata.count" not in answer.json


async def test_a_property_that_the_type_does_not_have_can_not_be_selected() -> None:
    async with serving() as at:
        answer = await at.ask("/users?$select=id,emial")

    assert (answer.status, answer.json["error"]["code"]) == (400, "BadRequest")
    assert "'emial' on type 'microsoft.graph.user'" in answer.json["error"]["message"]


async def test_account_state_and_kind_of_user_come_only_when_selected() -> None:
    async with serving() as at:
        plain = await at.ask(f"/users/{guid('cas')}")
        chosen = await at.ask("/users/CAS@here.example?$select=accountEnabled,userType")

    assert "accountEnabled" not in plain.json
    assert (chosen.json["accountEnabled"], chosen.json["userType"]) == (False, "Member")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("displayName eq 'it'", ["it"]),
        ("startswith(displayName,'N')", ["nil"]),
        ("groupTypes/any(c:c eq 'Unified')", ["hid", "uni"]),
        (f"id in ('{guid('it')}', '{guid('nil')}')", ["it", "nil"]),
        ("securityEnabled eq true and displayName eq 'Sub' or displayName eq 'Uni'", ["sub", "uni"]),
        ("description eq null and securityEnabled eq true", ["nil", "sub"]),
        ("displayName eq 'It or not' or displayName eq 'Nil'", ["nil"]),
    ],
)
async def test_simple_filters_leave_what_they_name(query: str, found: list[str]) -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups?$filter={query}")

    assert sorted(answer.ids) == sorted(guid(name) for name in found)


@pytest.mark.parametrize("query", ["displayName ne 'It'", "endswith(mail,'example')", "displayName contains 'x'"])
async def test_filters_that_need_more_are_refused(query: str) -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups?$filter={query}")

    assert (answer.status, answer.json["error"]["code"]) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize("option", ["$orderby=displayName", '$search="displayName:x"', "$skip=1", "$expand=members"])
async def test_options_that_are_not_served_are_refused(option: str) -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups?{option}")

    assert answer.status == 400


async def test_a_group_that_is_gone_is_404_and_its_list_too() -> None:
    async with serving() as at:
        await at.edit("delete_group", id=guid("nil"))
        group = await at.ask(f"/groups/{guid('nil')}")
        people = await at.ask(f"/groups/{guid('nil')}/members")

    assert (group.status, people.status) == (404, 404)
    assert group.json["error"]["code"] == "Request_ResourceNotFound"


async def test_without_leave_to_read_users_their_ids_come_and_the_rest_is_null() -> None:
    async with serving() as at:
        at.world.tenant(TENANT).roles = ("GroupMember.Read.All",)
        listed = await at.eventually(f"/groups/{guid('it')}/members/{USER}?$count=true&$select=id,mail,accountEnabled")
        users = await at.ask("/users")

    assert {"id": guid("ann"), "mail": None, "accountEnabled": None} in listed.json["value"]
    assert (users.status, users.json["error"]["code"]) == (403, "Authorization_RequestDenied")


async def test_hidden_membership_is_empty_in_silence_without_its_permission() -> None:
    async with serving() as at:
        url = f"/groups/{guid('hid')}/transitiveMembers/{USER}?$count=true"
        seen = await at.eventually(url)
        at.world.tenant(TENANT).roles = ("GroupMember.Read.All", "User.Read.All")
        hidden = await at.eventually(url)

    assert (len(seen.ids), seen.json["@odata.count"]) == (2, 2)
    assert (hidden.status, hidden.ids, hidden.json["@odata.count"]) == (200, [], 0)


@pytest.mark.parametrize("path", ["/groups", "/groups/delta", f"/groups/{guid('it')}/members", "/organization"])
async def test_without_its_permission_a_list_is_403(path: str) -> None:
    async with serving() as at:
        at.world.tenant(TENANT).roles = ("User.Read.All",)
        answer = await at.ask(path)

    assert answer.status == 403


async def test_the_token_chooses_the_tenant() -> None:
    async with serving() as at:
        here = await at.ask("/organization?$select=id,verifiedDomains")
        there = await at.ask("/users?$select=id", Authorization=f"Bearer {at.token(OTHER)}")

    assert [row["name"] for row in here.json["value"][0]["verifiedDomains"]] == [
        "here.example",
        "here.onmicrosoft.example",
    ]
    assert there.ids == [guid("zed")]


async def test_each_edit_shows_at_the_next_read_of_the_same_list() -> None:
    url = f"/groups/{guid('nil')}/members/{USER}?$count=true&$select=displayName"
    seen = []
    async with serving() as at:
        seen.append((await at.eventually(url)).json["value"])
        new = await at.edit("add_user", set=a_user("new"))
        await at.edit("add_to_group", group=guid("nil"), ids=[new["id"]])
        seen.append((await at.eventually(url)).json["value"])
        await at.edit("update_user", id=new["id"], set={"displayName": "Newer"})
        seen.append((await at.eventually(url)).json["value"])
        await at.edit("remove_from_group", group=guid("nil"), ids=[new["id"]])
        seen.append((await at.eventually(url)).json["value"])

    assert seen == [[], [{"displayName": "New"}], [{"displayName": "Newer"}], []]


async def test_owners_are_added_and_taken_away_by_edits() -> None:
    async with serving() as at:
        await at.edit("add_owner", group=guid("it"), ids=[guid("ann")])
        more = await at.ask(f"/groups/{guid('it')}/owners")
        await at.edit("remove_owner", group=guid("it"), ids=[guid("ola")])
        fewer = await at.ask(f"/groups/{guid('it')}/owners")

    assert sorted(more.ids) == sorted([guid("ann"), guid("ola")])
    assert fewer.ids == [guid("ann")]


async def test_an_edit_of_what_is_not_there_is_refused() -> None:
    async with serving() as at:
        answers = [
            await at.edit("update_user", id="nobody", set={}),
            await at.edit("update_user", id=guid("ann"), set={"emial": "x"}),
            await at.edit("remove_from_group", group=guid("nil"), ids=[guid("ann")]),
            await at.edit("fly"),
        ]

    assert all("error" in answer for answer in answers)


async def test_a_dumped_world_is_the_same_when_it_is_loaded() -> None:
    async with serving() as at:
        before = await at.admin("GET", "world")
        await at.admin("PUT", "world", {"tenants": []})
        gone = await at.admin("GET", "world")
        await at.admin("PUT", "world", before)
        after = await at.admin("GET", "world")

    assert (gone["tenants"], after) == ([], before)
