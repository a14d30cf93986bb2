"""Builds ServOrg's parts from the settings, each on first use: importing this module does nothing."""

import logging
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import SystemRandom
from typing import TYPE_CHECKING

from servorg.customer import Configuration
from servorg.jobs import Office
from servorg.records import Run
from servorg.sync import Order
from shared.core.gates import Limits
from shared.core.grace import DAY, Policy
from shared.core.model import AccountId, SyncMode
from shared.errors import SettingsError
from shared.logs import log_event

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from servorg.budget import TableBudget
    from servorg.customers import Customers
    from servorg.desk_tickets import DeskTickets
    from servorg.deskdirector import DeskDirector
    from servorg.entra_source import CustOrg
    from servorg.ledger import TableLedger
    from servorg.mail import Mailer
    from servorg.queue import StorageQueue
    from servorg.reception import Reception
    from servorg.reporting import Sources
    from servorg.request_rows import TableRequests
    from servorg.vault import Vaults
    from shared.settings import ServOrgSettings
    from shared.tables import Tables

log = logging.getLogger(__name__)


@cache
def settings() -> "ServOrgSettings":
    """The settings of this process, or SettingsError with every fault."""
    from shared.settings import ServOrgSettings

    return ServOrgSettings.read(os.environ)


@cache
def tables() -> "Tables":
    """The tables of the app's storage."""
    from shared.tables import Tables

    return Tables(settings())


@cache
def ledger() -> "TableLedger":
    """Runs, changes, links and leases."""
    from servorg.ledger import TableLedger

    return TableLedger(tables())


@cache
def customers() -> "Customers":
    """Customers, configurations and protected addresses."""
    from servorg.customers import Customers

    return Customers(tables())


@cache
def jobs() -> "StorageQueue":
    """The queue of sync jobs."""
    from servorg.queue import StorageQueue

    return StorageQueue(settings())


@cache
def events() -> "StorageQueue":
    """The queue of tickets that are to be looked at."""
    from servorg.queue import EVENTS, StorageQueue

    return StorageQueue(settings(), EVENTS)


@cache
def refreshes() -> "StorageQueue":
    """The queue of customers whose groups are to be refreshed."""
    from servorg.queue import CUSTOMER_REFRESHES, StorageQueue

    return StorageQueue(settings(), CUSTOMER_REFRESHES)


@cache
def requests() -> "TableRequests":
    """How far the form's requests are, ticket by ticket."""
    from servorg.request_rows import TableRequests

    return TableRequests(tables())


@cache
def reception() -> "Reception":
    """What requests of the form need; SettingsError names every setting that is missing for it."""
    from servorg.reception import Reception, Rules

    known, faults = settings(), settings().form_faults()
    own, board, working, closed = known.servorg_account, known.board, known.in_progress_status, known.closed_status
    if faults or own is None or board is None or working is None or closed is None:
        raise SettingsError(faults)
    approval, declined = frozenset(known.approval_statuses), frozenset(known.declined_statuses)
    kept = timedelta(days=known.retention_days)
    rules = Rules(own, board, working, closed, kept, approval, declined)
    return Reception(rules, helpdesk(), requests(), customers(), office(), events())


@cache
def desk() -> "DeskDirector":
    """DeskDirector, within the budget of all instances."""
    from servorg.deskdirector import connect

    return connect(settings(), desk_budget())


@cache
def helpdesk() -> "DeskTickets":
    """DeskDirector's tickets and forms, within the same budget."""
    from servorg.desk_access import open_line
    from servorg.desk_tickets import DeskTickets

    return DeskTickets(*open_line(settings(), desk_budget()))


@cache
def desk_budget() -> "TableBudget":
    """The budget of requests to DeskDirector, of all instances."""
    from servorg.budget import TableBudget, TableBudgetRow

    return TableBudget(TableBudgetRow(tables()), settings().desk_rate, clock=time.time, sleep=time.sleep)


