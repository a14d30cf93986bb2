"""What holds in every sync mode alike; docs/modes.md has the table."""

import pytest

from servorg.records import RunStatus
from shared.core.model import AccountId, Reason
from tests.builders import ACCOUNT, a_group, a_side, a_user, mail
from tests.unit.servorg.office import FakeOffice

FILLED, FOREIGN = AccountId(21), AccountId(99)
every_mode = pytest.mark.parametrize("mode", [1, 2, 3, 4, 5])


def an_office(mode: int) -> tuple[FakeOffice, AccountId]:
    """An office whose DeskDirector has all that group IT needs in any mode, and the account that the mode fills."""
    office = FakeOffice()
    office.desk.add_service_group("IT")
    office.desk.add_account(FILLED, "it")
    return office, FILLED if mode == 4 else ACCOUNT


@every_mode
def test_whoever_joins_is_added_and_whoever_leaves_is_deactivated(mode: int) -> None:
    office, account = an_office(mode)
    office.entra.side = a_side(a_group("IT", ["jan", "eva"]))
    office.sync(mode)
    office.entra.side = a_side(a_group("IT", ["eva", "zoe"]))

    run = office.sync(mode)

    assert (run.status, office.active(account)) == (RunStatus.SUCCEEDED, {"eva", "zoe"})


@every_mode
def test_a_disabled_person_counts_as_one_who_left_and_a_deleted_one_too(mode: int) -> None:
    office, account = an_office(mode)
    office.entra.side = a_side(a_group("IT", ["jan", "eva", "zoe"]))
    office.sync(mode)
    office.entra.side = a_side(a_group("IT", ["jan", "eva"]), users=[a_user("jan", enabled=False)])

    run = office.sync(mode)

    assert (run.status, office.active(account)) == (RunStatus.SUCCEEDED, {"eva"})
    assert [skip[:2] for skip in run.skipped] == [(mail("jan"), Reason.DISABLED)]


@every_mode
def test_the_same_person_at_another_customer_has_a_contact_there_that_is_not_touched(mode: int) -> None:
    office, account = an_office(mode)
    office.desk.add_contact(FOREIGN, mail("jan"), active=False)
    office.desk.add_contact(FOREIGN, mail("eva"))
    office.entra.side = a_side(a_group("IT", ["jan", "eva"]))
    first = office.sync(mode)
    office.entra.side = a_side(a_group("IT", ["jan"]))

    second = office.sync(mode)

    assert (office.active(account), office.active(FOREIGN)) == ({"jan"}, {"eva"})
    assert first.skipped == tuple((mail(n), Reason.IN_OTHER_ACCOUNT, "account 99") for n in ("eva", "jan"))
    assert second.skipped == ()


@every_mode
def test_a_contact_that_is_there_inactive_is_activated(mode: int) -> None:
    office, account = an_office(mode)
    office.desk.add_contact(account, mail("jan"), active=False)
    office.entra.side = a_side(a_group("IT", ["jan"]))

    run = office.sync(mode)

    assert office.active(account) == {"jan"}
    assert next(row.kind for row in office.ledger.changes(run.id)) == "activate contact"


@pytest.mark.parametrize("mode", [1, 3, 4])
def test_who_is_in_more_than_50_groups_is_limited_in_contact_groups_only(mode: int) -> None:
    office, account = an_office(mode)
    office.entra.side = a_side(a_group("IT", ["jan"]), *(a_group(f"group {n}", ["jan"]) for n in range(60)))

    run = office.sync(mode)

    assert (run.status, office.active(account)) == (RunStatus.SUCCEEDED, {"jan"})
    assert Reason.TOO_MANY_GROUPS not in {reason for _, reason, _ in run.skipped}


@pytest.mark.parametrize("name", ["x" * 101, "it"])
def test_a_long_name_and_one_that_differs_by_case_only_keep_nobody_out_of_mode_1(name: str) -> None:
    office, account = an_office(1)
    office.entra.side = a_side(a_group("IT", ["jan"]), a_group(name, ["eva"], entra="other"))

    run = office.sync(1)

    assert (run.skipped, office.active(account)) == ((), {"jan", "eva"})


@pytest.mark.parametrize("deleted", [(), ("old",)])
def test_in_mode_1_an_unchosen_deleted_or_renamed_group_counts_by_its_people_alone(deleted: tuple[str, ...]) -> None:
    office, account = an_office(1)
    office.entra.side = a_side(a_group("IT", ["jan", "eva"], entra="old"), a_group("HR", ["zoe"]))
    office.sync(1)
    office.entra.side = a_side(a_group("it", ["eva"], entra="new"), a_group("People", ["zoe"]), deleted=deleted)

    office.sync(1)

    assert office.active(account) == {"eva", "zoe"}
