"""The use case behind `explain`: whom it asks, what it believes, and what it says when somebody can't be asked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from servorg.customer import WrongTenant
from servorg.explaining import COMMAND, MOST_RUNS, OLDER, Question, Sources, explain
from servorg.records import Run
from shared.core.explanation import Explanation, Ground, grounds
from shared.core.model import Address, EntraUser, GroupRole, SyncMode
from shared.errors import CustOrgRefused, CustOrgUnreachable, DeskUnavailable, GraphThrottled, SettingsError, SyncError
from shared.wire import CommandOffer, Offers, PersonExplained, PersonFound, PersonGroup
from tests.builders import ACCOUNT, DOMAIN, a_group, a_side, a_user, group_id, mail, user_id
from tests.unit.servorg.office import CUSTOMER, FakeOffice

OFFERED = Offers(version=1, commands=(CommandOffer(name=COMMAND, version=1, description="", request={}, answer={}),))


class FakeCustOrg:
    """Answers about the people that it has; `error` is raised instead, when set."""

    def __init__(self, *people: PersonFound, offers: Offers = OFFERED, error: SyncError | None = None) -> None:
        self.people = people
        self.offered = offers
        self.error = error
        self.asked: list[BaseModel] = []

    def offers(self) -> Offers:
        if self.error:
            raise self.error
        return self.offered

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        assert (name, answer) == (COMMAND, PersonExplained)
        self.asked.append(asked)
        return answer(tenant="t", domains=(DOMAIN.upper(),), people=self.people)


def found(user: EntraUser, *groups: PersonGroup) -> PersonFound:
    return PersonFound(
        id=user.id,
        upn=user.upn,
        mail=user.mail,
        proxies=user.proxy_addresses,
        enabled=user.enabled,
        guest=user.guest,
        groups=groups,
    )


def inside(name: str) -> PersonGroup:
    return PersonGroup(id=group_id(name), name=name, path=(name,))


def an_office(*people: str, users: Iterable[EntraUser] = ()) -> FakeOffice:
    return FakeOffice(a_side(a_group("it", people), users=users))


def asked(office: FakeOffice, custorg: FakeCustOrg, name: str = "ann", **other: Any) -> Explanation:
    facts: dict[str, Any] = {"modes": (SyncMode.CONTACT_GROUPS,), "protected": frozenset(), **other}
    question = Question(customer=CUSTOMER, account=ACCOUNT, asked=mail(name), **facts)
    return explain(question, Sources(office.ledger, lambda _: custorg, lambda: office.desk, office.now))


def kinds(about: Explanation) -> list[tuple[str, str]]:
    return [(mention.change.kind, mention.status) for mention in about.history.mentions]


def test_somebody_who_is_synced_has_contact_group_role_and_the_changes_that_gave_them() -> None:
    office = an_office("ann", "bob")
    run = office.sync(2)
    about = asked(office, FakeCustOrg(found(a_user("ann"), inside("it"))))
    [contact] = about.contacts

    assert (about.known, [why.ground for why in grounds(about)]) == (True, [Ground.COUNTS])
    assert (contact.contact.active, contact.roles, contact.account) == (True, {"it": GroupRole.REGULAR}, ACCOUNT)
    assert kinds(about) == [("create contact", "applied"), ("add to contact group", "applied")]
    assert {mention.run for mention in about.history.mentions} == {run.id}
    assert [(one.address, list(one.names.values())) for one in about.links] == [(mail("ann"), ["it"])]


def test_a_contact_group_that_somebody_gave_by_hand_is_told_too() -> None:
    office = an_office("bob")
    office.sync(2)
    boss = office.desk.add_contact(ACCOUNT, mail("boss"))
    [group] = office.desk.read(ACCOUNT).groups
    office.desk.put(group, boss, GroupRole.MANAGER)
    about = asked(office, FakeCustOrg(), "boss")

    assert [(one.contact.id, one.roles) for one in about.contacts] == [(boss, {"it": GroupRole.MANAGER})]
    assert about.links == ()


def test_a_leaver_is_told_with_the_run_that_took_him_out() -> None:
    office = an_office("ann", "bob")
    office.sync(2)
    office.entra.side = a_side(a_group("it", ["bob"]))
    left = office.sync(2)
    about = asked(office, FakeCustOrg(found(a_user("ann"))))

    assert [why.ground for why in grounds(about)] == [Ground.NO_GROUP]
    assert kinds(about)[:2] == [("remove from contact group", "applied"), ("deactivate contact", "applied")]
    assert about.history.mentions[0].run == about.history.last == left.id
    assert [contact.contact.active for contact in about.contacts] == [False]


def test_a_leaver_in_grace_is_told_with_the_date() -> None:
    office = an_office("ann", "bob")
    office.sync(1)
    office.policy["grace_contacts"] = 7
    office.entra.side = a_side(a_group("it", ["bob"]))
    office.sync(1)
    about = asked(office, FakeCustOrg(found(a_user("ann"))))
    day = office.now + timedelta(days=7)

    assert [why.ground for why in grounds(about)] == [Ground.NO_GROUP, Ground.IN_GRACE]
    assert grounds(about)[1].reason.startswith(f"waits until {day:%Y-%m-%d}")
    assert about.links[0].link.leaving_since is not None


def test_a_guest_is_told_by_what_the_last_run_left_out_also_when_the_custorg_is_silent() -> None:
    guest = a_user("gus", guest=True, upn=f"gus_there.example#EXT#@{DOMAIN}")
    office = an_office("ann", "gus", users=[guest])
    office.sync(2)
    told = asked(office, FakeCustOrg(found(guest, inside("it"))), "gus")
    silent = asked(office, FakeCustOrg(error=CustOrgUnreachable("the CustOrg could not be reached")), "gus")

    assert [(why.ground, why.reason) for why in grounds(told)] == [(Ground.LEFT_OUT, "guest")]
    assert (silent.known, silent.directory) == (True, None)
    assert [(skip.subject, skip.reason) for skip in silent.history.own] == [(mail("gus"), "guest")]


def test_what_the_last_run_left_out_of_the_persons_groups_is_told_and_of_others_not() -> None:
    office = FakeOffice(a_side(a_group("it", ["ann"]), a_group("hr", ["bob"])))
    office.sync(3)
    about = asked(office, FakeCustOrg(found(a_user("ann"), inside("it"))))

    assert [(skip.subject, skip.reason) for skip in about.history.skipped] == [("it", "no service group")]
    assert about.history.own == ()


def test_a_person_is_known_by_every_address_that_a_contact_may_have() -> None:
    office = an_office("ann")
    office.sync(1)
    married = a_user("ann", mail=f"new@{DOMAIN}", proxy_addresses=(f"smtp:{mail('ann')}", f"SMTP:new@{DOMAIN}"))
    about = asked(office, FakeCustOrg(found(married, inside("it"))), "new")

    assert about.addresses == (mail("new"), mail("ann"))
    assert [(one.contact.address, one.contact.active) for one in about.contacts] == [(mail("ann"), True)]
    assert kinds(about) == [("create contact", "applied")]


def test_a_former_address_is_found_by_the_entra_id_of_its_link() -> None:
    office = an_office("ann")
    office.sync(1)
    renamed = a_user("ann", mail=f"new@{DOMAIN}", upn=f"new@{DOMAIN}")
    about = asked(office, FakeCustOrg(found(renamed, inside("it"))), "new")

    assert about.addresses == (mail("new"), mail("ann"))
    assert [one.address for one in about.links] == [mail("ann")]


def test_a_held_change_is_told_with_what_lets_it_through() -> None:
    office = an_office("ann", "bob", "cid")
    office.sync(1)
    office.limits = replace(office.limits, max_removals=0)
    office.entra.side = a_side(a_group("it", ["bob", "cid"]))
    held = office.sync(1)
    [_, why] = grounds(asked(office, FakeCustOrg(found(a_user("ann")))))

    assert (why.ground, why.run, why.digest) == (Ground.HELD, held.id, held.digest)


def test_nobody_of_the_address_anywhere_is_unknown() -> None:
    office = an_office("ann")
    office.sync(2)
    about = asked(office, FakeCustOrg(), "nobody", protected=frozenset({mail("nobody")}))

    assert (about.known, about.protected) == (False, (mail("nobody"),))


def test_a_contact_that_was_made_by_hand_is_known() -> None:
    office = an_office("ann")
    office.desk.add_contact(ACCOUNT, mail("hand"), service_group=office.desk.add_service_group("Gold"))
    about = asked(office, FakeCustOrg(), "hand")

    assert (about.known, [one.service_group for one in about.contacts]) == (True, ["gold"])


def test_a_custorg_without_the_command_is_not_asked_and_it_is_said() -> None:
    office, custorg = an_office("ann"), FakeCustOrg(offers=Offers(version=1, commands=()))
    office.sync(1)
    about = asked(office, custorg)

    assert (about.known, about.directory, about.directory_problem, custorg.asked) == (True, None, OLDER, [])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CustOrgUnreachable("the CustOrg could not be reached"), "the CustOrg could not be reached"),
        (CustOrgRefused("the CustOrg answered: 403"), "the CustOrg answered: 403"),
        (GraphThrottled(5), "Microsoft Graph throttles it; ask again in 5 s"),
        (SettingsError(["KEY is missing"]), "KEY is missing"),
        (WrongTenant("another tenant"), "another tenant"),
    ],
)
def test_a_custorg_that_cannot_be_asked_is_a_problem_and_never_an_empty_answer(error: SyncError, said: str) -> None:
    office = an_office("ann")
    office.sync(1)
    about = asked(office, FakeCustOrg(error=error))

    assert (about.known, about.directory, about.directory_problem) == (True, None, said)
    assert grounds(about) == ()


def test_a_desk_that_cannot_be_asked_is_a_problem() -> None:
    office = an_office("ann")
    office.sync(1)
    office.desk.fail("find_contact", DeskUnavailable("DeskDirector answered 503", 503), times=9)
    about = asked(office, FakeCustOrg(found(a_user("ann"), inside("it"))))

    assert (about.known, about.contacts, about.desk_problem) == (True, (), "DeskDirector answered 503")


def test_old_runs_and_runs_that_read_nothing_are_not_looked_at() -> None:
    office = an_office("ann")
    office.sync(1)
    office.now += timedelta(days=91)
    failed = office.enqueue(1)
    about = asked(office, FakeCustOrg())

    assert office.run(failed.id).status == "queued"
    assert (about.history.runs, about.history.mentions, about.history.last) == (1, (), "")
    assert about.history.since == office.now - timedelta(days=90)


def test_at_most_50_runs_are_looked_through() -> None:
    office = an_office("ann")
    first = office.sync(1)
    for _ in range(MOST_RUNS):
        office.sync(1)
    about = asked(office, FakeCustOrg())

    assert (about.history.runs, first.id in {mention.run for mention in about.history.mentions}) == (50, False)


def test_nobody_elses_changes_are_told() -> None:
    office = an_office("ann", "bob")
    office.sync(2)
    about = asked(office, FakeCustOrg(found(a_user("ann"), inside("it"))))
    addresses = {getattr(mention.change, "address", None) for mention in about.history.mentions}

    assert addresses == {Address(mail("ann"))}
    assert {i for one in about.links for i in one.link.entra_ids} == {user_id("ann")}


def test_what_replaces_an_address_is_told_of_the_new_one_too() -> None:
    office = an_office("ann")
    office.sync(1)
    renamed = a_user("ann", mail=f"new@{DOMAIN}", upn=f"new@{DOMAIN}")
    office.entra.side = a_side(a_group("it", ["ann"]), users=[renamed])
    office.sync(1)
    about = asked(office, FakeCustOrg(error=CustOrgUnreachable("away")), "new")

    assert ("deactivate contact", "applied") in kinds(about)


def test_runs_of_other_customers_are_not_looked_at() -> None:
    office = an_office("ann")
    office.sync(1)
    office.ledger.create_run(Run("fabrikam-20261124-105312-4f2a9c1b", "fabrikam", queued_at=office.now))
    about = asked(office, FakeCustOrg())

    assert about.history.runs == 1


def test_a_new_address_is_found_by_the_former_one_also_when_the_custorg_is_silent() -> None:
    office = an_office("ann")
    office.sync(1)
    office.policy["grace_contacts"] = 7
    renamed = a_user("ann", mail=f"new@{DOMAIN}", upn=f"new@{DOMAIN}")
    office.entra.side = a_side(a_group("it", ["ann"]), users=[renamed])
    office.sync(1)
    about = asked(office, FakeCustOrg(error=CustOrgUnreachable("away")))

    assert about.addresses == (mail("ann"), mail("new"))
    assert [(one.contact.address, one.contact.active) for one in about.contacts] == [
        (mail("ann"), True),
        (mail("new"), True),
    ]


def test_what_was_left_out_is_found_by_the_id_of_somebody_whose_mail_is_no_address() -> None:
    broken = a_user("ann", mail="no address")
    office = an_office("ann", "bob", users=[broken])
    office.sync(1)
    about = asked(office, FakeCustOrg(found(broken, inside("it"))))

    assert [(skip.subject, skip.reason) for skip in about.history.own] == [("no address", "no usable address")]
