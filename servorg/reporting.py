"""Gathers the daily report from the ledger: every customer's runs of some hours, one customer after the other."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from servorg.customer import Customer
from servorg.records import Ledger, Run
from servorg.report_html import html
from servorg.schedules import last_due
from shared.core import report_words
from shared.core.report import CustOrgFacts, News, OnTheBooks, Report, Window, make_report, news_of, told_about
from shared.logs import log_event

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
_JUST_NOW = timedelta(minutes=5)
"""A run that was due so shortly before the report need not be in the ledger yet."""
_FIRST_READ = 20


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the report comes from. `schedule` tells the NCRONTAB by which a customer is synced.

    `custorg` tells what is known of its CustOrg, `unfinished` the ids of its runs that are not over.
    """

    ledger: Ledger
    customers: Callable[[], Iterable[Customer]]
    schedule: Callable[[str], str]
    custorg: Callable[[str], CustOrgFacts] = lambda _: CustOrgFacts()
    unfinished: Callable[[str], Iterable[str]] = lambda _: ()


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


def _news(sources: Sources, customer: Customer, window: Window) -> News:
    runs = _runs(sources.ledger, customer.id, window)
    changes = {run.id: sources.ledger.changes(run.id) for run in told_about(runs, window) if run.counts.get("changes")}
    due = last_due(sources.schedule(customer.id), window.until - _JUST_NOW)
    books = OnTheBooks(customer.id, customer.name, due, sources.custorg(customer.id))
    return news_of(books, [*runs, *_left_behind(sources, customer.id, runs)], changes, window)


def _left_behind(sources: Sources, customer: str, runs: list[Run]) -> list[Run]:
    """Runs of longer ago that have no end, newest first."""
    known = {run.id for run in runs}
    older = [sources.ledger.run(run) for run in sources.unfinished(customer) if run not in known]
    return sorted(filter(None, older), key=lambda run: run.id, reverse=True)


def _runs(ledger: Ledger, customer: str, window: Window) -> list[Run]:
    """The customer's runs, newest first, as far back as the first one that was queued before the window."""
    limit = _FIRST_READ
    while True:
        runs = ledger.runs(customer, limit)
        if len(runs) < limit or (runs[-1].queued_at or window.until) < window.since:
            return runs
        limit *= 4
