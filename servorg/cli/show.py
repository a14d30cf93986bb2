"""How things look in a terminal: names as plain text, tables that fit, no colours in a pipe."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

NAME = 40
"""So many columns are left of a name at most."""
LINES = 200
"""Longer lists are cut; `--json` has them whole."""
WHOLE = 50
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # scripts and emoji are written with them
_FIRST_BEYOND_BYTE, _FIRST_BEYOND_PLANE = 0x100, 0x10000


def visible(text: str) -> str:
    """The text with whatever would steer a terminal, or can't be seen, as an escape such as that of Python's repr."""
    return "".join(map(_visible, text))


def _visible(letter: str) -> str:
    if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE:
        return letter
    code = ord(letter)
    if code < _FIRST_BEYOND_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _FIRST_BEYOND_PLANE else f"\\U{code:08x}"


def brief(text: str, width: int = NAME) -> str:
    """The visible text, cut to `width` columns, with … where it was cut."""
    return cut(visible(text), width)


def cut(text: str, width: int = NAME) -> str:
    """The text, at most `width` columns and characters of it, with … where it was cut."""
    from rich.cells import cell_len, set_cell_size

    if max(cell_len(text), len(text)) <= width:
        return text
    start = text[: width - 1]
    return (start if cell_len(start) < width else set_cell_size(start, width - 1).rstrip()) + "…"


def console(*, stderr: bool = False) -> Console:
    """Where to print to; 80 columns when it is no terminal. What is printed as str is never taken for markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def text(value: object, style: str = "") -> Text:
    """The value as text that is shown as it is."""
    from rich.text import Text

    return Text(visible(str(value)), style, overflow="fold")


def line(to: Console, value: object, style: str = "", indent: int = 0) -> None:
    """Prints the value; what does not fit goes on below, indented by two more."""
    from rich.padding import Padding

    room = max(to.width - indent - 2, 1)
    for place, part in enumerate(text(value, style).wrap(to, room)):
        part.rstrip()
        to.print(Padding(part, (0, 0, 0, indent + 2 if place else indent), expand=False))


def lines(to: Console, values: Iterable[tuple[object, str]], indent: int = 2, most: int = LINES) -> None:
    """Prints each value in its style on a line of its own; after `most` of them only how many more there are."""
    values = list(values)
    for value, style in values[:most]:
        line(to, value, style, indent)
    if len(values) > most:
        line(to, f"… and {len(values) - most} more; --json has all of them", "dim", indent)


def table(to: Console, headings: Sequence[str], rows: Iterable[Sequence[object]], *, whole: str = "") -> None:
    """Prints a table that is no wider than the terminal; long cells are folded, not cut.

    `whole` is the heading of a column whose cells shall stay on one line, as far as 50 columns suffice.
    """
    from rich.table import Table

    rows = list(rows)
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        longest = max((len(str(row[place])) for row in rows), default=0)
        made.add_column(
            heading, overflow="fold", width=min(max(longest, len(heading)), WHOLE) if heading == whole else None
        )
    for row in rows:
        made.add_row(*(text(cell) for cell in row))
    to.print(made)


def facts(to: Console, rows: Iterable[tuple[str, object]]) -> None:
    """Prints names and values below each other, without the empty ones; a tuple has each of its values on a line."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in {"", None, ()}:
            made.add_row(text(name, "bold"), _below(value) if isinstance(value, tuple) else text(value))
    to.print(made)


def _below(values: tuple[object, ...]) -> Text:
    """The values as text, each on a line of its own."""
    from rich.text import Text

    return Text("\n", overflow="fold").join(map(text, values))


def moment(at: datetime | None) -> str:
    """A time as people read it, in UTC; none is empty."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def numbers(values: Iterable[int]) -> str:
    """Numbers as a list in words."""
    return ", ".join(map(str, values))
