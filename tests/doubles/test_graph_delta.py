"""Delta queries of the Graph double: first rounds, changes, removals, tokens."""

import pytest

from doubles import graph_delta
from tests.doubles.graph_server import TENANT, Served, a_group, a_user, a_world, guid, serving

DELTA = "@odata.deltaLink"


async def a_round(at: Served, url: str) -> tuple[list[dict[str, object]], str]:
    """All rows of a round, and its delta link."""
    rows: list[dict[str, object]] = []
    while True:
        answer = await at.ask(url)
        rows += answer.json["value"]
        if DELTA in answer.json:
            return rows, str(answer.json[DELTA])
        url = answer.json["@odata.nextLink"]


@pytest.mark.parametrize("path", ["/groups/delta", "/groups/delta()", "/groups/microsoft.graph.delta()"])
async def test_a_first_round_tells_groups_with_the_ids_of_who_is_in_them(path: str) -> None:
    async with serving() as at:
        rows, _ = await a_round(at, f"{path}?$select=displayName,members&$filter=id eq '{guid('sub')}'")

    assert rows == [
        {
            "id": guid("sub"),
            "displayName": "Sub",
            "members@delta": [
                {"@odata.type": "#microsoft.graph.user", "id": guid("cas")},
                {"@odata.type": "#microsoft.graph.group", "id": guid("it")},
            ],
        }
    ]


async def test_nothing_changed_is_an_empty_round_with_a_new_link() -> None:
    async with serving() as at:
        _, link = await a_round(at, "/groups/delta?$select=members")
        answer = await at.ask(link)

    assert answer.json["value"] == []
    assert answer.json[DELTA].startswith(f"{at.graph}/groups/delta?$deltatoken=")


async def test_who_joined_and_who_left_is_told_once() -> None:
    async with serving() as at:
        _, link = await a_round(at, f"/groups/delta?$select=members&$filter=id eq '{guid('it')}'")
        await at.edit("add_to_group", group=guid("it"), ids=[guid("gus")])
        await at.edit("remove_from_group", group=guid("it"), ids=[guid("ann")])
        await at.edit("add_to_group", group=guid("sub"), ids=[guid("gus")])
        changes, link = await a_round(at, link)
        again, _ = await a_round(at, link)

    assert changes == [
        {
            "id": guid("it"),
            "members@delta": [
                {"@odata.type": "#microsoft.graph.user", "id": guid("gus")},
                {"@odata.type": "#microsoft.graph.user", "id": guid("ann"), "@removed": {"reason": "deleted"}},
            ],
        }
    ]
    assert again == []


async def test_a_change_of_what_was_not_selected_is_not_told() -> None:
    async with serving() as at:
        _, link = await a_round(at, "/groups/delta?$select=displayName")
        await at.edit("update_group", id=guid("it"), set={"description": "New"})
        await at.edit("add_to_group", group=guid("it"), ids=[guid("gus")])
        quiet, link = await a_round(at, link)
        await at.edit("update_group", id=guid("it"), set={"displayName": "Tech"})
        told, _ = await a_round(at, link)

    assert (quiet, told) == ([], [{"id": guid("it"), "displayName": "Tech"}])


@pytest.mark.parametrize(("name", "reason"), [("nil", "deleted"), ("uni", "changed")])
async def test_a_deleted_group_is_removed_with_its_reason(name: str, reason: str) -> None:
    async with serving() as at:
        _, link = await a_round(at, "/groups/delta?$select=members")
        await at.edit("delete_group", id=guid(name))
        changes, _ = await a_round(at, link)

    assert changes == [{"id": guid(name), "@removed": {"reason": reason}}]


async def test_a_restorable_user_is_removed_from_users_but_not_yet_from_groups() -> None:
    async with serving() as at:
        _, users = await a_round(at, "/users/delta?$select=displayName")
        _, groups = await a_round(at, "/groups/delta?$select=members")
        await at.edit("delete_user", id=guid("bob"))
        told, _ = await a_round(at, users)
        untold, _ = await a_round(at, groups)
        listed = await at.ask(f"/groups/{guid('it')}/members")

    assert told == [{"id": guid("bob"), "@removed": {"reason": "changed"}}]
    assert untold == []
    assert guid("bob") not in listed.ids


