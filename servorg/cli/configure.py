"""Commands about what is synchronised for a customer: `configure` and `configurations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servorg.cli import show
from servorg.cli.concerns import concerns
from servorg.cli.json_forms import configuration_json, write
from servorg.cli.options import MODE_NAMES, OrNone, Reset, examples, json_flag, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servorg.cli.tools import Tools
    from servorg.customer import Configuration

_PRUNE = {
    "off": "nothing is ever taken away",
    "managed": "what a run once gave is taken away again",
    "all": "everything that the modes describe is taken away, whoever gave it",
}
_NUMBER = OrNone("whole number", int)
_PERCENT = OrNone("percentage", lambda text: float(text.removesuffix("%")))
_NAMES = OrNone("list of names", names)
_SCHEDULE = OrNone("schedule", str)


@click.command(
    epilog=examples(
        "configure contoso --mode 1",
        "configure contoso --mode 2 --max-removals 10",
        "configure contoso --schedule '0 0 */6 * * *'",
        "configure contoso --max-removals none --schedule none",
    )
)
@click.argument("customer", metavar="ID")
@click.option(
    "--mode",
    "modes",
    type=click.IntRange(1, 5),
    multiple=True,
    metavar="N",
    help=f"Sync mode; repeat it to unite several. Replaces the modes of before. {MODE_NAMES}",
)
@click.option(
    "--prune",
    type=click.Choice(list(_PRUNE)),
    help="What a run may take away. off: nothing; managed: what a run once gave, or found as it should be; all: also "
    "what was given by hand.",
)
@click.option("--max-removals", type=_NUMBER, metavar="N", help="More removals than N in a run wait for a person.")
@click.option(
    "--max-removal-share",
    type=_PERCENT,
    metavar="PERCENT",
    help="Removals of more than this share of a group or account (of 10 people or more) wait for a person, and so does "
    "emptying one. 100 switches both guards off.",
)
@click.option(
    "--max-removals-per-day", type=_NUMBER, metavar="N", help="More removals than N in 24 hours wait for a person."
)
@click.option("--max-additions", type=_NUMBER, metavar="N", help="More additions than N in a run wait for a person.")
@click.option(
    "--precedence",
    type=_NAMES,
    metavar="NAME,NAME…",
    help="Service groups in order, for mode 3: whoever is in several gets the first of them.",
)
@click.option(
    "--schedule",
    type=_SCHEDULE,
    metavar="NCRONTAB",
    help="When to sync, instead of each night: second minute hour day month weekday, UTC; looked at every 5 minutes.",
)
@click.pass_obj
def configure(tools: Tools, /, customer: str, **given: Any) -> None:
    """Say what is synchronised for a customer. Without options only show it.

    Also how much a run may take away by itself. Options that are not given keep their value. `none` as the value of a
    limit, of --precedence or of --schedule goes back to the setting's default (MAX_REMOVALS and so on).
    """
    changed = {name: _value(name, value) for name, value in given.items() if value not in {None, ()}}
    book = tools.customers()
    book.get(customer)
    before = book.configuration(customer)
    after = book.configure(customer, changed) if changed else before
    to = show.console()
    show.facts(to, (("customer", customer), *configuration_facts(tools, after)))
    for concern in concerns(before, after, tools.office().ledger.links(customer)):
        show.line(to, concern)
    if (before.modes, before.prune) != (after.modes, after.prune):
        show.line(to, f"`plan {customer}` tells what the next run would do, in exact numbers.")


def _value(name: str, value: Any) -> Any:
    if value is Reset.TO_DEFAULT:
        return () if name == "precedence" else None
    return value


@click.command(epilog=examples("configurations", "configurations --json"))
@json_flag
@click.pass_obj
def configurations(tools: Tools, *, as_json: bool) -> None:
    """List how each customer is configured. A limit in brackets is the setting's."""
    book = tools.customers()
    found = {customer.id: book.configuration(customer.id) for customer in book.all()}
    if as_json:
        write([configuration_json(customer, configuration) for customer, configuration in found.items()])
        return
    rows = [(customer, *_row(tools, configuration)) for customer, configuration in found.items()]
    headings = ("Customer", "Modes", "Prune", "Removals", "Share", "A day", "Additions", "Schedule")
    show.table(show.console(), headings, rows, whole="Customer")


def _row(tools: Tools, configuration: Configuration) -> Iterator[object]:
    limits = dict(_limits(tools, configuration))
    yield show.numbers(configuration.modes)
    yield configuration.prune
    for own, limit in limits.values():
        yield limit if own else f"({limit})"
    yield configuration.schedule or "(setting)"


def configuration_facts(tools: Tools, configuration: Configuration) -> Iterator[tuple[str, object]]:
    """A configuration as names and values, with the settings' limits where it has none."""
    from shared.core.model import SyncMode
    from shared.core.words import MODES

    yield "modes", tuple(f"{mode}  {MODES[SyncMode(mode)]}" for mode in configuration.modes)
    yield "prune", f"{configuration.prune}: {_PRUNE[configuration.prune]}"
    for name, (own, limit) in _limits(tools, configuration):
        yield name, limit if own else f"{limit} (setting)"
    yield "precedence", ", ".join(configuration.precedence)
    yield "schedule", configuration.schedule or "that of the timer (SYNC_SCHEDULE)"


def _limits(tools: Tools, configuration: Configuration) -> Iterator[tuple[str, tuple[bool, str]]]:
    """Each limit by its name: whether it is the configuration's own, and the limit that counts."""
    limits = tools.limits(configuration)
    yield "removals a run", (configuration.max_removals is not None, str(limits.max_removals))
    yield "removals' share", (configuration.max_removal_share is not None, f"{limits.max_removal_share:g} %")
    yield "removals a day", (configuration.max_removals_per_day is not None, str(limits.max_removals_per_day))
    additions = "no limit" if limits.max_additions is None else str(limits.max_additions)
    yield "additions a run", (configuration.max_additions is not None, additions)
