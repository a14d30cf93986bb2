"""What both implementations do when DeskDirector fails: FakeDesk, and the adapter on the double."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from servorg.ports import Desk
from shared.core.model import Contact, ContactGroup, ContactGroupId, ContactId
from shared.errors import DeskForbidden, DeskInDoubt, DeskRejected, DeskThrottled, DeskUnavailable
from tests.contract.desk_stages import CONTOSO, EVA, JAN, REGULAR, InMemory, OverHttp, Stage, none
from tests.doubles.deskdirector_rig import Rig

NOWHERE = ContactGroupId("999999-A")
CALLS: dict[str, Callable[[Desk, ContactId, ContactGroupId], object]] = {
    "create_contact": lambda desk, _contact, _group: desk.create_contact(CONTOSO, JAN, "Jan", ""),
    "deactivate_contact": lambda desk, contact, _group: desk.deactivate_contact(contact),
    "set_group_user": lambda desk, contact, group: desk.set_group_user(CONTOSO, group, contact, REGULAR),
}


@pytest.fixture(params=["in memory", "over HTTP"])
def stage(request: pytest.FixtureRequest, desk_rig: Rig) -> Stage:
    return InMemory() if request.param == "in memory" else OverHttp(desk_rig)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return stage.desk


class TestTrouble:
    def test_a_throttled_write_says_how_long_to_wait_and_is_not_done(self, stage: Stage, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        stage.trouble("set_group_user", "throttled")

        with pytest.raises(DeskThrottled) as caught:
            desk.set_group_user(CONTOSO, group, jan, REGULAR)

        assert caught.value.retry_after == 7
        assert stage.users(CONTOSO, group) == {}

    @pytest.mark.parametrize("call", ["deactivate_contact", "create_contact"])
    def test_a_write_that_breaks_tells_the_status(self, stage: Stage, desk: Desk, call: str) -> None:
        eva = stage.add_contact(CONTOSO, EVA)
        stage.trouble(call, "broken")

        with pytest.raises(DeskUnavailable) as caught:
            CALLS[call](desk, eva, NOWHERE)

        assert caught.value.status == 503
        assert desk.account(CONTOSO, none).contacts == {EVA: Contact(eva, EVA)}

    @pytest.mark.parametrize("call", ["deactivate_contact", "set_group_user"])
    def test_who_is_not_let_in_is_told_so(self, stage: Stage, desk: Desk, call: str) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        stage.trouble(call, "forbidden")

        with pytest.raises(DeskForbidden):
            CALLS[call](desk, jan, group)

        assert stage.users(CONTOSO, group) == {}

    def test_a_contact_whose_answer_was_lost_is_in_doubt_and_then_found(self, stage: Stage, desk: Desk) -> None:
        stage.trouble("create_contact", "answer lost")

        with pytest.raises(DeskInDoubt):
            desk.create_contact(CONTOSO, JAN, "Jan", "")

        found = desk.find_contact(CONTOSO, JAN)
        assert found is not None
        assert desk.account(CONTOSO, none).contacts == {JAN: found}

    def test_a_group_whose_answer_was_lost_is_in_doubt_and_then_found_once(self, stage: Stage, desk: Desk) -> None:
        stage.trouble("create_group", "answer lost")

        with pytest.raises(DeskInDoubt):
            desk.create_group(CONTOSO, "IT")

        assert [group.name for group in desk.find_groups(CONTOSO, "IT")] == ["IT"]

    def test_the_index_may_lag_and_the_rule_of_one_address_does_not(self, stage: Stage, desk: Desk) -> None:
        stage.lag(1)
        jan = desk.create_contact(CONTOSO, JAN, "Jan", "")

        early = desk.find_contact(CONTOSO, JAN)
        with pytest.raises(DeskRejected) as caught:
            desk.create_contact(CONTOSO, JAN, "Jan", "")

        assert early is None
        assert caught.value.status == 409
        assert desk.find_contact(CONTOSO, JAN) == Contact(jan, JAN)

    def test_a_group_that_the_index_misses_is_found_later(self, stage: Stage, desk: Desk) -> None:
        stage.lag(1)
        group = desk.create_group(CONTOSO, "IT")

        early = desk.find_groups(CONTOSO, "IT")

        assert early == ()
        assert desk.find_groups(CONTOSO, "IT") == (ContactGroup(group, "IT"),)

    def test_eight_threads_may_write_at_once(self, stage: Stage, desk: Desk) -> None:
        people = [stage.add_contact(CONTOSO, f"person{number}@contoso.example") for number in range(40)]
        group = stage.add_group(CONTOSO, "IT")
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda contact: desk.set_group_user(CONTOSO, group, contact, REGULAR), people))

        assert stage.users(CONTOSO, group) == dict.fromkeys(people, REGULAR)
