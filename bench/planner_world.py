"""A made-up directory of any size and accounts that differ from it a little. Fixed seed, no network."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.core.catalogue import Catalogue
from shared.core.model import (
    NO_CONTACT_GROUP,
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
    address,
    fold,
    slug,
)

ACCOUNT, FIRST_FILLED, FIRST_SERVICE = AccountId(7), 100, 500
OWNERS = 10
"""So many of each group's people own it."""


@dataclass(frozen=True, slots=True)
class World:
    """All that the planner gets: both sides of some accounts with their links, what DeskDirector has, and the modes."""

    modes: Collection[SyncMode]
    side: EntraSide
    catalogue: Catalogue
    current: Mapping[AccountId, Account]
    links: Mapping[AccountId, Links]


def contact_groups(side: EntraSide, share: float) -> World:
    """Sync mode 2, where the account differs by this share of its people; it is empty when that is all of them."""
    account, links = account_that_differs(side, share) if share < 1 else (Account(ACCOUNT), Links())
    return World([SyncMode.CONTACT_GROUPS], side, Catalogue(), {ACCOUNT: account}, {ACCOUNT: links})


def every_mode(side: EntraSide, share: float, accounts: int) -> World:
    """All modes united: each group has a service group and owners, the first `accounts` an account with their tag."""
    filled = {group.id: AccountId(FIRST_FILLED + g) for g, group in enumerate(side.groups[:accounts])}
    services = {group.id: FIRST_SERVICE + g for g, group in enumerate(side.groups)}
    current = {account: Account(account) for account in (ACCOUNT, *filled.values())}
    links: dict[AccountId, Links] = {}
    if share < 1:
        missing = _missing(side, share)
        current[ACCOUNT], links[ACCOUNT] = _own(side, missing, services)
        for group in side.groups[:accounts]:
            current[filled[group.id]], links[filled[group.id]] = _filled(filled[group.id], side, group, missing)
    catalogue = Catalogue(
        services={fold(group.name): (services[group.id],) for group in side.groups},
        tagged={slug(group.name): (filled[group.id],) for group in side.groups if group.id in filled},
        fed={account: {group} for group, account in filled.items() if account in links},
        served=services if links else {},
    )
    return World(list(SyncMode), side, catalogue, current, links)


def entra_side(people: int, groups: int) -> EntraSide:
    """`people` users, each in one of `groups` groups."""
    users = {user.id: user for user in map(_user, range(people))}
    ids = list(users)
    inside = [ids[g::groups] for g in range(groups)]
    return EntraSide(
        "tenant",
        frozenset({"contoso.example"}),
        users,
        tuple(
            EntraGroup(_group_id(g), f"Group {g}", frozenset(some), frozenset(some[:OWNERS]))
            for g, some in enumerate(inside)
        ),
    )


def _user(number: int) -> EntraUser:
    mail = f"person{number}@contoso.example"
    proxies = (f"SMTP:{mail}", f"smtp:p{number}@old.contoso.example")
    user_id = EntraUserId(f"{number:08x}-0000-4000-8000-{number:012x}")
    return EntraUser(user_id, mail, mail, proxies, f"Person Number{number}", "Person", f"Number{number}")


def _group_id(number: int) -> EntraGroupId:
    return EntraGroupId(f"{number:08x}-1111-4000-8000-{number:012x}")


def account_that_differs(side: EntraSide, share: float) -> tuple[Account, Links]:
    """An account equal to `side` but for `share` of its people: half of them missing, as many there who left."""
    return _own(side, _missing(side, share), {})


def _missing(side: EntraSide, share: float) -> set[EntraUserId]:
    return set(random.Random(20261124).sample(sorted(side.users), int(len(side.users) * share / 2)))


def _people(side: EntraSide, group: EntraGroup, missing: set[EntraUserId]) -> list[tuple[EntraUserId, Address]]:
    """Who of a group is there, and for each who is missing somebody who left; in the order of a read."""
    there = [(user, side.users[user].upn) for user in sorted(group.people - missing)]
    there += [(EntraUserId(f"gone {user}"), f"gone.{side.users[user].upn}") for user in sorted(group.people & missing)]
    return [(user, key) for user, name in there if (key := address(name))]


def _own(side: EntraSide, missing: set[EntraUserId], services: Mapping[EntraGroupId, int]) -> tuple[Account, Links]:
    """The customer's own account; with `services` owners manage, and everybody has his group's service group."""
    contacts: dict[Address, Contact] = {}
    links: dict[Address, ContactLink] = {}
    groups: dict[ContactGroupId, ContactGroup] = {}
    group_links: dict[EntraGroupId, GroupLink] = {}
    for place, group in enumerate(side.groups):
        users: dict[ContactId, GroupRole] = {}
        service = services.get(group.id)
        for user, key in _people(side, group, missing):
            role = GroupRole.MANAGER if services and user in group.owners else GroupRole.REGULAR
            contacts[key] = Contact(ContactId(len(contacts) + 1), key, service_group=service)
            links[key] = ContactLink((user,), {group.id: Given(role)}, service_group=service)
            users[contacts[key].id] = role
        contact_group = ContactGroupId(f"group-{place}")
        groups[contact_group] = ContactGroup(contact_group, group.name, users)
        group_links[group.id] = GroupLink(contact_group, group.name, made=True, service_group=service)
    return Account(ACCOUNT, contacts, groups), Links(links, group_links)


def _filled(account: AccountId, side: EntraSide, group: EntraGroup, missing: set[EntraUserId]) -> tuple[Account, Links]:
    """The account that a group fills."""
    first, people = account * len(side.users), _people(side, group, missing)
    contacts = {key: Contact(ContactId(first + n), key) for n, (_, key) in enumerate(people)}
    links = {key: ContactLink((user,)) for user, key in people}
    return Account(account, contacts), Links(links, {group.id: GroupLink(NO_CONTACT_GROUP, group.name)})
