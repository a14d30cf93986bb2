"""Who has a contact in somebody else's account already."""

from shared.core.elsewhere import newcomers, tell_elsewhere
from shared.core.model import AccountId, Reason, Skipped
from tests.builders import ACCOUNT, CONTACTS, a_group, a_side, a_user, an_account, mail, plan

OTHER, THIRD = AccountId(40), AccountId(41)


def test_only_contacts_that_the_plan_makes_are_asked_for() -> None:
    side = a_side(a_group("it", ["ann", "bob", "cid"]))

    some = plan(side, an_account(["ann"], inactive=["bob"]), None, CONTACTS)
    none = plan(side, an_account(["ann", "bob", "cid"]), None, CONTACTS)

    assert newcomers(some) == {mail("cid")}
    assert newcomers(none) == set()


def test_whoever_has_a_contact_in_another_account_is_told_with_its_id_and_name() -> None:
    side = a_side(a_group("it", ["ann", "bob", "gus"]), users=[a_user("gus", guest=True)])
    before = plan(side, None, None, CONTACTS)
    found = {mail("ann"): {THIRD: "", OTHER: "Fabrikam"}, mail("bob"): {ACCOUNT: "Contoso"}}

    told = tell_elsewhere(before, found, {ACCOUNT})

    assert told.skipped == (
        Skipped(mail("gus"), Reason.GUEST, "user-gus"),
        Skipped(mail("ann"), Reason.IN_OTHER_ACCOUNT, "account 40 Fabrikam, account 41"),
    )
    assert (told.changes, told.digest, told.links) == (before.changes, before.digest, before.links)
