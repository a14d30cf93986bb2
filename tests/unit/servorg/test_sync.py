"""From two sides to a plan: what is read, how often, and what speaks against it."""

from dataclasses import replace
from typing import Any

import pytest

from servorg.sync import Order, draw_up
from shared.core.gates import Limits, Objection, Rule
from shared.core.model import AccountId, EntraSide, Links, Reason, Skipped, SyncMode
from shared.errors import CustOrgUnreachable, DeskUnavailable
from tests.builders import (
    ACCOUNT,
    ACCOUNTS,
    CONTACTS,
    GROUPS,
    OWNERS,
    REGULAR,
    a_group,
    a_policy,
    a_side,
    group_id,
    links,
    mail,
)
from tests.fakes.desk import FakeDesk
from tests.fakes.entra import FakeEntra

PEOPLE = [f"p{number:02}" for number in range(40)]


def an_order(*modes: SyncMode, **other: Any) -> Order:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "modes": modes or (GROUPS,),
        "policy": a_policy(),
        "limits": Limits(),
        "links": {},
    }
    return Order(**(fields | other))


def a_desk(*people: str, group: str = "") -> FakeDesk:
    """The account with these contacts, in a contact group of this name when it is given."""
    desk = FakeDesk()
    desk.add_account(ACCOUNT)
    contacts = [desk.add_contact(ACCOUNT, mail(name)) for name in people]
    if group:
        desk.add_group(ACCOUNT, group, dict.fromkeys(contacts, REGULAR))
    return desk


def managed(*people: str) -> dict[str, Any]:
    return {"links": {ACCOUNT: links({name: {} for name in people})}, "modes": (CONTACTS,)}


def everybody_but(*leavers: str) -> EntraSide:
    return a_side(a_group("it", [name for name in PEOPLE if name not in leavers]))


@pytest.mark.parametrize(("modes", "asked"), [((CONTACTS,), False), ((GROUPS,), False), ((CONTACTS, OWNERS), True)])
def test_owners_are_read_in_mode_5_only(modes: tuple[SyncMode, ...], asked: bool) -> None:
    source = FakeEntra(a_side(a_group("it", ["jan"], owners=["eva"])))

    draft = draw_up(an_order(*modes), source, a_desk())

    assert source.reads == [asked]
    assert len(draft.side.users) == (2 if asked else 1)


def test_people_are_read_of_the_contact_groups_only_that_an_entra_group_fills_or_filled() -> None:
    desk = a_desk("jan", group="it")
    for name in ("sales", "book club"):
        desk.add_group(ACCOUNT, name)
    sales = next(group.id for group in desk.read(ACCOUNT).groups.values() if group.name == "sales")
    known = Links({}, {group_id("old"): replace(links(groups=["x"]).groups[group_id("x")], contact_group=sales)})

    draft = draw_up(an_order(links={ACCOUNT: known}), FakeEntra(a_side(a_group("IT", ["jan"]))), desk)

    read = {group.name for group in draft.current[ACCOUNT].groups.values() if group.users is not None}
    assert read == {"it", "sales"}
    assert draft.plan.changes == ()


def test_contacts_only_reads_nobody_of_any_contact_group() -> None:
    draft = draw_up(an_order(CONTACTS), FakeEntra(a_side(a_group("it", ["jan"]))), a_desk("jan", group="it"))

    assert [group.users for group in draft.current[ACCOUNT].groups.values()] == [None]


def test_removals_below_half_of_every_limit_are_believed_at_once() -> None:
    source = FakeEntra(everybody_but("p00", "p01", "p02", "p03"))

    draft = draw_up(an_order(**managed(*PEOPLE)), source, a_desk(*PEOPLE))

    assert len(source.reads) == 1
    assert len(draft.plan.removals) == 4
    assert draft.objections == ()


@pytest.mark.parametrize(
    ("limits", "removed_today"),
    [
        (Limits(), 0),
        (Limits(max_removal_share=100, max_removals=9), 0),
        (Limits(max_removal_share=100, max_removals_per_day=9), 0),
        (Limits(max_removal_share=100, max_removals_per_day=100), 46),
    ],
    ids=["share", "run", "day", "day with earlier ones"],
)
def test_removals_above_half_of_a_limit_are_read_twice(limits: Limits, removed_today: int) -> None:
    source = FakeEntra(everybody_but("p00", "p01", "p02", "p03", "p04"))
    order = an_order(**managed(*PEOPLE), limits=limits, removed_today=removed_today)

    draft = draw_up(order, source, a_desk(*PEOPLE))

    assert len(source.reads) == 2
    assert len(draft.plan.removals) == 5
    assert draft.objections == ()


