"""Changes in a slice that can't be made at once: in doubt, there already, beyond a limit, waiting for another."""

from dataclasses import replace

import pytest

from servorg.apply import AGAIN, DOUBTFUL_SLICES
from servorg.records import ChangeStatus
from shared.core.changes import (
    Change,
    DeactivateContact,
    RemoveFromGroup,
)
from shared.core.model import Reason
from shared.errors import DeskError, DeskRejected, DeskUnavailable
from tests.builders import ACCOUNT, REGULAR, group_id
from tests.unit.servorg.slice_rig import (
    APPLIED,
    BROKEN,
    EVA,
    FAILED,
    IN_DOUBT,
    JAN,
    JAN_GOES,
    JAN_JOINS,
    LOST,
    NEW_EVA,
    NEW_IT,
    NEW_JAN,
    PLANNED,
    SKIPPED,
    Work,
)


@pytest.mark.parametrize("done", [True, False])
def test_a_create_in_doubt_is_looked_up_in_the_next_slice(done: bool) -> None:
    work = Work(NEW_JAN, NEW_IT, JAN_JOINS)
    work.desk.fail("create_contact", LOST, done=done)
    work.desk.fail("create_group", LOST, done=done)

    first = work.slice()
    between = work.statuses
    second = work.slice()

    assert (first, between) == (AGAIN, [IN_DOUBT, IN_DOUBT, PLANNED])
    assert second is None
    assert work.statuses == [APPLIED] * 3
    assert work.roles() == {JAN: REGULAR}
    assert work.called.count("create_contact") == (1 if done else 2)
    assert len(work.desk.read(ACCOUNT).groups) == 1


def test_a_create_that_stays_in_doubt_fails_in_the_end() -> None:
    work = Work(NEW_JAN)
    work.desk.fail("create_contact", LOST, times=DOUBTFUL_SLICES)

    waits = [work.slice() for _ in range(DOUBTFUL_SLICES)]

    assert waits == [AGAIN] * (DOUBTFUL_SLICES - 1) + [None]
    assert work.statuses == [FAILED]


def test_a_group_in_doubt_is_not_another_one_of_its_name() -> None:
    work = Work()
    theirs = work.desk.add_group(ACCOUNT, "it")
    work.rows = Work(replace(NEW_IT, besides=(theirs,))).rows
    work.desk.fail("create_group", LOST)

    waits = work.slice(), work.slice()

    assert waits == (AGAIN, None)
    assert work.rows[0].group_id != theirs
    assert len(work.desk.read(ACCOUNT).groups) == 2


@pytest.mark.parametrize("active", [True, False])
def test_a_409_adopts_the_contact_that_is_there(active: bool) -> None:
    work = Work(NEW_JAN)
    there = work.desk.add_contact(ACCOUNT, JAN, active=active)

    assert work.slice() is None

    assert work.statuses == [APPLIED]
    assert work.rows[0].contact_id == there
    assert work.desk.read(ACCOUNT).contacts[JAN].active


def test_a_409_whose_contact_is_not_found_yet_stays_in_doubt() -> None:
    work = Work(NEW_JAN)
    work.desk.index_lag = 2
    work.desk.fail("create_contact", BROKEN, done=True)

    first = work.slice()
    between = work.statuses
    second = work.slice()

    assert (first, between, second) == (AGAIN, [IN_DOUBT], None)
    assert work.statuses == [APPLIED]
    assert len(work.desk.read(ACCOUNT).contacts) == 1


def test_after_a_kill_creates_without_a_mark_are_looked_up_before_they_are_repeated() -> None:
    work = Work(NEW_JAN, NEW_EVA, NEW_IT, JAN_JOINS)
    jan = work.desk.add_contact(ACCOUNT, JAN, active=False)
    it = work.desk.add_group(ACCOUNT, "it")

    assert work.slice(in_doubt=True) is None

    assert work.statuses == [APPLIED] * 4
    assert [work.rows[0].contact_id, work.rows[2].group_id] == [jan, it]
    assert work.desk.read(ACCOUNT).contacts[JAN].active
    assert work.called.count("create_contact") == 1
    assert work.called.count("create_group") == 0


def test_after_a_kill_with_no_create_open_nothing_is_looked_up() -> None:
    work = Work(JAN_GOES)
    work.contact("jan")

    assert work.slice(in_doubt=True) is None

    assert work.called == ["deactivate_contact"]


def in_fifty_groups(work: Work, others: int = 50) -> None:
    jan = work.contact("jan")
    for number in range(others):
        work.desk.add_group(ACCOUNT, f"group {number}", {jan: REGULAR})  # type: ignore[dict-item]
    work.group()


def test_a_join_beyond_fifty_groups_is_tried_again_after_the_removals() -> None:
    leaves = RemoveFromGroup(ACCOUNT, group_id("group 0"), "group 0", JAN, REGULAR)
    work = Work(JAN_JOINS, leaves)
    in_fifty_groups(work)
    old = next(group.id for group in work.desk.read(ACCOUNT).groups.values() if group.name == "group 0")
    work.rows[1] = replace(work.rows[1], group_id=old)

    assert work.slice() is None

    assert work.statuses == [APPLIED, APPLIED]
    assert work.roles() == {JAN: REGULAR}


def test_a_join_beyond_fifty_groups_that_still_does_not_fit_is_skipped() -> None:
    work = Work(JAN_JOINS)
    in_fifty_groups(work)

    assert work.slice() is None

    assert work.statuses == [SKIPPED]
    assert work.rows[0].reason == Reason.TOO_MANY_GROUPS


def test_a_join_of_an_inactive_contact_fails() -> None:
    work = Work(JAN_JOINS)
    work.contact("jan", active=False)
    work.group()

    assert work.slice() is None

    assert work.statuses == [FAILED]
    assert work.rows[0].reason == "the contact is inactive"


REPLACED = DeactivateContact(ACCOUNT, EVA, replaced_by=JAN)


def replacing(*before: Change) -> Work:
    work = Work(*before, REPLACED)
    work.contact("eva")
    return work


@pytest.mark.parametrize("error", [DeskRejected(400, "no"), DeskUnavailable("broken", 500)])
def test_a_removal_whose_replacement_failed_is_left_for_a_later_run(error: DeskError) -> None:
    work = replacing(NEW_JAN)
    work.desk.fail("create_contact", error, times=4)

    waits = [work.slice(), work.slice()]

    assert waits[-1] is None
    assert work.statuses == [FAILED, SKIPPED]
    assert work.rows[1].reason == Reason.REPLACEMENT_MISSING
    assert work.desk.read(ACCOUNT).contacts[EVA].active


def test_a_removal_waits_for_a_replacement_that_is_in_doubt() -> None:
    work = replacing(NEW_JAN)
    work.desk.fail("create_contact", LOST)

    waits = [work.slice(), work.slice()]

    assert waits == [AGAIN, None]
    assert work.statuses == [APPLIED, APPLIED]


def test_a_removal_whose_replacement_is_held_is_left() -> None:
    work = replacing(NEW_JAN)
    work.rows[0] = replace(work.rows[0], status=ChangeStatus.HELD)

    assert work.slice() is None

    assert work.statuses == [ChangeStatus.HELD, SKIPPED]


def test_a_removal_whose_replacement_was_there_already_is_made() -> None:
    work = replacing()

    assert work.slice() is None

    assert work.statuses == [APPLIED]
