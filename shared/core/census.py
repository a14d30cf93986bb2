"""Which people of the directory count, and by which address; why the others don't."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.core.model import (
    Address,
    EntraGroup,
    EntraGroupId,
    EntraSide,
    EntraUser,
    EntraUserId,
    GroupRole,
    Reason,
    Skipped,
    UnreadGroup,
)

type AnyGroup = EntraGroup | UnreadGroup


def everyone(groups: Iterable[AnyGroup], *, owners: bool) -> set[EntraUserId]:
    """The ids of all people of the groups, and of their owners where these count."""
    ids: set[EntraUserId] = set()
    for group in groups:
        ids |= group.people
        if owners:
            ids |= group.owners
    return ids


@dataclass(slots=True)
class Census:
    """Who counts: one user for each address, the first by id; the others with it are twins, and reported."""

    people: dict[Address, EntraUser] = field(default_factory=dict)
    twins: dict[Address, tuple[EntraUserId, ...]] = field(default_factory=dict)
    roster: dict[EntraUserId, Address] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    _inside: dict[EntraGroupId, AbstractSet[Address]] = field(default_factory=dict)

    def inside(self, group: AnyGroup) -> AbstractSet[Address]:
        """The addresses of a group's people who count; looked up once, since several modes ask."""
        if group.id not in self._inside:
            self._inside[group.id] = self.known(group.people)
        return self._inside[group.id]

    def known(self, ids: Iterable[EntraUserId]) -> AbstractSet[Address]:
        """The addresses of those of these users who count."""
        return set(filter(None, map(self.roster.get, ids)))


def judge(side: EntraSide, ids: AbstractSet[EntraUserId]) -> Census:
    """Who of `ids` counts. ValueError when one of them is not among the side's users."""
    if not ids <= side.users.keys():
        raise ValueError("a group names people whom the read does not tell")  # left out, they would count as leavers
    census = Census()
    people, roster, domains = census.people, census.roster, side.verified_domains
    everybody = len(ids) == len(side.users)
    for user_id, user in side.users.items():  # in this order, since objects made one after the other are read faster
        if not everybody and user_id not in ids:
            continue
        found = usable_address(user, domains)
        if found is None:
            census.skipped.append(Skipped(user.mail or user.upn, why_not(user), user_id))
            continue
        roster[user_id] = found
        if people.setdefault(found, user) is not user:
            _share(census, found, user)
    return census


def _share(census: Census, found: Address, user: EntraUser) -> None:
    first, second = sorted((census.people[found], user), key=lambda one: one.id)
    census.people[found] = first
    census.twins[found] = tuple(sorted((*census.twins.get(found, ()), second.id)))
    census.skipped.append(Skipped(found, Reason.DUPLICATE_ADDRESS, second.id))


def usable_address(user: EntraUser, verified_domains: frozenset[str]) -> Address | None:
    """The address by which DeskDirector knows this user; None when the user does not count.

    Its domain must be one that the tenant has verified.
    """
    found = user.address
    if found is None or user.guest or not user.enabled or found[found.index("@") + 1 :] not in verified_domains:
        return None
    return found


def why_not(user: EntraUser) -> Reason:
    """Why a user who has no usable address does not count."""
    if user.guest:
        return Reason.GUEST
    if not user.enabled:
        return Reason.DISABLED
    return Reason.UNVERIFIED_DOMAIN if user.address and user.mail else Reason.NO_ADDRESS


def people_of(group: AnyGroup, census: Census, *, owners: bool) -> dict[Address, GroupRole]:
    """The people of a group who count, by address, each in the highest of his roles."""
    people = dict.fromkeys(census.inside(group), GroupRole.REGULAR)
    if owners:
        people |= dict.fromkeys(census.known(group.owners), GroupRole.MANAGER)
    return people
