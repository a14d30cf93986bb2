"""CustOrg's functions: decode, call, encode. What they call is imported at the first request (cold start)."""

import asyncio
import datetime as dt
import logging
import os
from http import HTTPStatus

import azure.functions as func

from shared.errors import CommandRefused
from shared.http import Answer, body_of, replies, respond
from shared.logs import log_event
from shared.principal import who_changes, who_looks
from shared.telemetry import span

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
    with span("run command", command=command.name):
        answer = await command.run(wiring.here(dt.datetime.now(dt.UTC)), asked)
    return commands.on_the_wire(answer)


@blueprint.function_name("list_groups")
@blueprint.route("groups", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def list_groups(request: func.HttpRequest) -> Answer:
    """The groups table for the picker: `?search=` words, `?chosen=true|false`."""
    from custorg import wiring
    from custorg.search import matching
    from custorg.shown import table_shown

    person = who_looks(request, wiring.settings())
    chosen = request.params.get("chosen") or None
    if chosen not in CHOSEN:
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "invalid", "chosen: must be true or false.")
    table = wiring.choices()
    rows = matching(table.rows(), request.params.get("search", ""), chosen=CHOSEN[chosen])
    return table_shown(rows, table, person)


@blueprint.function_name("choose_group")
@blueprint.route("groups/{id}", methods=["PATCH"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def choose_group(request: func.HttpRequest) -> Answer:
    """Chooses a group for the sync, or takes it out; answers its row. With If-Match: unless another chose meanwhile."""
    from custorg import wiring
    from custorg.choice_tag import seen_in
    from custorg.ports import Conflict, Wish
    from custorg.requests import Choice
    from custorg.shown import CONFLICT, conflict_shown, shown

    person = who_changes(request, wiring.settings())
    choice = body_of(request, Choice)
    wish = Wish(request.route_params["id"].lower(), choice.sync, seen_in(request.headers.get("if-match")))
    row = wiring.choices().choose(wish, by=person.name, now=wiring.stamp(dt.datetime.now(dt.UTC)))
    if row is None:
        raise CommandRefused(HTTPStatus.NOT_FOUND, "unknown_group", "There is no such group in the table.")
    if isinstance(row, Conflict):
        return respond(request, conflict_shown(row.row), CONFLICT)
    log_event(log, "group chosen", group=row.id, sync=row.sync)
    return shown(row)


@blueprint.function_name("choose_groups")
@blueprint.route("groups/choices", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def choose_groups(request: func.HttpRequest) -> Answer:
    """Several choices at once: those that somebody else overtook are told, the others are made."""
    from custorg import wiring
    from custorg.requests import SeveralChoices
    from custorg.shown import chosen_shown

    person = who_changes(request, wiring.settings())
    wishes = [choice.wish() for choice in body_of(request, SeveralChoices).choices]
    chosen = wiring.choices().choose_all(wishes, by=person.name, now=wiring.stamp(dt.datetime.now(dt.UTC)))
    log_event(log, "groups chosen", groups=len(chosen.rows), conflicts=len(chosen.conflicts))
    return chosen_shown(chosen)


@blueprint.function_name("refresh_list")
@blueprint.route("groups/refresh", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
async def refresh_list(request: func.HttpRequest) -> Answer:
    """Reads which groups there are. The page asks for counts afterwards, a part at a time."""
    from custorg import commands, wiring
    from custorg.requests import Refresh

    who_changes(request, wiring.settings())
    body_of(request, Refresh)
    here = wiring.here(dt.datetime.now(dt.UTC))
    updated = await commands.update_list(here)
    return {"refreshedAt": here.now, **updated.model_dump(exclude={"tenant"})}


@blueprint.function_name("count_groups")
@blueprint.route("groups/counts", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
async def count_groups(request: func.HttpRequest) -> Answer:
    """Counts people and owners of groups that have waited longest, for some seconds; says how many are left."""
    from custorg import wiring
    from custorg.counting import Span, count_groups
    from custorg.requests import CountMore
    from custorg.shown import shown_all

    who_changes(request, wiring.settings())
    asked = body_of(request, CountMore)
    here = wiring.here(dt.datetime.now(dt.UTC), wiring.PART_SECONDS)
    span = Span(here.now, here.clock, here.clock() + wiring.COUNT_SECONDS)
    tally = await count_groups(here.directory, here.choices, before=asked.before, span=span)
    rows = [row for row in await asyncio.to_thread(here.choices.rows) if row.id in tally.counted]
    return {"groups": shown_all(rows), "left": tally.left, "why": tally.why}


@blueprint.function_name("reset_list")
@blueprint.route("groups/reset", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
async def reset_list(request: func.HttpRequest) -> Answer:
    """Empties and rebuilds the table: every choice is lost, so it wants the confirmation that the command wants."""
    from custorg import commands, wiring
    from shared.wire import ResetTable

    who_changes(request, wiring.settings())
    confirmed = body_of(request, ResetTable, commands.command_named("reset-entra-groups-table").hint)
    here = wiring.here(dt.datetime.now(dt.UTC))
    reset = await commands.reset_table(here, confirmed)
    log_event(log, "groups reset", dropped=reset.dropped)
    return {"refreshedAt": here.now, **reset.model_dump(exclude={"tenant"})}


@blueprint.function_name("show_picker")
@blueprint.route("picker", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def show_picker(request: func.HttpRequest) -> Answer:
    """The page on which groups are chosen."""
    from custorg import pages, wiring

    return pages.page(request, wiring.settings())


@blueprint.function_name("show_picker_asset")
@blueprint.route("picker/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def show_picker_asset(request: func.HttpRequest) -> Answer:
    """A file of the page; anything else is 404."""
    from custorg import pages

    return pages.asset(request, request.route_params.get("path", ""))


@blueprint.function_name("refresh_groups")
@blueprint.timer_trigger(schedule=REFRESH_SCHEDULE, arg_name="timer", run_on_startup=False, use_monitor=True)
async def refresh_groups(timer: func.TimerRequest) -> None:
    """Refreshes the groups table."""
    from custorg import commands, wiring
    from shared.wire import UpdateTable

    here = wiring.here(dt.datetime.now(dt.UTC), wiring.TIMER_SECONDS)
    updated = await commands.update_table(here, UpdateTable())
    log_event(log, "groups refreshed", late=timer.past_due, groups=updated.groups, chosen=updated.chosen)
