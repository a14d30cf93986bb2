"""Sync mode 4 by examples: which account a group fills, who is taken out of one again, and what is left alone."""

from typing import Any

import pytest

from servorg.records import Run, RunStatus
from shared.core.gates import Limits
from shared.core.model import AccountId, EntraGroup, Prune, Reason, UnreadGroup
from shared.errors import DeskRejected
from tests.builders import ACCOUNT, a_group, a_side, a_user, an_unread_group, group_id, mail
from tests.unit.servorg.office import CUSTOMER, FakeOffice

IT, HR = AccountId(21), AccountId(22)


class Site(FakeOffice):
    """An office whose DeskDirector has two accounts with a tag, in which mode 4 is run."""

    def __init__(self, **other: Any) -> None:
        super().__init__(**other)
        self.desk.add_account(IT, "it-support-team", "vip")
        self.desk.add_account(HR, "hr")

    def turn(self, *groups: EntraGroup | UnreadGroup, modes: tuple[int, ...] = (4,), **other: Any) -> Run:
        """A run of these groups."""
        self.entra.side = a_side(*groups, **other)
        return self.sync(*modes)

    def tag(self, account: AccountId, *tags: str) -> None:
        """Somebody gives an account these tags and no others."""
        self.desk.accounts[account].tags = tags

    def stands(self) -> tuple[set[str], set[str], set[str]]:
        """The active contacts of the own account and of the two others."""
        return self.active(), self.active(IT), self.active(HR)


def support(*people: str, name: str = "IT Support Team") -> EntraGroup:
    return a_group(name, people, entra="it")


def skipped(run: Run) -> set[tuple[str, str]]:
    return {(subject, reason) for subject, reason, _ in run.skipped}


def test_a_groups_people_are_the_contacts_of_the_account_with_its_tag_and_the_own_account_is_not_used() -> None:
    site = Site()
    site.desk.add_contact(IT, mail("eva"), active=False)

    run = site.turn(support("jan", "eva"), a_group("HR", ["jan"]))
    idle = site.turn(support("jan", "eva"), a_group("HR", ["jan"]))

    assert (run.status, idle.counts["changes"]) == (RunStatus.SUCCEEDED, 0)
    assert site.stands() == (set(), {"jan", "eva"}, {"jan"})
    assert site.claims == {IT: CUSTOMER, HR: CUSTOMER}
    assert site.desk.read(IT).groups == {}


def test_the_own_account_is_not_even_read() -> None:
    site = Site()

    site.turn(support("jan"))

    assert {called.arguments for called in site.desk.calls if called.name == "account"} == {(IT,)}


def test_whoever_leaves_the_group_is_deactivated_in_its_account_and_whoever_was_made_by_hand_stays() -> None:
    site = Site()
    site.turn(support("jan", "eva"))
    site.desk.add_contact(IT, mail("zoe"))

    run = site.turn(support("eva"))

    assert run.status is RunStatus.SUCCEEDED
    assert site.stands() == (set(), {"eva", "zoe"}, set())


@pytest.mark.parametrize(
    ("names", "tags", "reason"),
    [
        (["Sales"], (), Reason.NO_ACCOUNT),
        (["Sales"], ("sales",), Reason.SEVERAL_ACCOUNTS),
        (["HR", "H.R"], (), None),
        (["HR", "hr "], (), Reason.SLUG_TAKEN),
        (["営業部"], (), Reason.NO_SLUG),
        (["Отдел"], (), Reason.NO_SLUG),
        ([" "], (), Reason.NO_SLUG),
    ],
)
def test_a_group_without_a_certain_account_is_skipped_with_its_reason_and_nothing_is_touched(
    names: list[str], tags: tuple[str, ...], reason: Reason | None
) -> None:
    site = Site()
    for account in (ACCOUNT, HR) if tags else ():
        site.tag(account, *tags)

    run = site.turn(*(a_group(name, ["jan"], entra=str(number)) for number, name in enumerate(names)))

    assert run.status is RunStatus.SUCCEEDED
    assert {why for _, why in skipped(run)} == ({reason} if reason else {Reason.NO_ACCOUNT})
    assert site.stands() == (set(), set(), set() if reason else {"jan"})


def test_names_that_differ_only_by_case_have_one_slug_and_fill_nothing() -> None:
    site = Site()
    site.turn(a_group("HR", ["jan"]))

    run = site.turn(a_group("HR", ["jan"]), a_group("hr", ["eva"], entra="second"))

    assert skipped(run) == {("HR", Reason.SLUG_TAKEN), ("hr", Reason.SLUG_TAKEN)}
    assert site.stands() == (set(), set(), {"jan"})


