"""What has to change so that each contact has the service group that it shall have (sync mode 3)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.core.catalogue import ServiceGroup
from shared.core.changes import ClearServiceGroup, LinkServiceGroup, MoveServiceGroup
from shared.core.grace import Policy, Scope
from shared.core.match import Matched
from shared.core.model import AccountId, Address, Contact, Prune, Reason, Skipped


@dataclass(slots=True)
class ServicePlan:
    """The part of a plan that is about service groups; `linked` is what runs gave to a contact then (None: nothing)."""

    growth: list[LinkServiceGroup] = field(default_factory=list)
    removals: list[MoveServiceGroup | ClearServiceGroup] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    linked: dict[Address, int | None] = field(default_factory=dict)
    held: int = 0

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What the share limit is judged in, where there is something to judge."""
        gone = len(self.removals)
        return (Scope("service groups", gone, self.held + gone),) if gone else ()


@dataclass(frozen=True, slots=True)
class _View:
    """All that is looked at while an account's service groups are planned; `spared` is by the contact's address."""

    account: AccountId
    matched: Matched
    policy: Policy
    spared: Mapping[Address, AbstractSet[int]]

    def takes(self, key: Address, contact: Contact) -> bool:
        """Whether the contact's service group is ours to take: a run linked it, or the policy is a strict mirror."""
        link = self.matched.links.contacts.get(key)
        ours = link is not None and link.service_group is not None and link.service_group == contact.service_group
        return ours or self.policy.prune is Prune.ALL


def plan_services(account: AccountId, matched: Matched, policy: Policy) -> ServicePlan:
    """What has to change. A service group that was set by hand stays, unless the policy is a strict mirror."""
    spared = {matched.key(person): ids for person, ids in matched.wanted.spared.items()}
    plan, view = ServicePlan(), _View(account, matched, policy, spared)
    services = matched.wanted.services
    wanted = {matched.key(person): service for person, service in services.items()} if matched.proxied else services
    for key in sorted(_unsettled(plan, matched, wanted)):
        _want(plan, view, key, wanted[key])
    for key in sorted(_others(matched, policy, wanted.keys())):
        _lose(plan, view, key)
    return plan


def _unsettled(plan: ServicePlan, matched: Matched, wanted: Mapping[Address, ServiceGroup]) -> list[Address]:
    """Who has not the service group that he shall have. The others are held, and noted where that is news."""
    contacts, links = matched.account.contacts, matched.links.contacts
    unsettled: list[Address] = []
    for key in map(matched.key, matched.unsettled):
        service, contact, link = wanted.get(key), contacts.get(key), links.get(key)
        if service is None:
            continue
        if contact is None or contact.service_group != service.id:
            unsettled.append(key)
        elif link is None or link.service_group != service.id:
            plan.linked[key] = service.id
    plan.held += len(wanted) - len(unsettled)
    return unsettled


def _others(matched: Matched, policy: Policy, wanted: AbstractSet[Address]) -> set[Address]:
    """Contacts that shall have no service group, where a run linked one or, active, the policy is a strict mirror."""
    links, contacts, strict = matched.links.contacts, matched.account.contacts, policy.prune is Prune.ALL

    def has_one(key: Address) -> bool:
        link, contact = links.get(key), contacts.get(key)
        linked = link is not None and link.service_group is not None
        return linked or (strict and contact is not None and contact.active and contact.service_group is not None)

    suspects = {*matched.strangers, *matched.unsettled, *matched.proxied.values()} - wanted
    return {key for key in suspects if has_one(key)}


def _want(plan: ServicePlan, view: _View, key: Address, service: ServiceGroup) -> None:
    contact = view.matched.account.contacts.get(key)
    have = contact.service_group if contact else None
    if contact is None or have is None:
        plan.growth.append(LinkServiceGroup(view.account, key, service.id, service.name))
        plan.linked[key] = service.id
    elif not view.takes(key, contact):
        plan.skipped.append(Skipped(key, Reason.NOT_MANAGED, f"service group {have}"))
    elif not _stays(plan, view, key, have):
        plan.removals.append(MoveServiceGroup(view.account, key, service.id, service.name, have))


def _lose(plan: ServicePlan, view: _View, key: Address) -> None:
    contact = view.matched.account.contacts.get(key)
    if contact is None or contact.service_group is None or not view.takes(key, contact):
        if not view.matched.wanted.incomplete:
            plan.linked[key] = None  # somebody else took it away or gave another: it is ours no more
    elif not _stays(plan, view, key, contact.service_group):
        successor = view.matched.successor(key)
        replaced_by = view.matched.key(successor) if successor else None
        plan.removals.append(ClearServiceGroup(view.account, key, contact.service_group, replaced_by))


def _stays(plan: ServicePlan, view: _View, key: Address, have: int) -> bool:
    """Whether nothing may be taken from this contact; it is counted as held then."""
    protected = key in view.policy.protected
    if protected:
        plan.skipped.append(Skipped(key, Reason.PROTECTED, "service group"))
    unproven = view.matched.wanted.incomplete or have in view.spared.get(key, ())
    stays = protected or unproven or view.policy.prune is Prune.OFF
    plan.held += stays
    return stays
