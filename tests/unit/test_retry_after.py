import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.retry_after import MOST, retry_after

NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("0.05", 0.05),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30.0),
        ("Wed Oct 21 07:28:30 2015", 30.0),
    ],
)
def test_a_wait_is_read_as_whole_seconds_decimals_or_any_http_date(header: str, seconds: float) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize("header", [None, "", "  ", "soon", "-5", "1e3", "nan", "inf", "1,5", "٣", "12 s", "31 Feb"])
def test_what_is_neither_a_number_nor_a_date_is_no_wait(header: str | None) -> None:
    assert retry_after(header, NOW) is None


def test_a_date_that_is_over_means_now() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:27:00 GMT", NOW) == 0.0


@pytest.mark.parametrize("header", ["99999999", "9" * 400, "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_no_answer_makes_anybody_wait_longer_than_a_day(header: str) -> None:
    assert retry_after(header, NOW) == MOST


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,30} [A-Z][a-z]{2} [0-9]{1,30} [0-9:]{0,12} ?[+-]?[0-9]{0,8}"))
def test_no_header_breaks_the_reader(header: str) -> None:
    seconds = retry_after(header, NOW)

    assert seconds is None or 0 <= seconds <= MOST
