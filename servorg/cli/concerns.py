"""What a changed configuration concerns, told from the links alone: no CustOrg and no DeskDirector is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.core.model import OF_CONTACT_GROUPS, OF_OWN_ACCOUNT, SyncMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from servorg.customer import Configuration
    from shared.core.model import AccountId, Links


@dataclass(frozen=True, slots=True)
class Managed:
    """How much runs once desired for a customer, over all its accounts; `own` are contacts that no group's account has.

    `elsewhere` are those that one has.
    """

    own: int
    memberships: int
    managers: int
    groups: int
    services: int
    elsewhere: int

    def described_by(self, modes: AbstractSet[int]) -> str:
        """In words, how much of it these modes describe."""
        parts = (
            (OF_OWN_ACCOUNT, f"{_many(self.own, 'contact')} of the customer's own account"),
            ({SyncMode.ACCOUNTS}, f"{_many(self.elsewhere, 'contact')} in the accounts of groups"),
            (OF_CONTACT_GROUPS, _many(self.memberships, "group membership")),
            ({SyncMode.SERVICE_GROUPS}, f"the service groups of {_many(self.services, 'contact')}"),
        )
        *most, last = [said for describing, said in parts if modes & describing]
        return f"{', '.join(most)} and {last}" if most else last


def managed(links: Mapping[AccountId, Links]) -> Managed:
    """Counts what is managed by these links."""
    contacts = [contact for account in links.values() for contact in account.contacts.values()]
    elsewhere = sum(
        contact.managed
        for account in links.values()
        if any(group.fills for group in account.groups.values())
        for contact in account.contacts.values()
    )
    everybody = sum(contact.managed for contact in contacts)
    given = [one for contact in contacts for one in contact.memberships.values() if one.managed]
    return Managed(
        own=everybody - elsewhere,
        memberships=len(given),
        managers=sum(one.role == "manager" for one in given),
        groups=sum(group.contact_group != "" for account in links.values() for group in account.groups.values()),
        services=sum(contact.service_group is not None for contact in contacts),
        elsewhere=elsewhere,
    )


def concerns(before: Configuration, after: Configuration, links: Mapping[AccountId, Links]) -> Iterator[str]:
    """A sentence for each thing that is treated otherwise since the configuration was changed."""
    numbers = managed(links)
    old, new = set(before.modes), set(after.modes)
    yield from _left_alone(old, new, numbers)
    if after.prune != "off":
        yield from _again(old, new, numbers)
    if after.prune == before.prune == "all" and new - old:
        yield "Whatever the new modes describe may be taken away, also what no run gave."
    if before.prune != after.prune:
        yield _prune(str(after.prune), numbers.described_by(new))


def _left_alone(old: AbstractSet[int], new: AbstractSet[int], numbers: Managed) -> Iterator[str]:
    """What modes described that are configured no more."""
    if old & OF_CONTACT_GROUPS and not new & OF_CONTACT_GROUPS:
        groups = _many(numbers.groups, "contact group")
        yield f"{_many(numbers.memberships, 'group membership')} in {groups} are left alone from now on."
    elif SyncMode.CONTACT_GROUPS_WITH_OWNERS in old - new:
        yield f"The roles in contact groups are left alone from now on: {_many(numbers.managers, 'manager')}."
    if SyncMode.SERVICE_GROUPS in old - new:
        yield f"The service groups of {_many(numbers.services, 'contact')} are left alone from now on."
    if SyncMode.ACCOUNTS in old - new:
        yield f"Contacts in the accounts of groups are left alone from now on: {numbers.elsewhere}."
    if old & OF_OWN_ACCOUNT and not new & OF_OWN_ACCOUNT:
        yield f"Contacts of the customer's own account are left alone from now on: {numbers.own}."


def _again(old: AbstractSet[int], new: AbstractSet[int], numbers: Managed) -> Iterator[str]:
    """What earlier runs gave in modes that come back."""
    for modes, count, things in (
        (OF_OWN_ACCOUNT, numbers.own, "Contacts of the customer's own account"),
        (OF_CONTACT_GROUPS, numbers.memberships, "Group memberships"),
        ({SyncMode.SERVICE_GROUPS}, numbers.services, "Service groups of contacts"),
        ({SyncMode.ACCOUNTS}, numbers.elsewhere, "Contacts in the accounts of groups"),
    ):
        if count and new & modes and not old & modes:
            yield f"{things} that earlier runs gave may be taken away again when Entra says so: {count}."


def _prune(policy: str, described: str) -> str:
    if policy == "off":
        return f"Nothing is taken away from now on; what is managed stays: {described}."
    if policy == "managed":
        return f"What is managed may be taken away again when Entra says so: {described}; all else stays."
    return (
        f"Whatever the modes describe may be taken away from now on, also what no run gave. Managed: {described}; what "
        "else is concerned stands in DeskDirector."
    )


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
