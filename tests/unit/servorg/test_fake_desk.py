"""What tests say to FakeDesk beside its ports; the ports themselves are in tests/contract."""

import pytest

from shared.core.model import Address, ContactGroup, GroupRole
from shared.errors import DeskInDoubt, DeskUnavailable
from tests.fakes.desk import FakeDesk
from tests.fakes.scripts import Called

JAN = Address("jan@contoso.example")


def test_a_script_lets_some_calls_pass_and_hits_some() -> None:
    desk, group, outcomes = FakeDesk(), "", []
    account = desk.add_account(12)
    desk.fail("create_group", DeskUnavailable("broken", 503), after=1, times=2)
    for number in range(4):
        try:
            group = desk.create_group(account, f"Group {number}")
            outcomes.append("made")
        except DeskUnavailable:
            outcomes.append("broken")

    assert outcomes == ["made", "broken", "broken", "made"]
    assert len(desk.read(account).groups) == 2
    assert group in desk.read(account).groups


def test_a_script_without_a_name_hits_whatever_comes_and_may_come_after_the_work() -> None:
    desk = FakeDesk()
    account = desk.add_account(12)
    desk.fail(None, DeskInDoubt("lost"), done=True)

    with pytest.raises(DeskInDoubt):
        desk.create_contact(account, JAN, "Jan", "")

    assert list(desk.read(account).contacts) == [JAN]


def test_what_is_done_by_hand_is_no_call() -> None:
    desk = FakeDesk()
    jan = desk.add_contact(12, JAN)
    group = desk.add_group(12, "IT")
    desk.put(group, jan, GroupRole.GUEST)
    joined = desk.read(12).groups
    desk.take(group, jan)

    assert joined == {group: ContactGroup(group, "IT", {jan: GroupRole.GUEST})}
    assert desk.read(12).groups == {group: ContactGroup(group, "IT", {})}
    assert desk.calls == []


def test_calls_are_logged_with_their_arguments_and_writes_apart() -> None:
    desk = FakeDesk()
    account = desk.add_account(12)
    desk.find_contact(account, JAN)
    desk.create_group(account, "IT")

    assert desk.calls == [Called("find_contact", (12, JAN)), Called("create_group", (12, "IT"))]
    assert desk.writes == desk.calls[1:]


@pytest.mark.parametrize("mail", ["nobody", "JAN@contoso.example"])
def test_no_contact_is_added_by_hand_without_an_address_of_its_own(mail: str) -> None:
    desk = FakeDesk()
    desk.add_contact(12, JAN)

    with pytest.raises(ValueError, match="is no address, or"):
        desk.add_contact(12, mail)
