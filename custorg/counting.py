"""Counting people and owners of the table's groups, as far as time and Graph allow: a count is for display only."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from custorg.ports import MOST_COUNTED, Choices, Counts, Directory
from shared.errors import SourceError
from shared.wire import GroupRow

AT_ONCE = 4  # batches in flight: some 200 resource units (graph.md) for the time that a batch takes
FRESH = dt.timedelta(hours=1)  # a refresh soon after another one counts what is new


@dataclass(frozen=True, slots=True)
class Tally:
    """The groups counted now, how many are still waiting, and why it ended early (empty when time was over)."""

    counted: tuple[str, ...]
    left: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The time of a count: `now` is noted (ISO 8601, UTC), no further batch begins when `clock()` is `until`."""

    now: str
    clock: Callable[[], float]
    until: float


async def count_groups(directory: Directory, choices: Choices, *, before: str, span: Span) -> Tally:
    """Counts groups that were last counted before `before`, the chosen ones first, then whoever waits longest.

    Something is counted even when there is no time. Graph's refusal ends it; what was counted until then stays.
    """
    waiting = _waiting(await asyncio.to_thread(choices.rows), before)
    counted: list[str] = []
    why = ""
    while waiting and not why and (not counted or span.clock() < span.until):
        counts, why = await _ask(directory, waiting[: AT_ONCE * MOST_COUNTED])
        await asyncio.to_thread(choices.count, counts, span.now)
        counted += counts
        waiting = [group for group in waiting if group not in counts]
    return Tally(tuple(counted), len(waiting), why)


def stale(now: str) -> str:
    """The time before which a count is worth renewing by itself."""
    return (dt.datetime.fromisoformat(now) - FRESH).isoformat(timespec="seconds")


def _waiting(rows: Sequence[GroupRow], before: str) -> list[str]:
    countable = [row for row in rows if not row.vanished and not row.hidden and row.counted_at < before]
    return [row.id for row in sorted(countable, key=lambda row: (not row.sync, row.counted_at))]


async def _ask(directory: Directory, groups: Sequence[str]) -> tuple[Mapping[str, Counts], str]:
    """The counts of what was answered, and the first refusal in words."""
    asked = [directory.sizes(batch) for batch in batched(groups, MOST_COUNTED, strict=False)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    counts: dict[str, Counts] = {}
    why = ""
    for answer in answers:
        if isinstance(answer, SourceError):
            why = why or str(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            counts |= answer
    return counts, why
