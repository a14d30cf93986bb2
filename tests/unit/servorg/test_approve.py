"""Approving what a run holds: exactly what was shown and still is so, and only once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from servorg.admission import NO_LONGER_SO
from servorg.decisions import DecisionRefused, approve, cancel, reject
from servorg.messages import SyncJob
from servorg.records import Run, RunStatus, UnknownRun
from shared.core.gates import Limits
from tests.builders import ACCOUNT, mail
from tests.unit.servorg.decisions_rig import (
    APPLIED,
    PEOPLE,
    SKIPPED,
    SeenBefore,
    an_office,
    approved,
    holding,
    people,
    statuses,
)
from tests.unit.servorg.office import CUSTOMER, FakeOffice


def test_an_approved_run_applies_exactly_what_it_showed() -> None:
    office, held, _ = holding("ann", "bob", "zoe")

    run = approved(office, held)

    assert (held.status, run.status, run.reason) == (RunStatus.HELD, RunStatus.SUCCEEDED, "")
    assert office.active() == {"ann", "bob", "zoe"}
    assert {row.status for row in office.ledger.changes(run.id)} == {APPLIED}
    assert run.digest == held.digest


def test_an_approval_queues_the_same_run_and_then_its_message() -> None:
    office, held, desk = holding("ann")

    run = approve(office.office, held.id, held.digest)

    assert (run.id, run.status, run.ended_at) == (held.id, RunStatus.QUEUED, None)
    assert office.jobs.sent == [(SyncJob(held.id, CUSTOMER), 0)]
    assert desk.writes == []


def test_another_digest_applies_nothing() -> None:
    office, held, desk = holding("ann")

    with pytest.raises(DecisionRefused, match="another digest"):
        approve(office.office, held.id, "0" * 16)

    assert office.run(held.id) == held
    assert (office.jobs.sent, desk.calls) == ([], [])


def test_a_run_is_approved_once() -> None:
    office, held, _ = holding("ann")
    approve(office.office, held.id, held.digest)

    with pytest.raises(DecisionRefused, match="is not held: it is queued"):
        approve(office.office, held.id, held.digest)

    assert len(office.jobs.sent) == 1


def test_of_two_people_who_approve_at_once_one_is_told_that_it_is_done() -> None:
    office, held, _ = holding("ann")
    second = office.replacing(ledger=SeenBefore(office.ledger, held))
    approve(office.office, held.id, held.digest)

    with pytest.raises(DecisionRefused, match="is not held"):
        approve(second, held.id, held.digest)
    with pytest.raises(DecisionRefused, match="is not held"):
        reject(second, held.id)

    assert office.run(held.id).status is RunStatus.QUEUED
    assert len(office.jobs.sent) == 1


def test_a_superseded_run_is_approved_no_more() -> None:
    office, held, _ = holding("ann")
    newer = office.sync()

    with pytest.raises(DecisionRefused, match=f"it is cancelled .superseded by {newer.id}."):
        approve(office.office, held.id, held.digest)

    assert office.run(held.id).status is RunStatus.CANCELLED
    assert set(statuses(office, held)) == {(SKIPPED, f"superseded by {newer.id}")}
    assert office.active() == set(PEOPLE)


@pytest.mark.parametrize("decide", [reject, cancel, lambda office, run: approve(office, run, "")])
def test_an_unknown_run_is_refused(decide: Callable[..., Run]) -> None:
    office, _ = an_office()

    with pytest.raises(UnknownRun):
        decide(office.office, "contoso-20200101-000000-00000000")


def test_who_came_back_meanwhile_stays_and_is_listed() -> None:
    office, held, _ = holding("ann", "bob")
    office.entra.side = people("ann", "bob", "cid")

    run = approved(office, held)
    rows = office.rows(run)

    assert run.status is RunStatus.SUCCEEDED
    assert office.active() == {"ann", "bob", "cid"}
    assert {key for key, row in rows.items() if row.reason == NO_LONGER_SO and row.status is SKIPPED} == {
        "remove from contact group cid@contoso.example",
        "deactivate contact cid@contoso.example",
    }


def test_who_left_meanwhile_too_was_not_shown_and_stays_until_the_next_run() -> None:
    office, held, _ = holding("ann", "bob")
    office.entra.side = people("ann", "new")

    run = approved(office, held)
    active = office.active()
    following = office.sync()

    assert active == {"ann", "bob"}
    assert run.status is RunStatus.SUCCEEDED
    assert following.status is RunStatus.HELD
    assert office.active() == {"ann", "bob", "new"}


def test_held_additions_are_approved_by_the_same_digest() -> None:
    office = FakeOffice(people("ann", "bob"), Limits(max_additions=0, max_removal_share=100))
    held = office.sync()
    before = office.active()

    run = approved(office, held)

    assert (held.status, run.status, before) == (RunStatus.HELD, RunStatus.SUCCEEDED, set())
    assert office.active() == {"ann", "bob"}
    assert run.counts == {"applied": 5, "changes": 5, "removed": 0, "approved": 0}
    assert office.sync().counts["changes"] == 0


def test_approved_removals_do_not_use_the_days_budget() -> None:
    office, held, _ = holding("ann", "bob")

    run = approved(office, held)

    assert run.counts == {"applied": 4, "changes": 4, "removed": 0, "approved": 4}
    assert office.ledger.removals_since(CUSTOMER, office.now - timedelta(days=1)) == 0


def test_what_is_not_managed_any_more_after_an_approval_is_not_taken_away_again() -> None:
    office, held, _ = holding("ann")
    approved(office, held)
    links = office.ledger.links(CUSTOMER)[ACCOUNT].contacts

    assert set(links) == {mail("ann")}
    assert office.sync().counts["changes"] == 0


def test_protecting_somebody_holds_good_after_the_approval_too() -> None:
    office, held, _ = holding("ann", "bob")
    order = office.office.order

    def protecting(run: Run) -> Any:
        drawn = order(run)
        return replace(drawn, policy=replace(drawn.policy, protected=frozenset({mail("cid")})))

    office.office = office.replacing(order=protecting)
    run = approved(office, held)

    assert office.active() == {"ann", "bob", "cid"}
    assert run.status is RunStatus.SUCCEEDED


def test_grace_is_not_asked_again_for_what_was_due() -> None:
    office, held, _ = holding("ann", "bob")
    order = office.office.order

    def patient(run: Run) -> Any:
        drawn = order(run)
        return replace(drawn, policy=replace(drawn.policy, grace_contacts=7))

    office.office = office.replacing(order=patient)
    run = approved(office, held)

    assert office.active() == {"ann", "bob"}
    assert run.status is RunStatus.SUCCEEDED
