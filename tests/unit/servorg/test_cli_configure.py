"""`configure` and `configurations`."""

import pytest

from servorg.customer import Configuration
from shared.core.model import NO_CONTACT_GROUP, AccountId, GroupLink, Prune
from tests.builders import ACCOUNT, MANAGER, a_link, given, group_id, links, mail
from tests.unit.servorg.cli_rig import App


def words(text: str) -> str:
    """The text without its layout."""
    return " ".join(text.split())


def managing(app: App) -> App:
    """Three contacts of which two are in one group, one of them as its manager."""
    known = links({"ann": {"it": given(MANAGER)}, "bob": {"it": given()}, "cid": {}}, ["it"])
    app.ledger.write_links("contoso", ACCOUNT, known.contacts, known.groups)
    return app


def test_options_that_are_not_given_keep_their_value() -> None:
    app = App()

    app.run("configure", "contoso", "--mode", "5", "--mode", "2", "--max-removals", "9", "--prune", "all")
    app.run("configure", "contoso", "--precedence", "Gold, Silver,", "--max-removal-share", "12.5%")
    app.run(
        "configure", "contoso", "--schedule", "0 0 */6 * * *", "--max-additions", "0", "--max-removals-per-day", "3"
    )

    assert app.book.configuration("contoso") == Configuration(
        (2, 5), Prune.ALL, 9, 12.5, 3, 0, ("Gold", "Silver"), "0 0 */6 * * *"
    )


def test_none_takes_the_default_again() -> None:
    app = App()
    app.run("configure", "contoso", "--max-removals", "9", "--precedence", "Gold", "--schedule", "0 0 */6 * * *")

    app.run("configure", "contoso", "--max-removals", "none", "--precedence", "", "--schedule", "None")

    assert app.book.configuration("contoso") == Configuration()


def test_the_configuration_is_printed_with_the_limits_that_count() -> None:
    app = App()

    shown = app.run("configure", "contoso", "--max-removals", "9").stdout

    assert "removals a run 9 removals' share 20 % (setting)" in words(shown)
    assert "1  Sync contacts only" in shown


def test_without_options_nothing_is_written() -> None:
    app = App()

    shown = app.run("configure", "contoso")

    assert (shown.exit_code, app.book.configured) == (0, {})


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--max-removals", "-1", "--max-removals: Input should be greater than or equal to 0"),
        ("--max-removal-share", "101", "--max-removal-share: Input should be less than or equal to 100"),
        ("--precedence", "x" * 201, "--precedence: String should have at most 200 characters"),
        ("--schedule", "daily", "--schedule must be NCRONTAB"),
        ("--schedule", "0 0 0 31 2 *", "--schedule '0 0 0 31 2 *' is never due"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence_that_names_the_option(option: str, value: str, said: str) -> None:
    app = App()

    refused = app.run("configure", "contoso", option, value)

    assert (refused.exit_code, refused.stderr.count("\n"), app.book.configured) == (1, 1, {})
    assert refused.stderr.startswith(f"Error: {said}")


@pytest.mark.parametrize("rare", ["0 0 0 29 2 *", "0 0 0 29 2 1"])
def test_a_schedule_that_is_due_once_in_years_is_taken(rare: str) -> None:
    app = App()

    app.run("configure", "contoso", "--schedule", rare)

    assert app.book.configuration("contoso").schedule == rare


def test_several_modes_are_below_each_other() -> None:
    shown = App().run("configure", "contoso", "--mode", "2", "--mode", "5").stdout

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    place = lines.index("modes 2 Add contacts to Contact Group")

    assert lines[place + 1] == "5 Add Entra group owners and members to Contact Group"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-removals", "many"), ("--mode", "6"), ("--prune", "some"), ("--max-removal-share", "x")],
)
def test_what_is_no_value_at_all_is_wrong_usage(option: str, value: str) -> None:
    assert App().run("configure", "contoso", option, value).exit_code == 64


def test_taking_group_modes_away_says_what_is_left_alone_without_asking_a_custorg() -> None:
    app = managing(App())
    app.run("configure", "contoso", "--mode", "2")

    said = words(app.run("configure", "contoso", "--mode", "1").stdout)

    assert "2 group memberships in 1 contact group are left alone from now on." in said
    assert "`plan contoso`" in said
    assert (app.entra.reads, app.custorg.asked) == ([], [])


