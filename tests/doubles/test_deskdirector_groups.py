"""Contact groups of the DeskDirector double, and its functions host."""

from typing import Any

import pytest

from tests.contracts import check_request, needs_reference
from tests.doubles.deskdirector_rig import PLACE, Rig, users

needs_reference()


def call(desk: Rig, action: str, status: int = 200, **body: Any) -> Any:
    category = "contactGroups" if action.endswith("ContactGroup") else "contacts"
    category = "serviceGroups" if action == "listServiceGroups" else category
    if status == 200:
        check_request("CallAdvancedAction", body, action=action)
    return desk.ask("CallAdvancedAction", status, body, action=action, query={"category": category})


# Contact groups


def test_group_ids_are_texts_and_names_may_be_the_same(desk: Rig) -> None:
    made = [call(desk, "createContactGroup", companyId=12, name="IT") for _ in range(2)]

    found = desk.ask("FindUserGroups", body={"companyId": 12, "search": "it"})["results"]

    assert [row["name"] for row in found] == ["IT", "IT", "IT"]
    assert [row["id"] for row in found] == ["65-A", made[0]["id"], made[1]["id"]]
    assert not any(row["id"].isdigit() for row in found)


def test_groups_are_found_by_company(desk: Rig) -> None:
    assert [row["id"] for row in desk.ask("FindUserGroups", body={"companyId": 40})["results"]] == ["97-A"]
    assert desk.ask("FindUserGroups", body={})["totalResults"] == 2
    assert desk.ask("FindUserGroups", body={"companyId": 13})["totalResults"] == 0


def test_a_new_group_is_empty_and_in_its_company(desk: Rig) -> None:
    made = call(desk, "createContactGroup", companyId=40, name="x" * 100)

    assert (made["company"], made["serviceGroup"]) == ({"id": 40, "name": "Fabrikam"}, None)
    assert users(desk, companyId=40, teamId=made["id"]) == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, None, 5])
def test_a_group_name_has_1_to_100_characters(desk: Rig, name: Any) -> None:
    assert call(desk, "createContactGroup", 400, companyId=12, name=name)["error"] == "bad_request"


def test_a_group_is_renamed_in_its_own_company_only(desk: Rig) -> None:
    renamed = call(desk, "renameContactGroup", companyId=12, contactGroupId="65-A", name="Support")

    call(desk, "renameContactGroup", 404, companyId=40, contactGroupId="65-A", name="Support")
    assert (renamed["id"], renamed["name"]) == ("65-A", "Support")
    assert users(desk) == {101: "regular"}


# Who is in a group


def test_setting_a_user_adds_it_changes_its_role_and_may_be_repeated(desk: Rig) -> None:
    desk.edit("add_contact", id=102, company=12, email="new@contoso.example")

    for role in ("guest", "manager", "manager"):
        desk.ask("SetGroupUser", body={"role": role}, contactId=102, **PLACE)

    assert users(desk) == {101: "regular", 102: "manager"}


@pytest.mark.parametrize("body", [{"role": "member"}, {"role": "Manager"}, {}, {"role": "guest", "id": 101}])
def test_a_role_is_manager_regular_or_guest(desk: Rig, body: dict[str, Any]) -> None:
    desk.ask("SetGroupUser", 400, body, contactId=101, **PLACE)

    assert users(desk) == {101: "regular"}


def test_an_inactive_contact_cannot_join_and_one_that_was_deactivated_stays(desk: Rig) -> None:
    call(desk, "deactivateContact", contactId=101)

    refusal = desk.ask("SetGroupUser", 422, {"role": "regular"}, contactId=140, **PLACE)

    assert refusal["error"] == "contact_inactive"
    assert users(desk) == {101: "regular"}


def test_a_contact_is_in_50_groups_at_most(desk: Rig) -> None:
    groups = desk.admin("POST", "edit", [{"op": "add_group", "company": 12, "name": f"G{n}"} for n in range(50)])
    joins = [{"op": "set_group_user", "group": row["id"], "contact": 101, "role": "guest"} for row in groups[:49]]
    desk.admin("POST", "edit", joins)
    last = PLACE | {"teamId": groups[49]["id"]}

    refusal = desk.ask("SetGroupUser", 422, {"role": "regular"}, contactId=101, **last)

    assert refusal["error"] == "too_many_groups"
    assert desk.ask("SetGroupUser", body={"role": "manager"}, contactId=101, **PLACE) == {}
    assert desk.ask("RemoveGroupUser", 204, contactId=101, **PLACE) is None
    assert desk.ask("SetGroupUser", body={"role": "regular"}, contactId=101, **last) == {}


def test_removing_a_user_who_is_not_in_the_group_is_404(desk: Rig) -> None:
    desk.ask("RemoveGroupUser", 204, contactId=101, **PLACE)

    desk.ask("RemoveGroupUser", 404, contactId=101, **PLACE)
    assert users(desk) == {}


@pytest.mark.parametrize(
    ("place", "contact"),
    [({"companyId": 40}, 101), ({"teamId": "97-A"}, 101), ({"teamId": "1-A"}, 101), ({}, 999), ({}, 141)],
)
def test_company_group_and_contact_must_belong_together(desk: Rig, place: dict[str, Any], contact: int) -> None:
    desk.ask("SetGroupUser", 404, {"role": "regular"}, contactId=contact, **(PLACE | place))
    desk.ask("RemoveGroupUser", 404, contactId=contact, **(PLACE | place))

    assert users(desk) == {101: "regular"}


