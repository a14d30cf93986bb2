"""Sync mode 3 by examples: who is linked to which service group, and when a link is moved, cleared or left alone."""

from dataclasses import replace
from typing import Any

import pytest

from servorg.records import Run, RunStatus
from shared.core.gates import Limits
from shared.core.model import EntraGroup, Prune, Reason, UnreadGroup
from shared.errors import DeskRejected
from tests.builders import ACCOUNT, a_group, a_side, a_user, an_unread_group, group_id, mail
from tests.unit.servorg.office import CUSTOMER, FakeOffice


class Site(FakeOffice):
    """An office whose DeskDirector has these service groups, in which mode 3 is run."""

    def __init__(self, *services: str, **other: Any) -> None:
        super().__init__(**other)
        self.services = {name: self.desk.add_service_group(name) for name in services}

    def turn(self, *groups: EntraGroup | UnreadGroup, modes: tuple[int, ...] = (3,), **other: Any) -> Run:
        """A run of these groups."""
        self.entra.side = a_side(*groups, **other)
        return self.sync(*modes)

    def by_hand(self, name: str, service: str | None) -> None:
        """Somebody links a contact, or (None) clears its link."""
        number = None if service is None else self.services[service]
        contact = self.desk.read(ACCOUNT).contacts.get(mail(name))
        found = contact.id if contact else self.desk.add_contact(ACCOUNT, mail(name))
        self.desk.edit_contact(found, service_group=number)

    def linked(self) -> dict[str, str]:
        """The service group of each contact that has one."""
        names = {number: name for name, number in self.services.items()}
        contacts = self.desk.read(ACCOUNT).contacts.items()
        return {key.partition("@")[0]: names[one.service_group] for key, one in contacts if one.service_group}


def skipped(run: Run) -> set[tuple[str, str]]:
    return {(subject, reason) for subject, reason, _ in run.skipped}


def test_a_new_contact_is_linked_in_the_same_run_to_the_service_group_of_the_groups_name_whatever_its_case() -> None:
    site = Site("IT  support", "Sales")

    run = site.turn(a_group("it Support ", ["jan", "eva"]))

    assert run.status is RunStatus.SUCCEEDED
    assert [row.kind for row in site.ledger.changes(run.id)] == ["create contact"] * 2 + ["link service group"] * 2
    assert site.linked() == {"jan": "IT  support", "eva": "IT  support"}
    assert site.desk.read(ACCOUNT).groups == {}


def test_a_second_run_has_nothing_to_do_and_writes_no_link() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]))
    known = site.ledger.links(CUSTOMER)

    run = site.turn(a_group("it", ["jan"]))

    assert (run.counts, site.ledger.links(CUSTOMER)) == ({"changes": 0, "removed": 0}, known)


def test_an_inactive_contact_is_activated_and_then_linked() -> None:
    site = Site("IT")
    site.desk.add_contact(ACCOUNT, mail("jan"), active=False)

    run = site.turn(a_group("it", ["jan"]))

    assert [row.kind for row in site.ledger.changes(run.id)] == ["activate contact", "link service group"]
    assert site.linked() == {"jan": "IT"}


def test_a_missing_and_an_ambiguous_service_group_are_skipped_with_their_reasons_and_the_run_succeeds() -> None:
    site = Site("IT", "it ")

    run = site.turn(a_group("it", ["jan"]), a_group("sales", ["eva"]))

    assert run.status is RunStatus.SUCCEEDED
    assert skipped(run) == {("it", Reason.AMBIGUOUS_SERVICE_GROUP), ("sales", Reason.NO_SERVICE_GROUP)}
    assert (site.active(), site.linked()) == ({"jan", "eva"}, {})


@pytest.mark.parametrize(
    ("precedence", "expected"), [((), "HR"), (("sales", "hr"), "Sales"), (("Gold", "SALES"), "Sales"), (("it",), "IT")]
)
def test_of_several_the_first_by_precedence_counts_then_by_name_and_it_is_reported(
    precedence: tuple[str, ...], expected: str
) -> None:
    site = Site("Sales", "IT", "HR")
    site.precedence = precedence

    run = site.turn(*(a_group(name, ["jan"]) for name in ("Sales", "IT", "HR")))

    assert run.status is RunStatus.SUCCEEDED
    assert site.linked() == {"jan": expected}
    assert (mail("jan"), Reason.SEVERAL_SERVICE_GROUPS) in skipped(run)


