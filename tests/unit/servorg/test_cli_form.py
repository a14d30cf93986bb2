"""`form check`, and `events subscribe`, `list` and `unsubscribe`."""

from datetime import datetime

import pytest

from shared.errors import DeskInDoubt, DeskUnavailable
from tests.fakes.desk_setup import EVENT
from tests.unit.servorg.cli_rig import START, App
from tests.unit.servorg.form_settings import form_settings

URL = "https://servorg.example/api/events/deskdirector"


def subscribed_app() -> App:
    app = App()
    done = app.run("events", "subscribe", "--url", "https://servorg.example")

    assert done.exit_code == 0, done.stderr
    return app


class TestSubscribe:
    def test_it_says_where_events_go_and_what_comes_next(self) -> None:
        app = App()
        done = app.run("events", "subscribe", "--url", "https://servorg.example")

        assert done.exit_code == 0
        assert " ".join(done.stdout.split()).startswith(f"subscribed: Sync User Group goes to {URL} Next")
        assert all(word in done.stdout for word in ("Enabled", "DESKDIRECTOR_WEBHOOK_SECRET", "form check"))
        assert list(app.site_events.subscribed.values()) == [URL]

    def test_on_azure_the_app_knows_its_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WEBSITE_HOSTNAME", "servorg.azurewebsites.net")
        app = App()
        app.run("events", "subscribe")

        [url] = app.site_events.subscribed.values()
        assert url == "https://servorg.azurewebsites.net/api/events/deskdirector"

    def test_twice_is_harmless(self) -> None:
        app = subscribed_app()
        done = app.run("events", "subscribe", "--url", "servorg.example")

        assert done.exit_code == 0
        assert "in place of the subscription of" in " ".join(done.stdout.split())
        assert list(app.site_events.subscribed.values()) == [URL]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "Give this app's address with --url"),
            (("--url", "http://servorg.example"), "must start with https://"),
            (("--url", "https://"), "must be an address"),
        ],
    )
    def test_without_a_safe_address_nothing_is_asked(self, words: tuple[str, ...], said: str) -> None:
        app = App()
        done = app.run("events", "subscribe", *words)

        assert (done.exit_code, app.site_events.subscribed) == (64, {})
        assert said in done.stderr

    def test_without_an_event_id_it_says_where_to_find_one(self) -> None:
        app = App()
        app.settings = form_settings(EVENT_ID="")
        done = app.run("events", "subscribe", "--url", "servorg.example")

        assert done.exit_code == 1
        assert "`events list` shows it" in done.stderr

    def test_an_unknown_event_is_one_sentence(self) -> None:
        app = App()
        app.settings = form_settings(EVENT_ID="nothing")
        done = app.run("events", "subscribe", "--url", "servorg.example")

        assert (done.exit_code, done.stdout) == (1, "")
        assert "no event 'nothing'" in done.stderr

    def test_a_type_may_be_given_where_the_site_tells_none(self) -> None:
        app = App()
        app.settings = form_settings(EVENT_ID="odd")
        done = app.run("events", "subscribe", "--url", "servorg.example", "--type", "ticket-created")

        assert done.exit_code == 0
        assert app.subscriptions.kept is not None
        assert (app.subscriptions.kept.event, app.subscriptions.kept.type) == ("odd", "ticket-created")

    def test_a_lost_answer_says_to_do_it_again(self) -> None:
        app = App()
        app.site_events.error = DeskInDoubt("the answer of DeskDirector was lost")
        done = app.run("events", "subscribe", "--url", "servorg.example")

        assert done.exit_code == 1
        assert "subscribe once more" in done.stderr

    def test_a_site_that_tells_nothing_to_end_it_with_is_told(self) -> None:
        app = App()
        app.site_events.tells_receipt = False
        first = app.run("events", "subscribe", "--url", "servorg.example")
        second = app.run("events", "subscribe", "--url", "servorg.example")

        assert "did not tell how to end it" in " ".join(first.stdout.split())
        assert "never told how to end the old one" in " ".join(second.stdout.split())


