"""NCRONTAB: "Timer trigger for Azure Functions", NCRONTAB expressions.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

import datetime as dt

import pytest

from localhost.errors import HostError
from localhost.schedules import check_schedule, next_tick

NOON = dt.datetime(2026, 11, 24, 12, 0, 0, 500_000, dt.UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 */5 * * * *", "2026-11-24T12:05:00"),
        ("0 0 * * * *", "2026-11-24T13:00:00"),
        ("0 0 */2 * * *", "2026-11-24T14:00:00"),
        ("0 0 9-17 * * *", "2026-11-24T13:00:00"),
        ("0 30 9 * * *", "2026-11-25T09:30:00"),
        ("0 30 9 * * 1-5", "2026-11-25T09:30:00"),
        ("0 30 9 * Jan Mon", "2027-01-04T09:30:00"),
        ("5,8,10 * * * * *", "2026-11-24T12:00:05"),
        ("*/1 * * * * *", "2026-11-24T12:00:01"),
        ("*/5 * * * *", "2026-11-24T12:05:00"),
        ("30 9 * * 0", "2026-11-29T09:30:00"),
    ],
)
def test_the_examples_of_the_documentation_tick_when_they_should(schedule: str, expected: str) -> None:
    assert next_tick(schedule, NOON) == dt.datetime.fromisoformat(expected).replace(tzinfo=dt.UTC)


def test_day_of_month_and_day_of_week_must_both_match() -> None:
    friday_the_thirteenth = next_tick("0 0 0 13 * Fri", NOON)

    assert friday_the_thirteenth.date() == dt.date(2027, 8, 13)


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "0 * * *",
        "0 * * * * * *",
        "60 * * * * *",
        "0 0 0 * * 7",
        "0 0 0 L * *",
        "@daily",
        "0 0 0 30 2 *",
        "x * * * * *",
    ],
)
def test_what_is_no_ncrontab_expression_is_refused_in_azures_words(schedule: str) -> None:
    with pytest.raises(HostError, match="was not recognized as a valid cron expression or timespan string"):
        check_schedule("tick", schedule)
