"""What only the adapter can get wrong, against the double: lists that do not add up, hits that are none."""

from typing import Any

import pytest

from servorg.ports import Desk
from shared.core.model import Contact
from shared.errors import DeskRejected, DeskUnavailable
from tests.contract.desk_stages import CONTOSO, FABRIKAM, JAN, REGULAR, OverHttp, read
from tests.doubles.deskdirector_rig import Rig


@pytest.fixture
def stage(desk_rig: Rig) -> OverHttp:
    return OverHttp(desk_rig)


@pytest.fixture
def desk(stage: OverHttp) -> Desk:
    return stage.desk


class TestPages:
    def people(self, stage: OverHttp, count: int = 101) -> None:
        for number in range(count):
            stage.add_contact(CONTOSO, f"person{number}@contoso.example")

    def test_page_two_that_breaks_is_an_error_and_not_a_short_list(self, stage: OverHttp, desk: Desk) -> None:
        self.people(stage)
        stage.fault("account", status=500, after=1)

        with pytest.raises(DeskUnavailable) as caught:
            read(desk)

        assert caught.value.status == 500

    @pytest.mark.parametrize(
        ("patch", "why"),
        [
            ({"totalResults": 3}, "2 rows instead of 3"),
            ({"totalResults": 1}, "2 rows instead of 1"),
            ({"results": []}, "0 rows instead of 2"),
        ],
    )
    def test_a_list_that_does_not_add_up_is_read_twice_and_is_then_an_error(
        self, stage: OverHttp, desk: Desk, patch: dict[str, Any], why: str
    ) -> None:
        self.people(stage, 2)
        stage.fault("account", patch=patch, times=None)

        with pytest.raises(DeskUnavailable, match=f"could not be read completely: {why}"):
            read(desk)

        assert sum(request.endswith("/contacts/find") for request in stage.requests()) <= 4

    @pytest.mark.parametrize("page", [0, 1])
    def test_a_list_that_changed_while_it_was_read_is_read_once_more(
        self, stage: OverHttp, desk: Desk, page: int
    ) -> None:
        self.people(stage)
        stage.fault("account", patch={"totalResults": 102}, after=page)

        assert len(read(desk).contacts) == 101
        assert sum(request.endswith("/contacts/find") for request in stage.requests()) == 4

    def test_one_row_told_twice_is_an_error(self, stage: OverHttp, desk: Desk) -> None:
        self.people(stage, 2)
        first = stage.add_contact(CONTOSO, JAN)
        stage.fault("account", patch={"results.0.id": first}, times=None)

        with pytest.raises(DeskUnavailable, match="one row came twice among 3"):
            read(desk)

    @pytest.mark.parametrize(
        "patch",
        [
            {"totalResults": "2"},
            {"totalResults": True},
            {"totalResults": None},
            {"totalResults": -1},
            {"results": None},
            {"results": {}},
            {"results.0": None},
            {"results.0": {"id": 1, "email": "x@y.example", "isActive": True}},
            {"results.0": {"id": 1, "email": "x@y.example", "company": {"id": CONTOSO}}},
            {"results.0": {"id": 1, "isActive": True, "company": {"id": CONTOSO}}},
            {"results.0": {"email": "x@y.example", "isActive": True, "company": {"id": CONTOSO}}},
            {"results.0.id": "1"},
            {"results.0.id": True},
            {"results.0.email": 5},
            {"results.0.isActive": "false"},
            {"results.0": "a contact"},
            {"results.0.company": CONTOSO},
            {"results.0.company.id": FABRIKAM},
            {"results.0.serviceGroup": 3},
        ],
        ids=str,
    )
    def test_a_row_or_page_that_lacks_something_is_an_error_at_once(
        self, stage: OverHttp, desk: Desk, patch: dict[str, Any]
    ) -> None:
        self.people(stage, 2)
        stage.fault("account", patch=patch)

        with pytest.raises(DeskUnavailable, match="DeskDirector answered with"):
            read(desk)

    @pytest.mark.parametrize(
        "patch",
        [{"results.0.id": 5}, {"results.0.id": ".."}, {"results.0.name": None}, {"results.0.company.id": FABRIKAM}],
    )
    def test_a_contact_group_that_is_none_of_the_account_is_an_error(
        self, stage: OverHttp, desk: Desk, patch: dict[str, Any]
    ) -> None:
        stage.add_group(CONTOSO, "IT")
        stage.fault("find_groups", patch=patch)

        with pytest.raises(DeskUnavailable, match="contact group"):
            read(desk)

    @pytest.mark.parametrize("patch", [{"results.0.role": "approver"}, {"results.0.id": "7"}, {"totalResults": 2}])
    def test_a_groups_users_are_told_all_and_rightly_or_not_at_all(
        self, desk_rig: Rig, stage: OverHttp, desk: Desk, patch: dict[str, Any]
    ) -> None:
        stage.add_group(CONTOSO, "IT", {stage.add_contact(CONTOSO, JAN): REGULAR})
        desk_rig.fault(path="/users", method="GET", patch=patch, times=None)

        with pytest.raises(DeskUnavailable):
            read(desk)

    @pytest.mark.parametrize("patch", [{"results.0.name": None}, {"results.0.id": "3"}, {"totalResults": 2}])
    def test_a_service_group_without_a_name_or_number_is_an_error(
        self, stage: OverHttp, desk: Desk, patch: dict[str, Any]
    ) -> None:
        stage.add_service_group("Finance")
        stage.fault("list_service_groups", patch=patch, times=None)

        with pytest.raises(DeskUnavailable, match="service group"):
            desk.list_service_groups()

    @pytest.mark.parametrize("tags", [["other"], None])
    def test_an_account_without_the_tag_that_was_searched_is_an_error(
        self, desk_rig: Rig, desk: Desk, tags: list[str] | None
    ) -> None:
        desk_rig.fault(path="/companies/find", patch={"results.0.tags": tags})

        with pytest.raises(DeskUnavailable):
            desk.accounts_with_tag("west")

    def test_a_contact_that_has_no_usable_address_is_left_out_and_counted(self, stage: OverHttp, desk: Desk) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        stage.add_contact(CONTOSO, "nobody@localhost")

        assert read(desk).contacts == {JAN: Contact(jan, JAN)}

    @pytest.mark.parametrize(("active", "counts"), [((True, True), 0), ((False, True), 1), ((False, False), 0)])
    def test_of_two_contacts_with_one_address_the_active_older_one_counts(
        self, stage: OverHttp, desk: Desk, active: tuple[bool, bool], counts: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        ids = [stage.add_contact(CONTOSO, mail, active=active[n]) for n, mail in enumerate((JAN, "other@x.example"))]
        stage.fault("account", patch={"results.1.email": JAN.upper()})

        assert read(desk).contacts == {JAN: Contact(ids[counts], JAN, active[counts])}
        assert JAN not in caplog.text.casefold()
        assert str(ids[1]) in caplog.text


class TestFinding:
    def test_a_hit_is_not_trusted_before_it_is_read_by_its_id(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        desk_rig.fault(method="GET", path=f"/contacts/{jan}$", patch={"isActive": False})

        assert desk.find_contact(CONTOSO, JAN) == Contact(jan, JAN, active=False)

    @pytest.mark.parametrize(
        "rule", [{"status": 404}, {"patch": {"email": "x@y.example"}}, {"patch": {"company.id": FABRIKAM}}]
    )
    def test_a_hit_that_is_no_more_so_is_no_match(
        self, desk_rig: Rig, stage: OverHttp, desk: Desk, rule: dict[str, Any]
    ) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        desk_rig.fault(method="GET", path=f"/contacts/{jan}$", **rule)

        assert desk.find_contact(CONTOSO, JAN) is None

    def test_a_hit_that_cannot_be_read_is_an_error(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        stage.add_contact(CONTOSO, JAN)
        desk_rig.fault(method="GET", path="/contacts/", status=400)

        with pytest.raises(DeskRejected):
            desk.find_contact(CONTOSO, JAN)

    def test_an_answer_about_somebody_else_is_an_error(self, desk_rig: Rig, stage: OverHttp, desk: Desk) -> None:
        stage.add_contact(CONTOSO, JAN)
        desk_rig.fault(method="GET", path="/contacts/", patch={"id": 5})

        with pytest.raises(DeskUnavailable, match="of another id"):
            desk.find_contact(CONTOSO, JAN)

    def test_who_ignores_the_filter_costs_no_request_per_contact(
        self, stage: OverHttp, desk_rig: Rig, desk: Desk
    ) -> None:
        stage.add_contact(CONTOSO, JAN)
        stage.fault("find_contact", patch={"results.0.email": "somebody@else.example"})

        assert desk.find_contact(CONTOSO, JAN) is None
        assert len(stage.requests()) == 1
