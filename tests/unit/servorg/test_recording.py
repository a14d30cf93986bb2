"""What a run leaves behind: its changes before they are tried, its links, its verdict."""

from datetime import UTC, datetime
from typing import Any

import pytest

from servorg.recording import record_draft, record_end, verdict
from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus
from servorg.sync import Draft, Order, draw_up
from shared.core.changes import (
    AddToGroup,
    Change,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    LowerRole,
    RemoveFromGroup,
    RenameGroup,
    to_json,
)
from shared.core.gates import Limits
from shared.core.model import EntraSide, GroupLink, Links, Reason
from tests.builders import (
    ACCOUNT,
    GROUPS,
    MANAGER,
    NOW,
    REGULAR,
    a_group,
    a_link,
    a_policy,
    a_side,
    an_unread_group,
    contact_group_id,
    given,
    group_id,
    links,
    mail,
)
from tests.fakes.desk import FakeDesk
from tests.fakes.entra import FakeEntra
from tests.fakes.ledger import FakeLedger

MOMENT = datetime.fromtimestamp(NOW, UTC)
RUN = Run("contoso-20261124-105312-4f2a9c1b", "contoso", (2,))
JAN, EVA, IT = mail("jan"), mail("eva"), group_id("it")
HELD, APPLIED, PLANNED = ChangeStatus.HELD, ChangeStatus.APPLIED, ChangeStatus.PLANNED
FAILED, SKIPPED, WAITING = ChangeStatus.FAILED, ChangeStatus.SKIPPED, ChangeStatus.WAITING


def a_draft(side: EntraSide, limits: Limits | None = None, *, grace: int = 0) -> Draft:
    """What a run would do where jan and eva are managed contacts in a found contact group."""
    desk = FakeDesk()
    desk.add_account(ACCOUNT)
    desk.add_group(ACCOUNT, "it", {desk.add_contact(ACCOUNT, mail(name)): REGULAR for name in ("jan", "eva")})
    found = next(iter(desk.read(ACCOUNT).groups))
    gifts = links({"jan": {"it": given()}, "eva": {"it": given()}}).contacts
    known = {ACCOUNT: Links(gifts, {IT: GroupLink(found, "it")})}
    order = Order(ACCOUNT, (GROUPS,), a_policy(grace_contacts=grace), limits or Limits(max_removal_share=100), known)
    return draw_up(order, FakeEntra(side), desk)


def recorded(draft: Draft) -> tuple[FakeLedger, Run]:
    ledger = FakeLedger()
    ledger.create_run(RUN)
    return ledger, record_draft(ledger, RUN, draft, MOMENT)


def test_a_run_says_what_it_will_do_before_it_does_it() -> None:
    draft = a_draft(a_side(a_group("it", ["jan", "zoe"]), a_group("IT", entra="zz")))

    ledger, run = recorded(draft)

    rows = ledger.changes(RUN.id)
    assert [(row.kind, row.status) for row in rows] == [(change.kind, PLANNED) for change in draft.plan.changes]
    assert rows[1].group_id == rows[2].group_id == next(iter(draft.current[ACCOUNT].groups))
    assert [row.contact_id for row in rows[2:]] == [draft.current[ACCOUNT].contacts[EVA].id] * 2
    assert run == ledger.run(RUN.id)
    assert (run.status, run.digest, run.started_at) == (RunStatus.RUNNING, draft.plan.digest, MOMENT)
    assert run.skipped == (("IT", Reason.NAME_TAKEN, group_id("zz")),)
    assert run.counts == {"planned": 4, "changes": 4, "removed": 0}


def test_an_objection_to_removals_holds_all_of_them_and_no_addition() -> None:
    ledger, run = recorded(a_draft(a_side(a_group("it", ["zoe"])), Limits(max_removals=1)))

    statuses = [(row.kind, row.status) for row in ledger.changes(RUN.id)]
    assert [status for _, status in statuses] == [PLANNED, PLANNED, HELD, HELD, HELD, HELD]
    assert run.objections == ("4 removals in one run, 1 are allowed",)


def test_an_objection_to_additions_holds_everything() -> None:
    ledger, _ = recorded(a_draft(a_side(a_group("it", ["jan", "zoe"])), Limits(max_additions=0, max_removal_share=100)))

    assert {row.status for row in ledger.changes(RUN.id)} == {HELD}


def test_a_change_in_grace_is_shown_with_its_date_after_all_others() -> None:
    ledger, _ = recorded(a_draft(a_side(a_group("it", ["jan"])), grace=7))

    last = ledger.changes(RUN.id)[-1]
    assert (last.kind, last.status) == ("deactivate contact", WAITING)
    assert last.reason == "waits until 2026-12-01 10:53 UTC"


