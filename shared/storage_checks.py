"""Whether this app may use its storage account, and whether its clock is right."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shared.checks import Check, State
from shared.tables import Tables

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.data.tables import TableClient

    from shared.settings import StorageSettings

NAME = "doctor"
"""The table, and the queue, that a check writes to; both stay empty."""
QUICK: Mapping[str, Any] = {"connection_timeout": 5, "read_timeout": 10, "retry_total": 0}
"""For clients that shall say soon that nobody answers."""
CLOCK_WARN, CLOCK_BAD = 30.0, 240.0
"""Seconds. Leases compare clocks of machines; Entra refuses a token that is 5 minutes from its time."""


def table_checks(settings: StorageSettings) -> Iterator[Check]:
    """A row written, read and deleted; and this machine's clock against the service's Date header."""
    from azure.core.exceptions import AzureError

    dates: list[str] = []
    try:
        _use(Tables(settings, QUICK).table(NAME), dates)
    except ValueError as error:
        yield Check("table", State.BAD, f"AzureWebJobsStorage is no connection string ({error})", "correct it")
    except AzureError as error:
        dates += [date] if (date := _date_of(getattr(error, "response", None))) else []
        yield storage_fault("table", error)
    else:
        yield Check("table", State.OK, "a row was written, read and deleted")
    yield clock_check(dates[-1] if dates else "", time.time())


def _use(table: TableClient, dates: list[str]) -> None:
    def note(response: Any) -> None:
        dates.append(_date_of(response.http_response))

    row = uuid.uuid4().hex
    table.create_entity({"PartitionKey": NAME, "RowKey": row}, raw_response_hook=note)
    table.get_entity(NAME, row)
    table.delete_entity(NAME, row)


def _date_of(response: Any) -> str:
    """Also a refusal has a date: the service refuses requests of a clock that is 15 minutes off."""
    return str(response.headers.get("Date", "")) if response is not None else ""


def clock_check(date: str, now: float) -> Check:
    """This machine's clock, `now` in Unix seconds, against an HTTP date."""
    try:
        off = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Check("clock", State.WARN, "no service told its time", "look at this machine's clock")
    said = f"it is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the storage service's"
    todo = "set this machine's clock by a time server: leases of runs and tokens depend on it"
    if abs(off) >= CLOCK_BAD:
        return Check("clock", State.BAD, said, todo)
    if abs(off) >= CLOCK_WARN:
        return Check("clock", State.WARN, said, todo)
    return Check("clock", State.OK, f"it is within {CLOCK_WARN:.0f} s of the storage service's")


def storage_fault(name: str, error: AzureError) -> Check:
    """What storage said no to, and what to do."""
    from azure.core.exceptions import ClientAuthenticationError

    status = getattr(error, "status_code", None)
    code = getattr(error, "error_code", None) or type(error).__name__
    if status == HTTPStatus.FORBIDDEN or isinstance(error, ClientAuthenticationError):
        said = f"storage does not let this identity in ({getattr(code, 'value', code)})"
        todo = (
            "give it the roles Storage Table Data Contributor and Storage Queue Data Contributor on the account; "
            "with a connection string check its key; on a machine of your own sign in with `az login`"
        )
        return Check(name, State.BAD, said, todo)
    said = f"storage gave no answer, or refused ({getattr(code, 'value', code)})"
    return Check(name, State.BAD, said, "check AzureWebJobsStorage, and whether a firewall is between")
