"""Tickets and forms of the DeskDirector double."""

import json
from typing import Any

import pytest

from tests.contracts import needs_reference
from tests.doubles.deskdirector_rig import ANSWERS, Rig

needs_reference()


def result(desk: Rig, made: dict[str, int], operation: str = "GetFormResult_V2") -> Any:
    return desk.raw(operation, formId=made["form"], resultId=made["result"]).json()


# Tickets


def test_a_form_makes_an_open_ticket_that_names_form_and_result(desk: Rig, made: dict[str, int]) -> None:
    ticket = desk.ask("GetTicket", ticketId=made["ticket"])

    assert ticket["forms"] == [{"formId": 21, "resultId": made["result"]}]
    assert (ticket["account"]["id"], ticket["contact"]["id"], ticket["isClosed"]) == (12, 101, False)
    assert desk.ask("GetTicket", 404, ticketId=1)["error"] == "not_found"


def test_tickets_are_found_by_queue_status_state_and_time(desk: Rig, made: dict[str, int]) -> None:
    key = made["ticket"]
    finds: list[tuple[dict[str, Any], list[int]]] = [
        ({"queueId": 1}, [key]),
        ({"queueId": 2}, []),
        ({"statusIds": [11, 12]}, [key]),
        ({"statusIds": []}, []),
        ({"isClosed": False}, [key]),
        ({"isClosed": True}, []),
        ({"isClosed": None}, [key]),
        ({"createdAfter": "2026-01-01T00:00:00Z"}, [key]),
        ({"createdAfter": "2999-01-01T00:00:00Z"}, []),
    ]

    found = [[row["id"] for row in desk.ask("FindTickets", body=body)["results"]] for body, _ in finds]

    assert found == [wanted for _, wanted in finds]
    assert desk.ask("FindTickets", 400, {"createdAfter": "yesterday"})["error"] == "bad_request"


def test_a_ticket_is_closed_by_its_status_and_keeps_notes(desk: Rig, made: dict[str, int]) -> None:
    body = {"statusId": 19, "note": {"text": "Done.", "isInternal": True}}

    closed = desk.ask("UpdateTicket", body=body, ticketId=made["ticket"])

    assert (closed["isClosed"], closed["status"]) == (True, {"id": 19, "name": "Closed"})
    assert [(note["note"], note["isInternal"]) for note in closed["notes"]] == [("Done.", True)]
    assert desk.ask("GetTicket", ticketId=made["ticket"]) == closed


def test_a_status_of_another_board_is_taken_and_an_unknown_one_is_not(desk: Rig, made: dict[str, int]) -> None:
    desk.edit("add_board", id=5, name="Other")
    desk.edit("add_status", id=50, name="Parked", board=5)

    moved = desk.ask("UpdateTicket", body={"statusId": 50}, ticketId=made["ticket"])

    assert moved["status"]["name"] == "Parked"
    assert desk.ask("UpdateTicket", 400, {"statusId": 51}, ticketId=made["ticket"])["error"] == "bad_request"
    assert desk.ask("UpdateTicket", 400, {"status": 50}, ticketId=made["ticket"])["error"] == "bad_request"
    assert desk.ask("UpdateTicket", 404, {"statusId": 50}, ticketId=1)["error"] == "not_found"


def test_boards_and_the_statuses_of_a_board_are_listed(desk: Rig) -> None:
    assert desk.ask("ListBoards")["results"] == [{"id": 1, "name": "Service Desk"}]
    assert [row["id"] for row in desk.ask("ListStatuses", query={"boardId": 1})["results"]] == [11, 12, 14, 17, 19]
    assert desk.ask("ListStatuses", 400)["errorDescription"] == "boardId is missing."


# Forms


