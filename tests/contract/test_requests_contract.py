"""The rows of requests: in memory, and in tables with Azurite."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from servorg.request_records import OVER, ClaimLost, Request, RequestBook, State
from servorg.request_rows import TableRequests
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from tests.fakes.requests import FakeRequests

NOW = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
TICKET = 501


@pytest.fixture(params=["fake", "tables"])
def book(request: pytest.FixtureRequest) -> Iterator[RequestBook]:
    if request.param == "fake":
        yield FakeRequests()
        return
    tables = Tables(StorageSettings.read({"AzureWebJobsStorage": request.getfixturevalue("azurite").connection_string}))
    delete_partition(tables.table("requests"), "tickets")
    yield TableRequests(tables)


def test_a_row_is_made_by_the_first_claim(book: RequestBook) -> None:
    before = book.find(TICKET)
    claimed = book.claim(TICKET, "me", NOW, 60)

    assert before is None
    assert claimed == book.find(TICKET) == Request(TICKET)


def test_what_is_written_is_read_whole_and_nothing_else_changes(book: RequestBook) -> None:
    book.claim(TICKET, "me", NOW, 60)
    book.write(TICKET, "me", state=State.STARTING, result=2**62, seen=7, customer="contoso", modes=(2, 5), before=(1,))
    book.write(TICKET, "me", run="contoso-1", answered="held 1", telling="now", reason="because of “ø”", before=())

    assert book.find(TICKET) == Request(
        TICKET, State.STARTING, 2**62, 7, "contoso", (2, 5), (), "contoso-1", "held 1", "because of “ø”", "now"
    )


def test_a_result_can_be_unknown_again(book: RequestBook) -> None:
    book.claim(TICKET, "me", NOW, 60)
    book.write(TICKET, "me", result=1, seen=1)
    book.write(TICKET, "me", result=None, seen=None)

    assert book.find(TICKET) == Request(TICKET)


def test_a_claimed_row_is_nobody_elses_until_it_is_given_back_or_its_time_is_over(book: RequestBook) -> None:
    book.claim(TICKET, "me", NOW, 60)
    during = book.claim(TICKET, "you", NOW + timedelta(seconds=59), 60)
    book.release(TICKET, "me")
    after = book.claim(TICKET, "you", NOW + timedelta(seconds=59), 60)
    late = book.claim(TICKET, "they", NOW + timedelta(seconds=119), 60)

    assert (during, after, late) == (None, Request(TICKET), Request(TICKET))


def test_whoever_lost_the_row_writes_nothing_and_gives_nothing_back(book: RequestBook) -> None:
    book.claim(TICKET, "me", NOW, 60)
    book.claim(TICKET, "you", NOW + timedelta(seconds=60), 60)
    book.release(TICKET, "me")

    with pytest.raises(ClaimLost, match="took over ticket 501"):
        book.write(TICKET, "me", state=State.REFUSED)

    assert book.find(TICKET) == Request(TICKET)
    assert book.claim(TICKET, "they", NOW + timedelta(seconds=61), 60) is None


def test_of_many_who_claim_at_once_one_gets_it(book: RequestBook) -> None:
    def claim(number: int) -> Request | None:
        return book.claim(TICKET, f"holder {number}", NOW, 60)

    with ThreadPoolExecutor(8) as threads:
        got = [one for one in threads.map(claim, range(16)) if one is not None]

    assert got == [Request(TICKET)]


def test_only_queued_requests_are_listed(book: RequestBook) -> None:
    for ticket, state in ((30, State.QUEUED), (4, State.QUEUED), (5, State.ANSWERED), (6, State.NEW)):
        book.claim(ticket, "me", NOW, 60)
        book.write(ticket, "me", state=state)

    assert [one.ticket for one in book.queued()] == [4, 30]


def test_requests_that_are_over_are_found_by_the_time_when_they_were_touched(book: RequestBook) -> None:
    for ticket, state in enumerate(State, 1):
        book.claim(ticket, "me", NOW, 60)
        book.write(ticket, "me", state=state)
    over = [ticket for ticket, state in enumerate(State, 1) if state in OVER]
    now = datetime.now(UTC)

    assert list(book.over_before(now + timedelta(hours=1))) == over
    assert list(book.over_before(now - timedelta(hours=1))) == []


def test_only_a_request_that_is_over_and_was_not_touched_since_is_forgotten(book: RequestBook) -> None:
    for ticket, state in ((1, State.ANSWERED), (2, State.QUEUED)):
        book.claim(ticket, "me", NOW, 60)
        book.write(ticket, "me", state=state)
    later, earlier = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    refused = [book.forget(1, earlier), book.forget(2, later), book.forget(3, later)]

    assert refused == [False, False, False]
    assert book.last_forgotten() == 0
    assert [book.forget(1, later), book.forget(1, later)] == [True, False]
    assert book.last_forgotten() == 1
    assert book.find(1) is None
    assert book.claim(1, "you", NOW, 60) == Request(1)
