"""Contacts of the DeskDirector double: identity, finding, paging, strictness, lag and lost answers."""

import itertools
from typing import Any

import pytest
import requests

from tests.contracts import CONNECTOR, needs_reference
from tests.doubles.deskdirector_rig import Rig, a_contact

needs_reference()


def ids(found: dict[str, Any]) -> list[Any]:
    return [row["id"] for row in found["results"]]


# Contacts


def test_a_new_contact_is_active_and_inherits_everything(desk: Rig) -> None:
    made = desk.ask("CreateContact", body=a_contact(lastName="Person", title="CEO"))

    assert (made["name"], made["title"], made["isActive"], made["serviceGroup"]) == ("New Person", "CEO", True, None)
    assert desk.ask("GetContact", contactId=made["id"]) == made


def test_ids_ascend_with_gaps_and_stay_int32(desk: Rig) -> None:
    made = [desk.ask("CreateContact", body=a_contact(email=f"p{n}@contoso.example"))["id"] for n in range(10)]

    steps = {after - before for before, after in itertools.pairwise(made)}
    assert made[0] > 190
    assert steps == {1, 29}


@pytest.mark.parametrize("email", ["jan@contoso.example", "JAN@contoso.EXAMPLE", "eva@contoso.example"])
def test_an_email_is_unique_in_its_company_whatever_its_case_and_whether_active_or_not(desk: Rig, email: str) -> None:
    desk.ask("CreateContact", 409, a_contact(email=email))

    assert desk.ask("FindContacts", body={"companyId": 12})["totalResults"] == 2


def test_the_same_email_may_stand_in_several_companies(desk: Rig) -> None:
    assert ids(desk.ask("FindContacts", body={"email": "Jan@Contoso.example"})) == [101, 141]
    assert desk.ask("CreateContact", body=a_contact(companyId=77, email="jan@contoso.example"))["company"]["id"] == 77


def test_contacts_are_found_by_company_email_words_and_state(desk: Rig) -> None:
    assert ids(desk.ask("FindContacts", body={"companyId": 12})) == [101, 140]
    assert ids(desk.ask("FindContacts", body={"companyId": 12, "email": "EVA@contoso.example"})) == [140]
    assert ids(desk.ask("FindContacts", body={"companyId": 40, "email": "eva@contoso.example"})) == []
    assert ids(desk.ask("FindContacts", body={"companyId": 12, "search": "novak jan"})) == [101]
    assert ids(desk.ask("FindContacts", body={"companyId": 12, "isActive": False})) == [140]
    assert ids(desk.ask("FindContacts", body={"companyId": 12, "isActive": True})) == [101]


def test_outside_one_company_a_contact_is_active_only_with_its_company(desk: Rig) -> None:
    assert ids(desk.ask("FindContacts", body={"isActive": True})) == [101, 141]
    assert ids(desk.ask("FindContacts", body={"companyId": 77, "isActive": True})) == [190]


def test_a_list_is_paged_and_says_how_many_there_are(desk: Rig) -> None:
    desk.admin("POST", "edit", [{"op": "add_contact", "company": 40, "email": f"p{n}@f.example"} for n in range(120)])

    pages = [desk.ask("FindContacts", body={"companyId": 40, "skip": skip, "take": 50}) for skip in (0, 50, 100, 150)]
    by_default = desk.ask("FindContacts", body={"companyId": 40})

    assert [len(page["results"]) for page in pages] == [50, 50, 21, 0]
    assert {page["totalResults"] for page in pages} == {121}
    assert len({key for page in pages for key in ids(page)}) == 121
    assert len(by_default["results"]) == 100


@pytest.mark.parametrize("take", [0, 101, -1, "10"])
def test_take_is_a_number_from_1_to_100(desk: Rig, take: Any) -> None:
    assert "take" in desk.ask("FindContacts", 400, {"take": take})["errorDescription"]


def test_a_contact_of_an_unknown_company_is_404(desk: Rig) -> None:
    assert "company 13" in desk.ask("CreateContact", 404, a_contact(companyId=13))["errorDescription"]
    assert desk.ask("GetContact", 404, contactId=1)["error"] == "not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"isActive": True},
        {"companyId": "12"},
        {"companyId": True},
        {"companyId": None},
        {"email": None},
        {"email": "no address"},
        {"firstName": None},
        {"firstName": " "},
        {"firstName": 5},
        {"givenName": "New"},
    ],
)
def test_a_field_that_is_unknown_missing_or_of_another_type_is_400(desk: Rig, change: dict[str, Any]) -> None:
    assert desk.ask("CreateContact", 400, a_contact(**change))["errorDescription"].startswith("$")


