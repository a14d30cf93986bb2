"""The commands that a CustOrg serves: what each is called, asks for, answers and does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from custorg.checkup import Patient, examine
from custorg.continuation import MAX_REST, decode
from custorg.counting import Span, count_groups, stale
from custorg.person import explain
from custorg.ports import Choices, Directory, GroupHead, Outlook, Persons, Probes
from custorg.reading import Limits, Reading
from shared.errors import CommandRefused
from shared.version import APP_VERSION
from shared.wire import (
    VERSION,
    CheckHealth,
    CommandOffer,
    EntraGroups,
    ExplainPerson,
    GetEntraGroups,
    GetGroupsAndMembers,
    GroupsAndMembers,
    Health,
    HealthCheck,
    Offers,
    OutlookTold,
    PersonExplained,
    ResetTable,
    TableReset,
    TableUpdated,
    TellOutlook,
    UpdateTable,
)


@dataclass(frozen=True, slots=True)
class Here:
    """What a command works with: its own tenant (lower case), Graph, the groups table, and the time (ISO 8601, UTC).

    `clock` counts seconds for the limits of an answer, and `count_seconds` how long a refresh may count people.
    """

    tenant: str
    graph_url: str
    directory: Directory
    choices: Choices
    now: str
    clock: Callable[[], float]
    limits: Limits
    persons: Persons
    count_seconds: float = 60.0
    probes: Probes | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `hint` tells a caller whose request was refused how to ask."""

    name: str
    description: str
    request: type[BaseModel]
    answer: type[BaseModel]
    run: Callable[[Here, Any], Awaitable[BaseModel]]
    hint: str = ""


async def get_entra_groups(here: Here, asked: GetEntraGroups) -> EntraGroups:
    """The groups of the table, as they were when it was last refreshed."""
    rows, refreshed_at = await asyncio.to_thread(_table, here.choices)
    groups = tuple(row for row in rows if row.sync or not asked.chosen)
    return EntraGroups(tenant=here.tenant, groups=groups, refreshedAt=refreshed_at)


async def get_groups_and_members(here: Here, asked: GetGroupsAndMembers) -> GroupsAndMembers:
    """The chosen groups, or those asked for, with their people; see `custorg.reading`.

    The first answer proves the tenant by `/organization`; the continuation remembers that it did.
    """
    if asked.continuation is not None:
        return await _go_on(here, asked.continuation)
    groups = await _asked_groups(here, asked)
    domains = await check_tenant(here)
    reading = Reading(here.directory, owners=asked.owners, clock=here.clock, limits=here.limits)
    return reading.answer(here.tenant, domains, *await reading.read(groups, None))


async def explain_person(here: Here, asked: ExplainPerson) -> PersonExplained:
    """Who has the address, and in which chosen groups; see `custorg.person`."""
    domains = await check_tenant(here)
    chosen = tuple(row for row in await asyncio.to_thread(here.choices.rows) if row.sync)
    told = await explain(here.persons, chosen, asked.address)
    return told.model_copy(update={"tenant": here.tenant, "domains": domains})


async def update_table(here: Here, _asked: UpdateTable) -> TableUpdated:
    """The table after it was filled from all of `/groups`; when they can't be read completely, it stays as it is.

    Then people and owners are counted for a while; a count that could not be made is an older one, and no failure.
    """
    updated = await update_list(here)
    span = Span(here.now, here.clock, here.clock() + here.count_seconds)
    await count_groups(here.directory, here.choices, before=stale(here.now), span=span)
    return updated


async def update_list(here: Here) -> TableUpdated:
    """The same without counting anybody."""
    heads = await _all_groups(here)
    added, vanished = await asyncio.to_thread(here.choices.refresh, heads, here.now)
    rows = await asyncio.to_thread(here.choices.rows)
    chosen = sum(row.sync for row in rows)
    return TableUpdated(tenant=here.tenant, groups=len(heads), chosen=chosen, added=added, vanished=vanished)


async def reset_table(here: Here, _asked: ResetTable) -> TableReset:
    """The table after it was emptied and rebuilt. Graph is read first: when that fails, no choice is lost."""
    heads = await _all_groups(here)
    dropped = await asyncio.to_thread(here.choices.empty)
    await asyncio.to_thread(here.choices.refresh, heads, here.now)
    return TableReset(tenant=here.tenant, groups=len(heads), dropped=dropped)


async def tell_outlook(here: Here, told: TellOutlook) -> OutlookTold:
    """Keeps for the picker what becomes of each group."""
    groups = {group.id.lower(): group.says for group in told.groups}
    outlook = Outlook(tuple(sorted(set(told.modes))), told.account, here.now)
    return OutlookTold(tenant=here.tenant, groups=await asyncio.to_thread(here.choices.tell, groups, outlook))