def test_the_people_of_a_group_are_paged_in_order_of_joining(desk: Rig) -> None:
    people = range(1000, 1007)
    desk.admin(
        "POST", "edit", [{"op": "add_contact", "id": n, "company": 12, "email": f"{n}@c.example"} for n in people]
    )
    desk.admin(
        "POST", "edit", [{"op": "set_group_user", "group": "65-A", "contact": n, "role": "guest"} for n in people]
    )

    page = desk.ask("ListGroupUsers", query={"skip": 3, "take": 4}, **PLACE)

    assert [row["id"] for row in page["results"]] == [1002, 1003, 1004, 1005]
    assert page["totalResults"] == 8
    assert desk.ask("ListGroupUsers", 400, query={"take": 101}, **PLACE)["error"] == "bad_request"
    assert desk.ask("ListGroupUsers", 404, companyId=12, teamId="none")["error"] == "not_found"


# The functions host


def test_a_contact_is_activated_and_deactivated_and_both_may_be_repeated(desk: Rig) -> None:
    actions = ["activateContact", "activateContact", "deactivateContact", "deactivateContact"]

    states = [call(desk, action, contactId=140)["isActive"] for action in actions]

    assert states == [True, True, False, False]
    assert call(desk, "activateContact", 404, contactId=1)["error"] == "not_found"


def test_a_contact_has_one_service_group_or_none(desk: Rig) -> None:
    links = [
        call(desk, "setContactServiceGroup", contactId=101, serviceGroupId=key)["serviceGroup"] for key in (3, 8, None)
    ]

    assert links == [{"id": 3, "name": "Finance"}, {"id": 8, "name": "Sales"}, None]
    assert call(desk, "setContactServiceGroup", 404, contactId=101, serviceGroupId=4)["error"] == "not_found"
    assert call(desk, "setContactServiceGroup", 400, contactId=101)["error"] == "bad_request"


def test_the_service_groups_are_listed(desk: Rig) -> None:
    assert call(desk, "listServiceGroups") == {
        "results": [{"id": 3, "name": "Finance"}, {"id": 8, "name": "Sales"}],
        "totalResults": 2,
    }


def test_actions_are_discovered_by_category(desk: Rig) -> None:
    categories = [row["id"] for row in desk.ask("ListAdvancedActionCategories")["results"]]

    listed = {
        name: {row["id"] for row in desk.ask("ListAdvancedActions", query={"category": name})["results"]}
        for name in categories
    }

    assert listed == {
        "contactGroups": {"createContactGroup", "renameContactGroup"},
        "contacts": {"activateContact", "deactivateContact", "setContactServiceGroup"},
        "serviceGroups": {"listServiceGroups"},
    }
    assert desk.ask("ListAdvancedActions")["totalResults"] == 6


def test_an_action_is_called_with_its_own_category(desk: Rig) -> None:
    body = {"contactId": 140}

    for query, status in [({}, 400), ({"category": "contactGroups"}, 404), ({"category": "contacts"}, 200)]:
        desk.ask("CallAdvancedAction", status, body, action="activateContact", query=query)

    assert desk.ask("GetContact", contactId=140)["isActive"] is True


def test_a_site_may_call_its_actions_otherwise(desk: Rig) -> None:
    desk.reset(actions={"activateContact": {"id": "fn-17", "category": "people"}})

    found = desk.raw("CallAdvancedAction", {"contactId": 140}, action="fn-17", query={"category": "people"}).json()

    assert found["isActive"] is True
    assert call(desk, "activateContact", 404, contactId=140)["error"] == "not_found"


@pytest.mark.parametrize("operation", ["GetCallAdvancedActionRequestSchema", "GetActionRequest2"])
def test_an_action_serves_the_schema_of_its_request(desk: Rig, operation: str) -> None:
    found = desk.ask(operation, action="renameContactGroup", query={"category": "contactGroups"})

    schema = found.get("schema", found)
    assert schema["required"] == ["companyId", "contactGroupId", "name"]


@pytest.mark.parametrize("operation", ["GetCallAdvancedActionResponseSchema", "GetActionResponse2"])
def test_an_action_serves_the_schema_of_its_answer(desk: Rig, operation: str) -> None:
    found = desk.ask(operation, action="activateContact", query={"category": "contacts"})

    schema = found.get("schema", found)
    assert "isActive" in schema["properties"]


@pytest.mark.parametrize(
    ("host", "status"), [(None, 400), ("http://127.0.0.1", 400), ("127.0.0.1:1", 404), ("other.example", 404)]
)
def test_the_functions_host_wants_the_site_named_in_dd_host(desk: Rig, host: str | None, status: int) -> None:
    answer = desk.ask("ListAdvancedActionCategories", status, headers={"dd-host": host})

    assert "site" in answer["errorDescription"]


def test_the_functions_host_wants_the_key(desk: Rig) -> None:
    assert (
        desk.ask("ListAdvancedActionCategories", 401, headers={"Authorization": "DdApi no"})["error"] == "unauthorized"
    )


def test_faults_of_the_functions_host_are_its_own(desk: Rig) -> None:
    desk.fault(desk.functions, status=503, times=None)

    assert desk.raw("ListAdvancedActionCategories").status_code == 503
    assert desk.raw("TestConnection").status_code == 200
