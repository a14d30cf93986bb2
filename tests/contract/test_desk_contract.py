"""What both implementations of the ports DeskReader and DeskWriter promise: FakeDesk, and the adapter on the double."""

import pytest

from servorg.ports import Desk
from shared.core.model import AccountId, Address, Contact, ContactGroup, ContactGroupId, ContactId
from shared.errors import DeskRejected, DeskThrottled, DeskUnavailable
from tests.contract.desk_stages import (
    CONTOSO,
    EVA,
    FABRIKAM,
    GUEST,
    JAN,
    MANAGER,
    REGULAR,
    InMemory,
    OverHttp,
    Stage,
    every,
    none,
)
from tests.doubles.deskdirector_rig import Rig

NOBODY, NOWHERE = ContactId(999_999), ContactGroupId("999999-A")


@pytest.fixture(params=["in memory", "over HTTP"])
def stage(request: pytest.FixtureRequest, desk_rig: Rig) -> Stage:
    return InMemory() if request.param == "in memory" else OverHttp(desk_rig)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return stage.desk


class TestReading:
    def test_every_contact_of_the_account_is_read_active_or_not(self, stage: Stage, desk: Desk) -> None:
        jan, eva = stage.add_contact(CONTOSO, JAN), stage.add_contact(CONTOSO, EVA, active=False)
        stage.add_contact(FABRIKAM, JAN)

        account = desk.account(CONTOSO, none)

        assert account.id == CONTOSO
        assert account.contacts == {JAN: Contact(jan, JAN), EVA: Contact(eva, EVA, active=False)}

    def test_an_account_of_several_pages_is_read_to_its_end(self, stage: Stage, desk: Desk) -> None:
        made = {stage.add_contact(CONTOSO, f"person{number}@contoso.example") for number in range(201)}

        assert {contact.id for contact in desk.account(CONTOSO, none).contacts.values()} == made

    def test_an_account_without_anything_is_read_as_empty(self, desk: Desk) -> None:
        account = desk.account(CONTOSO, every)

        assert (account.contacts, account.groups) == ({}, {})

    def test_addresses_are_told_in_lower_case(self, stage: Stage, desk: Desk) -> None:
        stage.add_contact(CONTOSO, "Jan@Contoso.Example")

        assert list(desk.account(CONTOSO, none).contacts) == [JAN]

    def test_users_are_read_of_the_groups_that_are_asked_for_and_of_no_other(self, stage: Stage, desk: Desk) -> None:
        jan, eva = stage.add_contact(CONTOSO, JAN), stage.add_contact(CONTOSO, EVA)
        it = stage.add_group(CONTOSO, "IT", {jan: MANAGER, eva: GUEST})
        sales = stage.add_group(CONTOSO, "Sales", {jan: REGULAR})
        stage.add_group(FABRIKAM, "IT")

        groups = desk.account(CONTOSO, lambda group: group.name == "IT").groups

        assert groups == {
            it: ContactGroup(it, "IT", {jan: MANAGER, eva: GUEST}),
            sales: ContactGroup(sales, "Sales", None),
        }

    def test_a_group_of_several_pages_is_read_to_its_end(self, stage: Stage, desk: Desk) -> None:
        users = {stage.add_contact(CONTOSO, f"person{number}@contoso.example"): REGULAR for number in range(101)}
        group = stage.add_group(CONTOSO, "Everybody", users)

        assert desk.account(CONTOSO, every).groups[group].users == users

    def test_who_is_in_a_group_is_told_by_its_id_while_the_lists_lack_it(self, stage: Stage, desk: Desk) -> None:
        stage.lag(100)
        group = desk.create_group(CONTOSO, "Late")
        contact = desk.create_contact(CONTOSO, JAN, "Jan", "")
        desk.set_group_user(CONTOSO, group, contact, MANAGER)

        assert group not in desk.account(CONTOSO, none).groups
        assert desk.group_users(CONTOSO, group) == {contact: MANAGER}
        assert desk.group_users(CONTOSO, NOWHERE) is None

    @pytest.mark.parametrize("active", [True, False])
    def test_a_contact_is_found_by_its_address_active_or_not(self, stage: Stage, desk: Desk, active: bool) -> None:
        jan = stage.add_contact(CONTOSO, "Jan@contoso.example", active=active)

        assert desk.find_contact(CONTOSO, JAN) == Contact(jan, JAN, active)

    def test_a_contact_of_another_account_is_not_found(self, stage: Stage, desk: Desk) -> None:
        stage.add_contact(FABRIKAM, JAN)

        assert desk.find_contact(CONTOSO, JAN) is None

    @pytest.mark.parametrize("others", [0, 3, 230])
    def test_every_account_with_a_contact_of_an_address_is_told_with_its_name(
        self, stage: Stage, desk: Desk, others: int
    ) -> None:
        for number in range(others):
            stage.add_contact(FABRIKAM, f"person{number}@contoso.example")
        stage.add_contact(CONTOSO, JAN)
        stage.add_contact(FABRIKAM, "JAN@contoso.example", active=False)
        stage.add_contact(FABRIKAM, EVA)
        both, nobody = {CONTOSO: "Contoso", FABRIKAM: "Fabrikam"}, Address("nobody@contoso.example")

        assert desk.accounts_of({JAN}) == {JAN: both}
        assert desk.accounts_of({EVA, JAN, nobody}) == {JAN: both, EVA: {FABRIKAM: "Fabrikam"}}
        assert desk.accounts_of({nobody}) == {}

    def test_groups_are_found_by_their_whole_name_in_any_case(self, stage: Stage, desk: Desk) -> None:
        it, also_it = stage.add_group(CONTOSO, "IT  Support"), stage.add_group(CONTOSO, "it support")
        stage.add_group(CONTOSO, "IT Support Team")
        stage.add_group(FABRIKAM, "IT Support")

        found = desk.find_groups(CONTOSO, "It Support")

        assert {group.id: group.users for group in found} == {it: None, also_it: None}

    def test_service_groups_are_listed_by_folded_name_with_every_id(self, stage: Stage, desk: Desk) -> None:
        finance, sales = stage.add_service_group("Finance"), stage.add_service_group("Sales")
        again = stage.add_service_group("FINANCE")

        assert desk.list_service_groups() == {"finance": (finance, again), "sales": (sales,)}

    def test_active_accounts_are_found_by_their_tag(self, desk: Desk) -> None:
        assert desk.accounts_with_tag("west") == (CONTOSO, FABRIKAM)
        assert desk.accounts_with_tag("it-support-team") == (CONTOSO,)
        assert desk.accounts_with_tag("nowhere") == ()

    def test_all_tags_are_told_at_once_with_the_active_accounts_that_have_them(self, desk: Desk) -> None:
        found = desk.tagged_accounts()

        assert {tag: found[tag] for tag in ("west", "it-support-team")} == {
            "west": (CONTOSO, FABRIKAM),
            "it-support-team": (CONTOSO,),
        }
        assert all(found[tag] == desk.accounts_with_tag(tag) for tag in found)

    def test_the_contact_groups_of_an_account_are_listed_without_their_users(self, stage: Stage, desk: Desk) -> None:
        made = {stage.add_group(CONTOSO, name): name for name in ("IT", "it", "Sales")}
        stage.add_group(FABRIKAM, "IT")

        assert {group.id: group.name for group in desk.list_groups(CONTOSO)} == made
        assert {group.users for group in desk.list_groups(CONTOSO)} == {None}

    def test_a_read_that_fails_is_an_error_and_not_a_short_answer(self, stage: Stage, desk: Desk) -> None:
        stage.add_contact(CONTOSO, JAN)
        stage.trouble("account", "broken")

        with pytest.raises(DeskUnavailable) as caught:
            desk.account(CONTOSO, none)

        assert caught.value.status == 503

    def test_a_throttled_read_says_how_long_to_wait(self, stage: Stage, desk: Desk) -> None:
        stage.trouble("find_contact", "throttled")

        with pytest.raises(DeskThrottled) as caught:
            desk.find_contact(CONTOSO, JAN)

        assert caught.value.retry_after == 7


