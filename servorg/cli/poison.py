"""Commands about messages that failed for good: `poison list`, `poison replay` and `poison drop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servorg.cli import show
from servorg.cli.json_forms import poisoned_json, run_json, write
from servorg.cli.options import examples, json_flag

if TYPE_CHECKING:
    from servorg.cli.tools import Tools
    from servorg.messages import CustomerRefresh, TicketEvent
    from servorg.poison import Graveyard
    from servorg.records import Run

_ID = "1f6d5cf2-60dd-4d2a-8ba1-6a3a1b0f4c7e"


@click.group(epilog=examples("poison list", f"poison replay {_ID}"))
def poison() -> None:
    """See what failed five times, and try it once more.

    After that it was put aside, into a queue that Azure calls poison. Nobody loses access by it.
    """


@poison.command("list", epilog=examples("poison list", "poison list --json"))
@json_flag
@click.pass_obj
def list_all(tools: Tools, *, as_json: bool) -> None:
    """List the messages that failed five times, newest first, with the reason. Of many the oldest 32.

    A message is an order to the app: to sync a customer, to look at a ticket of the form, or to refresh a customer's
    groups.
    """
    from servorg.poison import poisoned

    found = poisoned(_graveyard(tools))
    if as_json:
        write([poisoned_json(one) for one in found])
    elif found:
        rows = [
            (one.message.id, one.customer or "", show.moment(one.message.inserted_at), show.brief(one.reason, 200))
            for one in found
        ]
        show.table(show.console(), ("Message", "Customer", "Since", "Reason"), rows, whole="Message")
    else:
        show.line(show.console(), "Nothing failed for good.")


@poison.command(epilog=examples(f"poison replay {_ID}"))
@click.argument("message", metavar="MESSAGE")
@json_flag
@click.pass_obj
def replay(tools: Tools, message: str, *, as_json: bool) -> None:
    """Do once more what a message was about. The message leaves the list; MESSAGE is its id there.

    Of a job: a new run of its customer, in the modes of the run that failed; a ticket of the form that asked for that
    one is told of the new one. Of a ticket: another look at it. Of a refresh: another refresh.
    """
    from servorg import poison as use_case

    book = tools.customers()

    def modes(customer: str) -> tuple[int, ...]:
        book.get(customer)
        return book.configuration(customer).modes

    queued = use_case.replay(tools.office(), _graveyard(tools), message, modes)
    said, told = _told(queued)
    if as_json:
        write(told)
    else:
        show.line(show.console(), said)


def _told(queued: Run | TicketEvent | CustomerRefresh) -> tuple[str, dict[str, Any]]:
    from servorg.messages import CustomerRefresh, TicketEvent

    match queued:
        case TicketEvent(ticket=ticket):
            return f"queued another look at ticket {ticket}", {"ticket": ticket}
        case CustomerRefresh(customer=customer):
            return f"queued another refresh of the groups of {customer}", {"customer": customer}
        case run:
            return f"queued {run.id}", run_json(run, ())


@poison.command(epilog=examples(f"poison drop {_ID}"))
@click.argument("message", metavar="MESSAGE")
@click.pass_obj
def drop(tools: Tools, message: str) -> None:
    """Remove a message without trying it again, such as one that cannot be read."""
    from servorg import poison as use_case

    use_case.drop(_graveyard(tools), message)
    show.line(show.console(), f"dropped {message}")


def _graveyard(tools: Tools) -> Graveyard:
    from servorg.poison import Graveyard

    ledger, refreshes = tools.office().ledger, tools.refreshes()
    return Graveyard(ledger, tools.jobs(), tools.events(), refreshes, tools.requests())