class TestList:
    def test_without_a_subscription_it_says_how_to_make_one(self) -> None:
        told = App().run("events", "list").stdout

        assert told.splitlines()[0] == "not subscribed; `events subscribe` does it"
        assert told.splitlines()[2].split() == ["EVENT_ID", "Sync", "User", "Group", "sync-user-group"]

    def test_the_subscription_is_told_without_what_ends_it(self) -> None:
        app = subscribed_app()
        told, as_json = app.run("events", "list").stdout, app.run("events", "list", "--json").stdout

        assert f"Sync User Group goes to {URL}" in " ".join(told.split())
        assert "EVENT_ID, subscribed" in told
        assert not [word for word in ("s3cr3t", "action-1") if word in told + as_json]

    def test_as_json_it_has_the_subscription_and_the_events(self) -> None:
        app, before = App(), App().told("events", "list")
        app = subscribed_app()
        told = app.told("events", "list")
        since = datetime.fromisoformat(told["subscription"].pop("since"))

        assert before == {"subscription": None, "events": [{"id": EVENT.id, "name": EVENT.name, "chosen": True}]}
        assert told["subscription"] == {"event": EVENT.id, "name": EVENT.name, "type": EVENT.type, "url": URL}
        assert START <= since <= app.office.now()

    def test_an_event_that_is_gone_from_the_site_is_told(self) -> None:
        app = subscribed_app()
        app.site_events.known = ()

        assert "does not have that event any more" in " ".join(app.run("events", "list").stdout.split())


class TestUnsubscribe:
    def test_it_ends_the_subscription_once(self) -> None:
        app = subscribed_app()
        done, again = app.run("events", "unsubscribe"), app.run("events", "unsubscribe")

        assert " ".join(done.stdout.split()) == f"unsubscribed: Sync User Group to {URL}"
        assert again.stdout == "there is no subscription that was made from here\n"
        assert (done.exit_code, again.exit_code, app.site_events.subscribed) == (0, 0, {})

    def test_one_that_was_deleted_by_hand_is_only_forgotten(self) -> None:
        app = subscribed_app()
        app.site_events.error = DeskUnavailable("gone")
        done = app.run("events", "unsubscribe", "--forget")

        assert done.stdout.startswith("forgotten: ")
        assert app.subscriptions.kept is None


class TestCheck:
    def test_a_right_site_is_all_ok(self) -> None:
        done = subscribed_app().run("form", "check")

        assert done.exit_code == 0
        assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("ok")] == ["ok"] * 11
        assert done.stdout.splitlines()[-1].startswith("Nothing is wrong.")
        assert max(map(len, done.stdout.splitlines())) <= 80

    def test_what_is_wrong_is_told_with_what_to_do(self) -> None:
        app = subscribed_app()
        app.settings = form_settings(BOARD_ID="9", SERVORG_ACCOUNT_ID="")
        done = app.run("form", "check")
        words = " ".join(done.stdout.split())

        assert done.exit_code == 1
        assert "wrong board: there is no board (queue) 9 → set BOARD_ID to one of 1 (Service Desk)" in words
        assert "look account: SERVORG_ACCOUNT_ID is missing → set SERVORG_ACCOUNT_ID first" in words
        assert "Nothing is wrong" not in words

    def test_what_cannot_be_seen_is_no_failure(self) -> None:
        done = App().run("form", "check")

        assert done.exit_code == 0
        assert "run `python -m servorg events subscribe`" in " ".join(done.stdout.split())

    def test_as_json_it_is_a_list_of_checks(self) -> None:
        app = subscribed_app()
        app.settings = form_settings(CLOSED_STATUS_ID="77")
        done = app.run("form", "check", "--json")
        told = {row["check"]: row for row in app.told("form", "check")}

        assert done.exit_code == 1
        assert told["board"] == {"check": "board", "state": "ok", "said": "1 is Service Desk", "todo": ""}
        assert told["closed status"]["state"] == "wrong"
