"""What `form check` and `events` ask DeskDirector, against the double; and where the subscription is kept."""

import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from servorg.desk_events import DeskEvents
from servorg.desk_http import Access, DeskHttp, Patience
from servorg.desk_setup import DeskSetup
from servorg.dialect import Dialect
from servorg.form_check import FIELDS, AccountFacts, FormFields
from servorg.subscription_rows import TableSubscriptions
from servorg.subscriptions import Event, Receipt, Subscription, find_event
from shared.errors import DeskForbidden, DeskInDoubt, DeskRejected, DeskUnavailable
from shared.settings import StorageSettings
from shared.tables import Tables
from tests.azurite import Azurite
from tests.contract.helpdesk_stages import FORM_FIELDS, Waits
from tests.doubles.deskdirector_rig import Rig

EVENT = Event("sync-user-group", "Sync User Group", "ticket-created")
ACTIONS = "/workflows/sync-user-group/actions"
WHOLE = FormFields(frozenset(FIELDS), whole=True)


def line(rig: Rig, words: str = "{}", key: str = "demo-key") -> tuple[Dialect, DeskHttp]:
    dialect = Dialect.read(words)
    return dialect, DeskHttp(Access(rig.site, rig.functions, key, 7), dialect, Waits(), patience=Patience(retry=1))


@pytest.fixture
def rig(desk_rig: Rig) -> Rig:
    desk_rig.reset(forms=[{"id": 21, "name": "Sync User Group", "fields": FORM_FIELDS}])
    return desk_rig


@pytest.fixture
def events(rig: Rig) -> DeskEvents:
    return DeskEvents(*line(rig))


@pytest.fixture
def setup(rig: Rig) -> DeskSetup:
    return DeskSetup(*line(rig))


def subscriptions(rig: Rig) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rig.admin("GET", "state")["subscriptions"]
    return found


class TestEvents:
    def test_all_events_are_listed_page_by_page_and_by_type(self, rig: Rig, events: DeskEvents) -> None:
        rows = [{"id": f"e{number:03}", "name": f"Event {number}"} for number in range(150)]
        rig.reset(workflows=[*rows, {"id": "note", "name": "Note", "type": "ticket-note-added"}])

        assert len(events.events()) == 151
        assert events.events("ticket-note-added") == (Event("note", "Note"),)

    def test_an_events_type_is_found(self, events: DeskEvents) -> None:
        assert "ticket-created" in events.event_types()
        assert find_event(events, EVENT.id) == EVENT

    def test_a_type_in_the_list_is_taken(self, rig: Rig, events: DeskEvents) -> None:
        rig.fault(path=r"/workflows\?", body={"results": [{"id": "a", "name": "A", "type": "x"}], "totalResults": 1})

        assert events.events() == (Event("a", "A", "x"),)

    def test_a_subscription_is_made_and_ended(self, rig: Rig, events: DeskEvents) -> None:
        receipt = events.subscribe(EVENT, "https://servorg.example/hook")
        [made] = subscriptions(rig)
        ended = [events.unsubscribe(EVENT.id, receipt), events.unsubscribe(EVENT.id, receipt)]

        assert (made["id"], made["token"]) == (receipt.action, receipt.token)
        assert (made["url"], made["type"], made["parameters"]) == ("https://servorg.example/hook", EVENT.type, {})
        assert (ended, subscriptions(rig)) == ([True, False], [])

    @pytest.mark.parametrize(
        ("body", "location", "told"),
        [
            ({}, "/x/actions/a%2Fb?token=t%2B1", Receipt("a/b", "t+1")),
            ({}, "https://site.example/x/actions/a", Receipt("a", "")),
            ({"actionId": "a", "token": "t"}, None, Receipt("a", "t")),
            ({"id": 7}, None, Receipt("7", "")),
            ({"token": "t"}, "/x/actions/a", Receipt("a", "t")),
            ({}, None, Receipt("", "")),
            ([], "http://[", Receipt("", "")),
            ("<html>", None, Receipt("", "")),
        ],
    )
    def test_what_ends_it_is_read_from_the_location_or_the_body(
        self, rig: Rig, events: DeskEvents, body: Any, location: str | None, told: Receipt
    ) -> None:
        headers = {} if location is None else {"Location": location}
        rig.fault(path=rf"{ACTIONS}\?", status=200, body=body, headers=headers)

        assert events.subscribe(EVENT, "https://servorg.example/hook") == told

    def test_another_type_than_the_events_is_rejected(self, rig: Rig, events: DeskEvents) -> None:
        with pytest.raises(DeskRejected, match="has the type ticket-created"):
            events.subscribe(Event(EVENT.id, EVENT.name, "ticket-note-added"), "https://servorg.example/hook")

        assert subscriptions(rig) == []

    def test_a_lost_answer_is_in_doubt_and_not_repeated(self, rig: Rig, events: DeskEvents) -> None:
        rig.fault(path=rf"{ACTIONS}\?", drop="after")

        with pytest.raises(DeskInDoubt):
            events.subscribe(EVENT, "https://servorg.example/hook")

        assert len(subscriptions(rig)) == 1

    def test_an_end_that_is_refused_is_not_done(self, rig: Rig, events: DeskEvents) -> None:
        receipt = events.subscribe(EVENT, "https://servorg.example/hook")
        rig.fault(method="DELETE", status=400)

        with pytest.raises(DeskRejected):
            events.unsubscribe(EVENT.id, receipt)

        assert len(subscriptions(rig)) == 1

    def test_no_error_shows_what_ends_a_subscription(self, rig: Rig, events: DeskEvents) -> None:
        receipt = events.subscribe(EVENT, "https://servorg.example/hook")
        rig.fault(method="DELETE", drop="before", times=None)

        with pytest.raises(DeskUnavailable) as caught:
            events.unsubscribe(EVENT.id, receipt)

        assert receipt.token not in "".join(traceback.format_exception(caught.value)) + repr(receipt)

    @pytest.mark.parametrize(
        "body", [{"results": [5], "totalResults": 1}, {"results": [{"id": 5, "name": "A"}], "totalResults": 1}, []]
    )
    def test_what_is_no_list_of_events_is_an_error(self, rig: Rig, events: DeskEvents, body: Any) -> None:
        rig.fault(path=r"/workflows\?", body=body)

        with pytest.raises(DeskUnavailable):
            events.events()


