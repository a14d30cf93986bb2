"""`plan`: the dry run."""

from collections.abc import Iterable

from shared.core.gates import Limits
from shared.core.model import EntraGroup, EntraUser, UnreadGroup
from shared.errors import CustOrgUnreachable, DeskThrottled
from tests.builders import ACCOUNT, a_group, a_side, a_user, an_unread_group, links, mail
from tests.fakes.entra import FakeEntra
from tests.unit.servorg.cli_rig import App


def with_side(app: App, *groups: EntraGroup | UnreadGroup, users: Iterable[EntraUser] = ()) -> App:
    app.entra = FakeEntra(a_side(*groups, users=users))
    return app


def with_leavers(app: App, *names: str) -> App:
    """People whom runs once desired, active in DeskDirector, of whom Entra knows nothing any more."""
    for name in names:
        app.desk.add_contact(ACCOUNT, mail(name))
    app.ledger.write_links("contoso", ACCOUNT, links({name: {} for name in names}).contacts, {})
    return app


def test_nothing_to_do_exits_with_0() -> None:
    planned = App().run("plan", "contoso")

    assert planned.exit_code == 0
    assert "Nothing to do." in planned.stdout
    assert "No group is chosen" in planned.stdout


def test_changes_exit_with_2_and_nothing_is_written() -> None:
    app = with_side(App(), a_group("it", ["ann", "bob"]))

    planned = app.run("plan", "contoso")

    assert planned.exit_code == 2
    assert "planned: 2 create contact" in planned.stdout
    assert "planned: create contact ann@contoso.example" in planned.stdout
    assert (app.ledger.kept, app.ledger.rows, app.ledger.managed, app.desk.writes) == ({}, {}, {}, [])
    assert app.queue.texts == []


def test_modes_of_the_command_hold_instead_of_the_configured_ones() -> None:
    app = with_side(App(), a_group("it", ["ann"]))

    told = app.told("plan", "contoso", "--mode", "2", "--mode", "1")

    assert told["modes"] == [1, 2]
    assert [change["kind"] for change in told["changes"]] == [
        "create contact",
        "create contact group",
        "add to contact group",
    ]


def test_a_change_as_json_has_the_fields_of_its_kind() -> None:
    app = with_side(App(), a_group("it", ["ann"]))

    told = app.told("plan", "contoso")

    assert told["changes"] == [
        {
            "number": 0,
            "kind": "create contact",
            "status": "planned",
            "reason": "",
            "words": "",
            "at": None,
            "contactId": None,
            "groupId": None,
            "account": ACCOUNT,
            "address": "ann@contoso.example",
            "firstName": "Ann",
            "lastName": "",
        }
    ]
    assert (told["customer"], len(told["digest"]), told["objections"], told["unread"]) == ("contoso", 16, [], [])


def test_in_mode_4_each_change_says_in_which_account_it_is_and_which_tag_is_missing() -> None:
    app = with_side(App(), a_group("IT", ["ann"]), a_group("HR", ["bob"]), a_group("All Staff", ["ann"]))
    for number, tag in ((21, "it"), (22, "hr")):
        app.desk.add_account(number, tag)

    planned = app.run("plan", "contoso", "--mode", "4")

    assert "  planned: create contact ann@contoso.example in account 21\n" in planned.stdout
    assert "  planned: create contact bob@contoso.example in account 22\n" in planned.stdout
    assert "All Staff (tag all-staff)" in " ".join(planned.stdout.split())


def test_whoever_gets_a_contact_and_has_one_elsewhere_is_told_with_the_account() -> None:
    app = with_side(App(), a_group("it", ["ann"]))
    app.desk.add_account(40, name="Fabrikam")
    app.desk.add_contact(40, mail("ann"))

    planned = app.run("plan", "contoso")
    told = app.told("plan", "contoso")

    assert "  planned: create contact ann@contoso.example\n" in planned.stdout
    assert "ann@contoso.example (account 40 Fabrikam)" in " ".join(planned.stdout.split())
    assert [(row["subject"], row["reason"], row["detail"]) for row in told["skipped"]] == [
        (mail("ann"), "in another account", "account 40 Fabrikam")
    ]


def test_what_would_be_held_is_told_with_its_objection() -> None:
    app = with_leavers(App(), "ann", "bob", "cid")
    app.limits = Limits(max_removals=2)

    planned = app.run("plan", "contoso")

    assert planned.exit_code == 2
    assert "held: 3 deactivate contact" in planned.stdout
    assert "would be held because 3 removals in one run, 2 are allowed" in planned.stdout
    assert app.told("plan", "contoso")["changes"][0]["status"] == "held"


def test_a_removal_in_grace_is_shown_and_is_no_change() -> None:
    app = with_leavers(App(), "ann")
    app.grace = 7

    planned = app.run("plan", "contoso")

    assert planned.exit_code == 0
    assert "  deactivate contact ann@contoso.example — waits until 2026-12-01 10:53 UTC\n" in planned.stdout
    assert app.told("plan", "contoso")["changes"][0]["status"] == "waiting"


def test_unread_groups_come_first() -> None:
    app = with_side(App(), an_unread_group("it", why="Graph answered 500"))

    planned = app.run("plan", "contoso")

    assert planned.stdout.startswith("Not read completely")
    assert "it: Graph answered 500" in planned.stdout
    assert app.told("plan", "contoso")["unread"] == [
        {"id": "entra-it", "name": "it", "why": "Graph answered 500"},
    ]


def test_who_is_skipped_is_grouped_by_reason() -> None:
    guests = [a_user(f"guest{number}", guest=True) for number in range(7)]
    app = with_side(App(), a_group("it", [f"guest{number}" for number in range(7)]), users=guests)

    planned = app.run("plan", "contoso")
    skipped = app.told("plan", "contoso")["skipped"]

    assert planned.exit_code == 0
    assert "is a guest in the tenant; guests are not synced (7):" in " ".join(planned.stdout.split())
    assert "and 2 more" in planned.stdout
    assert skipped[0]["reason"] == "guest"
    assert skipped[0]["words"] == "is a guest in the tenant; guests are not synced"


def test_a_long_list_is_cut_and_names_json() -> None:
    app = with_side(App(), a_group("it", [f"p{number:03}" for number in range(250)]))

    planned = app.run("plan", "contoso").stdout

    assert "… and 50 more; --json has all of them" in planned
    assert len(app.told("plan", "contoso")["changes"]) == 250


def test_hostile_names_are_text_on_80_columns() -> None:
    name = "[red]\x1b[31m\u202e" + "long " * 18
    app = with_side(App(), a_group(name, ["ann"], entra="g"))

    planned = app.run("plan", "contoso", "--mode", "2").stdout

    assert r"[red]\x1b[31m\u202elong" in planned
    assert "\x1b" not in planned
    assert max(map(len, planned.splitlines())) <= 80


def test_a_side_that_cannot_be_read_is_an_error_and_no_plan() -> None:
    app = App()
    app.entra.then(CustOrgUnreachable("the CustOrg answered with status 502"))

    refused = app.run("plan", "contoso", "--json")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: the CustOrg answered with status 502\n"


def test_a_throttled_desk_says_when_to_try_again() -> None:
    app = App()
    app.desk.fail("account", DeskThrottled(30))

    refused = app.run("plan", "contoso")

    assert refused.stderr == "Error: DeskDirector asks to wait 30 s; try again then\n"