def test_two_groups_with_one_service_group_are_not_several() -> None:
    site = Site("IT")

    run = site.turn(a_group("IT", ["jan"], entra="1"), a_group("it", ["jan", "eva"], entra="2"))

    assert site.linked() == {"jan": "IT", "eva": "IT"}
    assert run.skipped == ()


def test_the_link_is_cleared_when_the_person_leaves_the_group_and_stays_elsewhere() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan", "eva"]), a_group("all", ["jan", "eva"]))

    run = site.turn(a_group("it", ["eva"]), a_group("all", ["jan", "eva"]))

    assert run.status is RunStatus.SUCCEEDED
    assert (site.active(), site.linked()) == ({"jan", "eva"}, {"eva": "IT"})
    assert site.ledger.links(CUSTOMER)[ACCOUNT].contacts[mail("jan")].service_group is None


def test_a_leaver_loses_the_link_and_then_the_contact() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan", "eva"]))

    run = site.turn(a_group("it", ["eva"]))

    assert [row.kind for row in site.ledger.changes(run.id)] == ["clear service group", "deactivate contact"]
    assert (site.active(), site.linked()) == ({"eva"}, {"eva": "IT"})
    assert site.ledger.links(CUSTOMER)[ACCOUNT].contacts.keys() == {mail("eva")}


def test_whoever_changes_groups_is_moved() -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan"]), a_group("hr", ["eva"]))

    run = site.turn(a_group("it"), a_group("hr", ["eva", "jan"]))
    idle = site.turn(a_group("it"), a_group("hr", ["eva", "jan"]))

    assert [row.kind for row in site.ledger.changes(run.id)] == ["move service group"]
    assert (site.linked(), idle.counts["changes"]) == ({"jan": "HR", "eva": "HR"}, 0)


@pytest.mark.parametrize("groups", [("it",), ()])
def test_a_service_group_set_by_hand_is_neither_moved_nor_cleared_and_is_reported(groups: tuple[str, ...]) -> None:
    site = Site("IT", "HR")
    site.by_hand("jan", "HR")

    run = site.turn(*(a_group(name, ["jan"]) for name in groups), a_group("all", ["jan"]))

    assert site.linked() == {"jan": "HR"}
    assert ((mail("jan"), Reason.NOT_MANAGED) in skipped(run)) is bool(groups)


def test_a_service_group_that_somebody_changed_by_hand_after_ours_stays_when_the_person_leaves() -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan"]), a_group("all", ["jan"]))
    site.by_hand("jan", "HR")
    site.turn(a_group("it", ["jan"]), a_group("all", ["jan"]))

    site.turn(a_group("it"), a_group("all", ["jan"]))

    assert site.linked() == {"jan": "HR"}


def test_a_service_group_put_back_by_hand_after_ours_was_cleared_by_hand_is_never_cleared() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]), a_group("all", ["jan"]))
    site.by_hand("jan", None)
    site.turn(a_group("it"), a_group("all", ["jan"]))
    site.by_hand("jan", "IT")

    site.turn(a_group("it"), a_group("all", ["jan"]))

    assert site.linked() == {"jan": "IT"}


def test_the_strict_mirror_moves_and_clears_what_was_set_by_hand_but_not_for_inactive_contacts() -> None:
    site = Site("IT", "HR")
    for name in ("jan", "eva", "zoe"):
        site.by_hand(name, "HR")
    site.desk.edit_contact(site.desk.read(ACCOUNT).contacts[mail("zoe")].id, active=False)
    site.policy = {"prune": Prune.ALL}

    site.turn(a_group("it", ["jan"]), a_group("all", ["jan", "eva"]))

    assert site.linked() == {"jan": "IT", "zoe": "HR"}


def test_a_found_link_that_a_run_desired_is_taken_back_like_a_made_one() -> None:
    site = Site("IT")
    site.by_hand("jan", "IT")
    site.turn(a_group("it", ["jan"]), a_group("all", ["jan"]))

    site.turn(a_group("it"), a_group("all", ["jan"]))

    assert site.linked() == {}