def test_the_slug_of_a_long_name_is_cut() -> None:
    site = Site()
    site.tag(HR, "x" * 50)

    run = site.turn(a_group("X" * 120, ["jan"]))

    assert (run.status, site.stands()) == (RunStatus.SUCCEEDED, (set(), set(), {"jan"}))


def test_an_inactive_account_counts_as_none() -> None:
    site = Site()
    site.desk.accounts[HR].active = False

    run = site.turn(a_group("hr", ["jan"]))

    assert skipped(run) == {("hr", Reason.NO_ACCOUNT)}


def test_another_customers_account_is_not_touched() -> None:
    site = Site()
    site.foreign = frozenset({HR})

    run = site.turn(a_group("HR", ["jan"]), support("eva"))

    assert (run.status, skipped(run)) == (RunStatus.SUCCEEDED, {("HR", Reason.FOREIGN_ACCOUNT)})
    assert (site.stands(), site.claims) == ((set(), {"eva"}, set()), {IT: CUSTOMER})


def test_an_account_that_became_another_customers_is_left_alone() -> None:
    site = Site()
    site.turn(support("jan", "eva"))
    site.foreign = frozenset({IT})

    run = site.turn(support("eva"))

    assert (run.status, site.active(IT)) == (RunStatus.SUCCEEDED, {"jan", "eva"})


def test_a_customer_that_was_slower_is_refused_before_anything_is_written() -> None:
    site = Site()
    site.claims[IT] = "other"

    run = site.turn(support("jan"))

    assert (run.status, run.reason) == (RunStatus.FAILED, "account 21 belongs to customer 'other' already")
    assert (site.desk.writes, site.ledger.links(CUSTOMER)) == ([], {})


@pytest.mark.parametrize("change", ["tag removed", "tag doubled", "slug taken", "renamed"])
def test_a_group_whose_account_is_not_certain_any_more_leaves_the_account_alone(change: str) -> None:
    site = Site()
    site.turn(support("jan", "eva"))
    groups = [support("eva", name="Helpdesk" if change == "renamed" else "IT Support Team")]
    if change == "tag removed":
        site.tag(IT)
    if change == "tag doubled":
        site.tag(HR, "it-support-team")
    if change == "slug taken":
        groups.append(a_group("It - support - team", ["zoe"], entra="other"))

    runs = [site.turn(*groups), site.turn(*groups)]

    assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * 2
    assert site.active(IT) == {"jan", "eva"}


def test_an_account_that_another_group_fills_now_loses_nobody_while_the_earlier_one_has_no_account() -> None:
    site = Site()
    site.turn(support("jan"))

    run = site.turn(support("jan", name="Helpdesk"), a_group("it support team", ["eva"], entra="new"))

    assert run.status is RunStatus.SUCCEEDED
    assert site.active(IT) == {"jan", "eva"}


@pytest.mark.parametrize("both", [a_group("HR", ["zoe"], entra="other"), an_unread_group("HR", entra="other")])
def test_an_account_with_the_tag_of_two_groups_is_left_alone_by_the_group_that_filled_it(
    both: EntraGroup | UnreadGroup,
) -> None:
    site = Site()
    site.turn(a_group("HR", ["jan", "eva"], entra="first"))

    run = site.turn(a_group("VIP", [], entra="first"), a_group("hr", ["jan"], entra="second"), both)

    assert ("HR", Reason.SLUG_TAKEN) in skipped(run)
    assert site.active(HR) == {"jan", "eva"}


@pytest.mark.parametrize("deleted", [(), ("it",)])
def test_an_unchosen_or_deleted_groups_account_is_emptied_and_then_not_looked_at_any_more(
    deleted: tuple[str, ...],
) -> None:
    site = Site()
    site.turn(support("jan", "eva"), a_group("hr", ["zoe"]))
    site.desk.add_contact(IT, mail("by-hand"))

    run = site.turn(a_group("hr", ["zoe"]), deleted=deleted)
    site.desk.calls.clear()
    site.policy = {"prune": Prune.ALL}
    idle = site.turn(a_group("hr", ["zoe"]), deleted=deleted)

    assert (run.status, idle.counts["changes"]) == (RunStatus.SUCCEEDED, 0)
    assert site.stands() == (set(), {"by-hand"}, {"zoe"})
    assert {called.arguments[0] for called in site.desk.calls if called.name == "account"} == {HR}


