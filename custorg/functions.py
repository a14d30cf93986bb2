"""CustOrg's functions: decode, call, encode. What they call is imported at the first request (cold start)."""

import datetime as dt
import logging
import os
from http import HTTPStatus

import azure.functions as func

from shared.errors import CommandRefused
from shared.http import Answer, body_of, replies
from shared.logs import log_event
from shared.principal import who_changes, who_looks

log = logging.getLogger(__name__)

REFRESH_SCHEDULE = os.environ.get("REFRESH_SCHEDULE", "").strip() or "0 0 1 * * *"
CHOSEN = {None: None, "true": True, "false": False}

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation there


@blueprint.function_name("offer_commands")
@blueprint.route("commands", methods=["GET"], auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="request")
@replies
def offer_commands(_request: func.HttpRequest) -> Answer:
    """The commands, with the JSON schemas of what they take and answer."""
    from custorg import commands

    return commands.offers()


@blueprint.function_name("run_command")
@blueprint.route("commands/{name}", methods=["POST"], auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="request")
@replies
async def run_command(request: func.HttpRequest) -> Answer:
    """Runs one command and answers when it is done."""
    from custorg import commands, wiring

    command = commands.command_named(request.route_params["name"])
    asked = body_of(request, command.request, command.hint)
    answer = await command.run(wiring.here(dt.datetime.now(dt.UTC)), asked)
    return commands.on_the_wire(answer)


@blueprint.function_name("list_groups")
@blueprint.route("groups", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def list_groups(request: func.HttpRequest) -> Answer:
    """The groups table for the picker: `?search=` words, `?chosen=true|false`."""
    from custorg import wiring
    from custorg.search import matching

    who_looks(request, wiring.settings())
    chosen = request.params.get("chosen") or None
    if chosen not in CHOSEN:
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "invalid", "chosen: must be true or false.")
    table = wiring.choices()
    rows = matching(table.rows(), request.params.get("search", ""), chosen=CHOSEN[chosen])
    return {"groups": rows, "refreshedAt": table.refreshed_at()}


@blueprint.function_name("choose_group")
@blueprint.route("groups/{id}", methods=["PATCH"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def choose_group(request: func.HttpRequest) -> Answer:
    """Chooses a group for the sync, or takes it out; answers its row."""
    from custorg import wiring
    from custorg.requests import Choice

    person = who_changes(request, wiring.settings())
    choice = body_of(request, Choice)
    now = wiring.stamp(dt.datetime.now(dt.UTC))
    row = wiring.choices().choose(request.route_params["id"].lower(), sync=choice.sync, by=person.name, now=now)
    if row is None:
        raise CommandRefused(HTTPStatus.NOT_FOUND, "unknown_group", "There is no such group in the table.")
    log_event(log, "group chosen", group=row.id, sync=row.sync)
    return row


@blueprint.function_name("refresh_groups")
@blueprint.timer_trigger(schedule=REFRESH_SCHEDULE, arg_name="timer", run_on_startup=False, use_monitor=True)
async def refresh_groups(timer: func.TimerRequest) -> None:
    """Refreshes the groups table."""
    from custorg import commands, wiring
    from shared.wire import UpdateTable

    here = wiring.here(dt.datetime.now(dt.UTC), wiring.TIMER_SECONDS)
    updated = await commands.update_table(here, UpdateTable())
    log_event(log, "groups refreshed", late=timer.past_due, groups=updated.groups, chosen=updated.chosen)
