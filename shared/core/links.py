"""What becomes managed by a plan, and what is forgotten: the news for the links table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from shared.core.leavers import Leavers
from shared.core.match import Matched
from shared.core.memberships import Gifts
from shared.core.model import NO_CONTACT_GROUP, Address, ContactLink, EntraGroupId, Given, GroupLink, Links


@dataclass(frozen=True, slots=True)
class LinkUpdates:
    """Rows to write for one account; None deletes a row."""

    contacts: Mapping[Address, ContactLink | None] = field(default_factory=dict)
    groups: Mapping[EntraGroupId, GroupLink | None] = field(default_factory=dict)


def update_links(matched: Matched, gifts: Gifts, leavers: Leavers, linked: Mapping[Address, int | None]) -> LinkUpdates:
    """The links that differ after this plan is made. A contact, membership or group is managed once it is desired.

    When every chosen group was read, what is neither desired nor there is forgotten. `linked` are contacts whose
    service group is to be noted, or forgotten.
    """
    old = matched.links.contacts
    contacts = _desired(matched, gifts, linked)
    forgotten = set() if matched.wanted.incomplete else matched.strangers & old.keys()
    for key in (gifts.keys() | leavers.marks.keys() | forgotten) - contacts.keys():
        fresh = _leaving(matched, key, gifts.get(key, {}), leavers.marks.get(key))
        if fresh != old.get(key):
            contacts[key] = fresh
    for key, service_group in linked.items():
        link = contacts.get(key, old.get(key))
        if link and link.service_group != service_group:
            contacts[key] = replace(link, service_group=service_group)
    return LinkUpdates(contacts, _groups(matched))


def _desired(matched: Matched, gifts: Gifts, linked: Mapping[Address, int | None]) -> dict[Address, ContactLink | None]:
    """The links of desired people, where they are new or differ."""
    fresh: dict[Address, ContactLink | None] = {}
    old, twins, proxied = matched.links.contacts, matched.wanted.twins, matched.proxied
    people, stale = matched.wanted.people, _stale(matched)
    nothing: dict[EntraGroupId, Given] = {}
    for person in chain(matched.unsettled, gifts, stale):
        key = proxied.get(person, person) if proxied else person
        if key in fresh or person not in people:
            continue
        link, ids = old.get(key), (people[person].id, *twins.get(person, ()))
        if link is None:
            fresh[key] = ContactLink(ids, gifts.get(key, nothing), service_group=linked.get(key))
            continue
        memberships = {**link.memberships, **gifts.get(key, nothing)}
        kept = {g: given for g, given in memberships.items() if g not in stale.get(key, ())}
        now = ContactLink(ids, kept, service_group=link.service_group)
        if now != link:
            fresh[key] = now
    return fresh


def _stale(matched: Matched) -> dict[Address, set[EntraGroupId]]:
    """Memberships of the links that are neither desired nor there: somebody else took them away."""
    stale: dict[Address, set[EntraGroupId]] = {}
    for group_id, given in matched.given.items():
        here = matched.inside.get(group_id, {})
        gone = [] if here is None else [key for key in given if key not in here]
        wanted = matched.wanted.groups.get(group_id)
        for key in set(gone).difference(map(matched.key, wanted.people) if gone and wanted else ()):
            stale.setdefault(key, set()).add(group_id)
    return stale


def _leaving(
    matched: Matched, key: Address, news: Mapping[EntraGroupId, Given], since: float | None
) -> ContactLink | None:
    """The link of a contact that is not desired: kept while there is something left to take back."""
    link = matched.links.contacts.get(key, ContactLink(managed=False))
    memberships = {group: given for group, given in {**link.memberships, **news}.items() if _is_in(matched, key, group)}
    contact = matched.account.contacts.get(key)
    active = contact is not None and contact.active
    service_group = link.service_group if contact and contact.service_group == link.service_group else None
    if not memberships and not active and service_group is None:
        return None
    return ContactLink(link.entra_ids, memberships, since or link.leaving_since, link.managed and active, service_group)


def _is_in(matched: Matched, key: Address, group_id: EntraGroupId) -> bool:
    here = matched.inside.get(group_id, {})
    return here is None or key in here


_NOTHING = GroupLink(NO_CONTACT_GROUP, "")


def _groups(matched: Matched) -> dict[EntraGroupId, GroupLink | None]:
    news: dict[EntraGroupId, GroupLink | None] = {}
    made = {link.contact_group for link in matched.links.groups.values() if link.made}
    for group_id, group in matched.groups.items():
        link = matched.links.groups.get(group_id)
        fresh = GroupLink(group.id, group.name, group.id in made, link.service_group if link else None)
        if link != fresh:
            news[group_id] = fresh
    for group_id in matched.wanted.feeds:
        if group_id not in news and group_id not in matched.links.groups:
            news[group_id] = _NOTHING
    for group_id, service_group in matched.wanted.served.items():
        link = news.get(group_id) or matched.links.groups.get(group_id, _NOTHING)
        if link.service_group != service_group:
            news[group_id] = replace(link, service_group=service_group)
    return news


def without(links: Links, key: Address, groups: set[EntraGroupId] | None = None) -> ContactLink | None:
    """The contact's link after a removal: of its memberships for `groups`, or (None) of the contact itself."""
    link = links.contacts.get(key)
    if link is None:
        return None
    if groups is None:
        fresh = replace(link, leaving_since=None, managed=False)
    else:
        fresh = replace(link, memberships={g: given for g, given in link.memberships.items() if g not in groups})
    empty = not fresh.memberships and fresh.service_group is None
    return None if empty and not fresh.managed and fresh.leaving_since is None else fresh
