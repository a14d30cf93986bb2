"""What the ledger keeps, as values, and its port: runs, their changes, links, and who is at work on a customer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Protocol, TypedDict, Unpack

from shared.core.model import AccountId, Address, ContactLink, EntraGroupId, GroupLink, Links
from shared.errors import SyncError

CUSTOMER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_RUN_ID = re.compile(rf"({CUSTOMER_ID.pattern})-([0-9]{{8}})-([0-9]{{6}})-([0-9a-f]{{8}})")
_DESCENDING = str.maketrans("0123456789abcdef", "fedcba9876543210")
_FRACTIONS = 0x1000
HANDED = "handed-"
"""So the holder of a lease begins that was handed over to a message."""

SkippedRow = tuple[str, str, str]
"""Subject, reason and detail of something that a plan leaves out."""


class RunStatus(StrEnum):
    """What became of a run so far."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY = "partly"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing changes such a run any more; `held` is not final, a person or a newer run decides."""
        return self not in {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.HELD}


class ChangeStatus(StrEnum):
    """What became of one change so far; `waiting` is one in grace."""

    PLANNED = "planned"
    APPLIED = "applied"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"
    WAITING = "waiting"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Run:
    """One job from read to record. Times are UTC.

    `counts` are for progress; `counts["removed"]` is special: the removals applied so far that nobody approved
    (`Ledger.removals_since`). `options` is any JSON that the run was started with. A cancelled run without `ended_at`
    is still to be closed by whoever was at work on it.
    """

    id: str
    customer: str
    modes: tuple[int, ...] = ()
    status: RunStatus = RunStatus.QUEUED
    digest: str = ""
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    trigger: str = ""
    objections: tuple[str, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Nothing is left to do about it, unless a person decides."""
        unclosed = self.status is RunStatus.CANCELLED and self.ended_at is None
        return self.status is RunStatus.HELD or (self.status.final and not unclosed)


class RunFields(TypedDict, total=False):
    """The fields of a run that may change."""

    modes: tuple[int, ...]
    status: RunStatus
    digest: str
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reason: str
    trigger: str
    objections: tuple[str, ...]
    skipped: tuple[SkippedRow, ...]
    counts: Mapping[str, int]
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a run: `change` is the planner's own JSON of it, `number` its place in the plan."""

    run: str
    number: int
    kind: str
    status: ChangeStatus = ChangeStatus.PLANNED
    reason: str = ""
    change: Mapping[str, object] = field(default_factory=dict)
    contact_id: int | None = None
    group_id: str | None = None
    tries: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """The customer is ours until `until`. `previous` is the run whose lease ran out unreleased, if there was one."""

    customer: str
    run: str
    holder: str
    until: datetime
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class LeaseBusy:
    """Another run, or another holder of the same run, is at work until `until` unless it renews."""

    run: str
    until: datetime
    holder: str = field(default="", compare=False)

    @property
    def waits(self) -> bool:
        """Nobody is at work: the customer is kept for a message of the run that is still to come."""
        return self.holder.startswith(HANDED)


class UnknownRun(SyncError):
    """There is no run of this id."""

    def __init__(self, run: str) -> None:
        super().__init__(f"there is no run {run!r}")
        self.run = run


class LedgerUnreachable(SyncError):
    """Storage did not answer, so nothing is known."""


class Ledger(Protocol):
    """What ServOrg remembers. Every write may be repeated."""

    def create_run(self, run: Run) -> None:
        """Writes a new run; one that is there already stays as it is."""
        ...

    def run(self, run: str) -> Run | None:
        """The run of this id, whole."""
        ...

    def runs(self, customer: str | None, limit: int) -> list[Run]:
        """At most `limit` runs of the customer, or of all customers, newest first."""
        ...

    def update_run(self, run: str, **changed: Unpack[RunFields]) -> None:
        """Changes these fields of a run and no others; UnknownRun when there is none."""
        ...

    def update_run_if(self, run: str, was: RunStatus, **changed: Unpack[RunFields]) -> bool:
        """Changes the run only while its status is `was`, whoever else writes to it; whether it did. UnknownRun."""
        ...

    def removals_since(self, customer: str, since: datetime) -> int:
        """How many removals the customer's runs applied that nobody approved, by `counts["removed"]`.

        A run counts wholly when it ended at `since` or later, or has not ended: rather too many than too few.
        """
        ...

    def write_changes(self, run: str, changes: Iterable[ChangeRow]) -> None:
        """Afterwards `changes` is exactly this: rows that an earlier, interrupted call left are gone."""
        ...

    def changes(self, run: str) -> list[ChangeRow]:
        """The changes of a run by number."""
        ...

    def mark(self, changes: Iterable[ChangeRow]) -> None:
        """Writes status, reason, ids, tries and time of these changes; kind and content stay as they were."""
        ...

    def links(self, customer: str) -> dict[AccountId, Links]:
        """Everything that is managed for the customer, by account."""
        ...

    def write_links(
        self,
        customer: str,
        account: AccountId,
        contacts: Mapping[Address, ContactLink | None],
        groups: Mapping[EntraGroupId, GroupLink | None],
    ) -> None:
        """Replaces these links and no others; None deletes."""
        ...

    def take_lease(  # noqa: PLR0913  a lease is who, for what, from when, how long
        self, customer: str, run: str, holder: str, now: datetime, seconds: float, *, handed: str = ""
    ) -> LeaseTaken | LeaseBusy:
        """Takes the customer until `seconds` after `now`, unless somebody else's lease has not run out.

        A lease of the same run whose holder is `handed` is ours; taking it makes `handed` worthless.
        """
        ...

    def renew_lease(self, customer: str, run: str, holder: str, now: datetime, seconds: float) -> bool:
        """Whether the lease is still ours, and then for `seconds` from `now`; LedgerUnreachable when not known."""
        ...

    def hand_lease(self, run: str, holder: str, heir: LeaseTaken) -> bool:
        """Makes the lease, if it is still ours, `heir`; whether it was."""
        ...

    def release_lease(self, customer: str, run: str, holder: str) -> None:
        """Gives the lease back when it is still ours."""
        ...


def new_run_id(customer: str, now: datetime, dice: Random) -> str:
    """A run's id, such as `contoso-20261124-105312-4f2a9c1b`. Ids of a customer sort by time (to 1/4096 s)."""
    moment = now.astimezone(UTC)
    fraction = moment.microsecond * _FRACTIONS // 1_000_000
    return f"{customer}-{moment:%Y%m%d-%H%M%S}-{fraction:03x}{dice.getrandbits(20):05x}"


def split_run_id(run: str) -> tuple[str, str] | None:
    """The customer of a run and a key under which newer runs sort first; None for what is no run's id."""
    found = _RUN_ID.fullmatch(run)
    return (found[1], "".join(found.groups()[1:]).translate(_DESCENDING)) if found else None
