"""Commands about DeskDirector's event: `events subscribe`, `events list` and `events unsubscribe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servorg.cli import show
from servorg.cli.json_forms import write
from servorg.cli.options import examples, json_flag
from shared.errors import DeskInDoubt, SettingsError

if TYPE_CHECKING:
    from servorg.cli.tools import Tools
    from servorg.form_check import Places
    from servorg.subscriptions import Event, Subscription

_NO_EVENT = "EVENT_ID is missing: it is the id of the event Sync User Group, as `events list` shows it"


@click.group(epilog=examples("events list", "events subscribe --url https://servorg.example", "form check"))
def events() -> None:
    """Have DeskDirector tell us when the form was submitted."""


@events.command(
    epilog=examples("events subscribe --url https://servorg.example", "events subscribe --url servorg.example")
)
@click.option(
    "--url",
    envvar="WEBSITE_HOSTNAME",
    metavar="URL",
    help="Where DeskDirector delivers to: this app's address. On Azure, WEBSITE_HOSTNAME says it.",
)
@click.option("--type", "kind", metavar="TYPE", help="The event's type, where DeskDirector does not tell it.")
@click.pass_obj
def subscribe(tools: Tools, *, url: str | None, kind: str | None) -> None:
    """Subscribe this app to the event EVENT_ID. It may be repeated: the new subscription replaces the old one."""
    from servorg.subscriptions import Event, find_event
    from servorg.subscriptions import subscribe as subscribed

    address, places = _address(url), tools.places()
    if places.settings.event_id is None:
        raise SettingsError([_NO_EVENT])
    wanted = places.settings.event_id
    event = Event(wanted, wanted, kind) if kind else find_event(places.events, wanted)
    try:
        made, old = subscribed(places.events, places.book, event, address, tools.office().now)
    except DeskInDoubt as lost:
        raise click.ClickException(f"{lost}; subscribe once more: one subscription too many does no harm") from None
    _tell(made, old)


def _address(given: str | None) -> str:
    from servorg.subscriptions import event_address

    if not given:
        raise click.UsageError("Give this app's address with --url, such as https://servorg.example.")
    try:
        return event_address(given)
    except ValueError as error:
        raise click.UsageError(f"--url {error}.") from None


def _tell(made: Subscription, old: Subscription | None) -> None:
    to = show.console()
    instead = f", in place of the subscription of {old.since:%Y-%m-%d}" if old else ""
    show.line(to, f"subscribed: {made.name} goes to {made.url}{instead}")
    if old and not old.receipt.action:
        show.line(
            to, "DeskDirector never told how to end the old one; delete its webhook in Advanced > Events", "yellow"
        )
    if not made.receipt.action:
        said = "DeskDirector did not tell how to end it; to do so, delete its webhook in Advanced > Events"
        show.line(to, said, "yellow")
    show.line(to, "Next, in DeskDirector's Admin Portal (Advanced > Events):")
    show.line(to, f"1. see that the event {made.name} is Enabled (More Options > Enable)", indent=2)
    show.line(to, "2. copy its webhook's secret to the setting DESKDIRECTOR_WEBHOOK_SECRET of this app", indent=2)
    show.line(to, "3. run `python -m servorg form check`, then submit the form once", indent=2)


@events.command("list", epilog=examples("events list", "events list --json"))
@json_flag
@click.pass_obj
def list_all(tools: Tools, *, as_json: bool) -> None:
    """List DeskDirector's events and this app's subscription."""
    places = tools.places()
    found, known = places.events.events(), places.book.read()
    if as_json:
        rows = [{"id": one.id, "name": one.name, "chosen": one.id == places.settings.event_id} for one in found]
        write({"subscription": known and _json(known), "events": rows})
        return
    to = show.console()
    show.line(to, _known(known, found))
    rows_shown = [(_mark(one, places, known), show.brief(one.name), one.id) for one in found]
    show.table(to, ("", "Event", "Id"), rows_shown, whole="Id")


def _json(known: Subscription) -> dict[str, Any]:
    """What may be told of a subscription: nothing that ends it."""
    told = {"event": known.event, "name": known.name, "type": known.type, "url": known.url}
    return told | {"since": known.since.isoformat()}


def _known(known: Subscription | None, found: tuple[Event, ...]) -> str:
    if known is None:
        return "not subscribed; `events subscribe` does it"
    gone = "" if any(one.id == known.event for one in found) else ", but DeskDirector does not have that event any more"
    return f"subscribed since {show.moment(known.since)}: {known.name} goes to {known.url}{gone}"


def _mark(one: Event, places: Places, known: Subscription | None) -> str:
    marks = ["EVENT_ID"] * (one.id == places.settings.event_id)
    return ", ".join([*marks, *["subscribed"] * (known is not None and one.id == known.event)])


@events.command(epilog=examples("events unsubscribe"))
@click.option("--forget", is_flag=True, help="Only forget it here: it was deleted in DeskDirector.")
@click.pass_obj
def unsubscribe(tools: Tools, *, forget: bool) -> None:
    """End this app's subscription. New requests of the form are then found by a timer (CATCH_UP_SCHEDULE)."""
    from servorg.subscriptions import end

    places = tools.places()
    known = places.book.read() if forget else end(places.events, places.book)
    if known is None:
        click.echo("there is no subscription that was made from here")
        return
    if forget:
        places.book.remove()
    show.line(show.console(), f"{'forgotten' if forget else 'unsubscribed'}: {known.name} to {known.url}")