def test_a_form_result_is_a_flat_list_of_answered_fields(desk: Rig, made: dict[str, int]) -> None:
    found = desk.ask("GetFormResult_V2", formId=21, resultId=made["result"])

    account, mode, reason = found["fields"]
    assert found["ticketId"] == made["ticket"]
    assert account["choices"] == [{"name": "contoso", "identifier": "contoso", "selected": True}]
    assert [(choice["identifier"], choice["selected"]) for choice in mode["choices"]] == [("1", False), ("2", True)]
    assert reason["value"] == "new office"
    assert desk.ask("GetFormResult_V2", 404, formId=21, resultId=1)["error"] == "not_found"


def test_other_with_free_text_arrives_as_a_choice_with_a_value(desk: Rig) -> None:
    other = {"identifier": "custorg_account_other", "name": "Other", "value": "Contoso, the new one"}
    made = desk.edit("submit_form", form=21, company=12, answers={"custorg_account": other})

    account = desk.ask("GetFormResult_V2", formId=21, resultId=made["result"])["fields"][0]

    assert account["choices"] == [{"name": "Other", "identifier": "custorg_account_other", "selected": True}]
    assert account["value"] == "Contoso, the new one"


def test_several_choices_are_all_selected(desk: Rig) -> None:
    made = desk.edit("submit_form", form=21, company=12, answers={"sync_mode": ["1", "2"]})

    mode = desk.ask("GetFormResult_V2", formId=21, resultId=made["result"])["fields"][1]

    assert [choice["selected"] for choice in mode["choices"]] == [True, True]


def test_a_form_result_may_be_nested_by_section_without_marks(desk: Rig, made: dict[str, int]) -> None:
    desk.edit("set", formResultShape="ddform")

    found = result(desk, made)

    assert found == desk.ask("GetLegacyResult", formId=21, resultId=made["result"])
    fields = found["result"]["form"]["sections"][0]["fields"]
    assert fields[0]["choices"] == [{"name": "contoso", "identifier": "contoso"}]


def test_a_form_result_may_be_keyed_by_identifier(desk: Rig, made: dict[str, int]) -> None:
    desk.edit("set", formResultShape="keyed")

    assert result(desk, made) == ANSWERS


@pytest.mark.parametrize("shape", ["fields", "ddform", "keyed"])
@pytest.mark.parametrize("operation", ["GetFormResultSchemaV2", "GetFormResultSchema2_V2"])
def test_the_schema_of_a_result_names_the_fields(desk: Rig, shape: str, operation: str) -> None:
    desk.edit("set", formResultShape=shape)

    schema = desk.ask(operation, formId=21)

    assert ("schema" in schema) is (operation == "GetFormResultSchema2_V2")
    assert {name for name in ANSWERS if f'"{name}"' in json.dumps(schema)} == set(ANSWERS)


def test_forms_and_their_fields_and_choices_are_listed(desk: Rig) -> None:
    assert desk.ask("ListForms") == {"results": [{"id": 21, "name": "Sync User Group"}], "totalResults": 1}
    choices = desk.ask("ListFormFiledChoices", formId=21, fieldId="sync_mode")["results"]
    assert choices == [{"id": "1", "name": "Contacts only"}, {"id": "2", "name": "Contact groups"}]
    fields = desk.ask("GetLegacyForm", formId=21)["form"]["fields"]
    assert [field["identifier"] for field in fields] == list(ANSWERS)


def test_a_form_or_a_field_that_is_not_there_is_404(desk: Rig) -> None:
    assert desk.ask("ListFormFiledChoices", 404, formId=21, fieldId="none")["error"] == "not_found"
    assert desk.ask("ListFormFiledChoices", 404, formId=22, fieldId="none")["error"] == "not_found"
    assert desk.ask("GetFormResultSchemaV2", 404, formId=22)["error"] == "not_found"


def test_results_are_found_with_their_tickets(desk: Rig, made: dict[str, int]) -> None:
    body = {
        "skip": 0,
        "take": 1000,
        "timeRange": {"startTime": "2026-01-01T00:00:00.000Z", "endTime": "2027-01-01T00:00:00.000Z"},
    }

    found = desk.ask("FindLegacyResults", body=body, formId=21)

    assert found == {"results": [{"entityId": made["result"], "ticket": {"entityId": made["ticket"]}}]}
