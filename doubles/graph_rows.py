"""Directory objects as Graph writes them: which properties a type has, which come by default, and the JSON of rows.

Defaults are those of https://learn.microsoft.com/graph/api/resources/user#properties and its sister pages; names and
types are those of the published CSDL (checked by tests/doubles/test_graph_csdl.py).
"""

import json
from collections.abc import Iterable
from typing import Any

from doubles.world import Device, Group, OrgContact, ServicePrincipal, Thing, User, names

# What these doubles don't keep but a client may ask for; None or an empty list is what a fresh directory answers.
UNKEPT: dict[type[Thing], dict[str, Any]] = {
    User: {
        **dict.fromkeys((
            "city", "companyName", "country", "createdDateTime", "creationType", "deletedDateTime", "employeeId",
            "employeeType", "externalUserState", "mailNickname", "mobilePhone", "officeLocation",
            "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "postalCode", "preferredLanguage", "state",
            "streetAddress", "usageLocation",
        )),
        **{name: [] for name in ("assignedLicenses", "businessPhones", "imAddresses")},
    },
    Group: {
        **dict.fromkeys((
            "classification", "deletedDateTime", "expirationDateTime", "isAssignableToRole",
            "onPremisesLastSyncDateTime", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
            "preferredDataLocation", "preferredLanguage", "renewedDateTime", "securityIdentifier", "theme",
        )),
        **{name: [] for name in ("onPremisesProvisioningErrors", "proxyAddresses", "resourceBehaviorOptions",
                                 "resourceProvisioningOptions")},
    },
    Device: {"deletedDateTime": None, "operatingSystemVersion": None, "trustType": None},
    ServicePrincipal: {"deletedDateTime": None, "appDisplayName": None},
    OrgContact: {"deletedDateTime": None, "givenName": None, "surname": None, "companyName": None},
}  # fmt: skip
USER_DEFAULTS = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
CASTS: dict[str, type[Thing]] = {kind.type.lower(): kind for kind in UNKEPT}
READERS: dict[type[Thing], tuple[str, ...]] = {
    User: ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    Group: ("GroupMember.Read.All", "Group.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All",
            "Directory.Read.All", "Directory.ReadWrite.All"),
    Device: ("Device.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    ServicePrincipal: ("Application.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    OrgContact: ("OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"),
}  # fmt: skip


def properties(kind: type[Thing]) -> frozenset[str]:
    """Every property of a type that may be selected; of the base type, all that any of its kinds has."""
    if kind is Thing:
        return frozenset().union(*(properties(one) for one in UNKEPT))
    return frozenset(names(kind)) | UNKEPT[kind].keys()


def defaults(kind: type[Thing]) -> tuple[str, ...]:
    """What a type shows when nothing is selected."""
    return USER_DEFAULTS if kind is User else (*names(kind), *UNKEPT[kind])


def prop(thing: Thing, name: str) -> Any:
    """A property's value, as JSON has it."""
    ours = names(type(thing)).get(name)
    if ours is None:
        return UNKEPT[type(thing)][name]
    value = getattr(thing, ours)
    return list(value) if isinstance(value, tuple) else value


def row(thing: Thing, select: Iterable[str] | None, *, typed: bool = False, readable: bool = True) -> dict[str, Any]:
    """One object of an answer. Not `readable`: only its id and type are told, the rest is null or empty.

    https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
    """
    kind = type(thing)
    shown = defaults(kind) if select is None else [name for name in select if name in properties(kind)]
    values = {name: prop(thing, name) for name in shown}
    if not readable:
        # Collections are not nullable in the published model.
        values = {name: [] if isinstance(value, list) else None for name, value in values.items()} | {"id": thing.id}
    return {"@odata.type": f"#microsoft.graph.{kind.type}", **values} if typed else values


class RowCache:
    """The JSON of rows, made once per value and selection: a page of 999 is then a join of bytes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[tuple[str, ...] | None, bool, bool], dict[str, tuple[Thing, bytes]]] = {}

    def render(self, thing: Thing, select: tuple[str, ...] | None, *, typed: bool, readable: bool) -> bytes:
        """The row's JSON; made anew when the thing was replaced."""
        kept = self._kept.setdefault((select, typed, readable), {})
        found = kept.get(thing.id)
        if found is not None and found[0] is thing:
            return found[1]
        shown = row(thing, select, typed=typed, readable=readable)
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        kept[thing.id] = (thing, text)
        return text
