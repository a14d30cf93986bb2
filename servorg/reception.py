"""What requests of the form need to be worked on: the rules of their tickets, and everything outside of us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from servorg.customer import Configuration, Customer
from servorg.helpdesk import Helpdesk
from servorg.jobs import Jobs, Office
from servorg.request_records import RequestBook


class Book(Protocol):
    """The customers; `servorg.customers.Customers` says what each call promises."""

    def get(self, customer: str) -> Customer: ...

    def all(self) -> tuple[Customer, ...]: ...

    def configuration(self, customer: str) -> Configuration: ...

    def configure(self, customer: str, changed: Mapping[str, Any]) -> Configuration: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about the form's tickets: whose they are, and what their statuses mean.

    Requests that are over are remembered for the time of `retention`.
    """

    account: int
    board: int
    in_progress: int
    closed: int
    retention: timedelta
    approval: frozenset[int] = frozenset()
    declined: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reception:
    """All that requests need."""

    rules: Rules
    helpdesk: Helpdesk
    requests: RequestBook
    customers: Book
    office: Office
    events: Jobs
