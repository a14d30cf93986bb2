"""Tells a CustOrg's page what the configured modes would do with each of its groups: codes, and nothing by name."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import batched
from typing import Protocol

from pydantic import BaseModel, ValidationError

from servorg.customer import Configuration, Customer
from servorg.offered import OUTLOOK
from shared.core.catalogue import Catalogue
from shared.core.model import OF_CONTACT_GROUPS, AccountId, ContactGroup, EntraGroupId, GroupLink, SyncMode
from shared.core.outlook import Around, Code, foresee
from shared.errors import CustOrgRefused
from shared.wire import EntraGroups, GetEntraGroups, GroupOutlook, OutlookTold, TellOutlook

AT_ONCE = 5_000


class Remote(Protocol):
    """A customer's CustOrg."""

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        """The answer to a command; SourceError when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What is looked up in DeskDirector: service groups by folded name, accounts by tag, an account's contact groups.

    Each raises DeskError. The first two are the same for all customers, so they may be some minutes old.
    """

    services: Callable[[], Mapping[str, tuple[int, ...]]]
    tagged: Callable[[], Mapping[str, tuple[AccountId, ...]]]
    groups: Callable[[AccountId], tuple[ContactGroup, ...]]


@dataclass(frozen=True, slots=True)
class Own:
    """What is the customer's own: its row, its configuration, the links of its account, and the accounts of others."""

    customer: Customer
    configuration: Configuration
    links: Mapping[EntraGroupId, GroupLink]
    foreign: AbstractSet[AccountId]


def tell_outlook(remote: Remote, own: Own, site: Site) -> int:
    """Tells it for every group of the groups table that is in Entra; for how many. SourceError or DeskError."""
    rows = remote.command("get-entra-groups", GetEntraGroups(chosen=False), EntraGroups).groups
    names = {EntraGroupId(row.id): row.name for row in rows if not row.vanished}
    chosen = {EntraGroupId(row.id) for row in rows if row.sync}
    modes = [SyncMode(mode) for mode in own.configuration.modes]
    codes = foresee(names, chosen, modes, _around(own, site, modes))
    for part in batched(codes.items(), AT_ONCE, strict=False):
        remote.command(OUTLOOK, _told(own, part), OutlookTold)
    return len(codes)


def _around(own: Own, site: Site, modes: list[SyncMode]) -> Around:
    """Only what the modes speak about is asked for."""
    groups = site.groups(AccountId(own.customer.account)) if not OF_CONTACT_GROUPS.isdisjoint(modes) else ()
    catalogue = Catalogue(
        services=site.services() if SyncMode.SERVICE_GROUPS in modes else {},
        tagged=site.tagged() if SyncMode.ACCOUNTS in modes else {},
        foreign=own.foreign,
    )
    return Around({group.id: group for group in groups}, own.links, catalogue)


def _told(own: Own, part: tuple[tuple[EntraGroupId, tuple[Code, ...]], ...]) -> TellOutlook:
    try:
        groups = tuple(GroupOutlook.model_validate({"id": one, "says": tuple(map(str, says))}) for one, says in part)
    except ValidationError as error:
        raise CustOrgRefused("the CustOrg's groups table has ids that are no group's") from error
    return TellOutlook(modes=own.configuration.modes, account=own.customer.name, groups=groups)
