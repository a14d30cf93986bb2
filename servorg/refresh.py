"""Refreshes a customer's groups table, asks what its CustOrg can do, and tells its page what becomes of each group.

Each customer has a message of its own, so that one that is slow or down keeps none of the others waiting.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from servorg.customer import Configuration, Customer, UnknownCustomer
from servorg.messages import CustomerRefresh
from servorg.offered import OUTLOOK, compare
from servorg.outlook import Own, Site, tell_outlook
from servorg.outlook import Remote as Commands
from shared.core.model import AccountId, Links
from shared.errors import CustOrgUnreachable, DeskThrottled, DeskUnavailable, GraphThrottled, SyncError
from shared.logs import log_event
from shared.wire import Offers, TableUpdated, UpdateTable

MOST_TRIES = 3
AGAIN = 60.0
"""Seconds until a customer that could not be reached is tried again."""

log = logging.getLogger(__name__)


class Remote(Commands, Protocol):
    """A customer's CustOrg."""

    def offers(self) -> Offers:
        """What it can do; SourceError when there is no answer."""
        ...


class Queue(Protocol):
    """The queue of refreshes."""

    def send(self, text: str, delay: float = 0) -> None:
        """Puts a message into the queue, to be seen after `delay` seconds."""
        ...


class Book(Protocol):
    """ServOrg's customers; `servorg.customers.Customers` says what each call promises."""

    def get(self, customer: str) -> Customer: ...

    def all(self) -> Iterable[Customer]: ...

    def configuration(self, customer: str) -> Configuration: ...

    def foreign(self, customer: str) -> AbstractSet[AccountId]: ...


@dataclass(frozen=True, slots=True)
class Refresh:
    """How a customer's last refresh went, in UTC. `reason`: why its groups table could not be refreshed when tried.

    `offers` is what its CustOrg told last, and `silence` why its page was not told what becomes of its groups.
    """

    tried_at: datetime
    reason: str = ""
    refreshed_at: datetime | None = None
    groups: int = 0
    chosen: int = 0
    offered_at: datetime | None = None
    offers: Offers | None = None
    told_at: datetime | None = None
    silence: str = ""


class Refreshes(Protocol):
    """The last refresh of each customer."""

    def get(self, customer: str) -> Refresh | None:
        """It, or None before the first one."""
        ...

    def put(self, customer: str, refresh: Refresh) -> None:
        """Keeps it instead of the one before."""
        ...


@dataclass(frozen=True, slots=True)
class Refreshing:
    """All that a refresh needs. `custorg` raises what is wrong with the customer's settings; `now` is UTC."""

    book: Book
    kept: Refreshes
    custorg: Callable[[str], Remote]
    site: Site
    links: Callable[[str], Mapping[AccountId, Links]]
    queue: Queue
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why something could not be done, and after how many seconds it may be tried again (None: not by itself)."""

    reason: str
    wait: float | None = None


def request_all(parts: Refreshing) -> int:
    """Sends a message for each customer; how many."""
    customers = list(parts.book.all())
    for customer in customers:
        parts.queue.send(CustomerRefresh(customer.id).to_json())
    return len(customers)


def refresh(parts: Refreshing, asked: CustomerRefresh) -> None:
    """One delivery of a customer's message. What goes wrong is kept, and for the passing kinds tried again later."""
    try:
        customer = parts.book.get(asked.customer)
    except UnknownCustomer:
        log_event(log, "a customer is gone, so it is not refreshed", customer=asked.customer)
        return
    before = parts.kept.get(customer.id) or Refresh(parts.now())
    after, wait = _refreshed(parts, customer, replace(before, tried_at=parts.now()))
    parts.kept.put(customer.id, after)
    again = wait is not None and asked.tries < MOST_TRIES
    log_event(
        log,
        "customer not refreshed" if after.reason else "customer refreshed",
        logging.WARNING if after.reason else logging.INFO,
        customer=customer.id,
        reason=after.reason or after.silence,
        groups=after.groups,
        again=again,
    )
    if wait is not None and again:
        parts.queue.send(CustomerRefresh(customer.id, asked.tries + 1).to_json(), wait)


def look_closer(parts: Refreshing, customer: str, told: TableUpdated) -> Refresh:
    """What follows a refresh that somebody made by hand: the same as at night; how it went, which is kept.

    UnknownCustomer, or SettingsError when the customer's key is missing.
    """
    now = parts.now()
    before = replace(parts.kept.get(customer) or Refresh(now), tried_at=now, reason="")
    after, _ = _closer(parts, parts.book.get(customer), parts.custorg(customer), _counted(before, told))
    parts.kept.put(customer, after)
    return after


def _refreshed(parts: Refreshing, customer: Customer, before: Refresh) -> tuple[Refresh, float | None]:
    """How it went, and after how many seconds it should be tried again."""
    remote = _tried(lambda: parts.custorg(customer.id))
    if isinstance(remote, _Trouble):
        return replace(before, reason=remote.reason), remote.wait
    told = _tried(lambda: remote.command("update-entra-groups-table", UpdateTable(), TableUpdated))
    if isinstance(told, TableUpdated):
        return _closer(parts, customer, remote, _counted(before, told))
    failed = replace(before, reason=told.reason)
    if told.wait is not None:
        return failed, told.wait
    after, _ = _closer(parts, customer, remote, failed)  # it answers, and may be too old for this command alone
    return after, None


def _counted(before: Refresh, told: TableUpdated) -> Refresh:
    return replace(before, reason="", refreshed_at=before.tried_at, groups=told.groups, chosen=told.chosen)


def _closer(parts: Refreshing, customer: Customer, remote: Remote, record: Refresh) -> tuple[Refresh, float | None]:
    """Asks for the offers, and tells the outlook where it is asked for."""
    offers = _tried(remote.offers)
    if isinstance(offers, _Trouble):
        return replace(record, silence=f"what it offers is not known: {offers.reason}"), offers.wait
    record = replace(record, offers=offers, offered_at=record.tried_at)
    if OUTLOOK in compare(offers).lacks:
        return replace(record, silence="its CustOrg is too old for it"), None
    count = _tried(lambda: tell_outlook(remote, _own(parts, customer), parts.site))
    if isinstance(count, _Trouble):
        return replace(record, silence=count.reason), count.wait
    return replace(record, silence="", told_at=record.tried_at), None


def _own(parts: Refreshing, customer: Customer) -> Own:
    links = parts.links(customer.id).get(AccountId(customer.account), Links())
    return Own(customer, parts.book.configuration(customer.id), links.groups, parts.book.foreign(customer.id))


def _tried[T](do: Callable[[], T]) -> T | _Trouble:
    try:
        return do()
    except GraphThrottled as error:
        return _Trouble(f"Microsoft Graph throttles the CustOrg for {error.retry_after:g} s", error.retry_after)
    except DeskThrottled as error:
        return _Trouble(str(error), error.retry_after)
    except (CustOrgUnreachable, DeskUnavailable) as error:
        return _Trouble(str(error), AGAIN)
    except SyncError as error:
        return _Trouble(str(error))
