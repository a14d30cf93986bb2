"""`explain`: exit statuses, paragraphs, and the same facts as JSON."""

from pydantic import BaseModel

from shared.core.gates import Limits
from shared.errors import CustOrgUnreachable, DeskForbidden
from shared.wire import CommandOffer, Offers, PersonExplained, PersonFound, PersonGroup
from tests.builders import ACCOUNT, DOMAIN, a_group, a_side, group_id, mail, user_id
from tests.unit.servorg.cli_rig import App, FakeCustOrg

ANN = mail("ann")
STAFF = PersonGroup(id=group_id("staff"), name="Staff", path=("Staff", "IT"))


class Knowing(FakeCustOrg):
    """A CustOrg that offers `explain-person` and knows these people."""

    def __init__(self, *people: PersonFound) -> None:
        super().__init__()
        self.people = people
        offer = CommandOffer(name="explain-person", version=1, description="", request={}, answer={})
        self.offered = Offers(version=1, commands=(offer,))

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        if answer is not PersonExplained:
            return super().command(name, asked, answer)
        if self.error:
            raise self.error
        return answer(tenant="t", domains=(DOMAIN,), people=self.people)


def a_person(name: str, *groups: PersonGroup, guest: bool = False) -> PersonFound:
    return PersonFound(id=user_id(name), upn=mail(name), mail=mail(name), guest=guest, groups=groups)


def an_app(*people: PersonFound, synced: str = "ann bob") -> App:
    app = App()
    app.custorg = Knowing(*people)
    app.entra.side = a_side(a_group("Staff", synced.split(), entra="staff"))
    assert app.run("sync", "contoso", "--wait").exit_code == 0
    return app


def test_somebody_who_is_synced_is_told_in_paragraphs() -> None:
    shown = an_app(a_person("ann", STAFF)).run("explain", "contoso", " Ann@Contoso.example ")
    lines = shown.stdout.splitlines()

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert [line for line in lines if not line.startswith(" ")] == [
        f"{ANN} at contoso",
        "What applies",
        "In Entra",
        "In DeskDirector",
        "What runs gave",
        "What runs did",
    ]
    assert "  In Staff by way of IT." in lines
    assert max(map(len, lines)) <= 80


def test_the_same_facts_come_as_json() -> None:
    told = an_app(a_person("ann", STAFF)).told("explain", "contoso", ANN)
    [run] = {change["run"] for change in told["changes"]}

    assert (
        told.items() >= {"customer": "contoso", "address": ANN, "known": True, "addresses": [ANN], "modes": [1]}.items()
    )
    assert told["entra"]["people"] == [
        {
            "id": user_id("ann"),
            "userPrincipalName": ANN,
            "mail": ANN,
            "proxyAddresses": [],
            "enabled": True,
            "guest": False,
            "foundBy": "mail address",
            "contactAddress": ANN,
            "groups": [{"id": group_id("staff"), "name": "Staff", "path": ["Staff", "IT"], "owner": False}],
        }
    ]
    assert [(one["rule"], one["about"], one["run"]) for one in told["applies"]] == [("counts", ANN, None)]
    assert [(one["account"], one["active"], one["groups"]) for one in told["contacts"]] == [(ACCOUNT, True, [])]
    assert [(one["kind"], one["status"], one["address"]) for one in told["changes"]] == [
        ("create contact", "applied", ANN)
    ]
    assert (told["lastRun"], told["runs"], told["advice"]) == (run, 1, [])


def test_a_guest_is_told_with_the_rule() -> None:
    shown = an_app(a_person("gus", STAFF, guest=True)).run("explain", "contoso", mail("gus"))

    assert shown.exit_code == 0
    assert "gus@contoso.example is a guest in the tenant; guests are not synced." in shown.stdout


def test_a_leaver_in_grace_is_told_with_the_date_and_what_keeps_him() -> None:
    app = an_app(a_person("ann"))
    app.grace = 7
    app.entra.side = a_side(a_group("Staff", ["bob"], entra="staff"))
    app.run("sync", "contoso", "--wait")
    words = " ".join(app.run("explain", "contoso", ANN).stdout.split())

    assert "is in grace: a removal waits until 2026-12-01" in words
    assert f"`python -m servorg protect contoso {ANN}` keeps everything." in words


def test_what_is_held_ends_with_the_command_that_lets_it_through() -> None:
    app = an_app(a_person("ann"))
    app.limits = Limits(max_removals=0)
    app.entra.side = a_side(a_group("Staff", ["bob"], entra="staff"))
    app.run("sync", "contoso", "--wait")
    [held, _] = app.ledger.runs("contoso", 9)
    words = " ".join(app.run("explain", "contoso", ANN).stdout.split())

    assert held.status == "held"
    assert f"When it is right: `approve {held.id} {held.digest}`." in words


def test_an_unknown_address_is_one_sentence_and_exit_status_2() -> None:
    app = an_app()
    shown, told = app.run("explain", "contoso", mail("nobody")), app.run("explain", "contoso", mail("nobody"), "--json")
    odd = app.run("explain", "contoso", "no\u202eaddress")

    assert (shown.exit_code, shown.stdout) == (2, "")
    assert (
        shown.stderr == "nobody@contoso.example is not known to Entra, the links and runs and DeskDirector of contoso\n"
    )
    assert (told.exit_code, '"known": false' in told.stdout) == (2, True)
    assert (odd.exit_code, odd.stderr) == (2, "'no\\u202eaddress' is no mail address\n")


def test_an_unknown_customer_is_an_error() -> None:
    shown = an_app().run("explain", "nobody", ANN)

    assert (shown.exit_code, shown.stderr) == (1, "Error: there is no customer 'nobody'\n")


def test_when_both_sides_are_silent_the_records_tell_and_decide_the_exit_status() -> None:
    app = an_app()
    app.custorg.error = CustOrgUnreachable("the CustOrg could not be reached (ConnectTimeout)")
    app.desk.fail("find_contact", DeskForbidden("DeskDirector answered 401"), times=99)
    known, unknown = app.run("explain", "contoso", ANN), app.run("explain", "contoso", mail("nobody"))
    words = " ".join(known.stdout.split())

    assert (known.exit_code, unknown.exit_code) == (0, 2)
    assert "All else comes from the records." in words
    assert "DeskDirector could not be asked: DeskDirector answered 401." in words
    assert "the CustOrg could not be reached (ConnectTimeout)" in unknown.stderr


def test_names_of_groups_can_not_steer_a_terminal() -> None:
    group = PersonGroup(id=group_id("x"), name="[b]X\u202e", path=("[b]X\u202e",))
    shown = an_app(a_person("ann", group)).run("explain", "contoso", ANN)

    assert r"In [b]X\u202e." in shown.stdout
