"""Runs as people see them: held, superseded, within the day's budget, partly done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from servorg.jobs import work
from servorg.messages import SyncJob
from servorg.records import RunStatus
from shared.core.gates import Limits
from shared.core.model import Reason
from shared.errors import (
    CustOrgRefused,
    DeskRejected,
    DeskUnavailable,
)
from tests.builders import ACCOUNT, a_group, a_side, an_unread_group, group_id, mail
from tests.unit.servorg.office import CUSTOMER, FakeOffice

PEOPLE = ["ann", "bob", "cid", "dan"]


def an_office(*people: str, limits: Limits | None = None) -> FakeOffice:
    return FakeOffice(a_side(a_group("it", people or PEOPLE)), limits)


def losing(office: FakeOffice, *left: str) -> None:
    office.entra.side = a_side(a_group("it", left))


def test_removals_over_the_limit_are_held_and_additions_go_on() -> None:
    office = an_office(limits=Limits(max_removals=3, max_removal_share=100))
    office.sync()
    losing(office, "ann", "bob", "zoe")

    run = office.sync()

    assert run.status is RunStatus.HELD
    assert run.counts == {"applied": 2, "held": 4, "changes": 6, "removed": 0}
    assert office.active() == {*PEOPLE, "zoe"}
    assert run.objections == ("4 removals in one run, 3 are allowed",)


def test_a_message_that_comes_again_for_a_held_run_changes_nothing() -> None:
    office = an_office(limits=Limits(max_removals=0))
    office.sync()
    losing(office, "ann")
    run = office.sync()

    work(office.office, SyncJob(run.id, CUSTOMER), 2)

    assert office.run(run.id) == run


def test_a_new_run_supersedes_a_held_one() -> None:
    office = an_office(limits=Limits(max_removals=3, max_removal_share=100))
    office.sync()
    losing(office, "ann", "bob")
    held = office.sync()
    losing(office, "ann", "bob", "cid")

    run = office.sync()

    superseded = office.run(held.id)
    assert (held.status, superseded.status) == (RunStatus.HELD, RunStatus.CANCELLED)
    assert superseded.reason == f"superseded by {run.id}"
    assert run.status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob", "cid"}


def test_a_run_that_can_not_read_supersedes_nothing() -> None:
    office = an_office(limits=Limits(max_removals=0))
    office.sync()
    losing(office, "ann")
    held = office.sync()
    office.entra.then(CustOrgRefused("no"))

    run = office.sync()

    assert run.status is RunStatus.FAILED
    assert office.run(held.id).status is RunStatus.HELD


def test_a_run_that_was_left_lying_is_ended_by_the_next() -> None:
    office = an_office()
    office.desk.fail("create_contact", DeskUnavailable("no connection"), after=2)
    left = office.enqueue()
    with pytest.raises(DeskUnavailable):
        office.deliver()

    run = office.sync()

    lying = office.run(left.id)
    assert (lying.status, lying.reason) == (RunStatus.PARTLY, f"superseded by {run.id}")
    assert run.status is RunStatus.SUCCEEDED
    assert office.active() == set(PEOPLE)


def test_the_days_budget_counts_removals_of_earlier_runs() -> None:
    office = an_office(limits=Limits(max_removal_share=100, max_removals_per_day=5))
    office.sync()
    losing(office, "ann", "bob")
    first = office.sync()
    losing(office, "ann")
    second = office.sync()
    office.now += timedelta(days=1, seconds=10)

    third = office.sync()

    assert [run.status for run in (first, second, third)] == [RunStatus.SUCCEEDED, RunStatus.HELD, RunStatus.SUCCEEDED]
    assert second.objections == ("6 removals in 24 hours, 5 are allowed",)
    assert office.active() == {"ann"}


def test_a_large_removal_is_applied_when_two_reads_agree_and_held_when_they_do_not() -> None:
    office = an_office()
    office.limits = Limits(max_removals=7, max_removal_share=100)
    office.sync()
    losing(office, "ann", "bob")
    office.entra.then(office.entra.side, a_side(a_group("it", ["ann", "bob", "cid"])))

    disagreeing, agreeing = office.sync(), office.sync()

    assert disagreeing.status is RunStatus.HELD
    assert disagreeing.objections == ("two reads of the directory disagree about 2 removals",)
    assert agreeing.status is RunStatus.SUCCEEDED
    assert len(office.entra.reads) == 5


def test_a_group_that_can_not_be_read_makes_the_run_partly_and_removes_nobody() -> None:
    office = an_office()
    office.sync()
    office.entra.side = a_side(a_group("hr", ["zoe"]), an_unread_group("it"))

    run = office.sync()

    assert run.status is RunStatus.PARTLY
    assert office.active() == {*PEOPLE, "zoe"}
    assert (("it", Reason.UNREAD, "the count differs")) in run.skipped


def test_a_run_in_which_no_group_could_be_read_has_failed() -> None:
    office = FakeOffice(a_side(an_unread_group("it")))

    run = office.sync()

    assert run.status is RunStatus.FAILED
    assert run.reason.startswith("no group could be read: ")
    assert office.desk.writes == []


def test_a_removal_is_left_when_what_replaces_it_failed() -> None:
    office = an_office("ann", "bob")
    office.sync()
    side = office.entra.side
    ann = next(user for user in side.users.values() if user.upn == mail("ann"))
    office.entra.side = replace(side, users={**side.users, ann.id: replace(ann, mail=mail("ann.new"))})
    office.desk.fail("create_contact", DeskRejected(400, "no"))

    first = office.sync()
    between = office.active()
    second = office.sync()

    assert (first.status, second.status) == (RunStatus.FAILED, RunStatus.SUCCEEDED)
    assert between == {"ann", "bob"}
    assert office.active() == {"ann.new", "bob"}
    assert office.rows(first)["deactivate contact ann@contoso.example"].reason == Reason.REPLACEMENT_MISSING


def test_a_group_that_was_deleted_and_made_again_keeps_its_contact_group() -> None:
    office = an_office("ann", "bob")
    office.sync()
    office.entra.side = a_side(a_group("it", ["ann"], entra="again"), deleted=["it"])

    run = office.sync()

    [group] = office.desk.read(ACCOUNT).groups.values()
    assert run.status is RunStatus.SUCCEEDED
    assert set(group.users or ()) == {office.contact("ann")}
    assert (group_id("it"), Reason.DELETED, "") in run.skipped
