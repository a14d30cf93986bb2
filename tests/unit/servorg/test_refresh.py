"""The nightly refresh: groups table, offers and outlook of each customer, whatever becomes of the others."""

import logging
from datetime import timedelta
from itertools import count

import pytest

from custorg.commands import COMMANDS
from servorg.messages import CustomerRefresh
from servorg.offered import WITHOUT, compare
from servorg.outlook import AT_ONCE
from servorg.refresh import MOST_TRIES, look_closer, refresh, request_all
from servorg.timer_wiring import for_a_while
from shared.core.model import AccountId, ContactGroupId, EntraGroupId, GroupLink, Links
from shared.errors import (
    CustOrgRefused,
    CustOrgUnreachable,
    DeskForbidden,
    DeskThrottled,
    GraphThrottled,
    SettingsError,
    SyncError,
)
from shared.wire import TableUpdated
from tests.unit.servorg.refresh_rig import CONTOSO, FABRIKAM, NOW, Night, group, offering

DOWN = CustOrgUnreachable("the CustOrg could not be reached (ConnectTimeout)")
UPDATE, OUTLOOK = "update-entra-groups-table", "tell-group-outlook"


def test_each_customer_has_a_message_of_its_own() -> None:
    night = Night()

    assert request_all(night.parts()) == 2
    assert night.sent == [(CustomerRefresh(CONTOSO), 0), (CustomerRefresh(FABRIKAM), 0)]


def test_a_message_comes_back_as_it_was_sent_and_other_texts_are_none() -> None:
    assert CustomerRefresh.from_json(CustomerRefresh(CONTOSO, 2).to_json()) == CustomerRefresh(CONTOSO, 2)
    with pytest.raises(ValueError, match="customer"):
        CustomerRefresh.from_json('{"customer": "../x"}')


def test_a_refresh_updates_the_table_and_keeps_what_the_custorg_offers() -> None:
    night = Night()
    night.custorgs[CONTOSO].rows = (group(1, "IT", sync=True), group(2, "Sales"))
    kept = night.refresh()

    assert night.custorgs[CONTOSO].asked == [UPDATE, "offers", "get-entra-groups", OUTLOOK]
    assert (kept.tried_at, kept.refreshed_at, kept.offered_at, kept.told_at) == (NOW, NOW, NOW, NOW)
    assert (kept.reason, kept.silence, kept.groups, kept.chosen) == ("", "", 2, 1)
    assert kept.offers == offering()
    assert night.sent == []


def test_one_that_is_down_is_noted_tried_again_and_keeps_nobody_waiting() -> None:
    night = Night()
    night.refresh()
    night.custorgs[CONTOSO].errors[UPDATE] = DOWN
    night.now += timedelta(days=1)
    failed = [night.refresh(tries=tries) for tries in range(1, MOST_TRIES + 1)][-1]

    assert failed.reason == str(DOWN)
    assert (failed.refreshed_at, failed.tried_at) == (NOW, NOW + timedelta(days=1))
    assert failed.offers == offering()
    assert night.sent == [(CustomerRefresh(CONTOSO, 2), 60), (CustomerRefresh(CONTOSO, 3), 60)]
    assert night.refresh(FABRIKAM).reason == ""


def test_what_was_noted_is_gone_after_a_refresh_that_went_well() -> None:
    night = Night()
    night.custorgs[CONTOSO].errors[UPDATE] = DOWN
    night.refresh()
    night.custorgs[CONTOSO].errors.clear()

    assert night.refresh().reason == ""


