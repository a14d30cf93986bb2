"""Options and values that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import click

from shared.core.model import SyncMode
from shared.core.words import MODES, PROGRAM

MODE_NAMES = "; ".join(f"{mode:d}: {MODES[mode]}" for mode in SyncMode) + "."

json_flag = click.option("--json", "as_json", is_flag=True, help="The same facts as JSON, for programs.")
mode_flag = click.option(
    "--mode",
    "modes",
    type=click.IntRange(1, 5),
    multiple=True,
    metavar="N",
    help=f"Sync mode, for this run only; repeat it to unite several. Without it the customer's own. {MODE_NAMES}",
)


class Reset(Enum):
    """What `none` stands for as a value."""

    TO_DEFAULT = "none"


class OrNone(click.ParamType[object]):
    """A value, or `none` (or nothing between quotes) for the default."""

    def __init__(self, name: str, convert: Callable[[str], object]) -> None:
        self.name = name
        self._convert = convert

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if not isinstance(value, str):
            return value
        if value.strip().lower() in {"", Reset.TO_DEFAULT.value}:
            return Reset.TO_DEFAULT
        try:
            return self._convert(value.strip())
        except ValueError:
            self.fail(f"{value!r} is no {self.name}; `none` takes the default.", param, ctx)


def names(text: str) -> tuple[str, ...]:
    """The names in a comma list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def examples(*lines: str) -> str:
    """The end of a help text: these commands, each on its line; one that begins with a blank goes on with the last."""
    told = (line if line.startswith(" ") else f"{PROGRAM} {line}" for line in lines)
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in told)