@pytest.mark.parametrize("operation", ["FindCompanies", "FindContacts", "FindUserGroups", "FindTickets"])
def test_each_find_takes_its_own_fields_only(desk: Rig, operation: str) -> None:
    assert desk.ask(operation, body={})["totalResults"] >= 0
    assert "wrong" in desk.ask(operation, 400, {"wrong": 1})["errorDescription"]
    assert desk.ask(operation, 400, [])["error"] == "bad_request"


def test_a_body_that_is_no_json_is_400_and_another_content_type_415(desk: Rig) -> None:
    url, key = f"{desk.site}{CONNECTOR}/contacts/find", {"Authorization": "DdApi demo-key"}

    broken = requests.post(url, data="{", headers=key | {"Content-Type": "application/json"}, timeout=10)
    form = requests.post(url, data={"companyId": "12"}, headers=key, timeout=10)

    assert (broken.status_code, form.status_code) == (400, 415)


def test_unknown_query_parameters_and_paths_that_are_no_numbers_are_400(desk: Rig) -> None:
    assert desk.ask("ListWorkflows", 400, query={"page": 2})["error"] == "bad_request"
    assert desk.ask("GetContact", 400, contactId="jan")["error"] == "bad_request"


# The lagging index and lost answers


def test_find_misses_a_new_contact_for_so_many_requests_as_the_index_lags(desk: Rig) -> None:
    desk.edit("set", indexLagRequests=2)
    made = desk.ask("CreateContact", body=a_contact())

    finds = [made["id"] in ids(desk.ask("FindContacts", body={"email": "new@contoso.example"})) for _ in range(3)]

    assert finds == [False, False, True]


def test_find_misses_a_new_group_for_so_long_as_the_index_lags(desk: Rig) -> None:
    desk.edit("set", indexLagSeconds=3600)

    made = desk.ask(
        "CallAdvancedAction",
        body={"companyId": 12, "name": "New"},
        action="createContactGroup",
        query={"category": "contactGroups"},
    )

    assert ids(desk.ask("FindUserGroups", body={"companyId": 12})) == ["65-A"]
    assert desk.ask("SetGroupUser", body={"role": "regular"}, companyId=12, teamId=made["id"], contactId=101) == {}


def test_a_contact_that_find_misses_is_read_by_id_and_still_takes_its_email(desk: Rig) -> None:
    desk.edit("set", indexLagSeconds=3600)
    made = desk.ask("CreateContact", body=a_contact())

    assert desk.ask("GetContact", contactId=made["id"])["email"] == "new@contoso.example"
    assert desk.ask("CreateContact", 409, a_contact())["error"] == "already_exists"


def test_what_is_made_by_hand_is_found_at_once(desk: Rig) -> None:
    desk.edit("set", indexLagSeconds=3600)

    made = desk.edit("add_contact", company=12, email="hand@contoso.example")

    assert made["id"] in ids(desk.ask("FindContacts", body={"companyId": 12}))


def test_a_contact_exists_although_the_answer_of_its_creation_was_lost(desk: Rig) -> None:
    desk.fault(path="/contacts$", method="POST", drop="after")

    with pytest.raises(requests.ConnectionError):
        desk.raw("CreateContact", a_contact())

    assert desk.ask("FindContacts", body={"email": "new@contoso.example"})["totalResults"] == 1
    assert desk.ask("CreateContact", 409, a_contact())["error"] == "already_exists"


def test_a_contact_does_not_exist_when_the_request_was_lost(desk: Rig) -> None:
    desk.fault(path="/contacts$", method="POST", drop="before")

    with pytest.raises(requests.ConnectionError):
        desk.raw("CreateContact", a_contact())

    assert desk.ask("CreateContact", body=a_contact())["isActive"] is True


@pytest.mark.parametrize("status", [429, 503])
def test_throttling_is_scripted_and_writes_nothing(desk: Rig, status: int) -> None:
    desk.fault(
        path="/contacts$", status=status, headers={"Retry-After": "7"}, body={"error": "busy", "errorDescription": "x"}
    )

    refused = desk.raw("CreateContact", a_contact())

    assert (refused.status_code, refused.headers["Retry-After"]) == (status, "7")
    assert desk.ask("FindContacts", body={"email": "new@contoso.example"})["totalResults"] == 0
