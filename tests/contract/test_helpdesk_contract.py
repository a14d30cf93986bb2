"""What both implementations of `Helpdesk` do: FakeHelpdesk, and the adapter on the double."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from servorg.helpdesk import FormAnswers, Helpdesk
from shared.errors import DeskForbidden, DeskRejected, DeskThrottled, DeskUnavailable
from tests.contract.helpdesk_stages import ANSWERED, BOARD, ELSEWHERE, FORM, OWN, InMemory, OverHttp, Stage, ids
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.helpdesk import CLOSED, DECLINED, IN_PROGRESS, NEW

CALLS: dict[str, Callable[[Helpdesk, int], object]] = {
    "ticket": lambda helpdesk, ticket: helpdesk.ticket(ticket),
    "tell_ticket": lambda helpdesk, ticket: helpdesk.tell_ticket(ticket, "Hello.", CLOSED),
    "open_tickets": lambda helpdesk, _: helpdesk.open_tickets(BOARD),
    "form_answers": lambda helpdesk, _: helpdesk.form_answers(FORM, 1),
}


@pytest.fixture(params=["in memory", "over HTTP"])
def stage(request: pytest.FixtureRequest, desk_rig: Rig) -> Stage:
    return InMemory() if request.param == "in memory" else OverHttp(desk_rig)


@pytest.fixture
def helpdesk(stage: Stage) -> Helpdesk:
    return stage.helpdesk


class TestTickets:
    def test_a_ticket_is_told_with_account_status_time_and_form(self, stage: Stage, helpdesk: Helpdesk) -> None:
        made = stage.submit()

        assert helpdesk.ticket(made.id) == made
        assert (made.account, made.status, made.closed, len(made.forms)) == (OWN, NEW, False, 1)

    def test_a_ticket_that_is_not_there_is_none(self, helpdesk: Helpdesk) -> None:
        assert helpdesk.ticket(999_999) is None

    def test_a_note_leaves_the_status_alone(self, stage: Stage, helpdesk: Helpdesk) -> None:
        made = stage.submit()
        helpdesk.tell_ticket(made.id, "We look at it.")

        assert helpdesk.ticket(made.id) == replace(made, notes=("We look at it.",))
        assert stage.notes(made.id) == ["We look at it."]

    def test_notes_come_with_a_status_and_add_up(self, stage: Stage, helpdesk: Helpdesk) -> None:
        made = stage.submit()
        helpdesk.tell_ticket(made.id, "At work.", IN_PROGRESS)
        first = helpdesk.ticket(made.id)
        helpdesk.tell_ticket(made.id, "Done.\n\nEverything is as in Entra.", CLOSED)

        notes = ("At work.", "Done.\n\nEverything is as in Entra.")
        assert first == replace(made, status=IN_PROGRESS, notes=notes[:1])
        assert helpdesk.ticket(made.id) == replace(made, status=CLOSED, closed=True, notes=notes)
        assert stage.notes(made.id) == ["At work.", "Done.\n\nEverything is as in Entra."]

    def test_an_unknown_ticket_or_status_is_rejected_and_nothing_is_told(
        self, stage: Stage, helpdesk: Helpdesk
    ) -> None:
        made = stage.submit()
        refused = []
        for ticket, status in ((999_999, CLOSED), (made.id, 777)):
            with pytest.raises(DeskRejected) as caught:
                helpdesk.tell_ticket(ticket, "Hello.", status)
            refused.append(caught.value.status)

        assert refused == [404, 400]
        assert (helpdesk.ticket(made.id), stage.notes(made.id)) == (made, [])


class TestOpenTickets:
    def test_the_open_ones_of_the_board_are_told_oldest_first(self, stage: Stage, helpdesk: Helpdesk) -> None:
        later, earlier = stage.submit(minutes=5), stage.submit(minutes=1)
        declined = stage.submit(minutes=3, status=DECLINED)
        stage.submit(status=CLOSED)
        stage.submit(board=ELSEWHERE)

        assert helpdesk.open_tickets(BOARD) == (earlier, declined, later)

    def test_of_one_moment_the_lower_id_is_the_older(self, stage: Stage, helpdesk: Helpdesk) -> None:
        made = [stage.submit() for _ in range(3)]

        assert ids(helpdesk.open_tickets(BOARD)) == sorted(ids(made))

    def test_without_an_open_one_there_is_none(self, stage: Stage, helpdesk: Helpdesk) -> None:
        helpdesk.tell_ticket(stage.submit().id, "Done.", CLOSED)

        assert helpdesk.open_tickets(BOARD) == ()
        assert helpdesk.open_tickets(777) == ()


class TestForms:
    def test_the_answers_are_told_by_field(self, stage: Stage, helpdesk: Helpdesk) -> None:
        [ref] = stage.submit().forms
        answers = helpdesk.form_answers(ref.form, ref.result)

        assert answers is not None
        assert {name: answers.fields[name] for name in ANSWERED} == ANSWERED

    def test_another_form_or_result_has_none(self, stage: Stage, helpdesk: Helpdesk) -> None:
        [ref] = stage.submit().forms
        told: list[FormAnswers | None] = [helpdesk.form_answers(ref.form, 1), helpdesk.form_answers(77, ref.result)]

        assert told == [None, None]


class TestTrouble:
    @pytest.mark.parametrize("call", CALLS)
    def test_each_call_says_how_long_to_wait(self, stage: Stage, helpdesk: Helpdesk, call: str) -> None:
        made = stage.submit()
        stage.trouble(call, "throttled")

        with pytest.raises(DeskThrottled) as caught:
            CALLS[call](helpdesk, made.id)

        assert caught.value.retry_after == 7
        assert helpdesk.ticket(made.id) == made

    @pytest.mark.parametrize("call", CALLS)
    def test_each_call_tells_that_it_broke(self, stage: Stage, helpdesk: Helpdesk, call: str) -> None:
        made = stage.submit()
        stage.trouble(call, "broken")

        with pytest.raises(DeskUnavailable) as caught:
            CALLS[call](helpdesk, made.id)

        assert caught.value.status == 503
        assert (helpdesk.ticket(made.id), stage.notes(made.id)) == (made, [])

    @pytest.mark.parametrize("call", CALLS)
    def test_who_is_not_let_in_is_told_so(self, stage: Stage, helpdesk: Helpdesk, call: str) -> None:
        made = stage.submit()
        stage.trouble(call, "forbidden")

        with pytest.raises(DeskForbidden):
            CALLS[call](helpdesk, made.id)
