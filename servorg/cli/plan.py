"""`plan`: a dry run by the code that a run uses; it stops before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import runs_text, show
from servorg.cli.json_forms import plan_json, write
from servorg.cli.options import examples, json_flag, mode_flag

if TYPE_CHECKING:
    from rich.console import Console

    from servorg.cli.tools import Tools
    from servorg.records import ChangeRow, Run
    from servorg.sync import Draft

NO_GROUPS = "No group is chosen: the customer chooses them on its CustOrg's page."
CHANGES = 2
"""The exit status when there is something to do."""


@click.command(epilog=examples("plan contoso", "plan contoso --mode 2", "plan contoso --json"))
@click.argument("customer", metavar="ID")
@mode_flag
@json_flag
@click.pass_obj
def plan(tools: Tools, customer: str, modes: tuple[int, ...], *, as_json: bool) -> int:
    """Show what a run would do now, and change nothing.

    Exit status: 0 nothing to do, 2 changes, 1 error. A removal that waits for the end of its grace is shown, and does
    not count as a change.
    """
    from servorg.recording import draft_rows

    run, draft = _draw_up(tools, customer, modes)
    rows = draft_rows(run.id, draft)
    if as_json:
        write(plan_json(run, draft, rows))
    else:
        _print(show.console(), run, draft, rows)
    return CHANGES if draft.plan else 0


def _draw_up(tools: Tools, customer: str, modes: tuple[int, ...]) -> tuple[Run, Draft]:
    from servorg.records import Run, new_run_id
    from servorg.sync import draw_up

    book, office = tools.customers(), tools.office()
    book.get(customer)
    chosen = modes or book.configuration(customer).modes
    run = Run(new_run_id(customer, office.now(), office.random), customer, tuple(sorted(set(chosen))), trigger="plan")
    with runs_text.reading(customer):
        return run, draw_up(office.order(run), office.source(customer), office.desk())


def _print(to: Console, run: Run, draft: Draft, rows: list[ChangeRow]) -> None:
    from shared.core import words

    unread = [(f"{group.name or group.id}: {group.why}", "red") for group in draft.side.unread]
    if unread:
        show.line(to, "Not read completely, so nobody is removed because of these groups:", "bold red")
        show.lines(to, unread)
    show.line(to, f"Plan for {run.customer}, modes {show.numbers(run.modes)}, digest {draft.plan.digest}", "bold")
    runs_text.totals(to, rows)
    if not draft.plan:
        show.line(to, "Nothing to do.", indent=2)
    if not (draft.side.groups or unread or draft.side.deleted):
        show.line(to, NO_GROUPS, "yellow", indent=2)
    for objection in draft.objections:
        show.line(to, f"would be held because {words.objection(objection)}", "yellow")
    runs_text.changes(to, run, rows)
    runs_text.skipped(to, [(skip.subject, skip.reason, skip.detail) for skip in draft.plan.skipped])
