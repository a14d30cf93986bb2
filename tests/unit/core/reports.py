"""Runs and changes for reports, in the fields that a report looks at; everything defaulted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.core.report import Window

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW)


@dataclass(slots=True)
class RunRow:
    """A run as a report sees it."""

    id: str
    status: str
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reason: str = ""
    digest: str = "9f86d081884c7d65"
    objections: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A change as a report sees it."""

    kind: str
    status: str
    reason: str = ""
    change: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A run with its changes."""

    run: RunRow
    rows: tuple[Row, ...]


def a_run(  # one keyword for each thing that a test may be about
    status: str,
    *rows: Row,
    hours: float = 3.5,
    seconds: float = 12,
    reason: str = "",
    objections: Iterable[str] = (),
    skipped: Iterable[tuple[str, str, str]] = (),
) -> Case:
    """A run that was queued so many hours before NOW, and ended unless its status says otherwise."""
    at = NOW - timedelta(hours=hours)
    ended = None if status in {"queued", "running"} else at + timedelta(seconds=seconds)
    name = f"contoso-{at:%Y%m%d-%H%M%S}-4f2a9c1b"
    run = RunRow(name, status, at, at, ended, reason, objections=tuple(objections), skipped=tuple(skipped))
    return Case(run, rows)


def of_contact(who: str, status: str, reason: str = "", *, kind: str = "create contact") -> Row:
    """A change of a contact."""
    return Row(kind, status, reason, {"address": who})


def in_group(name: str, who: str, status: str, reason: str = "", *, kind: str = "add to contact group") -> Row:
    """A change of somebody in a group."""
    return Row(kind, status, reason, {"name": name, "address": who})
