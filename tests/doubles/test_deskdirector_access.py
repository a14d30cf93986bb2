"""Access tokens of the DeskDirector double, and its state as people and tests change it by hand."""

import time
from typing import Any

import jwt
import pytest

from tests.contracts import needs_reference
from tests.doubles.deskdirector_rig import PLACE, Rig, users

needs_reference()


# Access tokens


def test_a_user_key_is_an_rs256_token_of_60_minutes_that_the_public_key_verifies(desk: Rig) -> None:
    token = desk.ask("GetAgentUserKey", agentId=7)["userKey"]

    claims = jwt.decode(token, desk.admin("GET", "public-key"), algorithms=["RS256"])

    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    assert abs(claims["exp"] - time.time() - 3600) < 30


def test_a_user_key_is_403_for_an_agent_without_permission_and_404_for_nobody(desk: Rig) -> None:
    token = desk.token()
    desk.edit("update_agent", id=7, allowed=False)

    assert desk.ask("GetAgentUserKey", 403, agentId=7)["error"] == "forbidden"
    assert desk.ask("GetAgentUserKey", 404, agentId=8)["error"] == "not_found"
    assert desk.ask("ListGroupUsers", 403, headers={"Authorization": token}, **PLACE)["error"] == "forbidden"


def test_the_v3_routes_take_no_api_key(desk: Rig) -> None:
    refusal = desk.ask(
        "SetGroupUser", 401, {"role": "guest"}, headers={"Authorization": "DdApi demo-key"}, contactId=101, **PLACE
    )

    assert refusal["error"] == "unauthorized"
    assert users(desk) == {101: "regular"}


def test_an_expired_token_is_401(desk: Rig) -> None:
    desk.edit("set", tokenLife=-1)

    assert desk.ask("ListGroupUsers", 401, **PLACE)["error"] == "unauthorized"


def test_a_token_that_was_withdrawn_is_401_and_a_fresh_one_works(desk: Rig) -> None:
    old = desk.token()
    desk.edit("withdraw_tokens")

    assert desk.ask("ListGroupUsers", 401, headers={"Authorization": old}, **PLACE)["error"] == "unauthorized"
    assert users(desk) == {101: "regular"}


def test_a_form_token_tells_who_the_person_is(desk: Rig) -> None:
    token = desk.form_token(contact=101)

    found = desk.ask("GetCurrentUser", headers={"Authorization": token})

    claims = jwt.decode(token.split()[1], options={"verify_signature": False})
    assert found == {
        "id": 101,
        "userName": "jan@contoso.example",
        "email": "jan@contoso.example",
        "company": {"id": 12, "name": "Contoso"},
    }
    assert (claims["email"], claims["companyId"], claims["sub"]) == ("jan@contoso.example", 12, "demo~c~101")


@pytest.mark.parametrize(
    "whose",
    [{"contact": 101, "life": 0}, {"contact": 101, "forged": True}, {"contact": 140}, {"contact": 190}, {"agent": 7}],
)
def test_an_expired_forged_or_inactive_persons_token_is_401_and_so_is_an_agents(
    desk: Rig, whose: dict[str, Any]
) -> None:
    answer = desk.ask("GetCurrentUser", 401, headers={"Authorization": desk.form_token(**whose)})

    assert answer["error"] == "unauthorized"


def test_an_agent_is_the_current_agent_and_a_contact_is_none(desk: Rig) -> None:
    assert desk.ask("GetCurrentAgent", headers={"Authorization": desk.form_token(agent=7)}) == {
        "id": 7,
        "userName": "Sync",
    }
    assert (
        desk.ask("GetCurrentAgent", 403, headers={"Authorization": desk.form_token(contact=101)})["error"]
        == "forbidden"
    )


def test_a_persons_token_opens_no_v3_route(desk: Rig) -> None:
    answer = desk.ask("ListGroupUsers", 403, headers={"Authorization": desk.form_token(contact=101)}, **PLACE)

    assert answer["error"] == "forbidden"


# The state as a whole


def test_a_state_that_was_read_can_be_put_back(desk: Rig) -> None:
    before = desk.admin("GET", "state")
    desk.edit("remove_contact", id=101)
    desk.edit("remove_group", id="97-A")

    desk.admin("PUT", "state", before)

    assert desk.admin("GET", "state") == before
    assert users(desk) == {101: "regular"}


@pytest.mark.parametrize(
    "seed",
    [
        {"contact": []},
        {"contacts": [{"id": 1, "email": "a@b.example"}]},
        {"contacts": [{"id": 1, "company": 5, "email": "a@b.example"}]},
        {"companies": [{"id": 1, "name": "A", "tag": "x"}]},
        {"dialect": "third"},
    ],
)
def test_a_seed_with_a_mistake_is_refused_and_changes_nothing(desk: Rig, seed: dict[str, Any]) -> None:
    before = desk.admin("GET", "state")

    answer = desk.admin("PUT", "state", seed, status=400)

    assert answer["error"] == "bad_request"
    assert desk.admin("GET", "state") == before


def test_by_hand_the_same_rules_hold(desk: Rig) -> None:
    edits = [
        ({"op": "add_contact", "company": 12, "email": "JAN@contoso.example"}, 409),
        ({"op": "add_contact", "company": 12}, 400),
        ({"op": "update_contact", "id": 140, "email": "jan@contoso.example"}, 409),
        ({"op": "update_contact", "id": 140, "shoe": 42}, 400),
        ({"op": "remove_company", "id": 12}, 409),
        ({"op": "set_group_user", "group": "65-A", "contact": 140, "role": "guest"}, 422),
        ({"op": "set_group_user", "group": "65-A"}, 400),
        ({"op": "dance"}, 400),
    ]
    before = desk.admin("GET", "state")

    for edit, status in edits:
        desk.admin("POST", "edit", edit, status=status)

    assert desk.admin("GET", "state") == before


def test_an_address_that_changed_by_hand_is_found_under_the_new_one_only(desk: Rig) -> None:
    desk.edit("update_contact", id=101, email="jana@contoso.example")

    assert desk.ask("FindContacts", body={"companyId": 12, "email": "jan@contoso.example"})["totalResults"] == 0
    assert desk.ask("FindContacts", body={"companyId": 12, "email": "jana@contoso.example"})["totalResults"] == 1


def test_a_contact_that_was_removed_by_hand_is_in_no_group(desk: Rig) -> None:
    desk.edit("update_contact", id=101, serviceGroup=3)
    desk.edit("remove_contact", id=101)
    desk.edit("remove_service_group", id=3)

    assert users(desk) == {}
    assert desk.ask("GetContact", 404, contactId=101)["error"] == "not_found"
