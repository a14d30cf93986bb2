"""What the commands work with: built by `servorg.wiring` on first use, or given by whoever calls."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from servorg.cli import local_settings
from shared.errors import SettingsError

if TYPE_CHECKING:
    from types import ModuleType

    from pydantic import BaseModel

    from servorg.customer import Configuration, Customer
    from servorg.doctor import Clinic
    from servorg.form_check import Places
    from servorg.jobs import Office
    from servorg.messages import Message
    from servorg.refresh import Refreshing
    from servorg.reporting import Sources
    from servorg.request_records import RequestBook
    from shared.core.gates import Limits
    from shared.core.model import Address
    from shared.wire import Offers


class Book(Protocol):
    """ServOrg's customers; `servorg.customers.Customers` says what each call promises."""

    def put(self, **fields: Any) -> Customer: ...

    def get(self, customer: str) -> Customer: ...

    def all(self) -> tuple[Customer, ...]: ...

    def remove(self, customer: str) -> None: ...

    def protect(self, customer: str, text: str) -> Address: ...

    def unprotect(self, customer: str, text: str) -> Address: ...

    def protected(self, customer: str) -> tuple[Address, ...]: ...

    def configuration(self, customer: str) -> Configuration: ...

    def configure(self, customer: str, fields: Mapping[str, Any]) -> Configuration: ...


class Queue(Protocol):
    """The queue of sync jobs as far as one can look into it; see `servorg.queue.StorageQueue`."""

    def is_empty(self) -> bool: ...

    def waiting_for(self, run: str) -> bool: ...

    def poison(self) -> tuple[Message, ...]: ...

    def remove_poison(self, message: str) -> bool: ...


class SendingQueue(Protocol):
    """The queue of looks at tickets, or of refreshes; see `servorg.queue.StorageQueue`."""

    def send(self, text: str, delay: float = 0) -> None: ...

    def poison(self) -> tuple[Message, ...]: ...

    def remove_poison(self, message: str) -> bool: ...


class Remote(Protocol):
    """A customer's CustOrg; see `servorg.entra_source.CustOrg`."""

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T: ...

    def offers(self) -> Offers: ...


class Mail(Protocol):
    """What sends the daily report; see `servorg.mail.Mailer`."""

    @property
    def recipients(self) -> tuple[str, ...]: ...

    def send(self, subject: str, html: str) -> None: ...


class Lists(Protocol):
    """The form's lists; see `servorg.form_store.FormLists`."""

    def publish(self, name: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything outside of the command line. Each call raises what its own part promises.

    `interactive` tells whether somebody can answer a question. `clock` and `sleep` are in seconds.
    """

    customers: Callable[[], Book]
    office: Callable[[], Office]
    jobs: Callable[[], Queue]
    events: Callable[[], SendingQueue]
    refreshes: Callable[[], SendingQueue]
    requests: Callable[[], RequestBook]
    custorg: Callable[[str], Remote]
    limits: Callable[[Configuration], Limits]
    report_sources: Callable[[], Sources]
    mailer: Callable[[], Mail]
    interactive: Callable[[], bool]
    form_lists: Callable[[], Lists]
    refreshing: Callable[[], Refreshing]
    places: Callable[[], Places]
    clinic: Callable[[], Clinic]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def wired() -> Tools:
    """The app's own parts. Each of them raises SettingsError when the settings of this process are wrong."""
    return Tools(
        customers=lambda: _wiring().customers(),
        office=lambda: _wiring().office(),
        jobs=lambda: _wiring().jobs(),
        events=lambda: _wiring().events(),
        refreshes=lambda: _wiring().refreshes(),
        requests=lambda: _wiring().requests(),
        custorg=lambda customer: _wiring().custorg(customer),
        limits=lambda configuration: _wiring().limits(configuration),
        report_sources=lambda: _wiring().report_sources(),
        mailer=lambda: _wiring().mailer(),
        interactive=sys.stdin.isatty,
        form_lists=_form_lists,
        refreshing=_refreshing,
        places=_places,
        clinic=_clinic,
    )


def _clinic() -> Clinic:
    from servorg import doctor_wiring

    return doctor_wiring.clinic(lambda: _wiring(warn=False).settings())


def _places() -> Places:
    _wiring()  # the settings first
    from servorg import setup_wiring

    return setup_wiring.places()


def _refreshing() -> Refreshing:
    _wiring()  # the settings first
    from servorg import timer_wiring

    return timer_wiring.refreshing()


def _form_lists() -> Lists:
    _wiring()
    from servorg import form_wiring

    return form_wiring.form_lists()


@cache
def _wiring(*, warn: bool = True) -> ModuleType:
    """`servorg.wiring`, once the settings were read and found right; with `warn` what is risky is told as well."""
    from servorg import wiring
    from shared.settings import ServOrgSettings

    logging.getLogger().addHandler(logging.NullHandler())  # what fails is told in one sentence, not by libraries too
    local_settings.load(Path.cwd(), os.environ)
    local_settings.resolve(os.environ, ServOrgSettings.names(), wiring.vaults().resolved)
    for warning in wiring.settings().warnings() if warn else ():
        click.echo(f"warning: {warning}", err=True)
    try:
        _ = wiring.tables().service  # only a client is made
    except ValueError as error:
        raise SettingsError([f"AzureWebJobsStorage is no connection string ({error})"]) from None
    return wiring
