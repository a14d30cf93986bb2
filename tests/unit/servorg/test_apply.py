"""One slice of a run's changes: what is called, what is marked, and what becomes of each change that fails."""

from dataclasses import replace
from itertools import count

import pytest

from servorg.apply import AGAIN, LeaseLost
from servorg.records import ChangeStatus
from shared.core.changes import (
    ActivateContact,
    ClearServiceGroup,
    CreateContact,
    DeactivateContact,
    LinkServiceGroup,
    LowerRole,
    MoveServiceGroup,
    RaiseRole,
    RemoveFromGroup,
    RenameGroup,
)
from shared.errors import DeskForbidden, DeskRejected, DeskThrottled, DeskUnavailable
from tests.builders import ACCOUNT, GUEST, MANAGER, REGULAR, mail
from tests.unit.servorg.slice_rig import (
    APPLIED,
    BROKEN,
    EVA,
    FAILED,
    IN_DOUBT,
    IT,
    JAN,
    JAN_GOES,
    JAN_JOINS,
    NEW_EVA,
    NEW_IT,
    NEW_JAN,
    PLANNED,
    Work,
)


def test_a_new_person_joins_a_new_group_by_the_ids_that_were_made_before() -> None:
    work = Work(NEW_JAN, NEW_IT, JAN_JOINS)

    assert work.slice() is None

    assert work.statuses == [APPLIED] * 3
    assert work.roles() == {JAN: REGULAR}
    assert work.rows[2].contact_id == work.rows[0].contact_id
    assert work.rows[2].group_id == work.rows[1].group_id


def test_every_kind_of_change_is_made() -> None:
    services = (
        LinkServiceGroup(ACCOUNT, JAN, 7, "IT"),
        MoveServiceGroup(ACCOUNT, EVA, 8, "HR", 7),
        ClearServiceGroup(ACCOUNT, mail("ann"), 8),
    )
    work = Work(
        ActivateContact(ACCOUNT, JAN),
        RenameGroup(ACCOUNT, IT, "support", "it"),
        RaiseRole(ACCOUNT, IT, "it", EVA, MANAGER, REGULAR),
        LowerRole(ACCOUNT, IT, "it", mail("zoe"), GUEST, MANAGER),
        RemoveFromGroup(ACCOUNT, IT, "it", mail("ann"), REGULAR),
        DeactivateContact(ACCOUNT, mail("ann")),
        *services,
    )
    for name in ("eva", "zoe", "ann"):
        work.contact(name)
    work.desk.service_groups = {7: "IT", 8: "HR"}
    work.desk.edit_contact(work.desk.read(ACCOUNT).contacts[mail("ann")].id, service_group=8)
    work.contact("jan", active=False)
    work.group("it", eva=REGULAR, zoe=MANAGER, ann=REGULAR)

    assert work.slice() is None

    contacts = work.desk.read(ACCOUNT).contacts
    assert work.statuses == [APPLIED] * 9
    assert [contacts[key].service_group for key in (JAN, EVA, mail("ann"))] == [7, 8, None]
    assert work.roles("support") == {EVA: MANAGER, mail("zoe"): GUEST}
    assert [contacts[JAN].active, contacts[mail("ann")].active] == [True, False]


def test_a_slice_takes_up_only_what_is_open() -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.rows[0] = replace(work.rows[0], status=ChangeStatus.HELD)

    assert work.slice() is None

    assert work.statuses == [ChangeStatus.HELD, APPLIED]


@pytest.mark.parametrize("refusal", [DeskRejected(400, "bad name"), DeskRejected(422, "no"), DeskRejected(404, "gone")])
def test_a_4xx_fails_alone(refusal: DeskRejected) -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.desk.fail("create_contact", refusal)

    assert work.slice() is None

    assert work.statuses == [FAILED, APPLIED]
    assert work.rows[0].reason == str(refusal)


