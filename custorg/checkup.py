"""How this CustOrg is: its storage and clock, its permissions in Graph, its tenant, and what was chosen.

Each permission is proven by a real request, since a token may be a day old and a broader permission may stand for a
named one. Only names of permissions and states leave this module, nothing of people and no group's name.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from custorg.ports import Choices, Directory, GroupHead, Organization, Persons, Probes
from shared.checks import Check, State
from shared.errors import GraphError, GraphThrottled
from shared.wire import GroupRow

SECONDS = 10.0
"""So long each check may take; all of them together less than a caller waits."""
ORGANIZATION, GROUPS, USERS = "Organization.Read.All", "GroupMember.Read.All", "User.Read.All"
HIDDEN = "Member.Read.Hidden"
NEEDED = (ORGANIZATION, GROUPS, USERS)
GRANT = "infra/grant-permissions custorg --name NAME --resource-group GROUP"
LAG = "a token that is cached already may lack it for up to a day"
NOBODY = "doctor@nobody.invalid"
"""An address that nobody can have (RFC 2606): the answer tells of the permission alone."""
_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
type Proof = Callable[[], Awaitable[str]]
"""A real request; what it shows."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at; `tenant` is TENANT_ID in lower case. Without `probes` token and storage are left out."""

    tenant: str
    directory: Directory
    persons: Persons
    choices: Choices
    probes: Probes | None


async def examine(patient: Patient, seconds: float = SECONDS) -> AsyncIterator[Check]:
    """Each check when it was made; what fails or gives no answer in `seconds` is wrong, and the next one goes on.

    Without a token no permission can be told, and without storage nobody knows what was chosen.
    """
    roles, storage = frozenset[str](), list[Check]()
    if patient.probes is not None:
        storage = list(await asyncio.to_thread(patient.probes.storage))
        for check in storage:
            yield check
        token, roles = await _token(patient.probes, seconds)
        yield token
        if token.state is not State.OK:
            for permission in NEEDED:
                yield Check(permission, State.WARN, "cannot be told without a token")
            return
    missing = set[str]()
    for permission, proof in _proofs(patient).items():
        check = await _permission(permission, proof, roles, seconds)
        missing |= {permission} if check.state is not State.OK else set()
        yield check
    yield await _needing("tenant", lambda: _tenant(patient), missing & {ORGANIZATION}, seconds)
    if not any(check.name == "table" and check.state is State.BAD for check in storage):
        async for check in _choices(patient, roles, missing & {GROUPS, USERS}, seconds):
            yield check


async def _choices(patient: Patient, roles: frozenset[str], missing: set[str], seconds: float) -> AsyncIterator[Check]:
    rows = [row for row in await asyncio.to_thread(patient.choices.rows) if row.sync]
    yield _chosen(rows, await asyncio.to_thread(patient.choices.refreshed_at))
    yield await _needing(HIDDEN, lambda: _hidden(patient.directory, rows, roles), missing & {GROUPS}, seconds)
    yield await _needing("chosen group", lambda: _readable(patient.directory, rows), missing, seconds)


async def _needing(name: str, look: Callable[[], Awaitable[Check]], missing: set[str], seconds: float) -> Check:
    """The check, unless a permission that it needs is missing, which was told before."""
    if missing:
        return Check(name, State.WARN, f"cannot be told without {' and '.join(sorted(missing))}")
    # A large tenant's groups may take longer than a look at it.
    return await _asked(name, look, seconds, State.WARN if name == HIDDEN else State.BAD)


async def _asked(name: str, look: Callable[[], Awaitable[Check]], seconds: float, late: State = State.BAD) -> Check:
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except TimeoutError:
        return Check(name, late, f"Graph did not answer all of it within {seconds:g} s", "try again later")
    except GraphThrottled as busy:
        return Check(name, State.WARN, f"Graph asks to wait {busy.retry_after:g} s", "try again then")
    except GraphError as error:
        return Check(name, State.BAD, str(error), f"run {GRANT}" if error.status in _DENIED else "try again later")


# Permissions


async def _token(probes: Probes, seconds: float) -> tuple[Check, frozenset[str]]:
    found = frozenset[str]()

    async def look() -> Check:
        nonlocal found
        found = await probes.roles()
        return Check("token", State.OK, "the managed identity gives a token for Graph")

    check = await _asked("token", look, seconds)
    if check.state is State.BAD:
        todo = "turn the app's managed identity on (AZURE_CLIENT_ID names a user-assigned one); elsewhere there is none"
        return Check("token", State.BAD, check.said, todo), found
    return check, found