def custorg(customer: str) -> "CustOrg":
    """The customer's CustOrg, with its key; an answer from another tenant than the pinned one is refused."""
    from servorg.entra_source import CustOrg
    from servorg.keys import function_key

    book = customers()
    row = book.get(customer)
    key = function_key(row, os.environ, settings().key_vault_url, vaults())
    return CustOrg(row.url, key, lambda tenant: book.pin_tenant(customer, tenant))


@cache
def vaults() -> "Vaults":
    """Secrets of Key Vault, read as the app or as whoever is signed in to the Azure command line."""
    from servorg.vault import Vaults

    return Vaults(graph_credential, time.monotonic)


def order(run: Run) -> Order:
    """What a run shall do, by the customer's configuration and the settings now."""
    book, now = customers(), datetime.now(UTC)
    return Order(
        account=AccountId(book.get(run.customer).account),
        modes=tuple(SyncMode(mode) for mode in run.modes),
        policy=replace(
            _policy(book.configuration(run.customer), now), protected=frozenset(book.protected(run.customer))
        ),
        limits=limits(book.configuration(run.customer)),
        links=ledger().links(run.customer),
        precedence=book.configuration(run.customer).precedence,
        foreign=book.foreign(run.customer),
        removed_today=ledger().removals_since(run.customer, now - timedelta(seconds=DAY)),
    )


def _policy(configuration: Configuration, now: datetime) -> Policy:
    return Policy(
        now=now.timestamp(),
        prune=configuration.prune,
        grace_contacts=settings().grace_days_contacts,
        grace_memberships=settings().grace_days_memberships,
    )


def limits(configuration: Configuration) -> Limits:
    """The limits of a configuration; where it has none, those of the settings."""

    def either[T](own: T | None, general: T) -> T:
        return general if own is None else own

    return Limits(
        max_removals=either(configuration.max_removals, settings().max_removals),
        max_removal_share=either(configuration.max_removal_share, settings().max_removal_share),
        max_removals_per_day=either(configuration.max_removals_per_day, settings().max_removals_per_day),
        max_additions=either(configuration.max_additions, settings().max_additions),
    )


def report_sources() -> "Sources":
    """Where the daily report comes from."""
    from servorg import timer_wiring
    from servorg.reporting import Sources

    book = customers()
    return Sources(
        ledger(),
        book.all,
        lambda one: book.configuration(one).schedule or settings().sync_schedule,
        timer_wiring.custorg_facts,
        lambda one: (run.id for run in timer_wiring.run_rows().unfinished(one)),
    )


def mailer() -> "Mailer":
    """What sends the daily report; SettingsError names every setting that is missing for it."""
    from servorg.mail import Mailer, token_of

    url, sender, faults = settings().graph_url, settings().mail_sender, settings().mail_faults()
    if faults or sender is None:
        raise SettingsError(faults)
    return Mailer(url, sender, settings().email_recipients, lambda: token_of(graph_credential(), url))


@cache
def graph_credential() -> "TokenCredential":
    """The app's managed identity where there is one, else whoever is signed in to the Azure command line."""
    from azure.identity import AzureCliCredential, ManagedIdentityCredential

    if "IDENTITY_ENDPOINT" not in os.environ:
        return AzureCliCredential()
    # AZURE_CLIENT_ID names a user-assigned identity, as everywhere in Azure's SDKs (deployment.md §1).
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))


@cache
def office() -> Office:
    """Everything that a job needs."""
    return Office(
        ledger=ledger(),
        jobs=jobs(),
        desk=desk,
        order=order,
        source=custorg,
        claim=customers().claim,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        lease_seconds=settings().lease_seconds,
        random=SystemRandom(),
        ended=_announce,
    )


def _announce(run: Run) -> None:
    """Counts the run; tells its ticket, if it has one: when storage fails, `collect_missed_requests` does it later."""
    from azure.core.exceptions import AzureError

    from servorg.form_requests import announce
    from servorg.watching import tell_end

    tell_end(run)
    try:
        announce(events(), run)
    except AzureError as error:  # the run has ended all the same: nothing of it is to be tried again
        log_event(log, "the end of a run was not announced", logging.ERROR, run=run.id, error=type(error).__name__)
