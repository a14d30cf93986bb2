"""Which contact is a person, and which contact group is an Entra group."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shared.core.desired import DesiredAccount, DesiredGroup
from shared.core.match import Matched, aliases, match
from shared.core.model import (
    Account,
    ContactGroup,
    ContactId,
    EntraGroupId,
    EntraUser,
    GroupLink,
    Links,
    Reason,
    Skipped,
)
from tests.builders import (
    ACCOUNT,
    REGULAR,
    a_link,
    a_user,
    an_account,
    contact_group_id,
    given,
    group_id,
    links,
    mail,
    user_id,
)

JAN, EVA = mail("jan"), mail("eva")


def matched(*people: EntraUser, account: Account | None = None, known: Links | None = None) -> Matched:
    wanted = DesiredAccount(
        {mail(user.mail or ""): user for user in people}, roster={u.id: mail(u.mail or "") for u in people}
    )
    return match(account or an_account(), wanted, known or Links())


def matched_groups(
    names: Mapping[str, str],
    account: Account,
    known: Mapping[str, str] | None = None,
    *,
    made: bool = True,
    unread: str = "",
) -> Matched:
    """Desired groups by id and name; links of Entra groups to contact groups."""
    wanted = DesiredAccount({}, groups={group_id(g): DesiredGroup(name, {}) for g, name in names.items()})
    found = {group_id(g): GroupLink(contact_group_id(to), to, made) for g, to in (known or {}).items()}
    return match(account, wanted, Links({}, found), frozenset({group_id(unread)} if unread else set[EntraGroupId]()))


def with_proxies(name: str, *others: str) -> EntraUser:
    return a_user(name, proxy_addresses=tuple(f"smtp:{mail(other)}" for other in others))


def test_mail_addresses_are_taken_from_proxy_addresses_and_nothing_else() -> None:
    user = a_user(
        "jan",
        proxy_addresses=("SMTP:Jan@Contoso.Example", "smtp:j@old.example", "X500:/o=x", "sip:jan@x.example", "smtp:?"),
    )

    found = aliases(user)

    assert found == [JAN, "j@old.example"]


def test_a_contact_of_the_own_address_comes_before_one_of_a_proxy_address() -> None:
    found = matched(with_proxies("jan", "eva"), account=an_account(["jan", "eva"]))

    assert found.key(JAN) == JAN
    assert found.newcomers == set()


def test_a_person_without_a_contact_is_matched_by_a_proxy_address() -> None:
    found = matched(with_proxies("jan", "eva"), account=an_account(["eva"]))

    assert found.key(JAN) == EVA
    assert found.newcomers == set()


def test_an_active_contact_is_preferred_among_proxy_addresses() -> None:
    found = matched(with_proxies("jan", "a", "b"), account=an_account(["b"], inactive=["a"]))

    assert found.key(JAN) == mail("b")


def test_a_contact_that_is_somebodys_own_is_not_taken_by_a_proxy_address() -> None:
    found = matched(with_proxies("jan", "eva"), a_user("eva"), account=an_account(["eva"]))

    assert found.proxied == {}
    assert found.newcomers == {JAN}


def test_one_contact_is_not_two_people() -> None:
    found = matched(with_proxies("jan", "old"), with_proxies("eva", "old"), account=an_account(["old"]))

    assert found.proxied == {EVA: mail("old")}
    assert found.newcomers == {JAN}


def test_a_person_keeps_the_contact_of_earlier_runs_among_proxy_addresses() -> None:
    known = Links({mail("b"): a_link("jan"), mail("c"): a_link("jan", managed=False)})

    found = matched(with_proxies("jan", "a", "b", "c"), account=an_account(["a", "c"], inactive=["b"]), known=known)

    assert found.key(JAN) == mail("b")


def test_a_contact_that_earlier_runs_gave_to_one_person_is_not_matched_to_another() -> None:
    known = Links({mail("old"): a_link("jan")})

    found = matched(with_proxies("jan", "old"), with_proxies("eva", "old"), account=an_account(["old"]), known=known)

    assert found.proxied == {JAN: mail("old")}


def test_a_successor_is_the_new_address_of_the_same_user() -> None:
    known = Links({JAN: a_link("jan")})

    found = matched(a_user("jan", mail=mail("smith")), account=an_account(["jan"]), known=known)

    assert found.successor(JAN) == mail("smith")
    assert found.successor(EVA) is None


def test_whoever_is_still_known_by_the_contact_has_no_successor() -> None:
    known = Links({JAN: replace(a_link("jan"), entra_ids=(user_id("gone"), user_id("jan")))})

    found = matched(a_user("jan"), account=an_account(["jan"]), known=known)

    assert found.successor(JAN) is None


def test_a_link_finds_a_contact_group_whatever_its_name() -> None:
    found = matched_groups({"it": "it"}, an_account(groups={"renamed": [], "it": []}), {"it": "renamed"})

    assert found.groups[group_id("it")].name == "renamed"


def test_a_link_to_a_contact_group_that_is_gone_falls_back_to_the_name() -> None:
    found = matched_groups({"it": "IT"}, an_account(groups={"it": []}), {"it": "gone"})

    assert found.groups[group_id("it")].name == "it"


def test_of_several_contact_groups_of_one_name_none_is_taken() -> None:
    account = an_account(groups={"it": [], "IT": []})

    found = matched_groups({"it": "It"}, account)

    assert found.groups == {}
    assert found.unmatched == (Skipped("It", Reason.AMBIGUOUS_GROUP, group_id("it")),)


def test_of_two_contact_groups_of_one_name_the_unclaimed_one_is_taken() -> None:
    account = an_account(groups={"it": [], "IT": []})

    found = matched_groups({"new": "IT", "old": "it"}, account, {"old": "it"})

    assert found.groups[group_id("new")].name == "IT"
    assert found.groups[group_id("old")].name == "it"


@pytest.mark.parametrize(("made", "skipped"), [(True, []), (False, [Reason.GROUP_LEFT_ALONE])])
def test_a_claimed_contact_group_is_not_taken_and_a_found_one_blocks_its_name(
    made: bool, skipped: list[Reason]
) -> None:
    found = matched_groups({"new": "it", "old": "support"}, an_account(groups={"it": []}), {"old": "it"}, made=made)

    assert group_id("new") not in found.groups
    assert [skip.reason for skip in found.unmatched] == skipped


def test_a_contact_group_that_was_claimed_by_name_in_this_run_is_not_taken_twice() -> None:
    account = an_account(groups={"it": []})
    account = replace(
        account, groups={**account.groups, contact_group_id("b"): ContactGroup(contact_group_id("b"), "b", {})}
    )

    found = matched_groups({"1": "it", "2": "IT "}, account)

    assert found.groups.keys() == {group_id("1")}
    assert found.unmatched == ()


def test_the_contact_group_of_an_unread_group_is_not_taken() -> None:
    found = matched_groups({"new": "it"}, an_account(groups={"it": []}), {"old": "it"}, unread="old")

    assert found.groups == {}


def test_a_contact_group_of_several_goes_to_the_one_of_its_name_else_to_the_first() -> None:
    account = an_account(groups={"it": [], "hr": []})
    known = {"1": "it", "2": "it", "3": "hr", "4": "hr"}

    found = matched_groups({"1": "old it", "2": "it", "3": "old hr", "4": "older hr"}, account, known)

    assert {g: group.name for g, group in found.groups.items()} == {group_id("2"): "it", group_id("3"): "hr"}


def test_people_of_a_group_are_told_by_address_and_unknown_contacts_are_passed_over() -> None:
    account = an_account(groups={"it": ["jan"]})
    group = ContactGroup(contact_group_id("it"), "it", {ContactId(1): REGULAR, ContactId(99): REGULAR})

    found = match(replace(account, groups={group.id: group}), DesiredAccount({}), links(groups=["it"]))

    assert found.inside == {group_id("it"): {JAN: REGULAR}}


def test_who_is_in_a_group_that_was_not_read_is_not_known() -> None:
    found = match(an_account(groups={"it": None}), DesiredAccount({}), links(groups=["it"]))

    assert found.inside == {group_id("it"): None}


def test_what_runs_gave_is_the_first_of_several_groups() -> None:
    found = match(an_account(), DesiredAccount({}), links({"jan": {"it": given(), "hr": given(before=REGULAR)}}))

    assert found.first_given(JAN, [group_id("no"), group_id("hr"), group_id("it")]) == given(before=REGULAR)
    assert found.first_given(EVA, [group_id("it")]) is None
    assert found.given[group_id("it")] == {JAN: given()}
    assert found.account.id == ACCOUNT