def test_an_account_that_would_be_emptied_is_held() -> None:
    site = Site(limits=Limits())
    site.turn(support("jan", "eva"), a_group("hr", ["zoe"]))

    run = site.turn(a_group("hr", ["zoe"]))

    assert run.status is RunStatus.HELD
    assert run.objections == ("2 of 2 would be removed from contacts of account 21, 20 % are allowed",)
    assert site.active(IT) == {"jan", "eva"}


def test_a_group_that_is_deleted_and_made_again_under_its_name_keeps_its_account() -> None:
    site = Site()
    site.turn(support("jan", "eva"))

    run = site.turn(a_group("IT Support Team", ["jan", "eva"], entra="new"), deleted=["it"])

    assert (run.counts["changes"], site.active(IT)) == (0, {"jan", "eva"})


def test_a_renamed_group_with_another_account_moves_its_people() -> None:
    site = Site()
    site.turn(support("jan"))

    run = site.turn(support("jan", name="HR"))

    assert [row.kind for row in site.ledger.changes(run.id)] == ["create contact", "deactivate contact"]
    assert site.stands() == (set(), set(), {"jan"})


def test_whoever_changes_groups_is_deactivated_in_the_one_account_after_being_added_in_the_other() -> None:
    site = Site()
    site.turn(support("jan", "eva"), a_group("hr"))

    run = site.turn(support("eva"), a_group("hr", ["jan"]))

    assert [row.kind for row in site.ledger.changes(run.id)] == ["create contact", "deactivate contact"]
    assert site.stands() == (set(), {"eva"}, {"jan"})


@pytest.mark.parametrize("former", [False, True])
def test_whoever_could_not_be_added_in_the_other_account_stays_in_the_first(former: bool) -> None:
    site = Site()
    site.turn(support("jan", "eva"), a_group("hr"))
    users = []
    if former:  # there he is known by a former address, and inactive
        site.desk.add_contact(HR, mail("j"), active=False)
        users = [a_user("jan", proxy_addresses=(f"smtp:{mail('j')}",))]
    site.desk.fail("activate_contact" if former else "create_contact", DeskRejected(400, "no"))

    run = site.turn(support("eva"), a_group("hr", ["jan"]), users=users)

    assert run.status is RunStatus.FAILED
    assert site.stands() == (set(), {"jan", "eva"}, set())


def test_whoever_is_in_two_groups_is_in_both_accounts() -> None:
    site = Site()
    site.turn(support("jan"), a_group("hr", ["jan"]))

    site.turn(support(), a_group("hr", ["jan"]))

    assert site.stands() == (set(), set(), {"jan"})


def test_one_account_with_the_tags_of_two_groups_has_the_people_of_both() -> None:
    site = Site()
    site.tag(IT, "it-support-team", "hr")
    site.tag(HR)
    site.turn(support("jan"), a_group("hr", ["eva"]))

    run = site.turn(support(), a_group("hr", ["eva"]))

    assert (run.status, site.stands()) == (RunStatus.SUCCEEDED, (set(), {"eva"}, set()))


def test_a_changed_address_is_a_new_contact_in_the_account_and_the_old_one_is_deactivated_afterwards() -> None:
    site = Site()
    site.turn(support("jan"))

    run = site.turn(support("jan"), users=[a_user("jan", mail=mail("jan.smith"))])

    assert [row.kind for row in site.ledger.changes(run.id)] == ["create contact", "deactivate contact"]
    assert site.active(IT) == {"jan.smith"}


def test_a_former_address_keeps_its_contact() -> None:
    site = Site()
    site.turn(support("jan"))
    moved = a_user("jan", mail=mail("jan.smith"), proxy_addresses=(f"smtp:{mail('jan')}",))

    run = site.turn(support("jan"), users=[moved])

    assert (run.counts["changes"], site.active(IT)) == (0, {"jan"})


def test_two_users_with_one_address_are_one_contact() -> None:
    site = Site()

    run = site.turn(support("jan", "zoe"), users=[a_user("zoe", mail=mail("jan"))])

    assert site.active(IT) == {"jan"}
    assert skipped(run) == {(mail("jan"), Reason.DUPLICATE_ADDRESS)}


@pytest.mark.parametrize("people", [(), ("eva",)])
def test_an_unread_group_blocks_only_its_own_account(people: tuple[str, ...]) -> None:
    site = Site()
    site.turn(support("jan", "eva"), a_group("hr", ["ann", "zoe"]))

    run = site.turn(an_unread_group("IT Support Team", people, entra="it"), a_group("hr", ["zoe"]))

    assert run.status is RunStatus.PARTLY
    assert site.stands() == (set(), {"jan", "eva"}, {"zoe"})


