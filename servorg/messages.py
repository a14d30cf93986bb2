"""What travels in queues, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from servorg.records import CUSTOMER_ID
from shared.telemetry import traceparent

Trace = Annotated[str, StringConstraints(max_length=100)]
"""A `traceparent`: the message goes on with what its sender was at. Messages without one are none the worse."""


@checked(frozen=True, slots=True, config=ConfigDict(strict=True, extra="ignore"))
class SyncJob:
    """One run of one customer, due now. Everything else about it stands in the run's row.

    `handed` is the lease that the sender kept for this message alone (`Lease.hand_over`).
    """

    run: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    customer: Annotated[str, StringConstraints(pattern=rf"^{CUSTOMER_ID.pattern}$")]
    handed: Annotated[str, StringConstraints(max_length=100)] = ""
    trace: Trace | None = None

    def to_json(self) -> str:
        """The message's text, with the trace that is open where it is sent unless it has its own."""
        return _JOB.dump_json(_traced(self), exclude_none=True).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> SyncJob:
        """The job in a message's text; fields of a newer version are passed over. ValueError says what is wrong."""
        return _read(_JOB, text, "no sync job")


@checked(frozen=True, slots=True, config=ConfigDict(strict=True, extra="ignore"))
class TicketEvent:
    """A ticket that is to be looked at: ids only, everything else is read back from DeskDirector (ruling 24).

    `form` and `result` are as a delivery told them; `run` is one that the ticket asked for and that came to an end.
    A look that the timer wants, since it was `missed`, is not tried again when it fails: the timer comes again.
    """

    ticket: Annotated[int, Field(ge=1, lt=2**31)]
    form: Annotated[int | None, Field(ge=1, lt=2**31)] = None
    result: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    run: Annotated[str | None, StringConstraints(min_length=1, max_length=100)] = None
    missed: bool = False
    trace: Trace | None = None

    def to_json(self) -> str:
        """The message's text, with the trace that is open where it is sent unless it has its own."""
        return _EVENT.dump_json(_traced(self), exclude_defaults=True).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> TicketEvent:
        """The event in a message's text; fields of a newer version are passed over. ValueError says what is wrong."""
        return _read(_EVENT, text, "no ticket event")


def _traced[T: (SyncJob, TicketEvent)](message: T) -> T:
    return message if message.trace else replace(message, trace=traceparent())


def _read[T](adapter: TypeAdapter[T], text: str | bytes, otherwise: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{otherwise}: {'.'.join(map(str, fault['loc']))} {fault['msg']}".strip()) from None


_JOB = TypeAdapter(SyncJob)


@checked(frozen=True, slots=True, config=ConfigDict(strict=True, extra="ignore"))
class CustomerRefresh:
    """One customer whose groups table is to be refreshed now, for the `tries`-th time."""

    customer: Annotated[str, StringConstraints(pattern=rf"^{CUSTOMER_ID.pattern}$")]
    tries: Annotated[int, Field(ge=1)] = 1

    def to_json(self) -> str:
        """The message's text."""
        return _REFRESH.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> CustomerRefresh:
        """The customer in a message's text; fields of a newer version are passed over. ValueError when it is none."""
        return _read(_REFRESH, text, "no refresh")


_REFRESH = TypeAdapter(CustomerRefresh)
_EVENT = TypeAdapter(TicketEvent)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in a queue: the service's id, its text, and when it was put there."""

    id: str
    text: str
    inserted_at: datetime | None