def test_whoever_could_not_be_created_joins_nothing() -> None:
    work = Work(NEW_JAN, NEW_IT, JAN_JOINS)
    work.desk.fail("create_contact", DeskRejected(400, "bad name"))

    assert work.slice() is None

    assert work.statuses == [FAILED, APPLIED, FAILED]
    assert work.rows[2].reason == "its contact could not be created"


def test_a_5xx_is_tried_again_at_the_end_of_the_slice() -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.desk.fail("create_contact", BROKEN)

    assert work.slice() is None

    assert work.statuses == [APPLIED, APPLIED]
    assert [call.arguments[1] for call in work.desk.writes] == [JAN, EVA, JAN]


def test_a_5xx_fails_alone_after_two_slices() -> None:
    work = Work(JAN_GOES, NEW_EVA)
    work.contact("jan")
    work.desk.fail("deactivate_contact", BROKEN, times=4)

    first, second = work.slice(), work.slice()

    assert (first, second) == (AGAIN, None)
    assert work.statuses == [FAILED, APPLIED]
    assert work.called.count("deactivate_contact") == 4
    assert work.rows[0].reason == "broken"


def test_what_waits_for_a_create_that_broke_is_tried_after_it() -> None:
    work = Work(NEW_JAN, NEW_IT, JAN_JOINS)
    work.desk.fail("create_contact", BROKEN, times=2)

    assert work.slice() == AGAIN

    assert work.statuses == [IN_DOUBT, APPLIED, PLANNED]
    assert work.slice() is None
    assert work.roles() == {JAN: REGULAR}


def test_no_connection_brings_the_message_back_with_what_was_done_marked() -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.desk.fail("create_contact", DeskUnavailable("no connection"), after=1)

    with pytest.raises(DeskUnavailable):
        work.slice()

    assert work.statuses == [APPLIED, PLANNED]


def test_throttling_ends_the_slice_and_says_when_to_go_on() -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.desk.fail("create_contact", DeskThrottled(17), after=1)

    assert work.slice() == 17

    assert work.statuses == [APPLIED, IN_DOUBT]
    assert work.rows[1].tries == 0


def test_a_create_that_was_throttled_after_all_was_done_is_found_and_not_repeated() -> None:
    work = Work(NEW_IT)
    work.desk.fail("create_group", DeskThrottled(17), done=True)

    work.slice()

    assert work.slice() is None
    assert [group.name for group in work.desk.read(ACCOUNT).groups.values()] == ["it"]


def test_forbidden_ends_the_run_with_what_was_done_marked() -> None:
    work = Work(NEW_JAN, NEW_EVA)
    work.desk.fail("create_contact", DeskForbidden("403"), after=1)

    with pytest.raises(DeskForbidden):
        work.slice()

    assert work.statuses == [APPLIED, PLANNED]


def test_a_lost_lease_stops_before_the_next_change() -> None:
    work, answers = Work(NEW_JAN, NEW_EVA), iter([False, True])

    with pytest.raises(LeaseLost):
        work.slice(lost=lambda: next(answers))

    assert work.statuses == [APPLIED, PLANNED]


def test_a_slice_ends_with_its_time_and_goes_on_at_once() -> None:
    work, seconds = Work(NEW_JAN, NEW_EVA), count(0, 20)

    assert work.slice(clock=lambda: float(next(seconds))) == 0.0

    assert work.statuses == [APPLIED, PLANNED]
    assert work.slice() is None
    assert work.statuses == [APPLIED, APPLIED]


def test_marks_are_written_in_batches_of_a_hundred_or_each_second() -> None:
    many = [CreateContact(ACCOUNT, mail(f"p{n}"), "P", "") for n in range(250)]
    fast, slow = Work(*many), Work(*many[:4])
    half_seconds = count(0, 0.5)

    fast.slice()
    slow.slice(clock=lambda: float(next(half_seconds)))

    assert fast.marks == [100, 100, 50]
    assert slow.marks == [1, 1, 1, 1]
