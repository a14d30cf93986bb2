"""NCRONTAB schedules and what is known of a timer between two ticks. No I/O.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from croniter import croniter
from croniter.croniter import CroniterError

from localhost.errors import HostError
from localhost.protos import TypedData

# croniter knows more than NCRONTAB: L, #, ?, H, @daily, and 7 for Sunday.
PART = r"(?:\*|\d+|[A-Za-z]{3})(?:-(?:\d+|[A-Za-z]{3}))?(?:/\d+)?"
FIELD = re.compile(rf"{PART}(?:,{PART})*")
FIVE_OR_SIX_FIELDS = {5, 6}
SUNDAY_AS_SEVEN = re.compile(r"(?<![\d/])7(?!\d)")


@dataclass(frozen=True, slots=True)
class Status:
    """When a timer ran, when it is due, who runs it until when (all UTC); the etag is its row's version."""

    schedule: str
    due: dt.datetime
    last: dt.datetime | None = None
    runner: str = ""
    runs_until: dt.datetime | None = None
    etag: str = ""

    def to_row(self) -> dict[str, str]:
        """The row's columns; times as ISO texts, an empty text where there is none."""
        times = {"Next": self.due, "Last": self.last, "RunsUntil": self.runs_until}
        texts = {name: moment.isoformat() if moment else "" for name, moment in times.items()}
        return {"Schedule": self.schedule, "Runner": self.runner} | texts

    @classmethod
    def from_row(cls, row: Mapping[str, Any], etag: str) -> Self:
        """The reverse of to_row."""
        last, until = (dt.datetime.fromisoformat(row[name]) if row[name] else None for name in ("Last", "RunsUntil"))
        return cls(row["Schedule"], dt.datetime.fromisoformat(row["Next"]), last, row["Runner"], until, etag)

    def is_running(self, now: dt.datetime) -> bool:
        """Whether a living host says that it is running it."""
        return self.runs_until is not None and self.runs_until > now


def check_schedule(function: str, schedule: str) -> None:
    """HostError, in Azure's words, for what is no NCRONTAB expression of five or six fields or is never due."""
    fields = schedule.split()
    well_formed = len(fields) in FIVE_OR_SIX_FIELDS and all(FIELD.fullmatch(field) for field in fields)
    try:
        if well_formed and not SUNDAY_AS_SEVEN.search(fields[-1]):
            next_tick(schedule, dt.datetime.now(dt.UTC))
            return
    except CroniterError:
        pass
    raise HostError(
        f"Error indexing method 'Functions.{function}': "
        f"The schedule expression '{schedule}' was not recognized as a valid cron expression or timespan string."
    )


def next_tick(schedule: str, after: dt.datetime) -> dt.datetime:
    """The first tick later than `after`, both UTC. CroniterError for what check_schedule refuses.

    Day of month and day of week must both match, unlike Unix cron, where one of them is enough.
    """
    tick: dt.datetime = croniter(schedule, after, second_at_beginning=True, day_or=False).get_next(dt.datetime)
    return tick


def timer_value(status: Status, *, past_due: bool) -> TypedData:
    """What a timer function gets.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#usage
    """
    never = "0001-01-01T00:00:00+00:00"
    last = status.last.isoformat() if status.last else never
    times = {"Last": last, "LastUpdated": last, "Next": status.due.isoformat()}
    timer = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": times, "IsPastDue": past_due}
    return TypedData(json=json.dumps(timer))
