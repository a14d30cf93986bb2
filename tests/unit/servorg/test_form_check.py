"""What `form check` says of a site in which everything is right, and of one in which something is not."""

from datetime import UTC, datetime

import pytest

from servorg.form_check import MOST_FORMS, AccountFacts, Places, form_checks
from servorg.subscriptions import Event, Receipt, Subscription
from shared.checks import Check, State, worst
from shared.errors import DeskForbidden, DeskUnavailable
from shared.settings import ServOrgSettings
from tests.fakes.desk_setup import EVENT, FakeEvents, FakeForm, FakeSetup, FakeSubscriptions
from tests.unit.servorg.form_settings import form_settings

RIGHT = [
    "settings", "account", "board", "statuses", "in-progress status", "closed status", "approval status",
    "declined status", "event", "subscription", "form",
]  # fmt: skip


class Rig:
    """A site in which everything is right, and what is found wrong with it."""

    def __init__(self) -> None:
        self.setup, self.events, self.book = FakeSetup(), FakeEvents(), FakeSubscriptions()
        since, receipt = datetime(2026, 11, 24, tzinfo=UTC), Receipt("a", "s3cr3t")
        self.book.kept = Subscription(EVENT.id, EVENT.name, EVENT.type, "https://servorg.example/x", receipt, since)

    def checks(self, settings: ServOrgSettings | None = None) -> list[Check]:
        return list(form_checks(Places(settings or form_settings(), self.setup, self.events, self.book)))

    def wrong(self, **settings: str) -> dict[str, str]:
        """What is wrong, with what to do; each must say both."""
        found = [one for one in self.checks(form_settings(**settings)) if one.state is State.BAD]

        assert all(one.said and one.todo for one in found)
        return {one.name: f"{one.said} → {one.todo}" for one in found}


def test_a_right_site_has_every_check_ok() -> None:
    made = Rig().checks()

    assert [one.name for one in made] == RIGHT
    assert {one.state for one in made} == {State.OK}
    assert worst(made) is State.OK


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ({"EVENT_ID": ""}, "settings", "EVENT_ID is missing"),
        ({"DESKDIRECTOR_WEBHOOK_SECRET": ""}, "settings", "DESKDIRECTOR_WEBHOOK_SECRET is missing"),
        ({"SERVORG_ACCOUNT_ID": "3"}, "account", "there is no account 3"),
        ({"BOARD_ID": "9"}, "board", "there is no board (queue) 9 → set BOARD_ID to one of 1 (Service Desk)"),
        (
            {"IN_PROGRESS_STATUS_ID": "99"},
            "in-progress status",
            "no status 99 → set IN_PROGRESS_STATUS_ID to one of 11",
        ),
        ({"CLOSED_STATUS_ID": "99"}, "closed status", "board 1 has no status 99"),
        ({"APPROVAL_STATUS_IDS": "12,99"}, "approval status", "board 1 has no status 99"),
        ({"DECLINED_STATUS_IDS": "99"}, "declined status", "board 1 has no status 99"),
        ({"EVENT_ID": "gone"}, "event", "there is no event 'gone'"),
    ],
)
def test_a_setting_that_does_not_fit_the_site_is_named(settings: dict[str, str], name: str, said: str) -> None:
    found = Rig().wrong(**settings)

    assert said in found[name]


def test_each_missing_setting_is_named_at_once_and_what_needs_it_is_not_looked_at() -> None:
    empty = dict.fromkeys(("SERVORG_ACCOUNT_ID", "BOARD_ID", "EVENT_ID", "CLOSED_STATUS_ID"), "")
    made = {one.name: one for one in Rig().checks(form_settings(**empty))}

    assert [name for name in empty if name not in made["settings"].said] == []
    assert [made[name].state for name in ("account", "board", "in-progress status", "event")] == [State.WARN] * 4
    assert all(made[name].todo.startswith("set ") for name in ("account", "board", "closed status", "event"))


def test_a_status_that_is_not_set_is_not_looked_at() -> None:
    made = {one.name: one for one in Rig().checks(form_settings(CLOSED_STATUS_ID=""))}

    assert (made["closed status"].state, made["in-progress status"].state) == (State.WARN, State.OK)
    assert "CLOSED_STATUS_ID" in made["settings"].said


def test_a_board_without_statuses_has_one_check_for_all_of_them() -> None:
    found = Rig().wrong(BOARD_ID="9")

    assert found.keys() == {"board", "statuses"}


def test_an_account_that_is_not_active_is_wrong() -> None:
    rig = Rig()
    rig.setup.accounts[2] = AccountFacts("Bluefern IT", active=False)

    assert "not active" in rig.wrong()["account"]


def test_a_subscription_that_was_not_made_from_here_cannot_be_seen() -> None:
    rig = Rig()
    rig.book.kept = None
    made = {one.name: one for one in rig.checks()}

    assert made["subscription"].state is State.WARN
    assert "events subscribe" in made["subscription"].todo
    assert worst(made.values()) is State.WARN


def test_a_subscription_of_another_event_is_wrong() -> None:
    rig = Rig()
    rig.events.known = (EVENT, Event("new", "New one"))

    assert "events subscribe" in rig.wrong(EVENT_ID="new")["subscription"]


@pytest.mark.parametrize(
    ("forms", "state", "said"),
    [
        ({}, State.BAD, "no form has the fields custorg_account and sync_mode"),
        ({1: FakeForm("Leave", ())}, State.BAD, "no form has the fields"),
        (
            {1: FakeForm("Leave", ()), 2: FakeForm("Sync", ("custorg_account",))},
            State.BAD,
            "form 2, Sync, has no field with the identifier sync_mode",
        ),
        (
            {1: FakeForm("sync user group", ())},
            State.BAD,
            "has no field with the identifier custorg_account and none with sync_mode",
        ),
        ({1: FakeForm("Leave", ()), 2: FakeForm("Sync", (), whole=False)}, State.WARN, "not all could be looked into"),
        ({1: FakeForm("Leave", ()), 2: FakeForm("Groups")}, State.OK, "2 is Groups; it has both fields"),
    ],
)
def test_the_form_is_known_by_its_fields(forms: dict[int, FakeForm], state: State, said: str) -> None:
    rig = Rig()
    rig.setup.designed = forms
    [found] = [one for one in rig.checks() if one.name == "form"]

    assert found.state is state
    assert said in found.said


def test_the_form_of_the_usual_name_is_looked_into_first_and_no_other_then() -> None:
    rig = Rig()
    rig.setup.designed = {number: FakeForm(f"Form {number}", ()) for number in range(1, 300)}
    rig.setup.designed |= {400: FakeForm("Sync calendars", ()), 500: FakeForm("Sync User Group")}
    rig.checks()

    assert rig.setup.asked == [500]


def test_of_very_many_forms_only_some_are_looked_into() -> None:
    rig = Rig()
    rig.setup.designed = {number: FakeForm(f"Form {number}", ()) for number in range(1, 300)}
    [found] = [one for one in rig.checks() if one.name == "form"]

    assert len(rig.setup.asked) == MOST_FORMS
    assert found.state is State.WARN


@pytest.mark.parametrize(
    ("error", "todo"),
    [(DeskForbidden("DeskDirector answered 401 to the API key"), "API_KEY"), (DeskUnavailable("gone"), "try again")],
)
def test_a_site_that_does_not_answer_is_told_check_by_check(error: Exception, todo: str) -> None:
    rig = Rig()
    rig.setup.error = error
    found = rig.wrong()

    assert found.keys() == {"account", "board", "statuses", "form"}
    assert all(str(error) in one and todo in one for one in found.values())
