"""`form publish`: the lists of the form, written anew at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.options import examples

if TYPE_CHECKING:
    from servorg.cli.tools import Tools


@click.command(epilog=examples("form publish"))
@click.pass_obj
def publish(tools: Tools) -> None:
    """Write the form's lists of customers and sync modes anew.

    The timer publish_form_lists does the same (FORM_LISTS_SCHEDULE). A customer that is added or removed by a command
    appears by itself: a form shows it within a minute.
    """
    from servorg.form_lists import ACCOUNTS, SYNC_MODES

    lists = tools.form_lists()
    customers, modes = lists.publish(ACCOUNTS), lists.publish(SYNC_MODES)
    many = "1 customer" if customers == 1 else f"{customers} customers"
    show.line(show.console(), f"published: {many} and {modes} sync modes; forms show them within a minute")
