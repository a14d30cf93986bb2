"""Gathers the daily report from the ledger: every customer's runs of some hours, one customer after the other."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from croniter import croniter
from croniter.croniter import CroniterError

from servorg.customer import Customer
from servorg.records import Ledger, Run
from servorg.report_html import html
from shared.core import report_words
from shared.core.report import News, OnTheBooks, Report, Window, make_report, news_of, told_about
from shared.logs import log_event

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
_JUST_NOW = timedelta(minutes=5)
"""A run that was due so shortly before the report need not be in the ledger yet."""
_FIRST_READ = 20


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the report comes from. `schedule` tells the NCRONTAB by which a customer is synced."""

    ledger: Ledger
    customers: Callable[[], Iterable[Customer]]
    schedule: Callable[[str], str]


class Mail(Protocol):
    """What sends the report."""

    def send(self, subject: str, html: str) -> None:
        """Returns when the mail was accepted; `servorg.mail.MailNotSent` otherwise."""
        ...


def mail_report(sources: Sources, mail: Mail, now: datetime, *, test: bool = False) -> None:
    """Mails the report about the last 24 hours; a test says so in its subject. MailNotSent when Graph refuses."""
    report = gather(sources, now - DAY, now)
    mail.send(f"{'Test: ' if test else ''}{report_words.subject(report)}", html(report))
    log_event(log, "report sent", customers=len(report.customers), need_somebody=report.needy, runs=report.runs)


def gather(sources: Sources, since: datetime, until: datetime) -> Report:
    """The report about these hours (UTC). AzureError when storage does not answer."""
    window = Window(since, until)
    return make_report(window, (_news(sources, customer, window) for customer in sources.customers()))


def last_due(schedule: str, until: datetime) -> datetime | None:
    """The last time before `until` at which an NCRONTAB was due; None when it is no such text (a time span, say)."""
    try:
        # Azure wants day and weekday both to fit, where cron takes either
        due: datetime = croniter(schedule, until, second_at_beginning=True, day_or=False).get_prev(datetime)
    except (CroniterError, ValueError):
        return None
    return due


def _news(sources: Sources, customer: Customer, window: Window) -> News:
    runs = _runs(sources.ledger, customer.id, window)
    changes = {run.id: sources.ledger.changes(run.id) for run in told_about(runs, window) if run.counts.get("changes")}
    due = last_due(sources.schedule(customer.id), window.until - _JUST_NOW)
    return news_of(OnTheBooks(customer.id, customer.name, due), runs, changes, window)


def _runs(ledger: Ledger, customer: str, window: Window) -> list[Run]:
    """The customer's runs, newest first, as far back as the first one that was queued before the window."""
    limit = _FIRST_READ
    while True:
        runs = ledger.runs(customer, limit)
        if len(runs) < limit or (runs[-1].queued_at or window.until) < window.since:
            return runs
        limit *= 4
