"""Sync modes 3 and 4 and their unions on the real parts: service groups, and accounts of groups."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout, Stack
from tests.e2e.worlds import Customer, new_customer, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def by_hand(customer: Customer, address: str, service_group: int) -> None:
    """Somebody gives a contact a service group."""
    rows = customer.stack.desk.state()["contacts"]
    contact = next(row["id"] for row in rows if (row["company"], row["email"]) == (customer.account, address))
    customer.stack.desk.edit({"op": "update_contact", "id": contact, "serviceGroup": service_group})


def test_contacts_are_linked_to_the_service_group_of_their_groups_name(
    customer: Customer, service: Callable[[str], int]
) -> None:
    customer.mode = (3,)
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    gold = service("Gold desk")
    service("Twice"), service("twice")
    customer.group("gold DESK", [ada, bo])
    customer.group("Twice", [cem])
    customer.group("Nowhere", [cem])
    run = customer.sync()
    customer.forget()
    again = customer.sync()

    assert (run["status"], again["status"], customer.writes()) == ("succeeded", "succeeded", [])
    assert customer.links() == dict.fromkeys(customer.mail(ada, bo), gold)
    assert customer.active() == customer.mail(ada, bo, cem)
    reasons = {("Twice", "several service groups of this name"), ("Nowhere", "no service group")}
    assert reasons <= run.skipped


def test_a_link_is_moved_and_cleared_with_the_group_and_one_made_by_hand_stays(
    customer: Customer, service: Callable[[str], int]
) -> None:
    customer.mode = (3,)
    customer.configure("--precedence", "Silver,Bronze")
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    bronze, silver, other = service("Bronze"), service("Silver"), service("Other")
    low, high = customer.group("Bronze", [ada, bo, cem]), customer.group("Silver", [])
    customer.group("All", [ada, bo, cem])
    customer.contact(customer.mails[cem], serviceGroup=other)
    customer.sync()
    first = customer.links()
    customer.join(high, ada)
    customer.leave(low, bo)
    run = customer.sync()
    mails = customer.mails

    assert first == {mails[ada]: bronze, mails[bo]: bronze, mails[cem]: other}
    assert run["status"] == "succeeded"
    assert customer.links() == {mails[ada]: silver, mails[cem]: other}
    assert {(mails[ada], "several service groups for one person"), (mails[cem], "not managed")} <= run.skipped
    assert customer.active() == customer.mail(ada, bo, cem)


def test_while_a_group_is_unread_no_link_is_cleared(customer: Customer, service: Callable[[str], int]) -> None:
    customer.mode = (3,)
    ada, bo = customer.people("Ada", "Bo")
    gold = service("Golden")
    staff, broken = customer.group("Golden", [ada]), customer.group("All", [ada, bo])
    customer.sync()
    customer.leave(staff, ada)
    customer.stack.graph.fault(path=rf"groups/{broken}/transitiveMembers", status=500, times=50)
    customer.forget()
    run = customer.sync()

    assert (run.status, run["status"]) == (4, "partly")
    assert (customer.links(), customer.writes()) == ({customer.mails[ada]: gold}, [])


def test_a_service_group_that_was_renamed_takes_nothing_from_anybody(
    customer: Customer, service: Callable[[str], int]
) -> None:
    customer.mode = (3,)
    ada, bo = customer.people("Ada", "Bo")
    gold = service("Premium")
    customer.group("Premium", [ada, bo])
    customer.sync()
    customer.stack.desk.edit({"op": "update_service_group", "id": gold, "name": "Premium until June"})
    customer.forget()
    run = customer.sync()

    assert (run["status"], customer.writes()) == ("succeeded", [])
    assert ("Premium", "no service group") in run.skipped
    assert customer.links() == dict.fromkeys(customer.mail(ada, bo), gold)


def test_a_group_fills_the_account_with_its_tag_and_people_move_from_one_to_the_other(
    customer: Customer, account: Callable[..., Customer]
) -> None:
    customer.mode = (4,)
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    support, sales = account("it-support-team"), account("sales-emea")
    one, two = customer.group("IT Support Team", [ada, bo]), customer.group("Sales & EMEA", [cem])
    customer.group("Nobody's", [ada])
    customer.sync()
    first = (support.active(), sales.active())
    customer.leave(one, ada)
    customer.join(two, ada)
    run = customer.sync()
    customer.forget()
    again = customer.sync()

    assert first == (customer.mail(ada, bo), customer.mail(cem))
    assert (run["status"], again["status"], customer.writes()) == ("succeeded", "succeeded", [])
    assert (support.active(), sales.active()) == (customer.mail(bo), customer.mail(ada, cem))
    assert [kind for kind, _ in run.changes("applied")] == ["create contact", "deactivate contact"]
    assert ("Nobody's", "no account with the tag") in run.skipped
    assert customer.contacts() == {}


def test_an_account_whose_tag_is_gone_is_left_alone_and_one_whose_group_is_unchosen_is_emptied_by_a_person(
    customer: Customer, account: Callable[..., Customer]
) -> None:
    customer.mode = (4,)
    ada, bo, cem, dee = customer.people("Ada", "Bo", "Cem", "Dee")
    untagged, emptied = account("team-one"), account("team-two")
    one, two = customer.group("Team One", [ada, bo]), customer.group("Team Two", [cem, dee])
    customer.sync()
    customer.stack.desk.edit({"op": "update_company", "id": untagged.account, "tags": []})
    customer.leave(one, ada)
    customer.choose(two, sync=False)
    held = customer.sync()
    then = emptied.active()
    customer.configure("--max-removal-share", "100")
    freed = customer.sync()

    assert (held.status, held["status"], then) == (3, "held", customer.mail(cem, dee))
    assert freed["status"] == "succeeded"
    assert (untagged.active(), emptied.active()) == (customer.mail(ada, bo), set())


def test_an_unread_group_blocks_its_own_account_only(customer: Customer, account: Callable[..., Customer]) -> None:
    customer.mode = (4,)
    ada, bo, cem, dee = customer.people("Ada", "Bo", "Cem", "Dee")
    first, second = account("unread-team"), account("read-team")
    one, two = customer.group("Unread team", [ada, bo]), customer.group("Read team", [cem, dee])
    customer.sync()
    customer.leave(one, ada)
    customer.leave(two, cem)
    customer.stack.graph.fault(path=rf"groups/{one}/transitiveMembers", status=500, times=50)
    run = customer.sync()

    assert run["status"] == "partly"
    assert (first.active(), second.active()) == (customer.mail(ada, bo), customer.mail(dee))


def test_an_account_belongs_to_the_customer_that_first_filled_it(
    stack: Stack, customer: Customer, account: Callable[..., Customer]
) -> None:
    customer.mode = (4,)
    shared = account("shared-team")
    ada = customer.person("Ada")
    customer.group("Shared team", [ada])
    customer.sync()
    later = new_customer(stack, mode=(4,))
    later.group("Shared team", [later.person("Zoe")])
    run = later.sync()
    facts = ("--name", "Third", "--account", str(shared.account), "--url", stack.url("alpha"))
    refused = stack.servorg_cli("customers", "add", f"third-{customer.id}", *facts)

    assert (run["status"], run["changes"]) == ("succeeded", [])
    assert ("Shared team", "account of another customer") in run.skipped
    assert shared.active() == customer.mail(ada)
    assert (refused.returncode, f"belongs to customer '{customer.id}' already" in refused.stderr) == (1, True)


def test_modes_2_3_and_4_are_united(
    customer: Customer, service: Callable[[str], int], account: Callable[..., Customer]
) -> None:
    customer.mode = (2, 3, 4)
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    united, filled = service("United"), account("united")
    group = customer.group("United", [ada, bo])
    customer.group("Rest", [cem])
    customer.sync()
    first = (set(customer.groups()["United"]), customer.links(), filled.active(), customer.active())
    customer.leave(group, ada)
    run = customer.sync()

    both = customer.mail(ada, bo)
    assert first == (both, dict.fromkeys(both, united), both, customer.mail(ada, bo, cem))
    assert run["status"] == "succeeded"
    assert set(customer.groups()["United"]) == set(customer.links()) == filled.active() == customer.mail(bo)
    assert customer.active() == customer.mail(bo, cem)
