"""Ids of runs, and rows that another version wrote."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servorg.records import ChangeRow, Run, RunStatus, new_run_id, split_run_id
from servorg.rows import change_from, contact_from, group_from, run_from, run_row
from shared.core.model import ContactGroupId, ContactLink, EntraGroupId, Given, GroupLink, GroupRole

NOW = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
CUSTOMERS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,49}", fullmatch=True)


def test_a_run_id_tells_customer_and_time() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=2)))

    made = new_run_id("contoso", local, Random(1))

    assert made.startswith("contoso-20261124-105312-")
    assert len(made) == len("contoso-20261124-105312-4f2a9c1b")


@given(CUSTOMERS, st.datetimes(min_value=datetime(2000, 1, 1)), st.integers())  # noqa: DTZ001 Hypothesis wants it so
def test_a_run_id_leads_to_its_customer(customer: str, at: datetime, seed: int) -> None:
    keys = split_run_id(new_run_id(customer, at.replace(tzinfo=UTC), Random(seed)))

    assert keys is not None
    assert keys[0] == customer


@given(st.integers(1, 10**9), st.integers())
def test_a_later_run_sorts_before_an_earlier_one(milliseconds: int, seed: int) -> None:
    random = Random(seed)
    earlier, later = (new_run_id("c", NOW + timedelta(milliseconds=m), random) for m in (0, milliseconds))

    assert (split_run_id(later) or ("", ""))[1] < (split_run_id(earlier) or ("", ""))[1]


@pytest.mark.parametrize("text", ["", "contoso", "contoso-20261124-105312-4f2a9c1", "Contoso-20261124-105312-4f2a9c1b"])
def test_what_is_no_run_id_leads_nowhere(text: str) -> None:
    assert split_run_id(text) is None


def test_a_run_is_final_once_nothing_changes_it_any_more() -> None:
    open_ones = {status for status in RunStatus if not status.final}

    assert open_ones == {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.HELD}


def test_rows_that_lack_properties_or_have_more_are_read() -> None:
    bare = {"PartitionKey": "contoso", "RowKey": "k", "id": "r1", "colour": "red"}
    change = {"PartitionKey": "r1:00000", "RowKey": "0000007", "colour": "red"}
    contact = {"memberships": '{"g1":["manager",null,null,true,"more"]}', "colour": "red"}

    assert run_from(bare, {}) == Run("r1", "contoso")
    assert change_from(change) == ChangeRow("r1", 7, "")
    assert contact_from(contact) == ContactLink(memberships={EntraGroupId("g1"): Given(GroupRole.MANAGER)})
    assert group_from({"contact_group": "cg"}) == GroupLink(ContactGroupId("cg"), "")


def test_an_endless_or_broken_sentence_is_cut_to_what_a_row_takes() -> None:
    run = new_run_id("contoso", NOW, Random(1))

    entity, extra = run_row(run, {"reason": "\ud800" + "é" * 100_000})

    assert entity["reason"] == "\ufffd" + "é" * 3_999
    assert extra == []