@pytest.mark.parametrize("why", ["protected", "off"])
def test_from_whom_nothing_may_be_taken_keeps_the_service_group(why: str) -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan", "eva"]), a_group("hr"), a_group("all", ["jan", "eva"]))
    everybody = frozenset({mail("jan"), mail("eva")})
    site.policy = {"prune": Prune.OFF} if why == "off" else {"protected": everybody}

    run = site.turn(a_group("it"), a_group("hr", ["eva"]), a_group("all", ["jan", "eva"]))

    assert (run.counts["changes"], site.linked()) == (0, {"jan": "IT", "eva": "IT"})


@pytest.mark.parametrize("people", [(), ("jan",)])
def test_while_a_group_is_unread_nothing_is_moved_or_cleared_and_the_others_are_linked(people: tuple[str, ...]) -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan", "eva"]), a_group("hr"))

    run = site.turn(an_unread_group("it", people), a_group("hr", ["eva", "zoe"]))

    assert run.status is RunStatus.PARTLY
    assert site.linked() == {"jan": "IT", "eva": "IT", "zoe": "HR"}
    assert site.active() == {"jan", "eva", "zoe"}


def test_a_group_whose_count_differs_links_its_people() -> None:
    site = Site("IT")

    site.turn(an_unread_group("it", ["jan"]), an_unread_group("", entra="nameless"))

    assert site.linked() == {"jan": "IT"}


def test_clearing_many_links_is_held_by_their_share_of_the_account() -> None:
    people = [f"p{number:02}" for number in range(20)]
    site = Site("IT", limits=Limits())
    site.turn(a_group("it", people), a_group("all", people))

    run = site.turn(a_group("it", people[5:]), a_group("all", people))

    assert run.status is RunStatus.HELD
    assert run.objections == ("5 of 20 would be removed from service groups, 20 % are allowed",)
    assert len(site.linked()) == 20


def test_a_changed_address_takes_the_link_along_and_the_old_contact_loses_it_afterwards() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]))

    run = site.turn(a_group("it", ["jan"]), users=[a_user("jan", mail=mail("jan.smith"))])

    kinds = [row.kind for row in site.ledger.changes(run.id)]
    assert kinds == ["create contact", "link service group", "clear service group", "deactivate contact"]
    assert (site.active(), site.linked()) == ({"jan.smith"}, {"jan.smith": "IT"})


def test_when_the_new_address_could_not_be_linked_the_old_one_keeps_its_link() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]))
    site.desk.fail("set_service_group", DeskRejected(400, "no"))

    run = site.turn(a_group("it", ["jan"]), users=[a_user("jan", mail=mail("jan.smith"))])

    assert run.status is RunStatus.PARTLY
    assert site.linked() == {"jan": "IT"}
    assert site.active() == {"jan", "jan.smith"}


def test_a_person_known_by_a_former_address_keeps_contact_and_link() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]))
    moved = a_user("jan", mail=mail("jan.smith"), proxy_addresses=(f"smtp:{mail('jan')}",))

    run = site.turn(a_group("it", ["jan"]), users=[moved])

    assert (run.counts["changes"], site.linked()) == (0, {"jan": "IT"})


def test_two_users_with_one_address_have_the_service_group_of_either() -> None:
    site = Site("IT", "HR")

    run = site.turn(a_group("it", ["jan"]), a_group("hr", ["zoe"]), users=[a_user("zoe", mail=mail("jan"))])

    assert site.linked() == {"jan": "HR"}
    assert (mail("jan"), Reason.SEVERAL_SERVICE_GROUPS) in skipped(run)


def test_a_mode_that_is_taken_away_leaves_its_links_alone_and_they_are_known_when_it_comes_back() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan", "eva"]), a_group("all", ["jan"]))

    site.turn(a_group("it"), a_group("all", ["jan"]), modes=(1,))
    alone = site.linked()
    site.turn(a_group("it"), a_group("all", ["jan"]))

    assert (alone, site.linked()) == ({"jan": "IT", "eva": "IT"}, {})


