"""`groups` and `offers`."""

import pytest

from servorg.refresh import Refresh
from shared.errors import CustOrgRefused, CustOrgUnreachable, GraphThrottled
from shared.wire import CommandOffer, GroupRow, Offers
from tests.unit.servorg.cli_rig import App
from tests.unit.servorg.refresh_rig import NOW as NIGHT
from tests.unit.servorg.refresh_rig import offering

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
        "people": None,
        "owners": None,
        "countedAt": "",
        "outlook": [],
    }


def test_a_refresh_comes_before_the_list_and_leaves_json_alone() -> None:
    app = app_with_groups()

    done = app.run("groups", "contoso", "--refresh", "--json")

    assert names(app) == ["update-entra-groups-table", "get-entra-groups"]
    assert done.stderr.splitlines()[0] == "refreshed: 2 groups, 1 of them new; 2 vanished; 1 are chosen"
    assert "its page was not told what becomes of each group: its CustOrg is too old" in done.stderr
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


def test_a_reset_names_the_other_customers_of_the_same_custorg() -> None:
    app = app_with_groups()
    for account, name in enumerate(("fabrikam", "northwind"), start=70):
        app.book.put(id=name, name=name, url="https://CustOrg.example/api", account=account)
    app.book.put(id="elsewhere", name="Elsewhere", url="https://other.example", account=80)
    app.interactive = True

    asked = app.run("groups", "contoso", "--reset", answer="n\n")

    assert "contoso is also that of fabrikam, northwind: these choices" in " ".join(asked.stderr.split())
    assert "elsewhere" not in asked.stderr


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
    assert "The CustOrg is older than this ServOrg; update its function app.\n" in listed
    assert "Without get-groups-and-members no run can read its groups.\n" in listed
    assert app.told("offers", "contoso")[0]["request"] == {"a": 1}


def test_offers_of_todays_custorg_need_no_remark() -> None:
    app = App()
    app.custorg.offered = offering()

    listed = app.run("offers", "contoso").stdout

    assert "older" not in listed
    assert "Without" not in listed


def test_offers_of_one_that_gives_no_answer_are_those_that_it_told_last_with_their_date() -> None:
    app = App()
    app.refreshes.put("contoso", Refresh(NIGHT, offers=offering(), offered_at=NIGHT))
    app.custorg.offer_error = CustOrgUnreachable("the CustOrg could not be reached (ConnectTimeout)")

    done = app.run("offers", "contoso")

    assert done.exit_code == 0
    assert "get-groups-and-members" in done.stdout
    assert " ".join(done.stderr.split()) == (
        "the CustOrg could not be reached (ConnectTimeout); this is what it told at 2026-11-24 01:30:00 UTC"
    )


def test_offers_that_were_never_told_are_an_error() -> None:
    app = App()
    app.custorg.offer_error = CustOrgUnreachable("the CustOrg could not be reached (ConnectTimeout)")

    assert app.run("offers", "contoso").exit_code == 1


def test_a_failed_refresh_is_told_below_the_groups_and_with_the_customer() -> None:
    app = app_with_groups()
    app.refreshes.put("contoso", Refresh(NIGHT, "it was down", refreshed_at=NIGHT, groups=5_000, chosen=17))
    shown = " ".join(app.run("customers", "show", "contoso").stdout.split())

    assert "the refresh of 2026-11-24 01:30:00 UTC failed: it was down" in app.run("groups", "contoso").stdout
    assert "groups table refreshed 2026-11-24 01:30:00 UTC: 5,000 groups, 17 chosen" in shown
    assert "last refresh failed 2026-11-24 01:30:00 UTC: it was down" in shown


def test_a_customer_shows_its_version_and_what_its_page_was_not_told() -> None:
    app = App()
    app.refreshes.put("contoso", Refresh(NIGHT, offers=offering("tell-group-outlook"), silence="too old", groups=1))
    shown = " ".join(app.run("customers", "show", "contoso").stdout.split())
    told = app.told("customers", "show", "contoso")["refresh"]

    assert "its page was not told what becomes of each group: too old" in shown
    assert "its version The CustOrg is older than this ServOrg; update its function app." in shown
    assert told == {
        "triedAt": "2026-11-24T01:30:00+00:00",
        "reason": "",
        "refreshedAt": None,
        "groups": 1,
        "chosen": 0,
        "offeredAt": None,
        "version": 1,
        "lacks": ["tell-group-outlook"],
        "unknown": [],
        "toldAt": None,
        "silence": "too old",
    }


def test_before_the_first_refresh_a_customer_says_how_to_make_one() -> None:
    assert "groups ID --refresh" in " ".join(App().run("customers", "show", "contoso").stdout.split())


def test_a_refresh_by_hand_tells_the_page_too_and_says_why_when_it_cannot() -> None:
    app = app_with_groups()
    app.custorg.offered = offering()
    done = app.run("groups", "contoso", "--refresh", "--json")

    assert names(app)[1:3] == ["get-entra-groups", "tell-group-outlook"]
    assert done.stderr.count("\n") == 1
    assert app.refreshes.rows["contoso"].told_at
