"""`groups` and `offers`."""

import pytest

from shared.errors import CustOrgRefused, CustOrgUnreachable, GraphThrottled
from shared.wire import CommandOffer, GroupRow, Offers
from tests.unit.servorg.cli_rig import App

STAFF = GroupRow(id="11111111-0000-4000-8000-000000000001", name="Staff", sync=True, chosenBy="ann", chosenAt="2026")
GONE = GroupRow(id="11111111-0000-4000-8000-000000000002", name="[b]Gone\u202e", vanished=True, hidden=True)


def app_with_groups() -> App:
    app = App()
    app.custorg.groups = (STAFF, GONE)
    return app


def names(app: App) -> list[str]:
    return [name for name, _ in app.custorg.asked]


def test_all_groups_are_listed_with_their_marks() -> None:
    app = app_with_groups()

    listed = app.run("groups", "contoso").stdout

    assert listed.splitlines()[0] == "2 groups, 1 chosen; read from Entra: 2026-11-24T01:00:00Z"
    assert listed.splitlines()[2].split() == ["yes", "Staff", "security", STAFF.id]
    assert r"[b]Gone\u202e" in listed
    assert "hidden" in listed
    assert "vanished" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_groups_as_json_are_rows() -> None:
    told = app_with_groups().told("groups", "contoso")

    assert told[0] == {
        "id": STAFF.id,
        "name": "Staff",
        "kind": "security",
        "sync": True,
        "vanished": False,
        "hidden": False,
        "chosenBy": "ann",
        "chosenAt": "2026",
    }


def test_a_refresh_comes_before_the_list_and_leaves_json_alone() -> None:
    app = app_with_groups()

    done = app.run("groups", "contoso", "--refresh", "--json")

    assert names(app) == ["update-entra-groups-table", "get-entra-groups"]
    assert done.stderr == "refreshed: 2 groups, 1 of them new; 2 vanished; 1 are chosen\n"
    assert done.stdout.startswith("[")


def test_a_reset_without_a_terminal_asks_nothing() -> None:
    app = app_with_groups()

    done = app.run("groups", "contoso", "--reset")

    assert done.exit_code == 0
    assert names(app) == ["reset-entra-groups-table", "get-entra-groups"]
    assert done.stderr == "reset: 2 groups; 1 choices were dropped\n"


@pytest.mark.parametrize(("answer", "status", "is_reset"), [("n\n", 1, False), ("y\n", 0, True)])
def test_a_reset_on_a_terminal_asks_first(answer: str, status: int, is_reset: bool) -> None:
    app = app_with_groups()
    app.interactive = True

    done = app.run("groups", "contoso", "--reset", answer=answer)

    assert "Drop 1 choices of contoso" in done.stderr
    assert (done.exit_code, "reset-entra-groups-table" in names(app)) == (status, is_reset)


def test_a_refresh_and_a_reset_together_are_wrong_usage() -> None:
    assert App().run("groups", "contoso", "--refresh", "--reset").exit_code == 64


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CustOrgRefused("the CustOrg did not accept the function key (401)"), "function key (401)"),
        (CustOrgUnreachable("the CustOrg could not be reached (ConnectionError)"), "could not be reached"),
        (GraphThrottled(12), "asks to wait 12 s"),
    ],
)
def test_a_custorg_that_gives_no_answer_ends_the_command_with_one_sentence(error: Exception, said: str) -> None:
    app = App()
    app.custorg.error = error

    refused = app.run("groups", "contoso")

    assert (refused.exit_code, refused.stderr.count("\n"), said in refused.stderr) == (1, 1, True)


def test_offers_are_listed_and_json_has_their_schemas() -> None:
    app = App()
    offer = CommandOffer(name="get-entra-groups", version=1, description="The groups.", request={"a": 1}, answer={})
    app.custorg.offered = Offers(version=1, commands=(offer,))

    listed = app.run("offers", "contoso").stdout

    assert listed.splitlines()[1].split() == ["get-entra-groups", "1", "The", "groups."]
    assert app.told("offers", "contoso")[0]["request"] == {"a": 1}