class TestSetup:
    def test_boards_statuses_forms_and_accounts_are_told(self, setup: DeskSetup) -> None:
        assert setup.boards() == {1: "Service Desk"}
        assert setup.statuses(1)[19] == "Closed"
        assert setup.statuses(77) == {}
        assert setup.forms() == {21: "Sync User Group"}
        assert [setup.account(key) for key in (12, 77, 999)] == [
            AccountFacts("Contoso", active=True),
            AccountFacts("Gone Ltd", active=False),
            None,
        ]

    @pytest.mark.parametrize("shape", ["fields", "ddform", "keyed"])
    def test_a_forms_fields_are_seen_in_each_schema(self, rig: Rig, setup: DeskSetup, shape: str) -> None:
        rig.edit("set", formResultShape=shape)
        rig.fault(path="/ddform/", status=404, times=None)

        assert setup.form_fields(21, FIELDS) == WHOLE

    def test_what_the_schema_does_not_name_is_looked_up_in_the_designed_form(self, rig: Rig, setup: DeskSetup) -> None:
        rig.fault(path="/schema/v2/form/", status=404, times=None)
        first = setup.form_fields(21, FIELDS)
        rig.edit("update_form", id=21, fields=FORM_FIELDS[:1])

        assert first == WHOLE
        assert setup.form_fields(21, FIELDS) == FormFields(frozenset({"custorg_account"}), whole=True)

    @pytest.mark.parametrize("status", [404, 403])
    def test_a_form_that_cannot_be_looked_into_is_not_seen_whole(self, rig: Rig, setup: DeskSetup, status: int) -> None:
        rig.fault(path="/schema/v2/form/", body={"type": "object", "properties": {"fields": {}}}, times=None)
        rig.fault(path="/ddform/", status=status, times=None)

        assert setup.form_fields(21, FIELDS) == FormFields(frozenset(), whole=False)

    def test_a_refused_read_is_no_missing_form(self, rig: Rig, setup: DeskSetup) -> None:
        rig.fault(path="/schema/v2/form/", status=400)

        with pytest.raises(DeskRejected):
            setup.form_fields(21, FIELDS)

    def test_a_list_that_says_there_is_more_is_an_error(self, rig: Rig, setup: DeskSetup) -> None:
        rig.fault(path="/boards", body={"results": [{"id": 1, "name": "A"}], "totalResults": 2})

        with pytest.raises(DeskUnavailable, match="the boards could not be read completely: 1 rows instead of 2"):
            setup.boards()

    def test_another_account_than_was_asked_for_is_an_error(self, rig: Rig, setup: DeskSetup) -> None:
        rig.fault(path="/companies/12$", body={"id": 40, "name": "Fabrikam", "isActive": True})

        with pytest.raises(DeskUnavailable):
            setup.account(12)

    def test_who_is_not_let_in_is_told_so(self, rig: Rig) -> None:
        setup = DeskSetup(*line(rig, key="wrong"))

        with pytest.raises(DeskForbidden):
            setup.account(12)


class TestBook:
    def test_the_subscription_comes_back_as_it_was_noted_and_one_is_kept(self, azurite: Azurite) -> None:
        book = TableSubscriptions(Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string})))
        at = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
        first = Subscription("a/b", "Ä", "t", "https://servorg.example/x", Receipt("", ""), at)
        second = Subscription("c", "C", "t", "https://servorg.example/y", Receipt("x", "y"), at)
        book.remove()
        seen = [book.read()]
        for one in (first, second):
            book.write(one)
            seen.append(book.read())
        book.remove()
        book.remove()

        assert [*seen, book.read()] == [None, first, second, None]