def test_taking_modes_3_and_4_away_says_what_is_left_alone() -> None:
    app = App()
    linked = {mail(name): a_link(name, service_group=7) for name in ("ann", "bob")}
    app.ledger.write_links(
        "contoso", ACCOUNT, linked, {group_id("it"): GroupLink(NO_CONTACT_GROUP, "", service_group=7)}
    )
    filled = {mail("cid"): a_link("cid"), mail("dan"): a_link("dan", managed=False)}
    app.ledger.write_links("contoso", AccountId(21), filled, {group_id("it"): GroupLink(NO_CONTACT_GROUP, "")})
    app.run("configure", "contoso", "--mode", "2", "--mode", "3", "--mode", "4")

    said = words(app.run("configure", "contoso", "--mode", "1").stdout)

    assert "0 group memberships in 0 contact groups are left alone" in said
    assert "The service groups of 2 contacts are left alone from now on." in said
    assert "Contacts in the accounts of groups are left alone from now on: 1." in said


def test_a_mode_that_comes_back_says_what_it_may_take_away_again() -> None:
    app = managing(App())
    app.run("configure", "contoso", "--mode", "4")
    told = words(app.run("configure", "contoso", "--mode", "2").stdout)
    app.run("configure", "contoso", "--mode", "1", "--prune", "off")

    off = words(app.run("configure", "contoso", "--mode", "5").stdout)

    assert (
        "Contacts of the customer's own account that earlier runs gave may be taken away again when Entra says so: 3."
        in told
    )
    assert "Group memberships that earlier runs gave may be taken away again when Entra says so: 2." in told
    assert "taken away again" not in off


def test_leaving_the_own_account_and_a_new_mode_under_prune_all_are_told() -> None:
    app = managing(App())
    app.run("configure", "contoso", "--mode", "1", "--prune", "all")

    said = words(app.run("configure", "contoso", "--mode", "4").stdout)

    assert "Contacts of the customer's own account are left alone from now on: 3." in said
    assert "Whatever the new modes describe may be taken away, also what no run gave." in said


def test_taking_mode_5_away_beside_mode_2_concerns_roles_only() -> None:
    app = managing(App())
    app.run("configure", "contoso", "--mode", "5")

    said = words(app.run("configure", "contoso", "--mode", "2").stdout)

    assert "The roles in contact groups are left alone from now on: 1 manager." in said
    assert "memberships" not in said


@pytest.mark.parametrize(
    ("prune", "said"),
    [
        (
            "off",
            "from now on; what is managed stays: 3 contacts of the customer's own account and 2 group memberships.",
        ),
        ("all", "no run gave. Managed: 3 contacts of the customer's own account and 2 group memberships; what else"),
    ],
)
def test_a_changed_prune_says_what_it_concerns(prune: str, said: str) -> None:
    app = managing(App())
    app.run("configure", "contoso", "--mode", "2")

    told = words(app.run("configure", "contoso", "--prune", prune).stdout)

    assert said in told
    assert "`plan contoso` tells" in told


def test_going_back_to_managed_says_what_may_be_taken_away() -> None:
    app = managing(App())
    app.run("configure", "contoso", "--prune", "off")

    told = words(app.run("configure", "contoso", "--prune", "managed").stdout)

    assert "What is managed may be taken away again when Entra says so: 3 contacts of the customer's own" in told
    assert "memberships" not in told


@pytest.mark.parametrize(
    ("modes", "described"),
    [
        ("1", "2 contacts of the customer's own account"),
        ("3", "2 contacts of the customer's own account and the service groups of 2 contacts"),
        ("4", "1 contact in the accounts of groups"),
        ("45", "2 contacts of the customer's own account, 1 contact in the accounts of groups and 1 group membership"),
    ],
)
def test_a_changed_prune_counts_what_the_modes_describe_after_the_change(modes: str, described: str) -> None:
    app = App()
    own = {mail(name): a_link(name, service_group=7) for name in ("ann", "bob")}
    app.ledger.write_links("contoso", ACCOUNT, own, {})
    known = links({"cid": {"it": given()}}, ["it"])
    app.ledger.write_links("contoso", AccountId(21), known.contacts, {group_id("it"): GroupLink(NO_CONTACT_GROUP, "")})

    options = [part for mode in modes for part in ("--mode", mode)]
    told = words(app.run("configure", "contoso", "--prune", "off", *options).stdout)

    assert f"what is managed stays: {described}." in told


def test_all_configurations_are_listed() -> None:
    app = App()
    app.run("configure", "contoso", "--mode", "2", "--max-removals", "9")

    listed = app.run("configurations").stdout

    assert listed.splitlines()[1].split() == [
        "contoso",
        "2",
        "managed",
        "9",
        "(20",
        "%)",
        "(100)",
        "(no",
        "limit)",
        "(setting)",
    ]
    assert app.told("configurations")[0]["maxRemovals"] == 9