@pytest.mark.parametrize("change", ["renamed", "service group renamed", "doubled", "removed"])
def test_a_group_whose_service_group_is_not_clear_any_more_takes_nothing_from_its_people(change: str) -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan", "eva"]), a_group("hr"), a_group("all", ["jan", "eva"]))
    name = "Helpdesk" if change == "renamed" else "it"
    if change == "service group renamed":
        site.desk.service_groups[site.services["IT"]] = "Helpdesk"
    if change == "doubled":
        site.services["It"] = site.desk.add_service_group("It")
    if change == "removed":
        del site.desk.service_groups[site.services["IT"]]
    now = [a_group(name, ["jan"], entra="it"), a_group("hr", ["jan"]), a_group("all", ["jan", "eva"])]

    runs = [site.turn(*now), site.turn(*now)]

    # jan is in the group still, so he keeps what it gave although another group has a service group for him; eva left
    assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * 2
    assert site.linked() == {"jan": "IT"}


def test_a_renamed_group_with_another_service_group_moves_its_people() -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan"]))

    site.turn(a_group("hr", ["jan"], entra="it"))

    assert site.linked() == {"jan": "HR"}
    assert site.ledger.links(CUSTOMER)[ACCOUNT].groups[group_id("it")].service_group == site.services["HR"]


@pytest.mark.parametrize("deleted", [(), ("it",)])
def test_an_unchosen_or_deleted_group_clears_the_links_that_it_gave(deleted: tuple[str, ...]) -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"]), a_group("all", ["jan"]))

    run = site.turn(a_group("all", ["jan"]), deleted=deleted)

    assert (run.status, site.linked(), site.active()) == (RunStatus.SUCCEEDED, {}, {"jan"})


def test_a_group_that_is_deleted_and_made_again_under_its_name_changes_nothing() -> None:
    site = Site("IT")
    site.turn(a_group("it", ["jan"], entra="old"))

    run = site.turn(a_group("it", ["jan"], entra="new"), deleted=["old"])

    assert (run.counts["changes"], site.linked()) == (0, {"jan": "IT"})


def test_a_group_whose_name_is_longer_than_a_contact_groups_may_be_is_linked_in_mode_3() -> None:
    name = "x" * 120
    site = Site(name)

    run = site.turn(a_group(name, ["jan"]), modes=(2, 3))

    assert site.linked() == {"jan": name}
    assert (name, Reason.NAME_TOO_LONG) in skipped(run)


def test_a_group_without_a_name_is_told() -> None:
    site = Site("IT")

    run = site.turn(a_group(" ", ["jan"], entra="blank"))

    assert (" ", Reason.NO_SERVICE_GROUP) in skipped(run)


def test_contact_groups_and_service_groups_are_united_and_both_are_taken_back() -> None:
    site = Site("IT")
    first = site.turn(a_group("it", ["jan", "eva"]), modes=(2, 3))
    idle = site.turn(a_group("it", ["jan", "eva"]), modes=(2, 3))

    run = site.turn(a_group("it", ["eva"]), modes=(2, 3))

    link = site.ledger.links(CUSTOMER)[ACCOUNT].groups[group_id("it")]
    assert (first.status, idle.counts["changes"]) == (RunStatus.SUCCEEDED, 0)
    assert (link.made, link.service_group) == (True, site.services["IT"])
    assert [row.kind for row in site.ledger.changes(run.id)] == [
        "remove from contact group",
        "clear service group",
        "deactivate contact",
    ]


def test_a_service_group_that_a_run_moved_is_known_although_the_run_was_broken_off() -> None:
    site = Site("IT", "HR")
    site.turn(a_group("it", ["jan"]), a_group("hr"))
    links = site.ledger.links(CUSTOMER)[ACCOUNT]
    jan = links.contacts[mail("jan")]
    site.by_hand("jan", "HR")  # as the run did whose mark was lost

    site.turn(a_group("it"), a_group("hr", ["jan"]))

    assert site.ledger.links(CUSTOMER)[ACCOUNT].contacts[mail("jan")] == replace(jan, service_group=site.services["HR"])


def test_the_catalogue_is_read_for_mode_3_only() -> None:
    site = Site("IT")

    site.turn(a_group("it", ["jan"]), modes=(1,))
    before = {called.name for called in site.desk.calls}
    site.turn(a_group("it", ["jan"]))

    assert "list_service_groups" not in before
    assert {"list_service_groups"} <= {called.name for called in site.desk.calls}
