"""Subscribing to DeskDirector's event: once, again, and no more."""

from datetime import UTC, datetime

import pytest

from servorg.subscriptions import Event, EventRefused, Receipt, Subscription, end, event_address, find_event, subscribe
from shared.errors import DeskInDoubt, DeskUnavailable
from tests.fakes.desk_setup import EVENT, FakeEvents, FakeSubscriptions

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
URL = "https://servorg.example/api/events/deskdirector"


def subscribed(site: FakeEvents, book: FakeSubscriptions, url: str = URL) -> Subscription | None:
    return subscribe(site, book, find_event(site, EVENT.id), url, lambda: AT)[1]


class TestFinding:
    @pytest.mark.parametrize("tells_type", [True, False])
    def test_an_event_is_found_with_its_type(self, tells_type: bool) -> None:
        site = FakeEvents(Event("other", "Other", "ticket-note-added"), EVENT)
        site.tells_type = tells_type

        assert find_event(site, EVENT.id) == EVENT

    def test_an_unknown_event_is_refused(self) -> None:
        with pytest.raises(EventRefused, match="no event 'nothing'"):
            find_event(FakeEvents(), "nothing")

    def test_an_event_of_no_type_that_is_told_is_refused(self) -> None:
        with pytest.raises(EventRefused, match="--type"):
            find_event(FakeEvents(Event("odd", "Odd", "ticket-exploded")), "odd")


class TestSubscribing:
    def test_a_subscription_is_noted_with_what_ends_it(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        old = subscribed(site, book)

        assert old is None
        assert site.subscribed == {"action-1": URL}
        assert book.kept == Subscription(EVENT.id, EVENT.name, EVENT.type, URL, Receipt("action-1", "s3cr3t-token"), AT)
        assert "s3cr3t" not in repr(book.kept)

    def test_the_second_one_replaces_the_first(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        subscribed(site, book)
        first, old = book.kept, subscribed(site, book, "https://moved.example/x")

        assert old == first
        assert site.subscribed == {"action-2": "https://moved.example/x"}

    def test_one_that_somebody_deleted_in_the_site_is_replaced(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        subscribed(site, book)
        site.subscribed.clear()
        subscribed(site, book)

        assert site.subscribed == {"action-2": URL}

    def test_one_that_nobody_can_end_is_replaced_in_the_book(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        site.tells_receipt = False
        subscribed(site, book)
        site.tells_receipt = True
        old = subscribed(site, book)

        assert old is not None
        assert old.receipt.action == ""
        assert book.kept is not None
        assert book.kept.receipt.action == "action-2"

    def test_when_the_old_one_could_not_be_ended_it_stays_noted(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        subscribed(site, book)
        site.error, first = DeskUnavailable("broken", 503), book.kept

        with pytest.raises(DeskUnavailable):
            subscribed(site, book)

        assert book.kept == first

    def test_when_the_new_one_is_in_doubt_none_is_noted(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        site.error = DeskInDoubt("lost")

        with pytest.raises(DeskInDoubt):
            subscribed(site, book)

        assert book.kept is None


class TestEnding:
    def test_it_is_ended_once(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        subscribed(site, book)
        known, again = end(site, book), end(site, book)

        assert known is not None
        assert (known.url, again) == (URL, None)
        assert (site.subscribed, book.kept) == ({}, None)

    def test_one_that_the_site_does_not_know_any_more_is_forgotten(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        subscribed(site, book)
        site.subscribed.clear()
        end(site, book)

        assert book.kept is None

    def test_one_that_nobody_can_end_is_refused_with_what_to_do(self) -> None:
        site, book = FakeEvents(), FakeSubscriptions()
        site.tells_receipt = False
        subscribed(site, book)

        with pytest.raises(EventRefused, match="--forget"):
            end(site, book)

        assert book.kept is not None


class TestAddress:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ("https://servorg.example", URL),
            ("https://servorg.example/", URL),
            ("servorg.example", URL),
            (" https://gate.example/hooks/sync ", "https://gate.example/hooks/sync"),
            ("localhost:7071", "http://localhost:7071/api/events/deskdirector"),
            ("http://127.0.0.1:7071", "http://127.0.0.1:7071/api/events/deskdirector"),
        ],
    )
    def test_an_address_or_a_host_name_becomes_where_events_go(self, given: str, told: str) -> None:
        assert event_address(given) == told

    @pytest.mark.parametrize(
        "given", ["http://servorg.example", "ftp://servorg.example", "https://", "https://a.example?code=x", "", "://"]
    )
    def test_what_is_no_safe_address_is_refused(self, given: str) -> None:
        with pytest.raises(ValueError, match=r"^must "):
            event_address(given)
