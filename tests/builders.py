"""Values for tests, everything defaulted: a test says only what matters to it. People and groups are known by names."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.core.desired import Desired, desire
from shared.core.grace import Policy
from shared.core.model import (
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    ContactLink,
    EntraGroup,
    EntraGroupId,
    EntraSide,
    EntraUser,
    EntraUserId,
    Given,
    GroupLink,
    GroupRole,
    Links,
    SyncMode,
    UnreadGroup,
)
from shared.core.plan import Plan, make_plan

ACCOUNT = AccountId(12)
DOMAIN = "contoso.example"
NOW = 1_795_517_592.0  # 2026-11-24 10:53:12 UTC
REGULAR, MANAGER, GUEST = GroupRole.REGULAR, GroupRole.MANAGER, GroupRole.GUEST
GROUPS = SyncMode.CONTACT_GROUPS
OWNERS = SyncMode.CONTACT_GROUPS_WITH_OWNERS
CONTACTS = SyncMode.CONTACTS_ONLY
SERVICES = SyncMode.SERVICE_GROUPS
ACCOUNTS = SyncMode.ACCOUNTS


def mail(name: str) -> Address:
    """The address of the person of this name."""
    return Address(name if "@" in name else f"{name}@{DOMAIN}")


def user_id(name: str) -> EntraUserId:
    """The Entra id of the person of this name; ids sort as names do."""
    return EntraUserId(f"user-{name}")


def group_id(name: str) -> EntraGroupId:
    """The Entra id of the group of this name."""
    return EntraGroupId(f"entra-{name}")


def contact_group_id(name: str) -> ContactGroupId:
    """The id of the contact group of this name."""
    return ContactGroupId(f"desk-{name}")


def a_user(name: str, **other: Any) -> EntraUser:
    """A person of the directory."""
    fields = {"upn": mail(name), "mail": mail(name), "display_name": name.title(), "given_name": name.title()}
    return EntraUser(user_id(name), **(fields | other))


def a_group(
    name: str, people: Iterable[str] = (), owners: Iterable[str] = (), *, entra: str = "", others: Iterable[str] = ()
) -> EntraGroup:
    """A chosen group that was read completely."""
    return EntraGroup(group_id(entra or name), name, _users(people), _users(owners), tuple(others))


def an_unread_group(
    name: str,
    people: Iterable[str] = (),
    owners: Iterable[str] = (),
    *,
    entra: str = "",
    why: str = "the count differs",
) -> UnreadGroup:
    """A chosen group that was not read completely; with people when only its count differed."""
    return UnreadGroup(group_id(entra or name), name, why, _users(people), _users(owners))


def _users(names: Iterable[str]) -> frozenset[EntraUserId]:
    return frozenset(map(user_id, names))


def a_side(
    *groups: EntraGroup | UnreadGroup, users: Iterable[EntraUser] = (), deleted: Iterable[str] = ()
) -> EntraSide:
    """A read of the directory. Whoever is in a group and not among `users` is an ordinary person."""
    known = {user.id: user for user in users}
    named = {one for group in groups for one in group.people | group.owners} - known.keys()
    return EntraSide(
        tenant_id="tenant-of-contoso",
        verified_domains=frozenset({DOMAIN}),
        users={one: a_user(one.removeprefix("user-")) for one in sorted(named)} | known,
        groups=tuple(group for group in groups if isinstance(group, EntraGroup)),
        unread=tuple(group for group in groups if isinstance(group, UnreadGroup)),
        deleted=tuple(map(group_id, deleted)),
    )


def a_contact(name: str, number: int = 1, *, active: bool = True) -> Contact:
    """A contact of the account."""
    return Contact(ContactId(number), mail(name), active)


def an_account(
    people: Iterable[str] = (),
    groups: Mapping[str, Mapping[str, GroupRole] | Iterable[str] | None] | None = None,
    *,
    inactive: Iterable[str] = (),
) -> Account:
    """An account with these contacts and contact groups. Whoever is in a contact group is a contact too."""
    roles = {name: _roles(users) for name, users in (groups or {}).items()}
    active = dict.fromkeys([*people, *(one for users in roles.values() for one in users or ())], True)
    names = active | dict.fromkeys(inactive, False)
    contacts = {mail(n): a_contact(n, place, active=names[n]) for place, n in enumerate(sorted(names), 1)}
    return Account(ACCOUNT, contacts, {contact_group_id(n): _contact_group(n, r, contacts) for n, r in roles.items()})


def _roles(users: Mapping[str, GroupRole] | Iterable[str] | None) -> Mapping[str, GroupRole] | None:
    return users if users is None or isinstance(users, Mapping) else dict.fromkeys(users, REGULAR)


def _contact_group(
    name: str, roles: Mapping[str, GroupRole] | None, contacts: Mapping[Address, Contact]
) -> ContactGroup:
    users = None if roles is None else {contacts[mail(one)].id: role for one, role in roles.items()}
    return ContactGroup(contact_group_id(name), name, users)


def given(role: GroupRole = REGULAR, before: GroupRole | None = None, **other: Any) -> Given:
    """A membership that a run gave."""
    return Given(role, before, **other)


def a_link(name: str, memberships: Mapping[str, Given] | None = None, **other: Any) -> ContactLink:
    """What runs once desired for the person of this name, by the names of Entra groups."""
    gifts = {group_id(group): gift for group, gift in (memberships or {}).items()}
    return ContactLink((user_id(name),), gifts, **other)


def links(
    people: Mapping[str, Mapping[str, Given]] | None = None, groups: Iterable[str] = (), *, made: bool = True
) -> Links:
    """The links of people, and of Entra groups to the contact groups of their names."""
    contacts = {mail(name): a_link(name, gifts) for name, gifts in (people or {}).items()}
    return Links(contacts, {group_id(n): GroupLink(contact_group_id(n), n, made) for n in groups})


def synced(groups: Mapping[str, Iterable[str]]) -> tuple[Account, Links]:
    """An account as a run left it that made these contact groups with these people, and its links."""
    people: dict[str, dict[str, Given]] = {}
    for group, names in groups.items():
        for name in names:
            people.setdefault(name, {})[group] = given()
    return an_account(groups=groups), links(people, groups)


def desired(side: EntraSide, *modes: SyncMode) -> Desired:
    """What the modes desire of the side; without a mode, contact groups."""
    return desire(side, modes or (GROUPS,), ACCOUNT)


def a_policy(**other: Any) -> Policy:
    """A policy at NOW that takes back what is managed, at once."""
    return Policy(**({"now": NOW} | other))


def plan(
    side: EntraSide,
    account: Account | None = None,
    known: Links | None = None,
    *modes: SyncMode,
    policy: Policy | None = None,
) -> Plan:
    """The plan for an account (without one: an empty one) in which these links are known."""
    current = {ACCOUNT: account or an_account()}
    return make_plan(desired(side, *modes), current, {ACCOUNT: known or Links()}, policy or a_policy())
