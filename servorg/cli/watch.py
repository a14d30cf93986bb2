"""Following runs by their rows until they have ended and left the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from servorg.records import Run, RunStatus

if TYPE_CHECKING:
    from servorg.cli.tools import Tools

POLL = 0.5
QUIET = 2.0
"""For so many seconds no message of a run may be seen, when the queue holds others."""
SETTLED_AFTER = 15.0
UNTAKEN = 30.0
"""Seconds after which a run that nobody takes deserves a question."""
STILL = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as it was last read.

    `since` is when it last changed, in seconds of the clock; `behind` is another run of the customer, at work now.
    """

    run: Run
    since: float
    behind: str = ""

    @property
    def ended(self) -> bool:
        """Nothing happens to it any more unless a person decides."""
        return self.run.status.final or self.run.status is RunStatus.HELD

    @property
    def amount(self) -> tuple[int, int]:
        """How many changes are decided, and of how many; those that a person or time decides are not counted."""
        counts = self.run.counts
        total = counts.get("changes", 0) - counts.get("held", 0) - counts.get("waiting", 0)
        return total - counts.get("planned", 0) - counts.get("in doubt", 0), total


def watch(tools: Tools, runs: Sequence[Run], tell: Callable[[Sequence[Seen], float], None]) -> list[Run]:
    """The runs as they ended. Until then they are read every half second and told, with the clock's time."""
    seen = [Seen(run, tools.clock()) for run in runs]
    while True:
        seen = [one if one.ended else look(tools, one) for one in seen]
        tell(seen, tools.clock())
        if all(one.ended for one in seen):
            return [one.run for one in seen]
        tools.sleep(POLL)


def look(tools: Tools, before: Seen) -> Seen:
    """The run as its row says now."""
    ledger = tools.office().ledger
    run = ledger.run(before.run.id) or before.run
    behind = ""
    if run.status is RunStatus.QUEUED:
        others = (other for other in ledger.runs(run.customer, 5) if other.id != run.id)
        behind = next((other.id for other in others if other.status is RunStatus.RUNNING), "")
    since = before.since if run == before.run and behind == before.behind else tools.clock()
    return replace(before, run=run, since=since, behind=behind)


def phase(seen: Seen, now: float) -> str:
    """What a run is at, in words that change only when there is news."""
    from servorg.recording import PLANNED, awaits_admission

    run, waited = seen.run, now - seen.since
    if seen.ended:
        return str(run.status)
    if run.status is RunStatus.QUEUED:
        return _queued(seen, waited)
    if not run.options.get(PLANNED) or awaits_admission(run):
        asked = "; Microsoft Graph or DeskDirector may have asked to wait" if waited > UNTAKEN else ""
        return f"reading{asked}"
    done, total = seen.amount
    asked = "; DeskDirector may have asked to wait" if waited > STILL else ""
    return f"{done} of {total} changes{asked}"


def _queued(seen: Seen, waited: float) -> str:
    if seen.behind:
        return f"waits for {seen.behind}, which is at work"
    if seen.run.reason:
        return f"waits to be tried again: {seen.run.reason}"
    return "queued; is the function app running?" if waited > UNTAKEN else "queued"


def settle(tools: Tools, runs: Sequence[str]) -> None:
    """Returns when no message of these runs is left in the queue: after 15 seconds at the latest."""
    jobs, start = tools.jobs(), tools.clock()
    quiet = start
    while (now := tools.clock()) - start < SETTLED_AFTER and not jobs.is_empty():
        if any(jobs.waiting_for(run) for run in runs):
            quiet = now
        elif now - quiet >= QUIET:
            return
        tools.sleep(POLL)
