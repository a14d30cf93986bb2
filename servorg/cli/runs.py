"""Commands about what happened: `runs` and `run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import runs_text, show
from servorg.cli.json_forms import run_json, write
from servorg.cli.options import examples, json_flag

if TYPE_CHECKING:
    from servorg.cli.tools import Tools


@click.command(epilog=examples("runs", "runs contoso --limit 5", "runs --json"))
@click.argument("customer", metavar="[ID]", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@json_flag
@click.pass_obj
def runs(tools: Tools, customer: str | None, *, limit: int, as_json: bool) -> None:
    """List the runs of a customer, or of all, newest first.

    With --json each run is told as by `run`, but without its changes.
    """
    found = tools.office().ledger.runs(customer, limit)
    if not found and customer is not None:
        tools.customers().get(customer)
    if as_json:
        write([run_json(run) for run in found])
    elif found:
        headings = ("Run", "Status", "Modes", "Applied", "")
        show.table(show.console(), headings, map(runs_text.one_line, found), whole="Run")
    else:
        show.line(show.console(), "There are no runs yet.")


@click.command(epilog=examples("run contoso-20261124-105312-4f2a9c1b", "run contoso-20261124-105312-4f2a9c1b --json"))
@click.argument("run_id", metavar="RUN")
@json_flag
@click.pass_obj
def run(tools: Tools, run_id: str, *, as_json: bool) -> None:
    """Show a run with its changes. Held and failed ones have their reason."""
    from servorg.records import UnknownRun

    ledger = tools.office().ledger
    found = ledger.run(run_id)
    if found is None:
        raise UnknownRun(run_id)
    rows = ledger.changes(run_id)
    if as_json:
        write(run_json(found, rows))
    else:
        runs_text.facts(show.console(), found, rows)
