"""What the Graph and identity doubles know: tenants with people, groups and things, edits to them and their journal.

Values are frozen; a tenant replaces them, so whoever caches by identity is safe. JSON uses Graph's own property names:
`{"tokenLife": 3600, "tenants": [{"id", "displayName", "verifiedDomains": ["default.example", ...], "roles": [...],
"users": [...], "groups": [{..., "members": [ids], "owners": [ids]}], "devices": [...], "servicePrincipals": [...],
"contacts": [...]}], "deskdirector": {...}, "notes": {...}}`. The doubles don't read `notes`.
"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, Self

Json = dict[str, Any]
Relation = Literal["members", "owners"]
ALL_ROLES = ("GroupMember.Read.All", "User.Read.All", "Organization.Read.All", "Member.Read.Hidden", "Mail.Send")
EVERYTHING = "*"
RELATIONS: tuple[Relation, ...] = ("members", "owners")
_NAMES: dict["type[Thing]", dict[str, str]] = {}


class NotInWorld(Exception):
    """An edit names a tenant, person, group or property that is not there."""


def names(kind: "type[Thing]") -> dict[str, str]:
    """Graph's property name → field name of a value's class (`givenName` → `given_name`)."""
    if kind not in _NAMES:
        _NAMES[kind] = {_camel(field.name): field.name for field in fields(kind)}
    return _NAMES[kind]


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A directory object; `type` is its Graph type without the namespace."""

    type: ClassVar[str] = "directoryObject"
    id: str
    display_name: str | None = None

    @classmethod
    def from_json(cls, row: Json) -> Self:
        """The value of Graph's property names; NotInWorld names one that this double does not model."""
        return cls(**{"id": str(uuid.uuid4()), **_fields(cls, row)})

    def to_json(self) -> Json:
        """Every modelled property under Graph's name, tuples as lists."""
        return {graph: _plain(getattr(self, ours)) for graph, ours in names(type(self)).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Thing):
    """A person; guests have `#EXT#` in their user principal name and `user_type` Guest."""

    type: ClassVar[str] = "user"
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    user_principal_name: str = ""
    account_enabled: bool = True
    user_type: str = "Member"
    other_mails: tuple[str, ...] = ()
    proxy_addresses: tuple[str, ...] = ()
    department: str | None = None
    job_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Thing):
    """A group of any kind: security, Microsoft 365 (`Unified`), mail-enabled security, distribution, dynamic."""

    type: ClassVar[str] = "group"
    description: str | None = None
    group_types: tuple[str, ...] = ()
    mail: str | None = None
    mail_enabled: bool = False
    mail_nickname: str | None = None
    security_enabled: bool = True
    visibility: str | None = None
    membership_rule: str | None = None
    membership_rule_processing_state: str | None = None
    created_date_time: str = "2026-01-05T08:00:00Z"

    @property
    def hidden(self) -> bool:
        """Whether who is in it needs Member.Read.Hidden."""
        return self.visibility == "HiddenMembership"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Thing):
    """A computer or telephone."""

    type: ClassVar[str] = "device"
    device_id: str | None = None
    account_enabled: bool = True
    operating_system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal(Thing):
    """An application's identity."""

    type: ClassVar[str] = "servicePrincipal"
    app_id: str | None = None
    account_enabled: bool = True
    service_principal_type: str = "Application"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgContact(Thing):
    """A mail contact of the organization, without an account."""

    type: ClassVar[str] = "orgContact"
    mail: str | None = None
    proxy_addresses: tuple[str, ...] = ()


