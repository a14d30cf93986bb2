"""What becomes of a customer whose directory changes: who comes, who leaves, and what is held for a person.

Grace is off here (`test_grace.py` has it), so whoever leaves is taken away at once unless a limit objects.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def test_who_leaves_is_taken_away_and_who_joins_is_added(customer: Customer) -> None:
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    staff, team = customer.group("Staff", [ada, bo, cem]), customer.group("Team", [ada])
    customer.sync()
    eve = customer.person("Eve")
    customer.leave(staff, ada, bo)
    customer.join(staff, eve)
    run = customer.sync()

    assert (run.status, run["status"]) == (0, "succeeded")
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Staff": customer.mail(cem, eve),
        "Team": customer.mail(ada),
    }
    assert customer.active() == customer.mail(ada, cem, eve)
    assert (team, customer.contacts()[customer.mails[bo]]) == (team, False)


def test_a_changed_address_is_a_new_contact_and_the_old_one_is_deactivated(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    customer.group("Staff", [ada, bo])
    customer.sync()
    new = f"ada.married.{customer.id}@alpha.example"
    customer.update("user", ada, mail=new, proxyAddresses=[f"SMTP:{new}"])
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert customer.contacts() == {new: True, customer.mails[ada]: False, customer.mails[bo]: True}
    assert customer.groups() == {"Staff": {new: "regular", customer.mails[bo]: "regular"}}


def test_a_contact_with_a_former_address_stays_the_persons_contact(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    customer.group("Staff", [ada, bo])
    customer.sync()
    old, new = customer.mails[ada], f"ada.married.{customer.id}@alpha.example"
    customer.update("user", ada, mail=new, proxyAddresses=[f"SMTP:{new}", f"smtp:{old}"])
    customer.forget()
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert customer.writes() == []
    assert customer.active() == {old, customer.mails[bo]}


def test_owners_become_managers_and_lose_the_role_with_the_ownership(customer: Customer) -> None:
    customer.mode = (5,)
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    staff = customer.group("Staff", [ada, bo], owners=[ada, cem])
    customer.sync()
    first = customer.groups()
    customer.own(staff, bo, cem)
    run = customer.sync()
    mails = customer.mails

    assert first == {"Staff": {mails[ada]: "manager", mails[bo]: "regular", mails[cem]: "manager"}}
    assert run["status"] == "succeeded"
    assert customer.groups() == {"Staff": {mails[ada]: "regular", mails[bo]: "manager", mails[cem]: "manager"}}


def test_an_unchosen_group_is_emptied_and_stays(customer: Customer) -> None:
    customer.configure("--max-removal-share", "100")
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    staff = customer.group("Staff", [ada, bo])
    customer.group("Team", [bo, cem])
    customer.sync()
    customer.choose(staff, sync=False)
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Staff": set(),
        "Team": customer.mail(bo, cem),
    }
    assert customer.active() == customer.mail(bo, cem)


def test_a_deleted_group_is_emptied_and_stays(customer: Customer) -> None:
    customer.configure("--max-removal-share", "100")
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.group("Team", [bo])
    customer.sync()
    customer.delete_group(staff)
    customer.forget()
    run = customer.sync()
    gone = [row["status"] for row in customer.stack.graph.requests("GET") if row["path"].endswith(f"/groups/{staff}")]

    assert run["status"] == "succeeded"
    assert set(gone) == {404}
    assert len(gone) >= 2
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Staff": set(),
        "Team": customer.mail(bo),
    }
    assert customer.active() == customer.mail(bo)
    assert (staff, "group deleted") in run.skipped


def test_one_404_on_a_group_does_not_count_as_its_end(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    gone = {"error": {"code": "Request_ResourceNotFound", "message": "not there"}}
    customer.stack.graph.fault(path=rf"groups/{staff}(\?|$)", status=404, body=gone)
    customer.forget()
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert customer.writes() == []


def test_a_group_that_a_run_made_follows_its_name_and_a_found_one_keeps_it(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    customer.contact_group("found")
    made, found = customer.group("Made", [ada]), customer.group("Found", [bo])
    customer.sync()
    customer.update("group", made, displayName="Made anew")
    customer.update("group", found, displayName="Found anew")
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Made anew": customer.mail(ada),
        "found": customer.mail(bo),
    }


def test_more_removals_than_allowed_are_held_while_additions_go_on(customer: Customer) -> None:
    customer.configure("--max-removals", "3")
    ada, bo, cem, dee = customer.people("Ada", "Bo", "Cem", "Dee")
    staff = customer.group("Staff", [ada, bo, cem, dee])
    customer.sync()
    eve = customer.person("Eve")
    customer.leave(staff, ada, bo)
    customer.join(staff, eve)
    held = customer.sync()
    then = (customer.active(), set(customer.groups()["Staff"]))
    customer.configure("--max-removals", "4")
    freed = customer.sync()
    everybody = customer.mail(ada, bo, cem, dee, eve)

    assert (held.status, held["status"]) == (3, "held")
    assert held["objections"] == ["4 removals in one run, 3 are allowed"]
    assert {kind for kind, _ in held.changes("applied")} == {"create contact", "add to contact group"}
    assert held.changes("held") == [
        *(("remove from contact group", mail) for mail in sorted(customer.mail(ada, bo))),
        *(("deactivate contact", mail) for mail in sorted(customer.mail(ada, bo))),
    ]
    assert then == (everybody, everybody)
    assert (freed.status, customer.active()) == (0, customer.mail(cem, dee, eve))
    assert (superseded := customer.run(held["id"]))["status"] == "cancelled"
    assert superseded["reason"] == f"superseded by {freed['id']}"


def test_a_group_that_would_be_emptied_is_held(customer: Customer) -> None:
    ada, bo, cem = customer.people("Ada", "Bo", "Cem")
    staff = customer.group("Staff", [ada, bo])
    customer.group("All", [ada, bo, cem])
    customer.sync()
    customer.leave(staff, ada, bo)
    run = customer.sync()

    assert (run.status, run["status"]) == (3, "held")
    assert run["objections"] == ["2 of 2 would be removed from Staff, 20 % are allowed"]
    assert set(customer.groups()["Staff"]) == customer.mail(ada, bo)


def test_more_additions_than_allowed_are_held_with_everything_else(customer: Customer) -> None:
    customer.configure("--max-additions", "4")
    customer.group("Staff", customer.people("Ada", "Bo", "Cem"))
    run = customer.sync()

    assert (run.status, run["status"]) == (3, "held")
    assert run["objections"] == ["7 additions in one run, 4 are allowed"]
    assert (customer.contacts(), customer.groups()) == ({}, {})


def test_what_is_protected_or_was_made_by_hand_is_never_taken_away(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.contact("by-hand@alpha.example")
    customer.sync()
    customer.stack.servorg_cli("protect", customer.id, customer.mails[ada])
    customer.leave(staff, ada)
    customer.forget()
    run = customer.sync()

    assert run["status"] == "succeeded"
    assert (customer.mails[ada], "protected") in run.skipped
    assert customer.writes() == []


def test_with_prune_off_nothing_is_taken_away(customer: Customer) -> None:
    customer.configure("--prune", "off")
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    customer.leave(staff, ada)
    customer.forget()
    run = customer.sync()

    assert (run["status"], run["changes"]) == ("succeeded", [])
    assert customer.writes() == []
