"""What travels in queues, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from servorg.records import CUSTOMER_ID


@checked(frozen=True, slots=True, config=ConfigDict(strict=True, extra="ignore"))
class SyncJob:
    """One run of one customer, due now. Everything else about it stands in the run's row.

    `handed` is the lease that the sender kept for this message alone (`Lease.hand_over`).
    """

    run: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    customer: Annotated[str, StringConstraints(pattern=rf"^{CUSTOMER_ID.pattern}$")]
    handed: Annotated[str, StringConstraints(max_length=100)] = ""

    def to_json(self) -> str:
        """The message's text."""
        return _JOB.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> SyncJob:
        """The job in a message's text; fields of a newer version are passed over. ValueError says what is wrong."""
        try:
            return _JOB.validate_json(text)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise ValueError(f"no sync job: {'.'.join(map(str, fault['loc']))} {fault['msg']}".strip()) from None


_JOB = TypeAdapter(SyncJob)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in a queue: the service's id, its text, when it was put there and how often taken."""

    id: str
    text: str
    inserted_at: datetime | None
    tries: int