COLLECTIONS: dict[str, type[Thing]] = {
    "users": User, "groups": Group, "devices": Device, "servicePrincipals": ServicePrincipal, "contacts": OrgContact,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tenant's journal: of which type, whose `id`, which property or relation, and who is concerned."""

    type: str
    id: str
    what: str
    other: str | None = None


class Tenant:
    """One directory. Edits go through its methods, so that `journal` (for delta) and `version` (for caches) hold."""

    def __init__(self, row: Json) -> None:
        self.id: str = row["id"]
        self.display_name: str = row.get("displayName") or self.id
        self.verified_domains: tuple[str, ...] = tuple(row.get("verifiedDomains", ()))
        self.roles: tuple[str, ...] = tuple(row.get("roles", ALL_ROLES))
        self.things: dict[str, Thing] = {}
        self.edges: dict[Relation, dict[str, dict[str, None]]] = {"members": {}, "owners": {}}
        self.removed: dict[str, str] = {}
        self.journal: list[Entry] = []
        self.expired = -1
        for collection, kind in COLLECTIONS.items():
            for thing in row.get(collection, ()):
                self.add(kind, thing)
        self.journal.clear()

    @property
    def version(self) -> int:
        """Grows with every edit."""
        return len(self.journal)

    def of(self, kind: type[Thing]) -> list[Thing]:
        """The living things of one kind, by id."""
        return sorted((thing for thing in self.things.values() if isinstance(thing, kind)), key=lambda thing: thing.id)

    def get[T: Thing](self, kind: type[T], thing_id: str) -> T:
        """The living thing, or NotInWorld."""
        thing = self.things.get(thing_id)
        if not isinstance(thing, kind):
            raise NotInWorld(f"no {kind.type} {thing_id} in {self.id}")
        return thing

    def add(self, kind: type[Thing], row: Json) -> Thing:
        """Adds what the JSON says; a group's `members` and `owners` may come with it."""
        links: dict[Relation, Iterable[str]] = {one: row.get(one, ()) for one in RELATIONS} if kind is Group else {}
        thing = kind.from_json({name: value for name, value in row.items() if name not in links})
        self.things[thing.id] = thing
        self.removed.pop(thing.id, None)
        self._note(thing.id, kind.type, EVERYTHING)
        for relation, ids in links.items():
            self.edges[relation].setdefault(thing.id, {})
            self.link(relation, thing.id, ids)
        return thing

    def update(self, kind: type[Thing], thing_id: str, row: Json) -> Thing:
        """Sets properties of a living thing."""
        thing = replace(self.get(kind, thing_id), **_fields(kind, row))
        self.things[thing_id] = thing
        for name in row:
            self._note(thing_id, kind.type, name)
        return thing

    def delete(self, kind: type[Thing], thing_id: str, *, for_good: bool) -> None:
        """Deletes it; users and Microsoft 365 groups can be restored unless `for_good`.

        What can be restored keeps its memberships, and group delta goes on telling them:
        https://github.com/microsoftgraph/microsoft-graph-docs/issues/14708
        """
        self.get(kind, thing_id)
        del self.things[thing_id]
        self.removed[thing_id] = "deleted" if for_good else "changed"
        self._note(thing_id, kind.type, EVERYTHING)
        if for_good:
            for relation, groups in self.edges.items():
                for group in [group for group, ids in groups.items() if thing_id in ids]:
                    self.unlink(relation, group, [thing_id])

    def link(self, relation: Relation, group: str, ids: Iterable[str]) -> None:
        """Puts people or things into a group, or among its owners; who is there already stays."""
        there = self.edges[relation].setdefault(group, {})
        for other in ids:
            if other not in there:
                there[other] = None
                self._note(group, Group.type, relation, other)

    def unlink(self, relation: Relation, group: str, ids: Iterable[str]) -> None:
        """Takes people or things out of a group, or from its owners; NotInWorld when one was not there."""
        there = self.edges[relation].setdefault(group, {})
        for other in ids:
            if other not in there:
                raise NotInWorld(f"{other} is not among the {relation} of {group}")
            del there[other]
            self._note(group, Group.type, relation, other)

    def expire_delta_tokens(self) -> None:
        """Makes every delta token given so far answer 410."""
        self.expired = self.version
        self._note(self.id, "organization", EVERYTHING)

    def to_json(self) -> Json:
        """The tenant as `Tenant` reads it; what was deleted is left out."""
        return {
            "id": self.id,
            "displayName": self.display_name,
            "verifiedDomains": list(self.verified_domains),
            "roles": list(self.roles),
            **{name: [self._row(thing) for thing in self.of(kind)] for name, kind in COLLECTIONS.items()},
        }

    def _row(self, thing: Thing) -> Json:
        if not isinstance(thing, Group):
            return thing.to_json()
        row = thing.to_json()
        row.update((relation, list(groups.get(thing.id, ()))) for relation, groups in self.edges.items())
        return row

    def _note(self, thing_id: str, kind: str, what: str, other: str | None = None) -> None:
        self.journal.append(Entry(kind, thing_id, what, other))


class World:
    """All tenants of one process, the life of their tokens in seconds, and the key that signs them."""

    def __init__(self, row: Json) -> None:
        self.key = secrets.token_bytes(32)
        self.load(row)

    def load(self, row: Json) -> None:
        """Replaces everything but the key."""
        self.tenants: dict[str, Tenant] = {tenant["id"]: Tenant(tenant) for tenant in row.get("tenants", ())}
        self.token_life: int = row.get("tokenLife", 3600)
        self.deskdirector: Json = row.get("deskdirector", {})
        self.notes: Json = row.get("notes", {})
        self.mails: list[Json] = []

    def tenant(self, tenant_id: str) -> Tenant:
        """The tenant, or NotInWorld."""
        if tenant_id not in self.tenants:
            raise NotInWorld(f"no tenant {tenant_id}")
        return self.tenants[tenant_id]

    def to_json(self) -> Json:
        """The world as it is now, in the form that `load` reads."""
        tenants = [tenant.to_json() for tenant in self.tenants.values()]
        own = {"deskdirector": self.deskdirector, "notes": self.notes}
        return {"tokenLife": self.token_life, "tenants": tenants, **own}


def _fields(kind: type[Thing], row: Json) -> Json:
    unknown = row.keys() - names(kind).keys()
    if unknown:
        raise NotInWorld(f"a {kind.type} has no {', '.join(sorted(unknown))} here")
    return {names(kind)[name]: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
