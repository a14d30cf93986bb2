"""From a customer's two sides to a plan and what speaks against it: the thinking half of a run. Writes nothing."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from servorg.ports import DeskReader, EntraSource
from shared.core.catalogue import Catalogue
from shared.core.census import AnyGroup
from shared.core.changes import Removal
from shared.core.desired import Desired, desire
from shared.core.elsewhere import newcomers, tell_elsewhere
from shared.core.gates import Limits, Objection, Rule, review
from shared.core.grace import Policy
from shared.core.model import Account, AccountId, ContactGroup, EntraGroupId, EntraSide, Links, SyncMode, fold, slug
from shared.core.plan import Plan, make_plan
from shared.cycles import no_search_for_cycles


@dataclass(frozen=True, slots=True)
class Order:
    """What a run shall do for a customer: its account, modes, policy, limits, links and the last day's removals.

    `precedence` are names of service groups; `foreign` are accounts of other customers.
    """

    account: AccountId
    modes: tuple[SyncMode, ...]
    policy: Policy
    limits: Limits
    links: Mapping[AccountId, Links]
    removed_today: int = 0
    precedence: tuple[str, ...] = ()
    foreign: AbstractSet[AccountId] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan with the reads it comes from and the objections to it."""

    side: EntraSide
    current: Mapping[AccountId, Account]
    plan: Plan
    objections: tuple[Objection, ...]


def draw_up(order: Order, source: EntraSource, desk: DeskReader) -> Draft:
    """Reads both sides completely and plans. SourceError or DeskError when one could not be read at all.

    Removals above half of a limit are believed only when a second read of the directory justifies the same ones.
    """
    side = _read(order, source)
    catalogue = look_up(order, side, desk)
    desired = desire(side, order.modes, order.account, catalogue)
    wanted = _filled_by_entra(order, desired)
    current = {account: _read_account(order, desk, account, wanted) for account in sorted(desired.accounts)}
    with no_search_for_cycles():
        plan = make_plan(desired, current, order.links, order.policy)
    objections = review(plan, order.limits, order.removed_today)
    if plan.removals and not objections and review(plan, order.limits.halved(), order.removed_today):
        again = desire(_read(order, source), order.modes, order.account, catalogue)
        differing = len(set(plan.removals) ^ set(_removals(order, again, current)))
        if differing:
            objections = (Objection(Rule.READS_DISAGREE, differing, 0),)
    new = newcomers(plan)
    if new:
        plan = tell_elsewhere(plan, desk.accounts_of(new), current.keys())
    return Draft(side, current, plan, objections)


def _read_account(
    order: Order, desk: DeskReader, account: AccountId, wanted: Callable[[ContactGroup], bool]
) -> Account:
    """The account with the contact groups that runs filled and its list lacks, because DeskDirector's index lags."""
    read, links = desk.account(account, wanted), order.links.get(account, Links()).groups.values()
    lacking = {link.contact_group: link.name for link in links if link.contact_group not in read.groups}
    asked = [(group, name, desk.group_users(account, group)) for group, name in lacking.items() if group]
    found = {group: ContactGroup(group, name, users) for group, name, users in asked if users is not None}
    return replace(read, groups={**read.groups, **found})


def look_up(order: Order, side: EntraSide, desk: DeskReader) -> Catalogue:
    """What DeskDirector has for the groups of `side` in modes 3 and 4; nothing is asked for other modes."""
    services = desk.list_service_groups() if SyncMode.SERVICE_GROUPS in order.modes else {}
    groups: tuple[AnyGroup, ...] = (*side.groups, *side.unread) if SyncMode.ACCOUNTS in order.modes else ()
    own = order.links.get(order.account, Links()).groups.items()
    return Catalogue(
        services=services,
        tagged={tag: desk.accounts_with_tag(tag) for tag in sorted({slug(group.name) for group in groups} - {""})},
        foreign=order.foreign,
        fed=_fed(order),
        served={group: link.service_group for group, link in own if link.service_group is not None},
        precedence=order.precedence,
    )


def _fed(order: Order) -> Mapping[AccountId, AbstractSet[EntraGroupId]]:
    """The accounts where somebody is still managed because of mode 4, and the groups that filled them.

    An account that was the customer's own once is none of them, so nobody is taken out of it.
    """
    others = {account: links for account, links in order.links.items() if account != order.account and links.contacts}
    filled = {a: {g for g, link in links.groups.items() if link.fills} for a, links in others.items()}
    return {account: groups for account, groups in filled.items() if groups}


def _removals(order: Order, desired: Desired, current: Mapping[AccountId, Account]) -> tuple[Removal, ...]:
    """What a second read of the directory would take away; other accounts than before make it disagree."""
    if desired.accounts.keys() != current.keys():
        return ()
    return make_plan(desired, current, order.links, order.policy).removals


def _read(order: Order, source: EntraSource) -> EntraSide:
    return source.read(owners=SyncMode.CONTACT_GROUPS_WITH_OWNERS in order.modes)


def _filled_by_entra(order: Order, desired: Desired) -> Callable[[ContactGroup], bool]:
    """Tells whose people have to be read: the contact groups that an Entra group fills or once filled."""
    linked = {link.contact_group for links in order.links.values() for link in links.groups.values()}
    names = {fold(group.name) for account in desired.accounts.values() for group in account.groups.values()}
    return lambda group: desired.groups_described and (group.id in linked or fold(group.name) in names)
