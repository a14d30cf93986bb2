"""The command `doctor`: everything that a ServOrg works with, checked; what is wrong says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.json_forms import write
from servorg.cli.options import examples, json_flag
from shared.check_text import check_grid, summary
from shared.checks import Check, State, worst

if TYPE_CHECKING:
    from rich.console import Console

    from servorg.cli.tools import Tools

type Told = tuple[str, Check]


@click.command(epilog=examples("doctor", "doctor contoso", "doctor --json"))
@click.argument("customers", metavar="[ID]...", nargs=-1)
@json_flag
@click.pass_obj
def doctor(tools: Tools, customers: tuple[str, ...], *, as_json: bool) -> int:
    """Check settings, storage, mail, DeskDirector, the form and each customer; say what to do. Nothing is repaired.

    With IDs only those customers are looked at. Exit status: 0 when nothing is wrong, 1 when something is.
    """
    from servorg.doctor import examine

    told, made = examine(tools.clinic(), customers), list[Told]()
    if as_json:
        made += told
        write([_json(part, check) for part, check in made])
    else:
        made += _printed(show.console(), told)
    return 1 if worst(check for _, check in made) is State.BAD else 0


def _json(part: str, one: Check) -> dict[str, object]:
    return {"part": part, "check": one.name, "state": one.state, "said": one.said, "todo": one.todo}


def _printed(to: Console, told: Iterable[Told]) -> Iterator[Told]:
    """Prints each check below the heading of its part, and at the end how many there are of each kind."""
    made = list[Check]()
    with _busy(to):
        last = ""
        for part, check in told:
            if part != last:
                show.line(to, part, "bold")
                last = part
            to.print(check_grid(check, show.text, indent=2))
            made.append(check)
            yield part, check
    show.line(to, summary(made))


@contextmanager
def _busy(to: Console) -> Iterator[None]:
    """Shows on a terminal that something is going on."""
    if not to.is_terminal:
        yield
        return
    with to.status("looking …"):
        yield
