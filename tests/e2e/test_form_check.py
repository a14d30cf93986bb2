"""Setting up the form from the command line: the subscription to DeskDirector's event, and `form check`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from doubles.stack import Layout, Stack
from tests.e2e.worlds import MSP_ACCOUNT, cli, tiny_layout

EVENT = "sync-user-group"
SETTINGS = {
    "EVENT_ID": EVENT,
    "BOARD_ID": "1",
    "IN_PROGRESS_STATUS_ID": "14",
    "CLOSED_STATUS_ID": "19",
    "APPROVAL_STATUS_IDS": "12",
    "DECLINED_STATUS_IDS": "17",
}
FORM: dict[str, Any] = {
    "id": 21,
    "name": "Sync User Group",
    "fields": [
        {"name": "Account", "identifier": "custorg_account", "type": "api_single_select", "required": True},
        {"name": "Sync mode", "identifier": "sync_mode", "type": "api_single_select", "required": True},
    ],
}


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, **SETTINGS)


@pytest.fixture
def site(stack: Stack) -> Iterator[Stack]:
    """The stack with a DeskDirector in which everything is set up; what a test does to it ends with the test."""
    before = stack.desk.state()
    stack.desk.edit({"op": "add_form", **FORM})
    yield stack
    stack.servorg_cli("events", "unsubscribe", "--forget")
    requests.put(f"{stack.desk.origin}/_double/state", json=before, timeout=60).raise_for_status()
    stack.desk.clear_faults()


def checks(stack: Stack) -> tuple[int, dict[str, str]]:
    """The exit status of `form check`, and the state of each check."""
    done = cli(stack, "form", "check", "--json")
    return done.status, {row["check"]: row["state"] for row in done.told}


def subscribed(stack: Stack) -> list[dict[str, Any]]:
    """The subscriptions that DeskDirector has."""
    rows: list[dict[str, Any]] = stack.desk.state()["subscriptions"]
    return rows


def test_the_event_is_subscribed_to_listed_and_unsubscribed_from(site: Stack) -> None:
    url = f"{site.servorg_url}/api/events/deskdirector"
    before = cli(site, "events", "list", "--json").told
    done = [site.servorg_cli("events", "subscribe", "--url", site.servorg_url) for _ in range(2)]
    rows, listed = subscribed(site), cli(site, "events", "list", "--json").told
    words = site.servorg_cli("events", "list")
    ended = site.servorg_cli("events", "unsubscribe")

    assert [(one.returncode, one.stderr) for one in [*done, words, ended]] == [(0, "")] * 4
    assert before == {"subscription": None, "events": [{"id": EVENT, "name": "Sync User Group", "chosen": True}]}
    assert [(row["workflow"], row["url"], row["type"]) for row in rows] == [(EVENT, url, "ticket-created")]
    assert (listed["subscription"]["event"], listed["subscription"]["url"]) == (EVENT, url)
    assert subscribed(site) == []
    told = "".join([*(one.stdout for one in [*done, words, ended]), str(listed)])
    assert not [secret for secret in (rows[0]["id"], rows[0]["token"]) if secret in told]


def test_a_right_site_has_nothing_wrong(site: Stack) -> None:
    first = checks(site)
    site.servorg_cli("events", "subscribe", "--url", site.servorg_url)
    status, states = checks(site)

    assert (first[0], first[1]["subscription"]) == (0, "look")
    assert (status, set(states.values())) == (0, {"ok"})
    assert len(states) == 11


def test_each_thing_that_is_missing_is_named_with_what_to_do(site: Stack) -> None:
    site.desk.edit(
        *({"op": "remove_status", "id": status} for status in (12, 14, 17, 19)),
        {"op": "remove_workflow", "id": EVENT},
        {"op": "update_form", "id": 21, "fields": FORM["fields"][:1]},
        {"op": "update_company", "id": MSP_ACCOUNT, "isActive": False},
    )
    done = site.servorg_cli("form", "check")
    words = " ".join(done.stdout.split())

    assert done.returncode == 1
    for said in (
        f"wrong account: account {MSP_ACCOUNT}, Bluefern IT, is not active",
        "wrong in-progress status: board 1 has no status 14",
        "wrong closed status: board 1 has no status 19",
        "wrong approval status: board 1 has no status 12",
        "wrong declined status: board 1 has no status 17",
        f"wrong event: there is no event '{EVENT}'",
        "wrong form: form 21, Sync User Group, has no field with the identifier sync_mode",
    ):
        assert said in words


def test_a_missing_board_is_named(site: Stack) -> None:
    statuses = [row["id"] for row in site.desk.state()["statuses"]]
    site.desk.edit({"op": "add_board", "id": 5, "name": "Projects"})
    site.desk.edit(*({"op": "remove_status", "id": one} for one in statuses), {"op": "remove_board", "id": 1})
    done = site.servorg_cli("form", "check")
    words = " ".join(done.stdout.split())

    assert done.returncode == 1
    assert "wrong board: there is no board (queue) 1 → set BOARD_ID to one of 5 (Projects)" in words
    assert "wrong statuses: board 1 has no statuses" in words


def test_a_site_that_does_not_let_us_in_is_told_and_nothing_is_changed(site: Stack) -> None:
    site.desk.fault(path="/automate/connector/", status=401, times=None)
    done = site.servorg_cli("events", "subscribe", "--url", site.servorg_url)
    status, states = checks(site)

    assert (done.returncode, done.stdout) == (1, "")
    assert "401 to the API key" in done.stderr
    assert (status, states["board"], states["settings"]) == (1, "wrong", "ok")
    assert subscribed(site) == []
