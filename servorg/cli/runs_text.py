"""Runs and their changes as people read them."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from servorg.cli import show
from shared.core.model import Reason, SyncMode
from shared.core.words import PROGRAM, besides, reason_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from servorg.records import ChangeRow, Run, SkippedRow

STYLES = {
    "succeeded": "green",
    "applied": "green",
    "partly": "yellow",
    "held": "yellow",
    "in doubt": "yellow",
    "failed": "red",
    "cancelled": "red",
    "waiting": "dim",
    "skipped": "dim",
}
_SUBJECTS = 5
"""So many of those that are skipped for one reason are named."""
_NAMES = {"name", "before", "address"}
_LOUD = ("failed", "in doubt", "skipped")


def reading(customer: str) -> AbstractContextManager[Any]:
    """Shows that something is going on while both sides are read; in a pipe nothing."""
    to = show.console(stderr=True)
    said = show.text(f"reading the directory and the contacts of {customer} …")
    return to.status(said) if to.is_terminal else nullcontext()


def totals(to: Console, rows: Iterable[ChangeRow]) -> None:
    """How many changes of each kind, by what became of them."""
    for status, counted in _counted(rows):
        show.line(to, f"{status}: {counted}", STYLES.get(status, ""), indent=2)


def _counted(rows: Iterable[ChangeRow]) -> Iterator[tuple[str, str]]:
    by_status: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_status[str(row.status)][row.kind] += 1
    for status, kinds in by_status.items():
        yield status, ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def changes(to: Console, run: Run, rows: Sequence[ChangeRow]) -> None:
    """Each change of the run on a line: first those in grace, then the others in their order."""
    waiting = [row for row in rows if row.status == "waiting"]
    if waiting:
        show.line(to, "In grace", "bold")
        show.lines(to, [(f"{_words(run, row)} — {row.reason}", STYLES["waiting"]) for row in waiting])
    if len(rows) > len(waiting):
        show.line(to, "Changes", "bold")
        show.lines(to, [_change(run, row) for row in rows if row.status != "waiting"])


def _change(run: Run, row: ChangeRow) -> tuple[str, str]:
    """What a change is, with its status and reason, and the style of it."""
    reason = f" — {show.brief(reason_words(row.reason), 300)}" if row.reason else ""
    return f"{row.status}: {_words(run, row)}{reason}", STYLES.get(row.status, "")


def _words(run: Run, row: ChangeRow) -> str:
    """What a change is; in sync mode 4 with its account, since other accounts than the customer's are filled there."""
    from shared.core.changes import from_json
    from shared.core.words import change

    short = {name: show.cut(str(row.change[name])) for name in row.change.keys() & _NAMES}
    where = f" in account {row.change['account']}" if SyncMode.ACCOUNTS in run.modes else ""
    return f"{change(from_json({**row.change, **short}))}{where}"


def skipped(to: Console, rows: Sequence[SkippedRow]) -> None:
    """Who and what was left out, by reason, with a few of each; of groups that were not read by its cause too."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for subject, reason, detail in rows:
        more = besides(subject, reason, detail)
        cause = f": {show.brief(detail, 300)}" if reason == Reason.UNREAD and detail else ""
        named = f"{show.brief(subject)} ({show.brief(more)})" if more else show.brief(subject)
        by_reason[f"{reason_words(reason)}{cause}"].append(named)
    if by_reason:
        show.line(to, f"Skipped: {len(rows)}", "bold")
    for reason, subjects in by_reason.items():
        some = ", ".join(subjects[:_SUBJECTS])
        more = f" and {len(subjects) - _SUBJECTS} more" if len(subjects) > _SUBJECTS else ""
        show.line(to, f"{reason} ({len(subjects)}): {some}{more}", indent=2)


def summary(to: Console, run: Run, rows: Sequence[ChangeRow]) -> None:
    """What became of a run, and what to do now."""
    took = f" in {_seconds(run)} s" if run.ended_at and run.started_at else ""
    show.line(to, f"{run.id} {run.status}{took}", f"bold {STYLES.get(run.status, '')}")
    if run.reason:
        show.line(to, run.reason, indent=2)
    totals(to, rows)
    for objection in run.objections:
        show.line(to, f"{_held(run)} because {objection}", "yellow", indent=2)
    show.lines(to, [_change(run, row) for row in rows if row.status in _LOUD], indent=4, most=20)
    skipped(to, run.skipped)
    if advice := _advice(run):
        show.line(to, advice)


def _held(run: Run) -> str:
    return "held" if run.status == "held" else "was held"


def _seconds(run: Run) -> str:
    spent = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else 0
    return f"{spent:.0f}"


def _advice(run: Run) -> str:
    match str(run.status):
        case "held":
            return (
                f"What is held waits for a person; `{PROGRAM} run {run.id}` shows it. When it is right: `approve "
                f"{run.id} {run.digest}`. When it is wrong: `reject {run.id}`, and put it right in Entra. To allow as "
                f"much from now on: `configure {run.customer} --max-removals N`, or the limit that is named above."
            )
        case "partly" | "failed":
            return f"The next run tries what failed again; `{PROGRAM} run {run.id}` shows every change."
        case _:
            return ""


def facts(to: Console, run: Run, rows: Sequence[ChangeRow]) -> None:
    """All that is known about a run."""
    about = (
        ("run", run.id),
        ("customer", run.customer),
        ("modes", show.numbers(run.modes)),
        ("status", run.status),
        ("reason", run.reason),
        ("digest", run.digest),
        ("started by", run.trigger),
        ("queued", show.moment(run.queued_at)),
        ("started", show.moment(run.started_at)),
        ("ended", show.moment(run.ended_at)),
    )
    show.facts(to, about)
    for objection in run.objections:
        show.line(to, f"{_held(run)} because {objection}", "yellow")
    totals(to, rows)
    changes(to, run, rows)
    skipped(to, run.skipped)


def one_line(run: Run) -> tuple[object, ...]:
    """A run in a table: id, status, modes, changes and what there is to say."""
    counts = run.counts
    done = f"{counts.get('applied', 0)} of {counts['changes']}" if "changes" in counts else ""
    said = run.reason or "; ".join(run.objections)
    return run.id, run.status, show.numbers(run.modes), done, show.brief(said, 60)