async def check_health(here: Here, _asked: CheckHealth) -> Health:
    """Settings, storage, clock and permissions, each proven; see `custorg.checkup`."""
    patient = Patient(here.tenant, here.directory, here.persons, here.choices, here.probes)
    checks = [
        HealthCheck(name=one.name, state=one.state.value, said=one.said, todo=one.todo)
        async for one in examine(patient)
    ]
    return Health(tenant=here.tenant, app=APP_VERSION, checks=tuple(checks))


COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        Command(
            "get-entra-groups",
            "The groups of the groups table: the chosen ones, or with chosen=false all of them.",
            GetEntraGroups,
            EntraGroups,
            get_entra_groups,
        ),
        Command(
            "get-groups-and-members",
            "The chosen groups, or those asked for, with their people and on request their owners, a part at a time.",
            GetGroupsAndMembers,
            GroupsAndMembers,
            get_groups_and_members,
        ),
        Command(
            "explain-person",
            "Who has an address in Entra, and in which chosen groups, with the way through nested ones.",
            ExplainPerson,
            PersonExplained,
            explain_person,
            hint='To ask about a person send {"address": "jan@contoso.example"}.',
        ),
        Command(
            "update-entra-groups-table",
            "Refreshes the groups table from Entra; every choice is kept.",
            UpdateTable,
            TableUpdated,
            update_table,
            hint="This command takes {}.",
        ),
        Command(
            "reset-entra-groups-table",
            "Empties and rebuilds the groups table; every choice is lost.",
            ResetTable,
            TableReset,
            reset_table,
            hint='Every choice is lost by a reset; to confirm it send {"confirm": "reset"}.',
        ),
        Command(
            "tell-group-outlook",
            "Tells the picker which sync modes are configured, and what becomes of each group.",
            TellOutlook,
            OutlookTold,
            tell_outlook,
        ),
        Command(
            "check-health",
            "Checks storage, clock, permissions and choices of the CustOrg itself; tells nothing of people.",
            CheckHealth,
            Health,
            check_health,
            hint="This command takes {}.",
        ),
    )
}


def offers() -> Offers:
    """All commands with the JSON schemas of what they take and answer."""
    return Offers(version=VERSION, commands=tuple(_offer(command) for command in COMMANDS.values()))


def command_named(name: str) -> Command:
    """The command, or CommandRefused 404."""
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise CommandRefused(HTTPStatus.NOT_FOUND, "unknown_command", f"There is no such command. There are: {known}.")
    return COMMANDS[name]


async def check_tenant(here: Here) -> tuple[str, ...]:
    """The verified domains of the tenant; CommandRefused 409 when Graph answers for another tenant than TENANT_ID."""
    organization = await here.directory.organization()
    if organization.tenant_id != here.tenant:
        message = f"wrong tenant: the identity is of {organization.tenant_id}, TENANT_ID is {here.tenant}"
        raise CommandRefused(HTTPStatus.CONFLICT, "wrong_tenant", message)
    return organization.verified_domains


def on_the_wire(answer: BaseModel) -> Mapping[str, object]:
    """The answer as JSON has it. Of people, who are many, what is false or empty is left out."""
    if not isinstance(answer, GroupsAndMembers):
        return answer.model_dump(mode="json", by_alias=True)
    row = answer.model_dump(mode="json", by_alias=True, exclude={"people"})
    return row | {"people": [person.model_dump(mode="json", exclude_defaults=True) for person in answer.people]}


async def _go_on(here: Here, continuation: str) -> GroupsAndMembers:
    left = decode(continuation, tenant=here.tenant, graph_url=here.graph_url)
    reading = Reading(here.directory, owners=left.owners, clock=here.clock, limits=here.limits)
    return reading.answer(left.tenant, (), *await reading.read(left.groups(), left.group))


async def _asked_groups(here: Here, asked: GetGroupsAndMembers) -> tuple[str, ...]:
    if asked.groups is not None:
        return tuple(dict.fromkeys(group.lower() for group in asked.groups))
    chosen = tuple(row.id for row in await asyncio.to_thread(here.choices.rows) if row.sync)
    if len(chosen) > MAX_REST:
        message = f"{len(chosen)} groups are chosen; {MAX_REST} can be read at most."
        raise CommandRefused(HTTPStatus.CONFLICT, "too_many_groups", message)
    return chosen


async def _all_groups(here: Here) -> dict[str, GroupHead]:
    await check_tenant(here)
    return {head.id: head async for page in here.directory.groups() for head in page}


def _table(choices: Choices) -> tuple[Any, str]:
    return choices.rows(), choices.refreshed_at()


def _offer(command: Command) -> CommandOffer:
    return CommandOffer(
        name=command.name,
        version=VERSION,
        description=command.description,
        request=command.request.model_json_schema(by_alias=True),
        answer=command.answer.model_json_schema(by_alias=True, mode="serialization"),
    )