@pytest.mark.parametrize(
    ("error", "reason", "waits"),
    [
        (GraphThrottled(17), "Microsoft Graph throttles the CustOrg for 17 s", [17]),
        (CustOrgRefused("the CustOrg did not accept the function key (401)"), "function key (401)", []),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error: SyncError, reason: str, waits: list[float]) -> None:
    night = Night()
    night.custorgs[CONTOSO].errors[UPDATE] = error

    assert reason in night.refresh().reason
    assert [wait for _, wait in night.sent] == waits


def test_a_customer_whose_key_is_missing_says_so() -> None:
    night = Night()

    def no_key(_customer: str) -> None:
        raise SettingsError(["KEY is missing"])

    refresh(night.parts(custorg=no_key), CustomerRefresh(CONTOSO))

    assert night.refreshes.rows[CONTOSO].reason == "KEY is missing"


def test_a_customer_that_is_gone_by_now_is_passed_over() -> None:
    night = Night()
    refresh(night.parts(), CustomerRefresh("gone"))

    assert night.refreshes.rows == {}


def test_the_log_says_how_it_went_and_names_no_group(caplog: pytest.LogCaptureFixture) -> None:
    night = Night()
    night.custorgs[CONTOSO].rows = (group(1, "Secret project"),)
    night.custorgs[FABRIKAM].errors[UPDATE] = DOWN
    with caplog.at_level(logging.INFO):
        night.refresh(CONTOSO)
        night.refresh(FABRIKAM)

    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert "Secret" not in caplog.text


# Older and newer ones


def test_every_command_of_todays_custorg_is_known_with_what_does_not_work_without_it() -> None:
    assert WITHOUT.keys() == COMMANDS.keys()
    assert compare(offering()).sentences() == []


def test_an_older_custorg_is_told_what_does_not_work_and_still_served() -> None:
    night = Night()
    night.custorgs[CONTOSO].offered = offering(OUTLOOK, "explain-person")
    kept = night.refresh()
    assert kept.offers
    compared = compare(kept.offers)

    assert (kept.reason, kept.silence) == ("", "its CustOrg is too old for it")
    assert night.custorgs[CONTOSO].told == []
    assert (compared.older, compared.newer) == (True, False)
    assert compared.sentences() == [
        "The CustOrg is older than this ServOrg; update its function app.",
        "Without explain-person `explain` cannot look for a person in its groups.",
        "Without tell-group-outlook its page does not tell what becomes of each group.",
    ]


def test_one_that_cannot_even_refresh_its_table_is_asked_what_it_can() -> None:
    night = Night()
    night.custorgs[CONTOSO].offered = offering(UPDATE)
    kept = night.refresh()

    assert "unknown_command" in kept.reason
    assert kept.offers == offering(UPDATE)
    assert night.sent == []


def test_a_newer_custorg_is_served_by_what_is_known() -> None:
    compared = compare(offering(version=2, more=("read-minds",)))

    assert (compared.older, compared.newer) == (False, True)
    assert compared.sentences() == [
        "The CustOrg is newer than this ServOrg; update this function app.",
        "Versions differ: it speaks version 2, this ServOrg 1.",
        "This ServOrg does not know read-minds, so it does not use it.",
    ]


def test_when_offers_cannot_be_had_the_table_is_refreshed_all_the_same() -> None:
    night = Night()
    night.custorgs[CONTOSO].errors["offers"] = DOWN
    kept = night.refresh()

    assert (kept.reason, kept.refreshed_at, kept.offers) == ("", NOW, None)
    assert kept.silence == f"what it offers is not known: {DOWN}"
    assert night.sent == [(CustomerRefresh(CONTOSO, 2), 60)]


# The outlook


def test_the_outlook_is_told_by_codes_for_every_group_that_is_there() -> None:
    night = Night(2, 3, 4)
    night.custorgs[CONTOSO].rows = (group(1, "IT", sync=True), group(2, "Sales"), group(3, "Gone", vanished=True))
    night.desk.add_account(12, "it")
    night.desk.add_group(12, "sales")
    night.desk.service_groups[7] = "IT"
    night.refresh()
    [told] = night.custorgs[CONTOSO].told

    assert (told.modes, told.account) == ((2, 3, 4), "Contoso")
    assert night.custorgs[CONTOSO].says == {
        "1": ("contact", "contact-group-made", "service-group-found", "account-found"),
        "2": ("contact", "contact-group-found", "service-group-missing", "account-missing"),
    }


def test_only_what_the_modes_speak_about_is_asked_of_deskdirector() -> None:
    night = Night(1)
    night.custorgs[CONTOSO].rows = (group(1, "IT"),)
    night.refresh()

    assert night.desk.calls == []


def test_links_of_runs_tell_which_contact_group_is_the_groups() -> None:
    night = Night(2)
    row = group(1, "Renamed", sync=True)
    night.custorgs[CONTOSO].rows = (row,)
    made = night.desk.add_group(12, "IT")
    night.links[CONTOSO] = {AccountId(12): Links({}, {EntraGroupId(row.id): GroupLink(ContactGroupId(made), "IT")})}
    night.refresh()

    assert night.custorgs[CONTOSO].says["1"] == ("contact", "contact-group-found")


def test_nothing_of_another_customer_is_told_but_that_an_account_is_foreign() -> None:
    night = Night(2, 4)
    night.custorgs[CONTOSO].rows = (group(1, "IT"),)
    night.desk.add_account(40, "it", name="Fabrikam secret")
    night.desk.add_group(40, "IT")
    night.refresh()
    [told] = night.custorgs[CONTOSO].told

    assert night.custorgs[CONTOSO].says == {"1": ("contact", "contact-group-made", "account-foreign")}
    assert "abrikam" not in told.model_dump_json()
    assert "40" not in told.model_dump_json().replace(told.groups[0].id, "")


def test_a_large_table_is_told_in_parts() -> None:
    night = Night(1)
    night.custorgs[CONTOSO].rows = tuple(group(number, f"G{number}") for number in range(AT_ONCE + 1))
    night.refresh()

    assert [len(told.groups) for told in night.custorgs[CONTOSO].told] == [AT_ONCE, 1]


def test_a_table_whose_ids_are_none_is_refused_and_noted() -> None:
    night = Night(1)
    night.custorgs[CONTOSO].rows = (group(1, "IT").model_copy(update={"id": "x"}),)

    assert "ids that are no group's" in night.refresh().silence


@pytest.mark.parametrize(("error", "waits"), [(DeskThrottled(9), [9]), (DeskForbidden("403 after a fresh token"), [])])
def test_when_deskdirector_does_not_answer_the_rest_is_done_and_the_silence_noted(
    error: SyncError, waits: list[float]
) -> None:
    night = Night(3)
    night.custorgs[CONTOSO].rows = (group(1, "IT"),)
    night.desk.fail("list_service_groups", error)
    kept = night.refresh()

    assert (kept.reason, kept.silence, kept.told_at) == ("", str(error), None)
    assert [wait for _, wait in night.sent] == waits


def test_after_a_refresh_by_hand_offers_and_outlook_are_as_fresh() -> None:
    night = Night(1)
    night.custorgs[CONTOSO].rows = (group(1, "IT"),)
    kept = look_closer(night.parts(), CONTOSO, TableUpdated(tenant="t", groups=9, chosen=3, added=0, vanished=0))

    assert night.refreshes.rows[CONTOSO] == kept
    assert (kept.groups, kept.chosen, kept.refreshed_at, kept.told_at) == (9, 3, NOW, NOW)


def test_what_is_the_same_for_all_customers_is_read_once_for_a_while() -> None:
    now, reads = [0.0], count(1)
    ask = for_a_while(lambda: next(reads), 600, lambda: now[0])
    first = [ask(), ask()]
    now[0] = 600

    assert (first, ask()) == ([1, 1], 2)
