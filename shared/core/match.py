"""Which contact is a person, which contact group is an Entra group, and about whom anything may have to change."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from shared.core.desired import DesiredAccount, DesiredGroup
from shared.core.model import (
    Account,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    ContactLink,
    EntraGroupId,
    EntraUser,
    Given,
    GroupLink,
    GroupRole,
    Links,
    Reason,
    Skipped,
    address,
    fold,
)


@dataclass(frozen=True)
class Matched:
    """One account with its desired side and its links, laid on each other.

    `unsettled` are people about whom anything may have to change, as `find_unsettled` tells them. `proxied` is the
    contact's address of a person who was matched by a proxy address; `newcomers` are people without a contact; `groups`
    is the contact group of each desired Entra group that has one.
    """

    account: Account
    wanted: DesiredAccount
    links: Links
    unsettled: Sequence[Address]
    proxied: Mapping[Address, Address]
    groups: Mapping[EntraGroupId, ContactGroup]
    newcomers: AbstractSet[Address]
    unmatched: tuple[Skipped, ...]

    def key(self, person: Address) -> Address:
        """The address of the contact that is, or will be, this person."""
        return self.proxied.get(person, person)

    @cached_property
    def strangers(self) -> AbstractSet[Address]:
        """The addresses of contacts and links that are nobody's who is desired."""
        people = self.wanted.people.keys()
        found = (self.account.contacts.keys() - people) | (self.links.contacts.keys() - people)
        return found.difference(self.proxied.values())

    @cached_property
    def by_id(self) -> Mapping[ContactId, Address]:
        """Each contact's address."""
        return {contact.id: key for key, contact in self.account.contacts.items()}

    @cached_property
    def inside(self) -> Mapping[EntraGroupId, Mapping[Address, GroupRole] | None]:
        """Who is in the contact group of each Entra group that has one, in which role; None where that was not read."""
        linked = {group_id: link.contact_group for group_id, link in self.links.groups.items()}
        found = linked | {group_id: group.id for group_id, group in self.groups.items()}
        groups = self.account.groups
        return {
            group_id: self._roles(groups[contact_group])
            for group_id, contact_group in found.items()
            if contact_group in groups
        }

    def _roles(self, group: ContactGroup) -> Mapping[Address, GroupRole] | None:
        by_id = self.by_id
        return None if group.users is None else {by_id[c]: role for c, role in group.users.items() if c in by_id}

    @cached_property
    def given(self) -> Mapping[EntraGroupId, Mapping[Address, Given]]:
        """What runs gave, by Entra group and contact: the links the other way round."""
        given = defaultdict[EntraGroupId, dict[Address, Given]](dict)
        for key, link in self.links.contacts.items():
            for group_id, gift in link.memberships.items():
                given[group_id][key] = gift
        return dict(given)

    def first_given(self, key: Address, groups: Iterable[EntraGroupId]) -> Given | None:
        """The first membership that runs gave to the contact for one of these groups."""
        link = self.links.contacts.get(key)
        if link is None:
            return None
        return next((given for group in groups if (given := link.memberships.get(group))), None)

    def successor(self, key: Address) -> Address | None:
        """The address under which an Entra user for whom this contact was desired is desired now, if another one."""
        link = self.links.contacts.get(key)
        now = (self.wanted.roster.get(user) for user in link.entra_ids) if link else ()
        return next((person for person in now if person and self.key(person) != key), None)


def match(
    account: Account, wanted: DesiredAccount, links: Links, left_alone: AbstractSet[EntraGroupId] = frozenset()
) -> Matched:
    """Everything of the desired side that has its counterpart in the account.

    What belongs to a group that is `left_alone` (it was not read, or its name is taken) is no other group's.
    """
    claims = claims_of(wanted.groups, account.groups, links.groups, left_alone)
    groups, unmatched = match_groups(wanted.groups, account.groups, links.groups, claims)
    unsettled = find_unsettled(wanted, account.contacts, links.contacts)
    missing = {person for person in unsettled if person not in account.contacts}
    proxied = match_people(wanted.people, account.contacts, links.contacts, missing)
    return Matched(
        account=account,
        wanted=wanted,
        links=links,
        unsettled=unsettled,
        proxied=proxied,
        groups=groups,
        newcomers=missing - proxied.keys(),
        unmatched=tuple(unmatched),
    )


