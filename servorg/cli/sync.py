"""`sync`: queues runs, and with `--wait` follows them to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import runs_text, show
from servorg.cli.json_forms import run_json, write
from servorg.cli.options import examples, json_flag, mode_flag
from shared.core.words import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from servorg.cli.tools import Tools
    from servorg.records import Run

STATUSES = {"failed": 1, "cancelled": 1, "partly": 4, "held": 3, "succeeded": 0}
"""The exit status for each status of a run, the worst first."""
STOPPED = 130


@click.command(
    epilog=examples("sync contoso", "sync contoso --wait", "sync contoso --mode 1 --wait", "sync --all --wait")
)
@click.argument("customer", metavar="[ID]", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every customer, instead of ID.")
@mode_flag
@click.option("--wait", is_flag=True, help="Show progress until the run has ended.")
@json_flag
@click.pass_obj
def sync(tools: Tools, /, customer: str | None, modes: tuple[int, ...], **flags: bool) -> int:
    """Queue a run for a customer, or for all.

    Exit status with --wait: 0 succeeded, 3 held, 4 partly, 1 failed or cancelled; of several runs the worst. Ctrl-C
    ends the watching, not the run. --json tells the run (with --all a list of runs), with --wait when it has ended.
    """
    everybody, as_json = flags["everybody"], flags["as_json"]
    if everybody == (customer is not None):
        raise click.UsageError("Name one customer, or --all.")
    queued = _enqueue(tools, customer, modes)
    if flags["wait"]:
        return follow(tools, queued, as_json=as_json, everybody=everybody)
    if as_json:
        _write(tools, queued, everybody=everybody)
    elif queued:
        show.lines(show.console(), [(f"queued {run.id}", "") for run in queued], indent=0)
    else:
        show.line(show.console(), "There are no customers.")
    return 0


def _enqueue(tools: Tools, customer: str | None, modes: tuple[int, ...]) -> list[Run]:
    from servorg.jobs import enqueue

    book = tools.customers()
    chosen = book.all() if customer is None else (book.get(customer),)
    wanted = {one.id: tuple(sorted(set(modes or book.configuration(one.id).modes))) for one in chosen}
    return [enqueue(tools.office(), one, each, "command line") for one, each in wanted.items()]


def follow(tools: Tools, queued: Sequence[Run], *, as_json: bool, everybody: bool) -> int:
    """Shows these runs until they have ended, and tells their ends; the exit status."""
    from servorg.cli.progress import progress
    from servorg.cli.watch import settle, watch

    try:
        with progress(show.console(stderr=as_json)) as told:
            ended = watch(tools, queued, told)
        settle(tools, [run.id for run in ended])
    except KeyboardInterrupt:
        goes_on = ", ".join(f"`{PROGRAM} run {run.id}`" for run in queued)
        click.echo(f"not watching any more; what was queued goes on: {goes_on}", err=True)
        return STOPPED
    if as_json:
        _write(tools, ended, everybody=everybody)
    else:
        for run in ended:
            runs_text.summary(show.console(), run, tools.office().ledger.changes(run.id))
    return exit_status(ended)


def _write(tools: Tools, runs: Sequence[Run], *, everybody: bool) -> None:
    told = [run_json(run, tools.office().ledger.changes(run.id)) for run in runs]
    write(told if everybody else told[0])


def exit_status(runs: Sequence[Run]) -> int:
    """The exit status that tells the worst of these ends."""
    ends = {str(run.status) for run in runs}
    return next((STATUSES[status] for status in STATUSES if status in ends), 0)
