"""What the Graph double tells of the groups above a user or a group, and of what a user owns."""

import pytest

from tests.doubles.graph_server import a_group, a_user, a_world, guid, serving

GROUP = "microsoft.graph.group"


def ids(names: str) -> list[str]:
    return sorted(guid(one) for one in names.split())


async def test_the_groups_that_a_user_is_directly_in_are_listed_with_their_type() -> None:
    async with serving() as at:
        answer = await at.ask(f"/users/{guid('ann')}/memberOf?$select=id,displayName")

    assert {row["id"]: row["displayName"] for row in answer.json["value"]} == {
        guid("it"): "It",
        guid("hid"): "Hid",
        guid("uni"): "Uni",
    }
    assert {row["@odata.type"] for row in answer.json["value"]} == {"#microsoft.graph.group"}
    assert answer.json["@odata.context"].endswith("/$metadata#directoryObjects(id,displayName)")


async def test_a_user_may_be_named_by_principal_name() -> None:
    async with serving() as at:
        answer = await at.ask("/users/cas@here.example/memberOf")

    assert answer.ids == [guid("sub")]


async def test_transitive_groups_are_those_of_all_levels_though_groups_hold_each_other() -> None:
    async with serving() as at:
        of_user = await at.ask(f"/users/{guid('cas')}/transitiveMemberOf")
        of_group = await at.ask(f"/groups/{guid('sub')}/transitiveMemberOf")
        direct = await at.ask(f"/groups/{guid('sub')}/memberOf")

    assert of_user.ids == ids("it sub")
    assert (of_group.ids, direct.ids) == ([guid("it")], [guid("it")])


async def test_what_a_user_owns_is_listed_and_a_group_owns_nothing() -> None:
    async with serving() as at:
        ola = await at.ask(f"/users/{guid('ola')}/ownedObjects")
        ann = await at.ask(f"/users/{guid('ann')}/ownedObjects")
        group = await at.ask(f"/groups/{guid('it')}/ownedObjects")

    assert (ola.ids, ann.ids) == ([guid("it")], [])
    assert (group.status, group.json["error"]["code"]) == (400, "BadRequest")


async def test_a_cast_needs_an_advanced_query_and_counts_can_be_asked_for() -> None:
    url = f"/users/{guid('cas')}/transitiveMemberOf"
    async with serving() as at:
        refused = await at.ask(f"{url}/{GROUP}")
        groups = await at.eventually(f"{url}/{GROUP}?$count=true")
        users = await at.eventually(f"{url}/microsoft.graph.user?$count=true")
        count = await at.eventually(f"{url}/$count")

    assert (refused.status, refused.json["error"]["code"]) == (400, "Request_UnsupportedQuery")
    assert (groups.ids, groups.json["@odata.count"], users.ids, count.text) == (ids("it sub"), 2, [], "2")


async def test_a_page_ends_with_a_link_to_the_next() -> None:
    async with serving() as at:
        first = await at.ask(f"/users/{guid('ann')}/memberOf?$top=2")
        second = await at.ask(first.json["@odata.nextLink"])

    assert [*first.ids, *second.ids] == ids("hid it uni")
    assert "@odata.nextLink" not in second.json


async def test_a_hidden_membership_is_left_out_in_silence_without_the_permission_for_it() -> None:
    world = a_world(roles=["User.Read.All", "GroupMember.Read.All"])
    async with serving(world) as at:
        answer = await at.ask(f"/users/{guid('ann')}/memberOf")

    assert answer.ids == ids("it uni")


async def test_groups_that_may_not_be_read_come_with_their_id_alone() -> None:
    async with serving(a_world(roles=["User.Read.All"])) as at:
        answer = await at.ask(f"/users/{guid('bob')}/memberOf?$select=id,displayName")

    assert answer.json["value"] == [{"@odata.type": "#microsoft.graph.group", "id": guid("it"), "displayName": None}]


@pytest.mark.parametrize(
    ("role", "path"), [("GroupMember.Read.All", "users/{ann}"), ("User.Read.All", "groups/{it}")]
)  # fmt: skip
async def test_whoever_may_not_read_the_object_is_refused(role: str, path: str) -> None:
    async with serving(a_world(roles=[role])) as at:
        answer = await at.ask("/" + path.format(ann=guid("ann"), it=guid("it")) + "/memberOf")

    assert (answer.status, answer.json["error"]["code"]) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(("path", "status"), [("users/{nil}", 404), ("groups/{ann}", 404), ("groups/no-id", 400)])
async def test_who_is_not_there_has_nothing_above(path: str, status: int) -> None:
    async with serving() as at:
        answer = await at.ask("/" + path.format(nil=guid("nobody"), ann=guid("ann")) + "/memberOf")

    assert answer.status == status


async def test_a_deleted_group_stands_above_nobody() -> None:
    async with serving() as at:
        await at.edit("delete_group", id=guid("uni"))
        await at.edit("remove_from_group", group=guid("it"), ids=[guid("ann")])
        answer = await at.ask(f"/users/{guid('ann')}/memberOf")

    assert answer.ids == [guid("hid")]


async def test_a_user_is_found_by_mail_principal_name_or_proxy_address_whatever_the_case() -> None:
    users = [
        a_user("ann", proxyAddresses=["SMTP:ann@here.example", "smtp:Anna@here.example"]),
        a_user("o'hara", mail=None),
    ]
    wanted = "mail eq '{0}' or userPrincipalName eq '{0}' or proxyAddresses/any(p:p eq 'smtp:{0}')"
    async with serving(a_world(users=users, groups=[a_group("it")])) as at:
        found = [
            (await at.eventually("/users?$count=true&$filter=" + wanted.format(one))).ids
            for one in ("ANN@here.example", "anna@here.example", "o''hara@here.example", "an@here.example")
        ]

    assert found == [[guid("ann")], [guid("ann")], [guid("o'hara")], []]