def find_unsettled(
    wanted: DesiredAccount, contacts: Mapping[Address, Contact], links: Mapping[Address, ContactLink]
) -> list[Address]:
    """The people with whom not everything is as it shall be; nobody else needs a second look.

    All others have an active contact of their own address and a link of exactly their user, and both have the service
    group that they shall have, or none. All of it in one walk: to look up hundreds of thousands of people in several
    places at once takes little longer than in one.
    """
    unsettled: list[Address] = []
    services, twins = wanted.services, wanted.twins
    for person, user in wanted.people.items():
        contact, link = contacts.get(person), links.get(person)
        service = services.get(person) if services else None
        service_group = service.id if service else None
        settled = (
            contact is not None
            and link is not None
            and contact.active
            and link.managed
            and link.leaving_since is None
            and link.entra_ids == (user.id,)
            and contact.service_group == link.service_group == service_group
            and person not in twins
        )
        if not settled:
            unsettled.append(person)
    return unsettled


def match_people(
    people: Mapping[Address, EntraUser],
    contacts: Mapping[Address, Contact],
    links: Mapping[Address, ContactLink],
    missing: AbstractSet[Address],
) -> dict[Address, Address]:
    """The contact's address of each of the `missing`, who have no contact of their own address, by a proxy address.

    A contact that is somebody's own is not taken. Whoever has a contact by an earlier run keeps it, whatever else would
    fit; then an active one is preferred, and each is taken once.
    """

    def is_new(own: Address, contact: Address) -> bool:
        link = links.get(contact)
        return link is None or not link.managed or people[own].id not in link.entra_ids

    known = {own: [a for a in aliases(people[own]) if a in contacts and a not in people] for own in missing if contacts}
    pairs = [(is_new(own, a), own, not contacts[a].active, a) for own, fitting in known.items() for a in fitting]
    proxied: dict[Address, Address] = {}
    taken: set[Address] = set()
    for _, own, _, contact in sorted(pairs):
        if own not in proxied and contact not in taken:
            proxied[own] = contact
            taken.add(contact)
    return proxied


def aliases(user: EntraUser) -> list[Address]:
    """The mail addresses among a user's proxy addresses (`SMTP:` is the primary one, `smtp:` another)."""
    texts = (proxy[5:] for proxy in user.proxy_addresses if proxy[:5].lower() == "smtp:")
    return [found for found in map(address, texts) if found]


def match_groups(
    desired: Mapping[EntraGroupId, DesiredGroup],
    groups: Mapping[ContactGroupId, ContactGroup],
    links: Mapping[EntraGroupId, GroupLink],
    claims: Mapping[ContactGroupId, EntraGroupId],
) -> tuple[dict[EntraGroupId, ContactGroup], list[Skipped]]:
    """The contact group of each desired group that has one, by its claim, else by its name; and what is unclear.

    A contact group that is claimed is not taken for another Entra group of its name.
    """
    claimed = dict(claims)
    found = {group_id: groups[contact_group] for contact_group, group_id in claims.items() if group_id in desired}
    by_name = _by_name(groups.values())
    skipped: list[Skipped] = []
    for group_id in sorted(desired.keys() - found.keys()):
        same = by_name.get(fold(desired[group_id].name), [])
        free = [group for group in same if group.id not in claimed]
        if len(free) == 1:
            found[group_id] = free[0]
            claimed[free[0].id] = group_id
        elif free:
            skipped.append(Skipped(desired[group_id].name, Reason.AMBIGUOUS_GROUP, group_id))
        elif any(not links[claimed[group.id]].made for group in same if claimed[group.id] in links):
            skipped.append(Skipped(desired[group_id].name, Reason.GROUP_LEFT_ALONE, group_id))
    return found, skipped


def claims_of(
    desired: Mapping[EntraGroupId, DesiredGroup],
    groups: Mapping[ContactGroupId, ContactGroup],
    links: Mapping[EntraGroupId, GroupLink],
    left_alone: AbstractSet[EntraGroupId],
) -> dict[ContactGroupId, EntraGroupId]:
    """The chosen group to which each linked contact group belongs.

    Several may be linked to one: deleted, recreated under its name, restored. It goes to the one that has its name,
    else to the first by id.
    """

    def has_another_name(group_id: EntraGroupId) -> bool:
        name = desired[group_id].name if group_id in desired else ""
        return fold(groups[links[group_id].contact_group].name) != fold(name)

    linked = [g for g in (desired.keys() | left_alone) & links.keys() if links[g].contact_group in groups]
    claims: dict[ContactGroupId, EntraGroupId] = {}
    for group_id in sorted(linked, key=lambda g: (has_another_name(g), g)):
        claims.setdefault(links[group_id].contact_group, group_id)
    return claims


def _by_name(groups: Iterable[ContactGroup]) -> dict[str, list[ContactGroup]]:
    names: dict[str, list[ContactGroup]] = {}
    for group in groups:
        names.setdefault(fold(group.name), []).append(group)
    return names
