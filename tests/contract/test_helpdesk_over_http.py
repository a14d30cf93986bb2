"""What only the adapter of `Helpdesk` can get wrong, against the double: envelopes, pages, spellings, lost answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from servorg.helpdesk import FieldAnswer, FormRef, Picked, Ticket
from shared.errors import DeskRejected, DeskUnavailable
from tests.contract.helpdesk_stages import ANSWERED, BOARD, ELSEWHERE, FORM, OverHttp, ids
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.helpdesk import CLOSED

A_TICKET: dict[str, Any] = {
    "id": 501,
    "account": {"id": 12},
    "status": {"id": 11},
    "isClosed": False,
    "createdOn": "2026-11-24T08:00:00",
    "forms": [{"formId": 21, "resultId": 2**40}],
}


@pytest.fixture
def stage(desk_rig: Rig) -> OverHttp:
    return OverHttp(desk_rig)


def answered(stage: OverHttp, body: Any) -> Ticket | None:
    """The ticket 501, when DeskDirector answers so."""
    stage.fault("ticket", body=body)
    return stage.helpdesk.ticket(501)


class TestAnswers:
    @pytest.mark.parametrize("shape", ["fields", "ddform", "keyed"])
    def test_a_result_is_understood_in_every_envelope(self, desk_rig: Rig, shape: str) -> None:
        stage = OverHttp(desk_rig, formResultShape=shape)
        [ref] = stage.submit().forms
        answers = stage.helpdesk.form_answers(ref.form, ref.result)

        assert answers is not None
        assert {name: answers.fields[name].picked for name in ANSWERED} == {
            name: answer.picked for name, answer in ANSWERED.items()
        }

    @pytest.mark.parametrize("shape", ["fields", "ddform", "keyed"])
    def test_what_was_written_beside_the_list_is_kept_in_every_envelope(self, desk_rig: Rig, shape: str) -> None:
        stage = OverHttp(desk_rig, formResultShape=shape)
        other = {"identifier": "custorg_account_other", "name": "Other", "value": "Contoso Ltd"}
        [ref] = stage.submit(answers={"custorg_account": other, "sync_mode": "2"}).forms
        answers = stage.helpdesk.form_answers(ref.form, ref.result)

        assert answers is not None
        assert answers.fields["custorg_account"] == FieldAnswer(
            (Picked("custorg_account_other", "Other"),), "Contoso Ltd"
        )

    @pytest.mark.parametrize("body", ["<html>", [], {}, {"fields": [{"name": "x"}]}, {"fields": [5]}])
    def test_a_result_that_is_none_is_an_error_and_no_answers(self, stage: OverHttp, body: Any) -> None:
        stage.fault("form_answers", body=body)

        with pytest.raises(DeskUnavailable):
            stage.helpdesk.form_answers(FORM, 1)

    def test_a_refused_result_is_no_missing_one(self, stage: OverHttp) -> None:
        stage.fault("form_answers", status=400)

        with pytest.raises(DeskRejected):
            stage.helpdesk.form_answers(FORM, 1)


class TestTickets:
    def test_the_spellings_of_both_generations_are_read(self, stage: OverHttp) -> None:
        older = {
            "entityId": 501,
            "company": {"entityId": 12},
            "status": {"entityId": 11},
            "isClosed": False,
            "createdOn": "2026-11-24T08:00:00Z",
            "forms": [{"form": {"entityId": 21}, "result": {"entityId": 2**40}}],
        }
        told = [answered(stage, A_TICKET), answered(stage, older)]

        created = datetime(2026, 11, 24, 8, tzinfo=UTC)
        assert told == [Ticket(501, 12, 11, closed=False, created=created, forms=(FormRef(21, 2**40),))] * 2

    @pytest.mark.parametrize("less", [{"createdOn": None, "forms": None}, {"createdOn": None, "forms": []}])
    def test_a_ticket_may_have_no_form_and_no_time(self, stage: OverHttp, less: dict[str, Any]) -> None:
        found = answered(stage, A_TICKET | less)

        assert found == Ticket(501, 12, 11, closed=False)

    @pytest.mark.parametrize("notes", [None, "text", [], [5, {}, {"note": None}, {"note": ["x"]}]])
    def test_notes_that_cannot_be_read_are_none(self, stage: OverHttp, notes: Any) -> None:
        found = answered(stage, A_TICKET | {"notes": notes})

        assert found is not None
        assert found.notes == ()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": 502}, {"id": "501"}, {"id": None}, {"account": 12}, {"account": None}, {"status": {"name": "New"}},
            {"isClosed": "no"}, {"isClosed": None}, {"createdOn": "yesterday"}, {"createdOn": 5}, {"forms": {}},
            {"forms": [{}]}, {"forms": [{"formId": 21}]}, {"forms": [{"formId": "21", "resultId": 1}]}, {"forms": [5]},
        ],
    )  # fmt: skip
    def test_what_is_no_ticket_is_an_error(self, stage: OverHttp, wrong: dict[str, Any]) -> None:
        with pytest.raises(DeskUnavailable, match="DESKDIRECTOR_DIALECT"):
            answered(stage, A_TICKET | wrong)

    @pytest.mark.parametrize("field", ["id", "account", "status", "isClosed"])
    def test_a_ticket_without_what_it_needs_is_an_error(self, stage: OverHttp, field: str) -> None:
        with pytest.raises(DeskUnavailable, match="without `"):
            answered(stage, {name: value for name, value in A_TICKET.items() if name != field})

    def test_a_site_may_have_words_of_its_own(self, stage: OverHttp) -> None:
        stage.fault("ticket", body={"key": 501, "account": {"key": 12}, "state": {"key": 11}, "isClosed": True})
        found = stage.adapter('{"answer": {"id": "key", "status": "state"}}').ticket(501)

        assert found == Ticket(501, 12, 11, closed=True)


class TestOpenTickets:
    def test_all_pages_are_read(self, stage: OverHttp, desk_rig: Rig) -> None:
        rows = [{"id": number, "company": 12, "board": BOARD} for number in range(1, 251)]
        desk_rig.reset(tickets=rows)

        assert ids(stage.helpdesk.open_tickets(BOARD)) == list(range(1, 251))

    def test_a_list_that_does_not_add_up_is_an_error(self, stage: OverHttp) -> None:
        stage.fault("open_tickets", body={"results": [A_TICKET], "totalResults": 2}, times=None)

        with pytest.raises(DeskUnavailable, match="the tickets of board 1 could not be read completely"):
            stage.helpdesk.open_tickets(BOARD)

    def test_what_a_late_index_brings_is_left_out(self, stage: OverHttp) -> None:
        rows = [
            A_TICKET,
            A_TICKET | {"id": 502, "isClosed": True},
            A_TICKET | {"id": 503, "queue": {"id": ELSEWHERE}},
            A_TICKET | {"id": 504, "queue": {"id": BOARD}},
        ]
        stage.fault("open_tickets", body={"results": rows, "totalResults": 4})

        assert ids(stage.helpdesk.open_tickets(BOARD)) == [501, 504]


class TestLosing:
    def test_a_note_whose_answer_was_lost_is_not_written_twice(self, stage: OverHttp) -> None:
        made = stage.submit()
        stage.fault("tell_ticket", drop="after")
        stage.helpdesk.tell_ticket(made.id, "Done.", CLOSED)

        assert stage.notes(made.id) == ["Done."]

    def test_a_note_that_arrived_without_its_status_is_told_again(self, stage: OverHttp, desk_rig: Rig) -> None:
        made = stage.submit()
        stage.helpdesk.tell_ticket(made.id, "Done.")
        stage.fault("tell_ticket", drop="before")

        with pytest.raises(DeskUnavailable):
            stage.helpdesk.tell_ticket(made.id, "Done.", CLOSED)

        [row] = [row for row in desk_rig.admin("GET", "state")["tickets"] if row["id"] == made.id]
        assert row["status"] == made.status

    def test_a_note_to_a_ticket_that_is_gone_is_an_error(self, stage: OverHttp) -> None:
        stage.fault("tell_ticket", drop="before")

        with pytest.raises(DeskUnavailable):
            stage.helpdesk.tell_ticket(999_999, "Done.")

    def test_a_note_that_did_not_arrive_is_an_error(self, stage: OverHttp) -> None:
        made = stage.submit()
        stage.fault("tell_ticket", drop="before")

        with pytest.raises(DeskUnavailable):
            stage.helpdesk.tell_ticket(made.id, "Done.", CLOSED)

        assert stage.notes(made.id) == []

    def test_every_request_waits_for_the_budget(self, stage: OverHttp) -> None:
        made, before = stage.submit(), stage.waits.count
        stage.helpdesk.tell_ticket(made.id, "Done.")
        stage.helpdesk.open_tickets(BOARD)
        stage.helpdesk.form_answers(FORM, made.forms[0].result)

        assert stage.waits.count - before == 3
