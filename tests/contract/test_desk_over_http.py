"""What only the adapter can get wrong, against the double: waits, tokens, lost connections, words."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from typing import Any

import pytest

from servorg.ports import Desk
from shared.core.model import Contact, ContactGroup, ContactId, GroupRole
from shared.errors import DeskForbidden, DeskInDoubt, DeskRejected, DeskThrottled, DeskUnavailable
from tests.contract.desk_stages import CONTOSO, JAN, REGULAR, OverHttp, read
from tests.doubles.deskdirector_rig import Rig

USER_KEY = "GET /api/v2/user/member/7/userkey"


@pytest.fixture
def stage(desk_rig: Rig) -> OverHttp:
    return OverHttp(desk_rig)


@pytest.fixture
def desk(stage: OverHttp) -> Desk:
    return stage.desk


def in_seconds(seconds: float) -> str:
    return format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True)


class TestWaiting:
    @pytest.mark.parametrize("status", [429, 503, 500, 400])
    @pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("0.25", 0.25), (lambda: in_seconds(30), 30.0)])
    def test_any_refusal_with_retry_after_is_throttling(
        self, stage: OverHttp, desk: Desk, status: int, header: str | Callable[[], str], seconds: float
    ) -> None:
        text = header if isinstance(header, str) else header()
        stage.fault("deactivate_contact", status=status, headers={"Retry-After": text})

        with pytest.raises(DeskThrottled) as caught:
            desk.deactivate_contact(ContactId(1))

        assert caught.value.retry_after == pytest.approx(seconds, abs=2 if seconds == 30 else 0)

    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
    def test_throttling_without_a_time_waits_ten_seconds(
        self, stage: OverHttp, desk: Desk, headers: dict[str, str]
    ) -> None:
        stage.fault("deactivate_contact", status=429, headers=headers)

        with pytest.raises(DeskThrottled) as caught:
            desk.deactivate_contact(ContactId(1))

        assert caught.value.retry_after == 10

    def test_what_was_done_is_done_though_it_names_a_wait(self, stage: OverHttp, desk: Desk) -> None:
        stage.fault("create_group", headers={"Retry-After": "60"})

        group = desk.create_group(CONTOSO, "IT")

        assert desk.find_groups(CONTOSO, "IT") == (ContactGroup(group, "IT"),)

    def test_every_request_waits_for_the_budget(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        desk_rig.fault(path="/users/", drop="before")
        desk.set_group_user(CONTOSO, group, jan, REGULAR)
        read(desk)
        desk.find_contact(CONTOSO, JAN)

        assert stage.waits.count == len(stage.requests()) == 8


class TestCredentials:
    def test_a_wrong_key_is_forbidden_at_once(self, stage: OverHttp) -> None:
        desk = stage.adapter(key="wrong")

        with pytest.raises(DeskForbidden, match="401 to the API key"):
            read(desk)

        assert len(stage.requests()) == 1

    def test_one_token_serves_every_thread_and_call(self, stage: OverHttp, desk: Desk) -> None:
        people = [stage.add_contact(CONTOSO, f"person{number}@contoso.example") for number in range(30)]
        group = stage.add_group(CONTOSO, "IT")
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda contact: desk.set_group_user(CONTOSO, group, contact, REGULAR), people))

        assert stage.requests().count(USER_KEY) == 1

    def test_a_withdrawn_token_is_replaced_once(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        desk.set_group_user(CONTOSO, group, jan, REGULAR)
        desk_rig.edit("withdraw_tokens")

        desk.set_group_user(CONTOSO, group, jan, GroupRole.MANAGER)

        assert stage.users(CONTOSO, group) == {jan: GroupRole.MANAGER}
        assert stage.requests().count(USER_KEY) == 2

    def test_an_expired_token_is_replaced_once(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        desk_rig.edit("set", tokenLife=-10)
        desk_rig.fault(path="/userkey", body={"userKey": desk_rig.token().removeprefix("DdAccessToken ")})
        desk_rig.edit("set", tokenLife=3600)
        desk.set_group_user(CONTOSO, group, jan, REGULAR)

        assert stage.users(CONTOSO, group) == {jan: REGULAR}

    def test_a_fresh_token_that_is_refused_is_forbidden(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        desk_rig.fault(path="/users/", status=401, times=None)

        with pytest.raises(DeskForbidden, match="agent 7's fresh access token"):
            desk.remove_group_user(CONTOSO, stage.add_group(CONTOSO, "IT"), ContactId(1))

        assert [request.split()[0] for request in stage.requests()] == ["GET", "DELETE", "GET", "DELETE"]

    def test_an_agent_that_may_not_is_forbidden_at_once(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        desk_rig.edit("update_agent", id=7, allowed=False)

        with pytest.raises(DeskForbidden):
            desk.remove_group_user(CONTOSO, stage.add_group(CONTOSO, "IT"), ContactId(1))

        assert stage.requests() == [USER_KEY]

    def test_an_unknown_agent_is_rejected(self, stage: OverHttp) -> None:
        desk = stage.adapter(agent=8)

        with pytest.raises(DeskRejected, match="There is no agent 8"):
            desk.set_group_user(CONTOSO, stage.add_group(CONTOSO, "IT"), ContactId(1), REGULAR)

    @pytest.mark.parametrize("body", [{}, {"userKey": 5}, {"userKey": ""}, {"userKey": "a\nb"}, "text"])
    def test_an_answer_that_is_no_token_is_an_error(self, desk_rig: Rig, desk: Desk, body: Any) -> None:
        desk_rig.fault(path="/userkey", body=body)

        with pytest.raises(DeskUnavailable):
            desk.remove_group_user(CONTOSO, desk_rig.edit("add_group", company=CONTOSO, name="IT")["id"], ContactId(1))


class TestLosing:
    def test_a_removal_that_is_refused_is_not_done(self, stage: OverHttp, desk: Desk) -> None:
        stage.fault("remove_group_user", status=400)

        with pytest.raises(DeskRejected):
            desk.remove_group_user(CONTOSO, stage.add_group(CONTOSO, "IT"), ContactId(1))

    def test_a_repeatable_call_outlives_a_lost_connection(self, stage: OverHttp, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        stage.fault("set_group_user", drop="after")
        stage.fault("account", drop="before")
        desk.set_group_user(CONTOSO, group, jan, REGULAR)

        assert read(desk).groups[group].users == {jan: REGULAR}

    def test_a_create_is_sent_once_whatever_happens(self, stage: OverHttp, desk: Desk) -> None:
        stage.fault("create_contact", drop="before", times=None)

        with pytest.raises(DeskInDoubt):
            desk.create_contact(CONTOSO, JAN, "Jan", "")

        assert len(stage.requests()) == 1

    @pytest.mark.parametrize("body", ["<html>", {}, {"id": "101"}, []])
    def test_a_create_that_is_answered_without_an_id_is_in_doubt(self, stage: OverHttp, desk: Desk, body: Any) -> None:
        stage.fault("create_contact", body=body)

        with pytest.raises(DeskInDoubt):
            desk.create_contact(CONTOSO, JAN, "Jan", "")

    def test_a_connection_that_stays_lost_is_unavailable(self, stage: OverHttp) -> None:
        desk = stage.adapter(retry=0.3)
        stage.fault("account", drop="before", times=None)

        with pytest.raises(DeskUnavailable) as caught:
            read(desk)

        assert caught.value.status is None


class TestDialects:
    def test_a_site_that_says_given_name_and_surname_is_spoken_to_so(self, desk_rig: Rig) -> None:
        words = '{"request": {"firstName": "givenName", "lastName": "surname", "fullName": "fullName"}}'
        stage = OverHttp(desk_rig, dialect="given")
        jan = stage.adapter(dialect=words).create_contact(CONTOSO, JAN, "Jan", "Novak")

        row = desk_rig.admin("GET", "state")["contacts"][0]
        assert (row["firstName"], row["lastName"], row["name"]) == ("Jan", "Novak", "Jan Novak")
        assert read(stage.desk).contacts == {JAN: Contact(jan, JAN)}

    def test_a_site_that_is_spoken_to_in_the_wrong_dialect_rejects(self, desk_rig: Rig) -> None:
        stage = OverHttp(desk_rig, dialect="given")

        with pytest.raises(DeskRejected) as caught:
            stage.desk.create_contact(CONTOSO, JAN, "Jan", "Novak")

        assert caught.value.status == 400

    def test_actions_have_the_ids_and_categories_of_the_dialect(self, desk_rig: Rig) -> None:
        stage = OverHttp(desk_rig, actions={"activateContact": {"id": "switch on", "category": "people & more"}})
        jan = stage.add_contact(CONTOSO, JAN, active=False)
        words = '{"actions": {"activateContact": {"id": "switch on", "category": "people & more"}}}'
        stage.adapter(dialect=words).activate_contact(jan)

        assert read(stage.desk).contacts == {JAN: Contact(jan, JAN)}
