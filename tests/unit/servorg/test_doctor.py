"""`doctor`: what it looks at, what it says of each fault, and that one cause is told once."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from servorg.dialect import Dialect
from servorg.doctor import names
from servorg.doctor_customer import OWN
from servorg.form_check import AccountFacts
from shared.checks import Check, State
from shared.errors import (
    CustOrgRefused,
    CustOrgUnreachable,
    DeskForbidden,
    DeskThrottled,
    DeskUnavailable,
    SettingsError,
)
from shared.settings import ServOrgSettings
from shared.wire import GroupRow, HealthCheck, Offers
from tests.builders import ACCOUNT
from tests.unit.custorg.test_checkup import ALL
from tests.unit.servorg.cli_rig import App
from tests.unit.servorg.form_settings import form_settings
from tests.unit.servorg.refresh_rig import offering

ROOT = Path(__file__).parents[3]
type Rows = dict[tuple[str, str], dict[str, str]]


@pytest.fixture
def app() -> App:
    """One in which everything is right."""
    made = App()
    made.setup.accounts[ACCOUNT] = AccountFacts("Contoso", active=True)
    made.custorg.offered = offering()
    made.run("events", "subscribe", "--url", "https://servorg.example")
    return made


def looked(app: App, *customers: str) -> tuple[int, Rows]:
    done = app.run("doctor", *customers, "--json")
    return done.exit_code, {(row["part"], row["check"]): row for row in json.loads(done.stdout)}


def states(rows: Rows, state: str) -> set[tuple[str, str]]:
    return {place for place, row in rows.items() if row["state"] == state}


def test_a_right_app_is_green(app: App) -> None:
    status, rows = looked(app)

    assert (status, states(rows, "wrong"), states(rows, "look")) == (0, set(), set())
    assert {part for part, _ in rows} == {"Settings", "Storage", "Mail", "DeskDirector", "Form", "contoso"}
    assert set(rows["Mail", "token"]) == {"part", "check", "state", "said", "todo"}


def test_in_words_each_part_has_its_heading_and_the_end_counts(app: App) -> None:
    app.custorg.offer_error = CustOrgUnreachable("it could not be reached")
    done = app.run("doctor")
    lines = done.stdout.splitlines()

    assert done.exit_code == 1
    assert [line for line in lines if line[:1].isalpha()] == [
        "Settings", "Storage", "Mail", "DeskDirector", "Form", "contoso",
    ]  # fmt: skip
    assert "  wrong  CustOrg: it could not be reached" in [line.rstrip() for line in lines]
    assert lines[-1].startswith("1 wrong, 0 to look at, ")
    assert max(map(len, lines)) <= 80


class TestSettings:
    def test_every_wrong_one_is_named_and_only_storage_is_looked_at_besides(self, app: App) -> None:
        def broken() -> ServOrgSettings:
            raise SettingsError(["BOARD_ID: must be a number", "TENANT_ID is missing"])

        app.read_settings = broken
        status, rows = looked(app)

        assert status == 1
        assert [part for part, _ in states(rows, "wrong")] == ["Settings"]
        assert states(rows, "ok") == {("Storage", "table")}
        assert states(rows, "look") == {(part, "all") for part in ("Mail", "DeskDirector", "Form", "Customers")}
        assert "not looked at, since Settings is wrong" in rows["Mail", "all"]["said"]

    def test_values_that_take_a_guard_away_are_to_be_looked_at(self, app: App) -> None:
        app.settings = form_settings(MAX_REMOVAL_SHARE="100")

        assert states(looked(app)[1], "look") == {("Settings", "limits")}

    def test_a_custorg_is_sent_to_its_own_doctor(self, app: App) -> None:
        app.settings = form_settings(ROLE="custorg")
        _, rows = looked(app)

        assert "python -m custorg doctor" in rows["Settings", "ROLE"]["todo"]

    def test_storage_that_is_wrong_is_told_once(self, app: App) -> None:
        app.storage = [Check("table", State.BAD, "no", "do")]
        status, rows = looked(app)

        assert (status, states(rows, "wrong")) == (1, {("Storage", "table")})
        assert ("contoso", "CustOrg") not in rows


class TestDesk:
    def test_a_refused_key_is_told_once_and_customers_are_looked_at(self, app: App) -> None:
        app.look.errors["test"] = DeskForbidden("DeskDirector answered 401 to the API key")
        status, rows = looked(app)

        assert (status, states(rows, "wrong")) == (1, {("DeskDirector", "key")})
        assert states(rows, "look") == {("DeskDirector", "all"), ("Form", "all")}
        assert "DESKDIRECTOR_API_KEY" in rows["DeskDirector", "key"]["todo"]
        assert rows["contoso", "CustOrg"]["state"] == "ok"

    @pytest.mark.parametrize("status", [500, 502, 503, None])
    def test_a_site_that_is_away_says_nothing_of_the_key(self, app: App, status: int | None) -> None:
        app.look.errors["test"] = DeskUnavailable("DeskDirector gave no answer", status)
        exit_status, rows = looked(app)
        todo = rows["DeskDirector", "site"]["todo"]

        assert (exit_status, states(rows, "wrong")) == (1, {("DeskDirector", "site")})
        assert todo.startswith("DeskDirector is not available now: try again later")
        assert "KEY" not in todo
        assert ("DeskDirector", "key") not in rows
        for part in ("DeskDirector", "Form"):
            assert rows[part, "all"]["said"] == "not looked at, since DeskDirector gives no answer"
        assert rows["contoso", "CustOrg"]["state"] == "ok"

    def test_a_site_that_asks_to_wait_says_nothing_of_the_key(self, app: App) -> None:
        app.look.errors["test"] = DeskThrottled(7)
        status, rows = looked(app)

        assert (status, rows["DeskDirector", "site"]["state"]) == (0, "look")
        assert rows["DeskDirector", "site"]["todo"] == "DeskDirector is not available now: try again later"
        assert ("DeskDirector", "key") not in rows

    def test_an_address_that_leads_elsewhere_is_no_outage(self, app: App) -> None:
        app.look.errors["test"] = DeskUnavailable("DeskDirector answered 302: is its address right?", 302)
        row = looked(app)[1]["DeskDirector", "key"]

        assert (row["state"], row["todo"].startswith("check DESKDIRECTOR_URL")) == ("wrong", True)

    def test_a_throttled_site_is_no_fault(self, app: App) -> None:
        app.look.errors["schema"] = DeskThrottled(7)
        status, rows = looked(app)

        assert (status, states(rows, "wrong")) == (0, set())
        assert rows["DeskDirector", "schema ContactDetails"]["state"] == "look"

    @pytest.mark.parametrize(
        ("call", "check", "todo"),
        [
            ("fetch_token", "agent", "DESKDIRECTOR_AGENT_ID"),
            ("takes_pages", "pages", "DESKDIRECTOR_DIALECT"),
            ("actions", "actions", "DESKDIRECTOR_FUNCTIONS_URL"),
            ("action_schema", "action createContactGroup", "DESKDIRECTOR_FUNCTIONS_URL"),
            ("role_words", "roles", "DESKDIRECTOR_AGENT_ID"),
        ],
    )
    def test_what_fails_is_told_and_the_next_goes_on(self, app: App, call: str, check: str, todo: str) -> None:
        app.look.errors[call] = DeskUnavailable("DeskDirector answered 502", 502)
        status, rows = looked(app)

        assert status == 1
        assert rows["DeskDirector", check]["state"] == "wrong"
        assert todo in rows["DeskDirector", check]["todo"]
        assert ("contoso", "CustOrg") in states(rows, "ok")

    def test_fewer_rows_than_there_are_is_wrong(self, app: App) -> None:
        app.look.whole_pages = False

        assert ("DeskDirector", "pages") in states(looked(app)[1], "wrong")

    def test_a_schema_of_other_words_is_wrong(self, app: App) -> None:
        app.look.schemas["CreateContactRequest"] = {"properties": {"companyId": {}, "email": {}, "givenName": {}}}
        _, rows = looked(app)

        assert '"firstName": "givenName"' in rows["DeskDirector", "schema CreateContactRequest"]["todo"]

    def test_an_action_that_is_elsewhere_or_nowhere_says_how_to_name_it(self, app: App) -> None:
        contacts = app.look.offered["contacts"]
        app.look.offered["contacts"] = contacts - {"activateContact", "deactivateContact"}
        app.look.offered["people"] = frozenset({"activateContact"})
        _, rows = looked(app)
        elsewhere, nowhere = (rows["DeskDirector", f"action {name}Contact"] for name in ("activate", "deactivate"))

        assert elsewhere["said"] == "activateContact is not in category contacts but in people"
        assert nowhere["said"] == "the site has no action deactivateContact"
        assert "people: activateContact" in rows["DeskDirector", "actions"]["said"]
        for word, row in {"activateContact": elsewhere, "deactivateContact": nowhere}.items():
            override = re.search(r"\{.*\}", row["todo"])
            assert override
            assert word in json.loads(override[0])["actions"]
            assert Dialect.read(override[0]) != Dialect()

    def test_unknown_role_words_are_wrong_and_none_are_to_be_looked_at(self, app: App) -> None:
        app.look.roles = frozenset({"owner", "Regular"})
        wrong = looked(app)[1]["DeskDirector", "roles"]
        app.look.roles = None
        unseen = looked(app)[1]["DeskDirector", "roles"]

        assert (wrong["state"], wrong["said"]) == ("wrong", "the site has the role words owner")
        assert unseen["state"] == "look"

    def test_a_form_that_nobody_wants_is_one_line(self, app: App) -> None:
        unset = dict.fromkeys(("EVENT_ID", "BOARD_ID", "IN_PROGRESS_STATUS_ID", "CLOSED_STATUS_ID"), "")
        app.settings = form_settings(**unset)
        status, rows = looked(app)

        assert (status, [name for part, name in rows if part == "Form"]) == (0, ["form"])
        assert "docs/form.md" in rows["Form", "form"]["todo"]

    def test_a_form_that_is_half_set_up_is_looked_at(self, app: App) -> None:
        app.settings = form_settings(BOARD_ID="5")
        status, rows = looked(app)

        assert (status, rows["Form", "board"]["state"]) == (1, "wrong")


class TestCustomers:
    def test_without_one_it_says_how_to_add_one(self, app: App) -> None:
        app.book.remove("contoso")
        status, rows = looked(app)

        assert (status, states(rows, "look")) == (0, {("Customers", "customers"), ("DeskDirector", "roles")})

    def test_only_those_that_were_named_are_looked_at(self, app: App) -> None:
        app.book.put(id="fabrikam", name="Fabrikam", url="https://two.example", account=ACCOUNT + 1)
        _, rows = looked(app, "contoso")
        unknown = app.run("doctor", "nobody")

        assert "fabrikam" not in {part for part, _ in rows}
        assert (unknown.exit_code, "there is no customer 'nobody'" in unknown.stderr) == (1, True)

    @pytest.mark.parametrize(
        "error",
        [
            CustOrgUnreachable("the CustOrg could not be reached (ConnectionError)"),
            CustOrgRefused("the CustOrg did not accept the function key (401)"),
            SettingsError(["KEY is missing: it holds the function key of 'contoso'"]),
        ],
    )
    def test_a_custorg_without_an_answer_is_told_with_where_its_key_is(self, app: App, error: BaseException) -> None:
        app.custorg.offer_error = error
        status, rows = looked(app)

        assert (status, states(rows, "wrong")) == (1, {("contoso", "CustOrg")})
        assert "https://custorg.example/api/health" in rows["contoso", "CustOrg"]["todo"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"key_setting": "KEY_OF_CONTOSO"}, "the setting KEY_OF_CONTOSO"),
            ({"key_secret": "contoso"}, "the secret contoso in the Key Vault"),
            ({}, "--key-setting or --key-secret"),
        ],
    )
    def test_it_says_where_the_key_comes_from(self, app: App, options: dict[str, str], said: str) -> None:
        app.book.put(id="contoso", name="Contoso", url="https://custorg.example", account=ACCOUNT, **options)
        app.custorg.offer_error = CustOrgRefused("401")

        assert said in looked(app)[1]["contoso", "CustOrg"]["todo"]

    @pytest.mark.parametrize(
        ("offered", "said"),
        [
            (offering("explain-person"), "older than this ServOrg"),
            (offering(version=9), "newer than this ServOrg"),
            (offering("check-health"), "`doctor` cannot tell"),
        ],
    )
    def test_an_older_or_newer_one_is_to_be_looked_at(self, app: App, offered: Offers, said: str) -> None:
        app.custorg.offered = offered
        status, rows = looked(app)

        assert (status, states(rows, "look")) == (0, {("contoso", "version")})
        assert said in rows["contoso", "version"]["said"]
        assert (("contoso", "tenant") in rows) is ("doctor" not in said)

    def test_another_tenant_is_wrong(self, app: App) -> None:
        app.custorg.error = CustOrgRefused("customer 'contoso' belongs to tenant a, the answer came from b")
        status, rows = looked(app)

        assert (status, states(rows, "wrong")) == (1, {("contoso", "tenant")})
        assert "remove the customer and add it anew" in rows["contoso", "tenant"]["todo"]

    def test_what_the_custorg_says_of_itself_is_told_as_its_own(self, app: App) -> None:
        app.custorg.health = (
            HealthCheck(name="User.Read.All", state="wrong", said="missing", todo="grant it"),
            HealthCheck(name="choices", state="look", said="none", todo="choose"),
        )
        status, rows = looked(app)

        assert status == 1
        assert (rows["contoso", f"{OWN}User.Read.All"]["state"], rows["contoso", f"{OWN}choices"]["state"]) == (
            "wrong", "look",
        )  # fmt: skip

    @pytest.mark.parametrize(("facts", "said"), [(None, "no account"), (AccountFacts("C", active=False), "not active")])
    def test_an_account_that_is_not_there_or_inactive_is_wrong(
        self, app: App, facts: AccountFacts | None, said: str
    ) -> None:
        app.setup.accounts.pop(ACCOUNT)
        app.setup.accounts |= {ACCOUNT: facts} if facts else {}
        status, rows = looked(app)

        assert (status, said in rows["contoso", "account"]["said"]) == (1, True)


GROUPS = tuple(
    GroupRow(id=f"11111111-0000-4000-8000-00000000000{number}", name=name, sync=True)
    for number, name in enumerate(("Support", "Sales", "業務"))
)


class TestNeeds:
    def row(self, app: App, mode: int, check: str) -> dict[str, str]:
        app.custorg.groups = GROUPS
        app.run("configure", "contoso", "--mode", str(mode))
        return looked(app)[1]["contoso", check]

    def test_modes_without_needs_ask_nothing(self, app: App) -> None:
        app.run("configure", "contoso", "--mode", "2")
        _, rows = looked(app)

        assert not {("contoso", "tags"), ("contoso", "service groups")} & rows.keys()

    def test_a_service_group_that_is_missing_is_named(self, app: App) -> None:
        app.desk.add_service_group("support")
        for _ in range(2):
            app.desk.add_service_group("Sales")
        found = self.row(app, 3, "service groups")

        assert (found["state"], "have none: 業務" in found["said"]) == ("look", True)
        assert "have several: Sales" in found["said"]
        assert "make one of the same name" in found["todo"]

    def test_when_each_has_one_it_is_right(self, app: App) -> None:
        for group in GROUPS:
            app.desk.add_service_group(group.name)

        assert self.row(app, 3, "service groups")["state"] == "ok"

    def test_a_tag_that_is_missing_is_named(self, app: App) -> None:
        app.desk.add_account(71, "sales")
        app.desk.add_account(72, "sales")
        found = self.row(app, 4, "tags")

        assert found["state"] == "look"
        assert "no account with their tag: Support (support)" in found["said"]
        assert "several accounts with their tag: Sales (sales)" in found["said"]
        assert "a name that gives no tag: 業務" in found["said"]

    def test_when_each_has_an_account_it_is_right(self, app: App) -> None:
        app.desk.add_account(71, "sales", "support")
        app.custorg.groups = GROUPS[:2]
        app.run("configure", "contoso", "--mode", "4")

        assert looked(app)[1]["contoso", "tags"]["state"] == "ok"

    @pytest.mark.parametrize("mode", [3, 4])
    def test_a_site_that_fails_is_told(self, app: App, mode: int) -> None:
        call = {3: "list_service_groups", 4: "tagged_accounts"}[mode]
        app.desk.fail(call, DeskForbidden("no"), times=9)

        assert self.row(app, mode, {3: "service groups", 4: "tags"}[mode])["state"] == "wrong"


def test_each_assumption_names_the_checks_that_test_it_or_says_that_none_does(app: App) -> None:
    text = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    cells = [line.rstrip(" |").rpartition(" | ")[2] for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    named = {name for cell in cells if not cell.startswith("none: ") for name in re.findall(r"`([^`]+)`", cell)}
    _, rows = looked(app)
    made = {name for _, name in rows}

    assert [cell for cell in cells if not cell.startswith("none: ") and "`" not in cell] == []
    assert named <= names()
    assert {name for name in names() if name.startswith(("schema ", "action "))} <= named
    assert {name for name in named if not name.startswith(OWN)} <= made


def test_a_check_of_the_custorg_that_an_assumption_names_is_one() -> None:
    own = {name.removeprefix(OWN) for name in names() if name.startswith(OWN)}

    assert own
    assert own <= set(ALL)


def test_groups_that_cannot_be_told_are_an_error_of_their_own(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    command = app.custorg.command

    def refuse[T: BaseModel](name: str, asked: BaseModel, answer: type[T]) -> T:
        if name == "get-entra-groups":
            raise CustOrgRefused("the CustOrg answered: no")
        return command(name, asked, answer)

    app.run("configure", "contoso", "--mode", "3")
    monkeypatch.setattr(app.custorg, "command", refuse)

    assert looked(app)[1]["contoso", "chosen groups"]["state"] == "wrong"


def test_many_names_are_cut(app: App) -> None:
    app.custorg.groups = tuple(
        GroupRow(id=f"11111111-0000-4000-8000-{number:012d}", name=f"G{number:02}", sync=True) for number in range(12)
    )
    app.run("configure", "contoso", "--mode", "3")

    assert "G09 and 2 more" in looked(app)[1]["contoso", "service groups"]["said"]