class TestContacts:
    def test_a_created_contact_is_active_and_has_the_id_that_was_answered(self, desk: Desk) -> None:
        jan = desk.create_contact(CONTOSO, JAN, "Jan", "Novak")

        assert desk.account(CONTOSO, none).contacts == {JAN: Contact(jan, JAN)}

    def test_a_contact_needs_no_last_name(self, desk: Desk) -> None:
        jan = desk.create_contact(CONTOSO, JAN, "Jan", "")

        assert desk.find_contact(CONTOSO, JAN) == Contact(jan, JAN)

    @pytest.mark.parametrize("active", [True, False])
    def test_a_second_contact_of_one_address_is_rejected(self, stage: Stage, desk: Desk, active: bool) -> None:
        stage.add_contact(CONTOSO, "JAN@contoso.example", active=active)

        with pytest.raises(DeskRejected) as caught:
            desk.create_contact(CONTOSO, JAN, "Jan", "")

        assert caught.value.status == 409

    def test_two_accounts_may_have_contacts_of_one_address(self, stage: Stage, desk: Desk) -> None:
        stage.add_contact(FABRIKAM, JAN)

        jan = desk.create_contact(CONTOSO, JAN, "Jan", "")

        assert desk.account(CONTOSO, none).contacts[JAN].id == jan

    def test_a_contact_is_deactivated_and_activated_as_often_as_asked(self, stage: Stage, desk: Desk) -> None:
        jan, states = stage.add_contact(CONTOSO, JAN), []
        for change in (
            desk.deactivate_contact,
            desk.deactivate_contact,
            desk.activate_contact,
            desk.activate_contact,
        ):
            change(jan)
            states.append(desk.account(CONTOSO, none).contacts[JAN].active)

        assert states == [False, False, True, True]

    def test_a_contact_has_one_service_group_or_none(self, stage: Stage, desk: Desk) -> None:
        jan, links = (
            stage.add_contact(CONTOSO, JAN),
            [stage.add_service_group("Finance"), stage.add_service_group("IT")],
        )
        told = []
        for link in (*links, None):
            desk.set_service_group(jan, link)
            told.append(desk.account(CONTOSO, none).contacts[JAN].service_group)

        assert told == [*links, None]

    def test_what_is_not_there_is_rejected_as_not_found(self, stage: Stage, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT")
        calls = (
            lambda: desk.create_contact(AccountId(999), JAN, "Jan", ""),
            lambda: desk.activate_contact(NOBODY),
            lambda: desk.deactivate_contact(NOBODY),
            lambda: desk.set_service_group(NOBODY, None),
            lambda: desk.set_service_group(jan, 999_999),
            lambda: desk.create_group(AccountId(999), "IT"),
            lambda: desk.rename_group(CONTOSO, NOWHERE, "IT"),
            lambda: desk.rename_group(FABRIKAM, group, "IT"),
            lambda: desk.set_group_user(CONTOSO, NOWHERE, jan, REGULAR),
            lambda: desk.set_group_user(CONTOSO, group, NOBODY, REGULAR),
        )
        statuses = []
        for call in calls:
            with pytest.raises(DeskRejected) as caught:
                call()
            statuses.append(caught.value.status)

        assert statuses == [404] * len(calls)


class TestGroups:
    def test_a_second_group_of_one_name_is_not_refused(self, desk: Desk) -> None:
        made = {desk.create_group(CONTOSO, "IT"), desk.create_group(CONTOSO, "IT")}

        assert {group.id for group in desk.find_groups(CONTOSO, "it")} == made
        assert len(made) == 2

    def test_a_new_group_has_nobody_in_it(self, desk: Desk) -> None:
        group = desk.create_group(CONTOSO, "IT")

        assert desk.account(CONTOSO, every).groups == {group: ContactGroup(group, "IT", {})}

    def test_a_group_is_renamed_and_keeps_its_people(self, stage: Stage, desk: Desk) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        group = stage.add_group(CONTOSO, "IT", {jan: REGULAR})

        desk.rename_group(CONTOSO, group, "Informatics")

        assert desk.account(CONTOSO, every).groups == {group: ContactGroup(group, "Informatics", {jan: REGULAR})}

    @pytest.mark.parametrize("name", [" ", "x" * 101])
    def test_a_group_needs_a_name_of_at_most_a_hundred_letters(self, desk: Desk, name: str) -> None:
        with pytest.raises(DeskRejected) as caught:
            desk.create_group(CONTOSO, name)

        assert caught.value.status == 400

    def test_joining_again_changes_the_role(self, stage: Stage, desk: Desk) -> None:
        jan, group, roles = stage.add_contact(CONTOSO, JAN), stage.add_group(CONTOSO, "IT"), []
        for role in (REGULAR, REGULAR, MANAGER, GUEST):
            desk.set_group_user(CONTOSO, group, jan, role)
            roles.append(stage.users(CONTOSO, group))

        assert roles == [{jan: REGULAR}, {jan: REGULAR}, {jan: MANAGER}, {jan: GUEST}]

    def test_leaving_a_group_that_one_is_not_in_counts_as_done(self, stage: Stage, desk: Desk) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        group = stage.add_group(CONTOSO, "IT", {jan: REGULAR})
        for _ in range(2):
            desk.remove_group_user(CONTOSO, group, jan)

        assert stage.users(CONTOSO, group) == {}

    def test_a_51st_group_is_refused_and_a_change_of_role_in_the_50th_is_not(self, stage: Stage, desk: Desk) -> None:
        jan = stage.add_contact(CONTOSO, JAN)
        groups = [stage.add_group(CONTOSO, f"Group {number}", {jan: REGULAR}) for number in range(50)]
        one_more = stage.add_group(CONTOSO, "One more")
        desk.set_group_user(CONTOSO, groups[-1], jan, MANAGER)

        with pytest.raises(DeskRejected) as caught:
            desk.set_group_user(CONTOSO, one_more, jan, REGULAR)

        assert caught.value.status == 422
        assert stage.users(CONTOSO, groups[-1]) == {jan: MANAGER}
        assert stage.users(CONTOSO, one_more) == {}

    def test_an_inactive_contact_joins_no_group(self, stage: Stage, desk: Desk) -> None:
        jan, group = stage.add_contact(CONTOSO, JAN, active=False), stage.add_group(CONTOSO, "IT")

        with pytest.raises(DeskRejected) as caught:
            desk.set_group_user(CONTOSO, group, jan, REGULAR)

        assert caught.value.status == 422
