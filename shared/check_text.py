"""Checks in a terminal: their state as a coloured word, so that colour alone never tells anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from shared.checks import Check, State

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STYLES = {State.OK: "green", State.WARN: "yellow", State.BAD: "red"}
_WIDTH = max(len(state) for state in State)


def check_grid(one: Check, text: Callable[[object, str], Text], indent: int = 0) -> Table:
    """A check: its state, its name and what is so; below that, what to do. `text` makes it of a value and a style."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_WIDTH + indent)
    grid.add_column(overflow="fold")
    grid.add_row(Padding(text(one.state, STYLES[one.state]), (0, 0, 0, indent)), text(f"{one.name}: {one.said}", ""))
    if one.todo:
        grid.add_row("", text(f"→ {one.todo}", ""))
    return grid


def summary(checks: Iterable[Check]) -> str:
    """How many checks are in each state, the worst first."""
    count = Counter(check.state for check in checks)
    words = {State.BAD: "wrong", State.WARN: "to look at", State.OK: "ok"}
    return ", ".join(f"{count[state]} {said}" for state, said in words.items())
