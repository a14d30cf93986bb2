"""Commands about the form: `form check` and `form publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.form_publish import publish
from servorg.cli.json_forms import write
from servorg.cli.options import examples, json_flag
from shared.check_text import check_grid
from shared.checks import Check, State, worst

if TYPE_CHECKING:
    from rich.console import Console

    from servorg.cli.tools import Tools


@click.group(epilog=examples("form check", "form publish"))
def form() -> None:
    """Check the form in DeskDirector, and what its lists show."""


form.add_command(publish)


@form.command(epilog=examples("form check", "form check --json"))
@json_flag
@click.pass_obj
def check(tools: Tools, *, as_json: bool) -> int:
    """Compare DeskDirector with what the form needs, and say what is missing. Nothing is changed.

    Exit status: 0 when nothing is wrong, 1 when something is.
    """
    from servorg.form_check import form_checks

    made: list[Check] = []
    to = show.console()
    for one in form_checks(tools.places()):
        made.append(one)
        if not as_json:
            print_check(to, one)
    if as_json:
        write([{"check": one.name, "state": one.state, "said": one.said, "todo": one.todo} for one in made])
    elif worst(made) is not State.BAD:
        show.line(to, "Nothing is wrong. Now submit the form once, and look at what its ticket says.")
    return 1 if worst(made) is State.BAD else 0


def print_check(to: Console, one: Check) -> None:
    """Prints a check: its state, its name and what is so; below that, what to do."""
    to.print(check_grid(one, show.text))
