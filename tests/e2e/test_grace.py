"""Whoever is not desired any more stays an active contact for some days, and is unmarked when he comes back."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", GRACE_DAYS_CONTACTS="7")


def test_a_leaver_waits_with_a_date_and_is_unmarked_when_he_comes_back(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    customer.leave(staff, ada)
    today = dt.datetime.now(dt.UTC)
    left, idle = customer.sync(), customer.plan()
    away = (customer.active(), set(customer.groups()["Staff"]))
    customer.join(staff, ada)
    back = customer.sync()
    [waiting] = [row for row in left["changes"] if row["status"] == "waiting"]

    assert left["status"] == "succeeded"
    assert (waiting["kind"], waiting["address"]) == ("deactivate contact", customer.mails[ada])
    assert waiting["reason"].startswith(f"waits until {today + dt.timedelta(days=7):%Y-%m-%d}")
    assert away == (customer.mail(ada, bo), customer.mail(bo))
    assert (idle.status, [row["status"] for row in idle["changes"]]) == (0, ["waiting"])
    assert back.changes("applied") == [("add to contact group", customer.mails[ada])]
    assert back.changes("waiting") == []
    assert customer.active() == customer.mail(ada, bo)


def test_the_grace_of_one_leaver_is_not_lengthened_by_later_runs(customer: Customer) -> None:
    ada, bo = customer.people("Ada", "Bo")
    staff = customer.group("Staff", [ada, bo])
    customer.sync()
    customer.leave(staff, ada)
    first, second = customer.sync(), customer.sync()

    assert [row["reason"] for row in second["changes"]] == [
        row["reason"] for row in first["changes"] if row["status"] == "waiting"
    ]
