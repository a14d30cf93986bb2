from collections.abc import Callable

import pytest

from custorg.counting import Span, Tally, count_groups, stale
from shared.errors import GraphThrottled
from shared.wire import GroupRow
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import FakeDirectory, FakeGroup, guid

NOW, OLDER, OLDEST = "2026-11-24T10:00:00+00:00", "2026-11-23T10:00:00+00:00", "2026-11-22T10:00:00+00:00"


def a_row(name: str, counted_at: str = "", *, sync: bool = False, hidden: bool = False, gone: bool = False) -> GroupRow:
    return GroupRow(id=guid(name), name=name, sync=sync, hidden=hidden, vanished=gone, countedAt=counted_at)


class Site:
    """Groups in Entra and in the table; a clock that goes on by a second at each look."""

    def __init__(self, *rows: GroupRow) -> None:
        self.directory = FakeDirectory(*(FakeGroup(row.name, ["ann"]) for row in rows))
        self.choices = FakeChoices()
        self.choices.kept = {row.id: row for row in rows}
        self.seconds = 0.0

    def clock(self) -> float:
        self.seconds += 1
        return self.seconds

    async def count(self, before: str = NOW, until: float = 1_000) -> Tally:
        span = Span(NOW, self.clock, until)
        return await count_groups(self.directory, self.choices, before=before, span=span)

    def counted(self) -> list[str]:
        return sorted(row.name for row in self.choices.rows() if row.counted_at == NOW)


def many(count: int, name: Callable[[int], str] = "g{}".format) -> list[GroupRow]:
    return [a_row(name(number)) for number in range(count)]


async def test_counts_are_kept_with_their_time() -> None:
    site = Site(a_row("it"))

    tally = await site.count()

    row = site.choices.kept[guid("it")]
    assert tally == Tally((guid("it"),), 0)
    assert (row.people, row.owners, row.counted_at) == (1, 0, NOW)


async def test_chosen_groups_come_first_and_then_whoever_waits_longest() -> None:
    site = Site(a_row("b", OLDER), a_row("a", OLDEST), a_row("never"), a_row("chosen", OLDER, sync=True))

    await site.count()

    [call] = [call for call in site.directory.calls if call[0] == "sizes"]
    assert call[1:] == tuple(guid(name) for name in ("chosen", "never", "a", "b"))


async def test_what_cannot_be_counted_or_is_counted_already_is_left_out() -> None:
    site = Site(a_row("hidden", hidden=True), a_row("gone", gone=True), a_row("fresh", OLDER), a_row("it", OLDEST))

    tally = await site.count(before=OLDER)

    assert (site.counted(), tally.left) == (["it"], 0)


async def test_when_time_is_over_the_rest_waits() -> None:
    site = Site(*many(95))

    tally = await site.count(until=2)

    assert (len(tally.counted), tally.left, tally.why) == (80, 15, "")


async def test_something_is_counted_even_without_time() -> None:
    site = Site(*many(95))

    tally = await site.count(until=0)

    assert (len(tally.counted), tally.left) == (40, 55)


async def test_a_refusal_ends_it_and_what_was_counted_stays() -> None:
    site = Site(*many(95))
    first = tuple(guid(f"g{number}") for number in range(10))
    site.directory.errors["sizes", *first[:2]] = [GraphThrottled(90.0)]

    tally = await site.count()

    assert (len(site.counted()), tally.left, tally.why) == (30, 65, "throttled for 90 s")


async def test_an_error_of_ours_is_no_refusal() -> None:
    site = Site(a_row("it"))
    site.directory.errors["sizes", guid("it")] = [ZeroDivisionError()]

    with pytest.raises(ZeroDivisionError):
        await site.count()


def test_a_count_is_worth_renewing_after_an_hour() -> None:
    assert stale(NOW) == "2026-11-24T09:00:00+00:00"
