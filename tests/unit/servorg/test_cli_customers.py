"""`customers` and `protect`."""

import pytest

from tests.builders import ACCOUNT
from tests.unit.servorg.cli_rig import App

ADD = ("customers", "add", "fabrikam", "--name", "Fabrikam", "--url", "https://fabrikam.example", "--account", "77")


def test_an_added_customer_is_listed_and_shown() -> None:
    app = App()

    added = app.run(*ADD, "--key-setting", "KEY_OF_FABRIKAM")

    assert (added.exit_code, added.stdout) == (0, "customer fabrikam (Fabrikam) added; see `configure`, then `plan`\n")
    assert [customer["id"] for customer in app.told("customers", "list")] == ["contoso", "fabrikam"]
    assert app.told("customers", "show", "fabrikam") == {
        "id": "fabrikam",
        "name": "Fabrikam",
        "url": "https://fabrikam.example",
        "account": 77,
        "keySetting": "KEY_OF_FABRIKAM",
        "keySecret": None,
        "tenant": None,
        "configuration": {
            "customer": "fabrikam",
            "modes": [1],
            "prune": "managed",
            "maxRemovals": None,
            "maxRemovalShare": None,
            "maxRemovalsPerDay": None,
            "maxAdditions": None,
            "precedence": [],
            "schedule": None,
        },
        "protected": [],
        "refresh": None,
    }


def test_a_customers_key_may_be_a_secret_of_key_vault_and_not_a_setting_too() -> None:
    app = App()
    added = app.run(*ADD, "--key-secret", "fabrikam-function-key")
    shown = " ".join(app.run("customers", "show", "fabrikam").stdout.split())
    both = app.run(*ADD, "--key-secret", "fabrikam-function-key", "--key-setting", "KEY")
    wrong = app.run(*ADD, "--key-secret", "fabrikam_key")

    assert added.exit_code == 0
    assert "its key secret fabrikam-function-key of KEY_VAULT_URL" in shown
    assert app.told("customers", "show", "fabrikam")["keySecret"] == "fabrikam-function-key"
    assert (both.exit_code, wrong.exit_code) == (1, 1)
    assert both.stderr == "Error: a customer has its key by a setting or by a secret, not by both\n"


def test_a_customer_that_is_replaced_keeps_its_key_unless_another_is_named() -> None:
    app = App()
    app.run(*ADD, "--key-secret", "fabrikam-function-key")

    app.run(*ADD)
    kept = app.told("customers", "show", "fabrikam")
    app.run(*ADD, "--key-setting", "KEY_OF_FABRIKAM")
    other = app.told("customers", "show", "fabrikam")

    assert (kept["keySecret"], kept["keySetting"]) == ("fabrikam-function-key", None)
    assert (other["keySecret"], other["keySetting"]) == (None, "KEY_OF_FABRIKAM")


def test_another_account_says_what_becomes_of_the_one_before() -> None:
    app = App()
    app.run(*ADD)

    same = app.run(*ADD)
    other = app.run(*ADD, "--account", "78")

    assert "left alone" not in same.stdout
    assert "Account 77 is left alone, unless it has the tag" in " ".join(other.stdout.split())


def test_adding_a_known_customer_replaces_it_and_says_so() -> None:
    app = App()
    app.run(*ADD)
    app.run("configure", "fabrikam", "--mode", "2")

    again = app.run(*ADD, "--name", "Fabrikam again")

    assert again.stdout == "customer fabrikam (Fabrikam again) replaced; its configuration stays\n"
    assert app.book.configuration("fabrikam").modes == (2,)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Fabrikam", "--name", "F", "--url", "https://f.example", "--account", "7"), "ID: String should match"),
        (("f", "--name", "F", "--url", "http://f.example", "--account", "7"), "url must start with https://"),
        (("f", "--name", "F", "--url", "https://f.example", "--account", "12"), "account 12 belongs to another"),
        (("f", "--name", "F", "--url", "https://f.example", "--account", "0"), "--account: Input should be greater"),
        (("f", "--name", "F", "--url", "https://f.example", "--account", str(2**31)), "--account must be the number"),
    ],
)
def test_a_customer_that_cannot_be_is_refused_with_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    refused = App().run("customers", "add", *arguments)

    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    [
        *("AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "AZURE_CLIENT_SECRET", "azurewebjobsother"),
        *("WEBSITE_AUTH_ENCRYPTION_KEY", "FUNCTIONS_EXTENSION_VERSION", "IDENTITY_HEADER"),
        *("DESKDIRECTOR_API_KEY", "DESKDIRECTOR_OTHER", "TENANT_ID", "TRANSITIVE_MEMBERS", "KEY_VAULT_URL"),
    ],
)
def test_a_setting_with_another_use_is_never_sent_to_a_customer_as_its_key(name: str) -> None:
    app = App()

    refused = app.run(*ADD, "--key-setting", name)

    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert f"--key-setting must not be {name}: its value has another use" in refused.stderr
    assert [customer.id for customer in app.book.all()] == ["contoso"]


