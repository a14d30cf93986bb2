"""Customers with a schedule of their own: each time that is due gives one run, however often and wherever one looks."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from croniter import croniter
from croniter.croniter import CroniterError

from servorg.customer import Configuration
from servorg.jobs import Office, queue_run
from servorg.records import Run, new_run_id
from shared.logs import log_event

SKEW = timedelta(minutes=10)
"""Clocks may differ by so much: a last look that lies further ahead is a clock's that was wrong."""
OWED = timedelta(days=1)
"""So long it is looked whether the run that was due is there; a host may have been killed before it wrote it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """When a customer's schedule last gave a run, or was set, and that run's id. `version` is its row as it was."""

    at: datetime
    owed: str = ""
    version: str = ""


class Looks(Protocol):
    """Remembers per customer what its schedule gave."""

    def last(self, customer: str) -> Look | None:
        """The last look; None when the customer was never configured."""
        ...

    def note(self, customer: str, last: Look, at: datetime, owed: str) -> bool:
        """Notes the run that is due at `at`; whether that could be done, with nothing written since `last`."""
        ...


def last_due(schedule: str, until: datetime) -> datetime | None:
    """The last time before `until` at which an NCRONTAB was due; None when it is no such text (a time span, say)."""
    try:
        # Azure wants day and weekday both to fit, where cron takes either
        due: datetime = croniter(schedule, until, second_at_beginning=True, day_or=False).get_prev(datetime)
    except (CroniterError, ValueError):
        return None
    return due


def enqueue_due(office: Office, looks: Looks, customers: Iterable[tuple[str, Configuration]]) -> list[Run]:
    """Queues a run for each customer whose own schedule was due since it last gave one; the runs.

    However many times were missed, it is one run. Of two that look at once, one queues it.
    """
    runs = [_enqueue_if_due(office, looks, customer, configuration) for customer, configuration in customers]
    return [run for run in runs if run]


def _enqueue_if_due(office: Office, looks: Looks, customer: str, configuration: Configuration) -> Run | None:
    last = looks.last(customer) if configuration.schedule else None
    if configuration.schedule is None or last is None:
        return None
    now = office.now()
    if last.at - now > SKEW:
        log_event(log, "a schedule's last look lies ahead; the clock was wrong", logging.WARNING, customer=customer)
        looks.note(customer, last, now, "")
        return None
    run = _owed(office, last, now) or _due(office, customer, configuration.schedule, last)
    if not run or not looks.note(customer, last, now, run):
        return None
    return queue_run(office, Run(run, customer, configuration.modes, queued_at=now, trigger="schedule"))


def _owed(office: Office, last: Look, now: datetime) -> str:
    """The run that was noted and never written; usually none."""
    recent = bool(last.owed) and now - last.at < OWED
    return last.owed if recent and office.ledger.run(last.owed) is None else ""


def _due(office: Office, customer: str, schedule: str, last: Look) -> str:
    """The id of the run that is due; empty when none is."""
    now = office.now()
    due = last_due(schedule, now)
    return new_run_id(customer, now, office.random) if due and due > last.at else ""