def _proofs(patient: Patient) -> dict[str, Proof]:
    async def organization() -> str:
        await patient.directory.organization()
        return "the organization can be read"

    async def groups() -> str:
        found = await _first_groups(patient.directory)
        if found:
            await patient.directory.page(found[0].id, "people")
        return "groups and who is in them can be read" if found else "groups can be read; the tenant has none"

    async def users() -> str:
        await patient.persons.find(NOBODY)
        return "people can be read"

    return {ORGANIZATION: organization, GROUPS: groups, USERS: users}


async def _first_groups(directory: Directory) -> tuple[GroupHead, ...]:
    pages = aiter(directory.groups())
    return await anext(pages, ())


async def _permission(permission: str, proof: Proof, roles: frozenset[str], seconds: float) -> Check:
    async def look() -> Check:
        said = await proof()
        broader = f"; by a broader permission than {permission}" if roles and permission not in roles else ""
        return Check(permission, State.OK, said + broader)

    check = await _asked(permission, look, seconds)
    if check.state is not State.BAD or not check.todo.startswith("run "):
        return check
    if permission in roles:
        todo = f"the token has it, and Graph refuses all the same: see whether GRAPH_URL is right, then run {GRANT}"
        return Check(permission, State.BAD, check.said, todo)
    todo = f"run {GRANT}, which grants {permission}; {LAG}"
    return Check(permission, State.BAD, f"the identity's token does not have it ({check.said})", todo)


# The tenant, and what was chosen


async def _tenant(patient: Patient) -> Check:
    found: Organization = await patient.directory.organization()
    if found.tenant_id != patient.tenant:
        said = f"the identity is of tenant {found.tenant_id}, TENANT_ID is {patient.tenant}"
        return Check("tenant", State.BAD, said, f"set TENANT_ID to {found.tenant_id}, if that is the customer's")
    if not found.verified_domains:
        todo = "verify a domain in Entra: without one nobody's address counts"
        return Check("tenant", State.BAD, "the tenant has no verified domain", todo)
    return Check("tenant", State.OK, f"{found.tenant_id}, with {len(found.verified_domains)} verified domains")


def _chosen(rows: list[GroupRow], refreshed: str) -> Check:
    if not refreshed:
        todo = "run `python -m servorg groups ID --refresh`, or press Refresh on the page /api/picker"
        return Check("choices", State.WARN, "the groups were never read from Entra", todo)
    gone = sum(row.vanished for row in rows)
    said = f"{len(rows)} groups are chosen; read from Entra {refreshed}"
    if not rows:
        return Check("choices", State.WARN, said, "choose groups on the page /api/picker; nothing is synced until then")
    if gone:
        todo = "take them out on the page /api/picker, if they are not coming back"
        return Check("choices", State.WARN, f"{said}; {gone} of them are not in Entra any more", todo)
    return Check("choices", State.OK, said)


async def _hidden(directory: Directory, rows: list[GroupRow], roles: frozenset[str]) -> Check:
    """Whether somebody chose a group whose people this identity may not see; the table may have been told earlier."""
    if HIDDEN in roles:
        return Check(HIDDEN, State.OK, "groups with hidden membership can be read")
    heads = [head async for page in directory.groups() for head in page]
    if hidden := len({head.id for head in heads if head.hidden} & {row.id for row in rows}):
        said = f"{hidden} of the chosen groups hide who is in them, so they cannot be read"
        return Check(HIDDEN, State.BAD, said, f"run {GRANT} --hidden-groups, or unchoose them; {LAG}")
    return Check(HIDDEN, State.OK, "is not granted, and no chosen group needs it")


async def _readable(directory: Directory, rows: list[GroupRow]) -> Check:
    """Whether the people of a chosen group come with what a sync needs of them."""
    row = next((row for row in rows if not row.vanished and not row.hidden), None)
    if row is None:
        return Check("chosen group", State.OK, "no chosen group can be looked into")
    try:
        page = await directory.page(row.id, "people")
        await directory.page(row.id, "owners")
    except GraphError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        said, todo = "a chosen group is not in Entra any more", "run `python -m servorg groups ID --refresh`"
        return Check("chosen group", State.WARN, said, todo)
    if not all(person.upn for person in page.people):
        said = f"people of a chosen group come without their properties: {USERS} is missing"
        return Check("chosen group", State.BAD, said, f"run {GRANT}, which grants {USERS}; {LAG}")
    counted = "" if page.count is None else f"; Graph counts {page.count}"
    return Check("chosen group", State.OK, f"people and owners of one of them can be read{counted}")
