"""Progress of runs on a screen: a picture that is kept up to date, or plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from servorg.cli import show
from servorg.cli.runs_text import STYLES
from servorg.cli.watch import Seen, phase

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PAUSE = 3.0
"""Seconds between two plain lines about one run; its end is told at once."""

type Tell = Callable[[Sequence[Seen], float], None]


@contextmanager
def progress(to: Console) -> Iterator[Tell]:
    """What to call with each look at the runs, and the clock's time."""
    if not to.is_terminal:
        yield plain(to)
        return
    from rich.live import Live

    with Live(console=to, transient=True, auto_refresh=False) as live:
        yield lambda seen, now: live.update(picture(seen, now), refresh=True)


def plain(to: Console) -> Tell:
    """A line about a run when there is news of it, at most every few seconds."""
    told: dict[str, tuple[str, float]] = {}

    def tell(seen: Sequence[Seen], now: float) -> None:
        for one in seen:
            said = phase(one, now)
            last, at = told.get(one.run.id, ("", -PAUSE))
            if said != last and (one.ended or now - at >= PAUSE or not last):
                show.line(to, f"{one.run.id}: {said}")
                told[one.run.id] = said, now

    return tell


def picture(seen: Sequence[Seen], now: float) -> Table:
    """Each run with a bar of its changes and what it is at."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(width=14)
    grid.add_column(overflow="fold")
    for one in seen:
        done, total = one.amount
        bar = ProgressBar(total=total or None, completed=done, width=14, pulse=not total and not one.ended)
        grid.add_row(show.text(one.run.id), bar, show.text(phase(one, now), STYLES.get(one.run.status, "")))
    return grid
