"""Commands that ask a customer's CustOrg: `groups` and `offers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.json_forms import write
from servorg.cli.options import examples, json_flag

if TYPE_CHECKING:
    from servorg.cli.tools import Remote, Tools
    from shared.wire import EntraGroups, GroupRow, Offers

_NOBODY_CHOSEN = "Until groups are chosen again, a run treats everybody as having left."


@click.command(epilog=examples("groups contoso", "groups contoso --refresh", "groups contoso --json"))
@click.argument("customer", metavar="ID")
@click.option("--refresh", is_flag=True, help="Read the groups from Entra first; choices stay.")
@click.option("--reset", is_flag=True, help="Empty the table and read the groups anew; every choice is lost.")
@json_flag
@click.pass_obj
def groups(tools: Tools, customer: str, *, refresh: bool, reset: bool, as_json: bool) -> None:
    """List the groups that a CustOrg knows. Those that were chosen are marked.

    --reset asks first when somebody can answer; without a terminal it goes on. Without a chosen group everybody counts
    as having left: `configure ID --prune off` first, until groups are chosen again.
    """
    if refresh and reset:
        raise click.UsageError("--refresh and --reset exclude each other: a reset reads everything anew.")
    remote = tools.custorg(customer)
    if refresh:
        _refresh(tools, remote, customer)
    if reset:
        _reset(tools, remote, customer)
    found = _asked(remote)
    if as_json:
        write([row.model_dump(mode="json", by_alias=True) for row in found.groups])
    else:
        _print(found)
        _print_failure(tools, customer)


def _asked(remote: Remote) -> EntraGroups:
    from shared.wire import EntraGroups, GetEntraGroups

    return remote.command("get-entra-groups", GetEntraGroups(chosen=False), EntraGroups)


def _refresh(tools: Tools, remote: Remote, customer: str) -> None:
    """The same as at night, so that the page tells what becomes of each group as it is now."""
    from servorg.refresh import look_closer
    from shared.wire import TableUpdated, UpdateTable

    told = remote.command("update-entra-groups-table", UpdateTable(), TableUpdated)
    counted = f"{told.groups} groups, {told.added} of them new; {told.vanished} vanished; {told.chosen} are chosen"
    to = show.console(stderr=True)
    show.line(to, f"refreshed: {counted}")
    if silence := look_closer(tools.refreshing(), customer, told).silence:
        show.line(to, f"its page was not told what becomes of each group: {silence}")


def _print_failure(tools: Tools, customer: str) -> None:
    kept = tools.refreshing().kept.get(customer)
    if kept and kept.reason:
        show.line(show.console(), f"the refresh of {show.moment(kept.tried_at)} failed: {kept.reason}")


def _reset(tools: Tools, remote: Remote, customer: str) -> None:
    from shared.wire import ResetTable, TableReset

    if others := _others_of(tools, customer):
        said = f"The CustOrg of {customer} is also that of {', '.join(others)}: these choices are theirs too."
        show.line(show.console(stderr=True), said)
    if tools.interactive():
        chosen = sum(row.sync for row in _asked(remote).groups)
        asked = f"Drop {chosen} choices of {customer} and read its groups anew? {_NOBODY_CHOSEN}"
        if not click.confirm(asked, err=True):
            raise click.ClickException("nothing was changed")
    told = remote.command("reset-entra-groups-table", ResetTable(confirm="reset"), TableReset)
    show.line(show.console(stderr=True), f"reset: {told.groups} groups; {told.dropped} choices were dropped")


def _others_of(tools: Tools, customer: str) -> list[str]:
    """The other customers whose CustOrg has the same address."""
    url = {one.id: one.url.casefold() for one in tools.customers().all()}
    return [other for other in url if other != customer and url[other] == url[customer]]


def _print(found: EntraGroups) -> None:
    to = show.console()
    chosen = sum(row.sync for row in found.groups)
    show.line(to, f"{len(found.groups)} groups, {chosen} chosen; read from Entra: {found.refreshed_at or 'never'}")
    rows = [("yes" if row.sync else "", show.brief(row.name), _kind(row), row.id) for row in found.groups]
    show.table(to, ("Chosen", "Group", "Kind", "Id"), rows, whole="Id")


def _kind(row: GroupRow) -> str:
    marks = [row.kind, *["hidden"] * row.hidden, *["vanished"] * row.vanished]
    return ", ".join(marks)


@click.command(epilog=examples("offers contoso", "offers contoso --json"))
@click.argument("customer", metavar="ID")
@json_flag
@click.pass_obj
def offers(tools: Tools, customer: str, *, as_json: bool) -> None:
    """List the commands that a CustOrg serves, and what does not work with an older one.

    When it gives no answer, what it said last is shown. --json has the schemas of what commands take and answer.
    """
    from servorg.offered import compare

    told, note = _offered(tools, customer)
    if note:
        show.line(show.console(stderr=True), note)
    if as_json:
        write([offer.model_dump(mode="json") for offer in told.commands])
        return
    rows = [(offer.name, offer.version, offer.description) for offer in told.commands]
    show.table(show.console(), ("Command", "Version", "What it does"), rows)
    for sentence in compare(told).sentences():
        show.line(show.console(), sentence)


def _offered(tools: Tools, customer: str) -> tuple[Offers, str]:
    """What the CustOrg offers now; else what it told last, and a sentence that says so."""
    from shared.errors import SourceError

    remote = tools.custorg(customer)
    try:
        return remote.offers(), ""
    except SourceError as error:
        kept = tools.refreshing().kept.get(customer)
        if kept is None or kept.offers is None:
            raise
        return kept.offers, f"{error}; this is what it told at {show.moment(kept.offered_at)}"