def test_what_is_desired_is_managed_before_anything_is_done() -> None:
    ledger, _ = recorded(a_draft(a_side(a_group("it", ["jan", "eva", "zoe"]))))

    assert ledger.links("contoso")[ACCOUNT].contacts[mail("zoe")] == a_link("zoe", {"it": given()})


def a_row(number: int, change: Change, status: ChangeStatus = APPLIED, **other: Any) -> ChangeRow:
    return ChangeRow(RUN.id, number, change.kind, status, change=to_json(change), **other)


def ended(known: Links, *changes: Change, group: str = "desk-it", times: int = 1) -> Links:
    """The links after a run that applied these changes."""
    ledger = FakeLedger()
    ledger.create_run(Run(RUN.id, "contoso", options={"planned": True}))
    ledger.write_links("contoso", ACCOUNT, known.contacts, known.groups)
    ledger.write_changes(RUN.id, [a_row(n, change, group_id=group) for n, change in enumerate(changes)])
    run = ledger.run(RUN.id)
    for _ in range(times):
        record_end(ledger, run or RUN, MOMENT)
    return ledger.links("contoso").get(ACCOUNT, Links())


@pytest.mark.parametrize("times", [1, 2])
def test_a_contact_group_that_was_made_is_linked_as_made(times: int) -> None:
    known = ended(Links(), CreateGroup(ACCOUNT, IT, "it"), times=times)

    assert known.groups == {IT: GroupLink(contact_group_id("it"), "it", made=True)}


def test_a_contact_group_that_was_renamed_is_known_by_its_new_name() -> None:
    known = ended(links(groups=["it"]), RenameGroup(ACCOUNT, IT, "support", "it"))

    assert known.groups == {IT: GroupLink(contact_group_id("it"), "support", made=True)}


def test_a_membership_that_was_removed_is_not_managed_any_more_for_any_group_that_filled_it() -> None:
    known = links({"jan": {"it": given(), "hr": given()}}, ["it", "hr"])
    both = Links(
        {JAN: a_link("jan", {"it": given(), "old": given(), "hr": given()})},
        {**known.groups, group_id("old"): known.groups[IT]},
    )

    left = ended(both, RemoveFromGroup(ACCOUNT, IT, "it", JAN, REGULAR))

    assert left.contacts == {JAN: a_link("jan", {"hr": given()})}


def test_a_group_that_got_its_own_contact_group_keeps_what_it_gave_there() -> None:
    known = links({"jan": {"it": given(), "old": given()}}, ["it"])
    shared = Links(known.contacts, {**known.groups, group_id("old"): known.groups[IT]})
    ledger = FakeLedger()
    ledger.create_run(Run(RUN.id, "contoso", options={"planned": True}))
    ledger.write_links("contoso", ACCOUNT, shared.contacts, shared.groups)
    made = a_row(0, CreateGroup(ACCOUNT, group_id("old"), "old"), group_id="desk-new")
    gone = a_row(1, RemoveFromGroup(ACCOUNT, IT, "it", JAN, REGULAR), group_id="desk-it")
    ledger.write_changes(RUN.id, [made, gone])

    record_end(ledger, ledger.run(RUN.id) or RUN, MOMENT)

    assert ledger.links("contoso")[ACCOUNT].contacts == {JAN: a_link("jan", {"old": given()})}


def test_a_contact_that_was_deactivated_after_its_memberships_is_forgotten() -> None:
    known = links({"jan": {"it": given()}, "eva": {}}, ["it"])

    left = ended(known, RemoveFromGroup(ACCOUNT, IT, "it", JAN, REGULAR), DeactivateContact(ACCOUNT, JAN))

    assert left.contacts == {EVA: a_link("eva")}


def test_a_role_that_was_lowered_is_the_one_that_was_given() -> None:
    known = links({"jan": {"it": given(MANAGER, before=REGULAR)}}, ["it"])

    left = ended(
        known, LowerRole(ACCOUNT, IT, "it", JAN, REGULAR, MANAGER), LowerRole(ACCOUNT, IT, "it", EVA, REGULAR, MANAGER)
    )

    assert left.contacts == {JAN: a_link("jan", {"it": given(REGULAR, before=REGULAR)})}


def test_a_run_that_ends_early_says_of_every_open_change_why() -> None:
    ledger = FakeLedger()
    ledger.create_run(Run(RUN.id, "contoso", options={"planned": True}))
    new = CreateContact(ACCOUNT, JAN, "Jan", "")
    statuses = [APPLIED, PLANNED, ChangeStatus.IN_DOUBT, HELD]
    ledger.write_changes(RUN.id, [a_row(n, new, status) for n, status in enumerate(statuses)])

    run = record_end(ledger, ledger.run(RUN.id) or RUN, MOMENT, "forbidden")

    assert [(row.status, row.reason) for row in ledger.changes(RUN.id)] == [
        (APPLIED, ""),
        (FAILED, "forbidden"),
        (FAILED, "forbidden"),
        (HELD, ""),
    ]
    assert (run.status, run.reason, run.ended_at) == (RunStatus.PARTLY, "forbidden", MOMENT)


