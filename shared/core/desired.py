"""What DeskDirector should hold for a customer, as the chosen Entra groups and the sync modes say."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.core.catalogue import Catalogue, ServiceGroup
from shared.core.census import AnyGroup, Census, everyone, judge, people_of
from shared.core.feeds import Feed, feed_accounts
from shared.core.model import (
    MAX_GROUP_NAME,
    OF_CONTACT_GROUPS,
    OF_OWN_ACCOUNT,
    AccountId,
    Address,
    EntraGroup,
    EntraGroupId,
    EntraSide,
    EntraUser,
    EntraUserId,
    GroupRole,
    Reason,
    Skipped,
    SyncMode,
    fold,
)
from shared.core.services import link_services


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A contact group that should exist under this name, with these people in these roles."""

    name: str
    people: Mapping[Address, GroupRole]


@dataclass(frozen=True, slots=True)
class DesiredAccount:
    """What one account should hold. `twins` are further users with a person's address, `roster` is everyone's.

    `services` is the service group of each person who shall have one, `served` of each group; `spared` are service
    groups that nobody may take from a person. `feeds` are the groups that fill the account by sync mode 4.
    `incomplete`: not all that fills the account was read, so nobody's absence proves anything.
    """

    people: Mapping[Address, EntraUser]
    twins: Mapping[Address, tuple[EntraUserId, ...]] = field(default_factory=dict)
    roster: Mapping[EntraUserId, Address] = field(default_factory=dict)
    groups: Mapping[EntraGroupId, DesiredGroup] = field(default_factory=dict)
    services: Mapping[Address, ServiceGroup] = field(default_factory=dict)
    served: Mapping[EntraGroupId, int] = field(default_factory=dict)
    spared: Mapping[Address, AbstractSet[int]] = field(default_factory=dict)
    feeds: tuple[EntraGroupId, ...] = ()
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that the modes describe.

    `own` is the customer's own account. `left_alone` are the groups that justify no removal: unread ones, and those
    that can't have a contact group. `groups_described`, `roles_described` and `services_described` tell what the modes
    speak about in the own account.
    """

    accounts: Mapping[AccountId, DesiredAccount]
    own: AccountId
    skipped: tuple[Skipped, ...] = ()
    left_alone: frozenset[EntraGroupId] = frozenset()
    groups_described: bool = False
    roles_described: bool = False
    services_described: bool = False


def desire(
    side: EntraSide, modes: Iterable[SyncMode], account: AccountId, catalogue: Catalogue | None = None
) -> Desired:
    """The union of what each of `modes` desires of `side` for the customer whose own account is `account`.

    ValueError when a group names somebody who is not among the side's users.
    """
    wanted, catalogue = frozenset(modes), catalogue or Catalogue()
    owners = SyncMode.CONTACT_GROUPS_WITH_OWNERS in wanted
    sources: tuple[AnyGroup, ...] = (*side.groups, *side.unread)
    census = judge(side, everyone(sources, owners=owners))
    groups, unnamed = name_groups(sources) if wanted & OF_CONTACT_GROUPS else ([], [])
    services = link_services(sources if SyncMode.SERVICE_GROUPS in wanted else (), census, catalogue)
    feeds, unfed = feed_accounts(sources, census, catalogue) if SyncMode.ACCOUNTS in wanted else ({}, [])
    own = DesiredAccount(
        census.people,
        census.twins,
        census.roster,
        {g.id: DesiredGroup(g.name.strip(), people_of(g, census, owners=owners)) for g in groups},
        services.people,
        services.served,
        services.spared,
        incomplete=bool(side.unread),
    )
    return Desired(
        accounts=_unite({account: own} if wanted & OF_OWN_ACCOUNT else {}, feeds, census),
        own=account,
        skipped=(*census.skipped, *unnamed, *services.skipped, *unfed, *_others(side), *_unread(side)),
        left_alone=frozenset([*(g.id for g in side.unread), *(EntraGroupId(s.detail) for s in unnamed)]),
        groups_described=bool(wanted & OF_CONTACT_GROUPS),
        roles_described=owners,
        services_described=SyncMode.SERVICE_GROUPS in wanted,
    )


def _unite(
    own: dict[AccountId, DesiredAccount], feeds: Mapping[AccountId, Feed], census: Census
) -> dict[AccountId, DesiredAccount]:
    """The customer's own account, and those that groups fill; of the own account everybody is described already."""
    accounts = dict(own)
    for account, feed in feeds.items():
        if account in own:
            continue
        people = dict(zip(feed.people, map(census.people.__getitem__, feed.people), strict=True))
        twins = {key: census.twins[key] for key in census.twins if key in feed.people}
        accounts[account] = DesiredAccount(
            people, twins, census.roster, feeds=tuple(feed.groups), incomplete=feed.incomplete
        )
    return accounts


def name_groups(groups: Iterable[AnyGroup]) -> tuple[list[AnyGroup], list[Skipped]]:
    """The groups that can be contact groups; of several with one name the first by id has it."""
    named: list[AnyGroup] = []
    skipped: list[Skipped] = []
    taken: set[str] = set()
    for group in sorted(groups, key=lambda g: g.id):
        fault = _name_fault(group.name.strip(), taken)
        if fault is None:
            named.append(group)
            taken.add(fold(group.name))
        elif isinstance(group, EntraGroup) or fault is not Reason.NO_NAME:
            skipped.append(Skipped(group.name, fault, group.id))
    return [g for g in named if isinstance(g, EntraGroup) or g.people or g.owners], skipped


def _name_fault(name: str, taken: set[str]) -> Reason | None:
    if not name:
        return Reason.NO_NAME
    if len(name) > MAX_GROUP_NAME:
        return Reason.NAME_TOO_LONG
    return Reason.NAME_TAKEN if fold(name) in taken else None


def _others(side: EntraSide) -> list[Skipped]:
    inside = {other: group.name for group in side.groups for other in group.others}
    return [Skipped(other, Reason.NOT_A_USER, inside[other]) for other in sorted(inside)]


def _unread(side: EntraSide) -> list[Skipped]:
    return [
        *(Skipped(group.name or group.id, Reason.UNREAD, group.why) for group in side.unread),
        *(Skipped(group, Reason.DELETED) for group in side.deleted),
    ]