@pytest.mark.parametrize("name", ["", "HR"])
def test_an_unread_group_blocks_whatever_it_filled_whatever_its_name_is_now(name: str) -> None:
    site = Site()
    site.turn(support("jan", "eva"))

    run = site.turn(an_unread_group(name, entra="it"), a_group("It support team", ["eva"], entra="new"))

    assert run.status is RunStatus.PARTLY
    assert site.stands() == (set(), {"jan", "eva"}, set())


def test_all_people_are_contacts_of_the_own_account_when_mode_1_is_united_with_it() -> None:
    site = Site()
    site.turn(support("jan"), a_group("sales", ["eva"]), modes=(1, 4))
    both = site.stands()

    site.turn(support(), a_group("sales", ["eva", "jan"]), modes=(1, 4))

    assert both == ({"jan", "eva"}, {"jan"}, set())
    assert site.stands() == ({"jan", "eva"}, set(), set())


def test_contact_groups_are_made_in_the_own_account_only() -> None:
    site = Site()

    run = site.turn(support("jan"), modes=(2, 4))
    idle = site.turn(support("jan"), modes=(2, 4))

    assert (run.status, idle.counts["changes"]) == (RunStatus.SUCCEEDED, 0)
    assert [group.name for group in site.desk.read(ACCOUNT).groups.values()] == ["IT Support Team"]
    assert site.desk.read(IT).groups == {}
    assert site.stands() == ({"jan"}, {"jan"}, set())


def test_owners_of_mode_5_are_no_contacts_of_the_groups_account() -> None:
    site = Site()

    site.turn(a_group("HR", ["jan"], owners=["eva"]), modes=(4, 5))

    assert site.stands() == ({"jan", "eva"}, set(), {"jan"})


def test_the_own_account_is_filled_when_it_has_the_tag() -> None:
    site = Site()
    site.tag(HR)
    site.tag(ACCOUNT, "hr")
    alone = site.turn(a_group("hr", ["jan"]), support("eva"))
    then = site.stands()

    united = site.turn(a_group("hr", ["jan"]), support("eva"), modes=(1, 4))

    assert (alone.status, united.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED)
    assert then == ({"jan"}, {"eva"}, set())
    assert site.stands() == ({"jan", "eva"}, {"eva"}, set())
    assert site.claims == {IT: CUSTOMER}


def test_a_mode_that_is_taken_away_leaves_its_accounts_alone() -> None:
    site = Site()
    site.turn(support("jan", "eva"))

    site.turn(support("eva"), modes=(1,))
    alone = site.stands()
    site.turn(support("eva"))

    assert alone == ({"eva"}, {"jan", "eva"}, set())
    assert site.stands() == ({"eva"}, {"eva"}, set())


def test_an_account_that_was_the_customers_own_before_is_not_emptied() -> None:
    site = Site()
    site.turn(a_group("all", ["jan", "eva"]), modes=(2, 3))
    links = site.ledger.links(CUSTOMER)[ACCOUNT]
    site.ledger.write_links(CUSTOMER, AccountId(99), links.contacts, links.groups)
    for name in ("jan", "eva"):
        site.desk.add_contact(99, mail(name))

    site.turn(support("jan"))

    assert site.active(99) == {"jan", "eva"}


def test_the_own_account_of_united_modes_is_not_filled_by_its_tag_so_leaving_it_takes_nobody_out() -> None:
    site = Site()
    site.tag(HR)
    site.tag(ACCOUNT, "hr")
    site.turn(a_group("hr", ["jan"]), support("eva"), modes=(1, 4))
    links = site.ledger.links(CUSTOMER)
    site.tag(ACCOUNT)
    site.ledger.managed[CUSTOMER] = {AccountId(99): links[ACCOUNT]}
    for name in ("jan", "eva"):
        site.desk.add_contact(99, mail(name))

    site.turn(support("eva"), modes=(1, 4))

    assert not any(link.fills for link in links[ACCOUNT].groups.values())
    assert site.active(99) == {"jan", "eva"}


def test_what_fills_an_account_is_known_by_its_group() -> None:
    site = Site()

    site.turn(support("jan"))

    link = site.ledger.links(CUSTOMER)[IT].groups[group_id("it")]
    assert (link.fills, link.made) == (True, False)
