"""Commands with which a person decides about a run: `approve`, `reject` and `cancel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.json_forms import run_json, write
from servorg.cli.options import examples, json_flag
from servorg.cli.sync import follow

if TYPE_CHECKING:
    from servorg.cli.tools import Tools
    from servorg.records import Run

_RUN = "contoso-20261124-105312-4f2a9c1b"
wait_flag = click.option("--wait", is_flag=True, help="Show progress until the run has ended.")


@click.command(epilog=examples(f"approve {_RUN} 0123456789abcdef", f"approve {_RUN} \\", "    0123456789abcdef --wait"))
@click.argument("run", metavar="RUN")
@click.argument("digest", metavar="DIGEST")
@wait_flag
@json_flag
@click.pass_obj
def approve(tools: Tools, run: str, digest: str, *, wait: bool, as_json: bool) -> int:
    """Let through what a run holds. `run RUN` shows it, and its digest.

    The digest stands for exactly these changes. Both sides are read afresh. What still is so of what was shown is
    applied, and nothing else; the rest is listed as skipped. When a side can't be read completely nothing is applied,
    and the run is held again. Exit status with --wait as that of `sync`.
    """
    from servorg import decisions

    queued = decisions.approve(tools.office(), run, digest.strip())
    if wait:
        return follow(tools, [queued], as_json=as_json, everybody=False)
    count = queued.counts.get("held", 0)
    changes = "1 change that was" if count == 1 else f"{count} changes that were"
    _tell(tools, queued, f"queued {queued.id} with {changes} held", as_json=as_json)
    return 0


@click.command(epilog=examples(f"reject {_RUN}"))
@click.argument("run", metavar="RUN")
@json_flag
@click.pass_obj
def reject(tools: Tools, run: str, *, as_json: bool) -> None:
    """Apply nothing of what a run holds. The next run shows it again while Entra says the same."""
    from servorg import decisions

    rejected = decisions.reject(tools.office(), run)
    said = f"rejected {rejected.id}; the next run shows the same again, unless it is put right in Entra"
    _tell(tools, rejected, said, as_json=as_json)


@click.command(epilog=examples(f"cancel {_RUN}"))
@click.argument("run", metavar="RUN")
@json_flag
@click.pass_obj
def cancel(tools: Tools, run: str, *, as_json: bool) -> None:
    """Stop a run that is queued, at work, or held. What it did until then stays, and is listed.

    A run at work stops after the call to DeskDirector that is under way, within about a second.
    """
    from servorg import decisions

    cancelled = decisions.cancel(tools.office(), run)
    stops = "" if cancelled.over else "; its job stops within about a second"
    _tell(tools, cancelled, f"cancelled {cancelled.id}{stops}", as_json=as_json)


def _tell(tools: Tools, run: Run, said: str, *, as_json: bool) -> None:
    if as_json:
        write(run_json(run, tools.office().ledger.changes(run.id)))
    else:
        show.line(show.console(), said)