def test_a_run_that_ends_before_its_plan_has_failed_without_changes() -> None:
    ledger = FakeLedger()
    ledger.create_run(RUN)

    run = record_end(ledger, RUN, MOMENT, "the CustOrg refused")

    assert run.status is RunStatus.FAILED
    assert run.counts == {"changes": 0, "removed": 0}


def test_removals_that_were_applied_are_counted_for_the_day() -> None:
    ledger = FakeLedger()
    ledger.create_run(Run(RUN.id, "contoso", options={"planned": True}))
    removals: list[Change] = [
        RemoveFromGroup(ACCOUNT, IT, "it", JAN, REGULAR),
        DeactivateContact(ACCOUNT, JAN),
        LowerRole(ACCOUNT, IT, "it", EVA, REGULAR, MANAGER),
    ]
    rows = [a_row(n, change) for n, change in enumerate(removals)]
    others = [a_row(3, AddToGroup(ACCOUNT, IT, "it", JAN, REGULAR)), a_row(4, DeactivateContact(ACCOUNT, EVA), FAILED)]
    ledger.write_changes(RUN.id, [*rows, *others])

    run = record_end(ledger, ledger.run(RUN.id) or RUN, MOMENT)

    assert run.counts == {"applied": 4, "failed": 1, "changes": 5, "removed": 3}
    assert ledger.removals_since("contoso", MOMENT) == 3


NEW = CreateContact(ACCOUNT, JAN, "Jan", "")


@pytest.mark.parametrize(
    ("statuses", "read", "unread", "expected"),
    [
        ([], 1, 0, RunStatus.SUCCEEDED),
        ([], 0, 0, RunStatus.SUCCEEDED),
        ([APPLIED], 1, 0, RunStatus.SUCCEEDED),
        ([APPLIED, WAITING], 1, 0, RunStatus.SUCCEEDED),
        ([APPLIED, FAILED], 1, 0, RunStatus.PARTLY),
        ([FAILED], 1, 0, RunStatus.FAILED),
        ([FAILED, WAITING], 1, 0, RunStatus.FAILED),
        ([APPLIED], 1, 1, RunStatus.PARTLY),
        ([], 1, 1, RunStatus.PARTLY),
        ([], 0, 1, RunStatus.FAILED),
        ([HELD], 1, 0, RunStatus.HELD),
        ([APPLIED, HELD], 1, 0, RunStatus.HELD),
        ([FAILED, HELD], 1, 1, RunStatus.HELD),
    ],
)
def test_the_verdict_is_honest(statuses: list[ChangeStatus], read: int, unread: int, expected: RunStatus) -> None:
    rows = [a_row(n, NEW, status) for n, status in enumerate(statuses)]

    found = verdict(rows, Run(RUN.id, "contoso", options={"read": read, "unread": unread}))

    assert found is expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(Reason.TOO_MANY_GROUPS, RunStatus.SUCCEEDED), (Reason.REPLACEMENT_MISSING, RunStatus.PARTLY)],
)
def test_what_does_not_fit_leaves_a_run_succeeded_and_what_was_left_for_later_does_not(
    reason: Reason, expected: RunStatus
) -> None:
    rows = [a_row(0, NEW), a_row(1, NEW, SKIPPED, reason=reason)]

    found = verdict(rows, Run(RUN.id, "contoso", options={"read": 1}))

    assert found is expected


@pytest.mark.parametrize(
    ("statuses", "expected"), [([], RunStatus.FAILED), ([APPLIED, HELD], RunStatus.PARTLY), ([HELD], RunStatus.FAILED)]
)
def test_a_run_that_ended_early_is_never_succeeded(statuses: list[ChangeStatus], expected: RunStatus) -> None:
    rows = [a_row(n, NEW, status) for n, status in enumerate(statuses)]

    found = verdict(rows, Run(RUN.id, "contoso", options={"read": 1}), failed=True)

    assert found is expected


def test_unread_groups_are_counted_in_the_runs_options() -> None:
    _, run = recorded(a_draft(a_side(a_group("it", ["jan", "eva"]), an_unread_group("hr"), deleted=["old"])))

    assert {name: run.options[name] for name in ("planned", "read", "unread")} == {
        "planned": True,
        "read": 2,
        "unread": 1,
    }
