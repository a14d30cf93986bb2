"""Which texts are schedules: of a customer, and of a timer."""

import pytest

from shared.schedules import is_ncrontab, timer_schedule


@pytest.mark.parametrize(
    "text",
    [
        "0 30 2 * * *",
        " 0 30 2 * * * ",
        "*/5 * * * *",
        "0 0 9-17/2 * Jan Mon-Fri",
        "5,8,10 * * * * 0",
        "01:30:00",
        "00:00:30",
    ],
)
def test_a_timer_takes_ncrontab_of_five_or_six_fields_and_time_spans(text: str) -> None:
    assert timer_schedule(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("xx", "0 * * *", "0 * * * * * *", "60 * * * * *", "0 0 0 * * 7", "0 0 0 * * 5-7", "0 0 0 L * *", "@daily"),
        *("x * * * * *", "0 0 0 ? * *", "٠ 0 0 * * *", "0 0 0 * Foo *", "*/0 * * * * *", "R R R R R R"),
        *("00:00:00", "24:00:00", "1:30", "01:60:00", "٠١:٠٠:٠٠", "%OTHER%"),
    ],
)
def test_what_the_host_would_not_start_with_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be NCRONTAB, such as .* or a time span"):
        timer_schedule(text)


@pytest.mark.parametrize(
    ("text", "is_one"), [("0 30 2 * * *", True), ("30 2 * * *", False), ("0 99 2 * * *", False), ("01:30:00", False)]
)
def test_a_customers_schedule_has_six_fields(text: str, is_one: bool) -> None:
    assert is_ncrontab(text) is is_one