def test_a_removed_customer_is_gone_and_the_command_says_what_stays() -> None:
    app = App()

    removed = app.run("customers", "remove", "contoso")

    assert removed.exit_code == 0
    assert "DeskDirector stay as they are" in " ".join(removed.stdout.split())
    assert app.told("customers", "list") == []


@pytest.mark.parametrize(("answer", "status", "left"), [("n\n", 1, 1), ("y\n", 0, 0)])
def test_removing_a_customer_on_a_terminal_asks_first_and_says_what_is_lost(
    answer: str, status: int, left: int
) -> None:
    app = App()
    app.interactive = True

    done = app.run("customers", "remove", "contoso", answer=answer)
    asked = " ".join(done.stderr.split())

    assert f"Remove customer Contoso (contoso, account {ACCOUNT})" in asked
    assert "its configuration, its protected addresses and its links, which cannot be brought back?" in asked
    assert "Contacts and groups in DeskDirector are left as they are" in asked
    assert (done.exit_code, len(app.book.all())) == (status, left)
    assert ("nothing was changed" in done.stderr) is bool(left)


@pytest.mark.parametrize(("interactive", "options"), [(True, ("--yes",)), (False, ()), (False, ("--yes",))])
def test_a_customer_is_removed_without_a_question_by_yes_or_where_nobody_can_answer(
    interactive: bool, options: tuple[str, ...]
) -> None:
    app = App()
    app.interactive = interactive

    done = app.run("customers", "remove", "contoso", *options)

    assert (done.exit_code, done.stderr, app.book.all()) == (0, "", ())


def test_an_unknown_customer_is_told_before_anything_is_asked() -> None:
    app = App()
    app.interactive = True

    done = app.run("customers", "remove", "nobody")

    assert (done.exit_code, done.stderr) == (1, "Error: there is no customer 'nobody'\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("customers", "show", "nobody"),
        ("customers", "remove", "nobody"),
        ("configure", "nobody"),
        ("protect", "nobody", "a@b.example"),
        ("plan", "nobody"),
        ("sync", "nobody"),
        ("runs", "nobody"),
    ],
)
def test_an_unknown_customer_is_told_in_one_sentence(arguments: tuple[str, ...]) -> None:
    refused = App().run(*arguments)

    assert (refused.exit_code, refused.stderr) == (1, "Error: there is no customer 'nobody'\n")


def test_a_protected_address_is_shown_until_the_protection_ends() -> None:
    app = App()

    app.run("protect", "contoso", " Boss@Contoso.example")
    shown = app.run("customers", "show", "contoso").stdout
    app.run("protect", "contoso", "boss@contoso.example", "--remove")

    assert "boss@contoso.example" in shown
    assert app.told("customers", "show", "contoso")["protected"] == []


def test_protected_addresses_are_below_each_other() -> None:
    app = App()
    for name in ("ann", "bob"):
        app.run("protect", "contoso", f"{name}@contoso.example")

    shown = [line.split() for line in app.run("customers", "show", "contoso").stdout.splitlines()]
    place = shown.index(["protected", "ann@contoso.example"])

    assert shown[place + 1] == ["bob@contoso.example"]


def test_ending_a_protection_that_never_was_says_so() -> None:
    app = App()
    app.run("protect", "contoso", "boss@contoso.example")

    never = app.run("protect", "contoso", "Ann@contoso.example", "--remove")
    ended = app.run("protect", "contoso", "boss@contoso.example", "--remove")

    assert (never.exit_code, never.stdout) == (0, "ann@contoso.example was not protected; nothing was changed\n")
    assert ended.stdout == "boss@contoso.example is not protected any more\n"


def test_what_is_no_address_cannot_be_protected() -> None:
    refused = App().run("protect", "contoso", "boss")

    assert (refused.exit_code, refused.stderr) == (1, "Error: 'boss' is no mail address\n")


def test_names_in_a_list_are_text_and_fit_80_columns() -> None:
    app = App()
    app.book.put(id="evil", name="[red]x[/red]\x1b[2J\u202e" + "y" * 150, url="https://evil.example", account=66)

    listed = app.run("customers", "list").stdout

    assert r"[red]x[/red]\x1b[2J\u202e" in "".join(line[10:45].strip() for line in listed.splitlines())
    assert "\x1b" not in listed
    assert max(map(len, listed.splitlines())) <= 80