async def test_a_user_deleted_for_good_is_removed_from_groups() -> None:
    gone = {"@odata.type": "#microsoft.graph.user", "id": guid("bob"), "@removed": {"reason": "deleted"}}
    async with serving() as at:
        _, groups = await a_round(at, "/groups/delta?$select=members")
        await at.edit("delete_user", id=guid("bob"), forGood=True)
        changes, _ = await a_round(at, groups)

    assert changes == [{"id": guid("it"), "members@delta": [gone]}]


async def test_without_a_selection_a_group_comes_with_its_default_properties_and_members() -> None:
    async with serving() as at:
        rows, _ = await a_round(at, "/groups/delta")
        it = next(row for row in rows if row["id"] == guid("it"))

    assert {"displayName", "description", "groupTypes", "members@delta"} <= it.keys()
    assert "members@delta" not in next(row for row in rows if row["id"] == guid("nil"))


async def test_latest_gives_a_link_and_no_rows() -> None:
    async with serving() as at:
        answer = await at.ask("/users/delta()?$deltatoken=latest&$select=mail")
        await at.edit("update_user", id=guid("ann"), set={"mail": "ann.new@here.example"})
        changes, _ = await a_round(at, answer.json[DELTA])

    assert answer.json["value"] == []
    assert changes == [{"id": guid("ann"), "mail": "ann.new@here.example"}]


async def test_a_large_group_comes_in_several_rows_and_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_delta, "ROW_REFERENCES", 10)
    monkeypatch.setattr(graph_delta, "PAGE_ROWS", 2)
    people = [a_user(f"p{number}") for number in range(95)]
    crowd = a_group("crowd", " ".join(f"p{number}" for number in range(95)))
    async with serving(a_world(users=people, groups=[crowd])) as at:
        first = await at.ask("/groups/delta?$select=members")
        twice = await at.ask(first.json["@odata.nextLink"])
        again = await at.ask(first.json["@odata.nextLink"])
        rows, _ = await a_round(at, "/groups/delta?$select=members")

    references = [one["id"] for row in rows for one in row["members@delta"]]  # type: ignore[attr-defined]
    assert {row["id"] for row in rows} == {guid("crowd")}
    assert sorted(references) == sorted(row["id"] for row in people)
    assert twice.json["value"] == again.json["value"]


async def test_an_expired_token_is_gone_and_says_where_to_begin_again() -> None:
    async with serving() as at:
        _, link = await a_round(at, "/groups/delta?$select=members")
        await at.edit("expire_delta_tokens")
        answer = await at.ask(link)
        rows, _ = await a_round(at, "/groups/delta?$select=members")

    assert (answer.status, answer.json["error"]["code"]) == (410, "syncStateNotFound")
    assert answer.headers["Location"] == f"{at.graph}/groups/delta?$deltatoken="
    assert len(rows) == 5


async def test_more_than_fifty_ids_can_not_be_filtered() -> None:
    ids = " or ".join(f"id eq '{guid(str(number))}'" for number in range(51))
    async with serving() as at:
        answer = await at.ask(f"/groups/delta?$filter={ids}")

    assert (answer.status, answer.json["error"]["code"]) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    "query", ["$top=5", "$orderby=displayName", "$expand=members", "$filter=displayName eq 'x'", "$deltatoken=junk"]
)
async def test_delta_refuses_what_it_does_not_support(query: str) -> None:
    async with serving() as at:
        answer = await at.ask(f"/groups/delta?{query}")

    assert answer.status == 400


async def test_delta_does_not_tell_who_is_in_a_hidden_group_without_its_permission() -> None:
    async with serving() as at:
        url = f"/groups/delta?$select=members&$filter=id eq '{guid('hid')}'"
        at.world.tenant(TENANT).roles = ("GroupMember.Read.All",)
        rows, link = await a_round(at, url)
        await at.edit("add_to_group", group=guid("hid"), ids=[guid("bob")])
        changes, _ = await a_round(at, link)

    assert rows == [{"id": guid("hid")}]
    assert changes == [{"id": guid("hid")}]