def test_two_reads_that_disagree_hold_the_removals() -> None:
    source = FakeEntra(everybody_but("p00", "p01", "p02"))
    source.then(everybody_but("p00", "p01", "p02", "p03", "p04"))

    draft = draw_up(an_order(**managed(*PEOPLE)), source, a_desk(*PEOPLE))

    assert draft.objections == (Objection(Rule.READS_DISAGREE, 2, 0),)
    assert len(draft.plan.removals) == 5


def test_a_group_that_the_second_read_does_not_get_holds_the_removals() -> None:
    source = FakeEntra(everybody_but("p00", "p01", "p02", "p03", "p04"))
    first = source.side
    source.unread(group_id("it"))
    source.then(first)

    draft = draw_up(an_order(**managed(*PEOPLE)), source, a_desk(*PEOPLE))

    assert [objection.rule for objection in draft.objections] == [Rule.READS_DISAGREE]


def test_what_is_held_anyway_is_not_read_twice() -> None:
    source = FakeEntra(everybody_but(*PEOPLE[:20]))

    draft = draw_up(an_order(**managed(*PEOPLE)), source, a_desk(*PEOPLE))

    assert len(source.reads) == 1
    assert [objection.rule for objection in draft.objections] == [Rule.SHARE]


def test_additions_are_never_read_twice() -> None:
    source = FakeEntra(everybody_but())

    draft = draw_up(an_order(), source, a_desk())

    assert len(source.reads) == 1
    assert len(draft.plan.growth) == 81


def test_other_accounts_are_asked_about_new_contacts_only_and_hold_nothing() -> None:
    desk = a_desk("p00")
    for name in ("p00", "p01"):
        desk.add_contact(99, mail(name))
    draft = draw_up(an_order(CONTACTS), FakeEntra(a_side(a_group("it", ["p00", "p01", "p02"]))), desk)

    assert [called.arguments for called in desk.calls if called.name == "accounts_of"] == [
        ({mail("p01"), mail("p02")},)
    ]
    assert draft.plan.skipped == (Skipped(mail("p01"), Reason.IN_OTHER_ACCOUNT, "account 99"),)
    assert (draft.objections, len(draft.plan.growth)) == ((), 2)


def test_a_run_that_makes_no_contact_does_not_ask_about_other_accounts() -> None:
    desk = a_desk("p00", group="it")
    draft = draw_up(an_order(), FakeEntra(a_side(a_group("it", ["p00"]))), desk)

    assert (draft.plan.changes, [called.name for called in desk.calls]) == ((), ["account"])


def test_accounts_that_the_same_run_fills_are_no_other_accounts() -> None:
    desk = a_desk("p00")
    desk.add_account(21, "sales")
    desk.add_contact(22, mail("p01"))
    desk.accounts[AccountId(22)].tags = ("hr",)
    side = a_side(a_group("Sales", ["p00", "p01"]), a_group("HR", []))

    united = draw_up(an_order(CONTACTS, ACCOUNTS), FakeEntra(side), desk)
    alone = draw_up(an_order(ACCOUNTS), FakeEntra(side), desk)

    assert united.plan.skipped == ()
    assert alone.plan.skipped == (Skipped(mail("p00"), Reason.IN_OTHER_ACCOUNT, f"account {ACCOUNT}"),)


def test_a_side_that_can_not_be_read_makes_no_plan() -> None:
    source, desk = FakeEntra(everybody_but()), a_desk()
    source.then(CustOrgUnreachable("gone"))

    with pytest.raises(CustOrgUnreachable):
        draw_up(an_order(), source, desk)
    for name in ("account", "accounts_of"):
        desk.fail(name, DeskUnavailable("gone"))
        with pytest.raises(DeskUnavailable):
            draw_up(an_order(), source, desk)

    assert desk.writes == []


def test_a_group_whose_count_differs_and_a_deleted_one_are_seen_as_such() -> None:
    source = FakeEntra(a_side(a_group("it", ["p00"]), a_group("hr", ["p01"]), a_group("all", ["p00", "p01", "p02"])))
    source.miscount(group_id("it"))
    source.delete(group_id("hr"))

    draft = draw_up(an_order(CONTACTS), source, a_desk())

    assert [group.people for group in draft.side.unread] == [a_group("it", ["p00"]).people]
    assert draft.side.deleted == (group_id("hr"),)
    assert len(draft.plan.growth) == 3
