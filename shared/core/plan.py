"""The plan: the ordered changes from what DeskDirector holds to what it should hold. Pure; the heart of the project."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import batched, chain

from shared.core.changes import (
    CLASSES,
    ActivateContact,
    Change,
    CreateContact,
    CreateGroup,
    Growth,
    Kind,
    Removal,
    RenameGroup,
    fields_of,
)
from shared.core.desired import Desired
from shared.core.grace import Policy, Scope, Waiting
from shared.core.leavers import Leavers, plan_leavers
from shared.core.links import LinkUpdates, update_links
from shared.core.match import Matched, match
from shared.core.memberships import Gifts, GroupPlan, Target, keep_within_limit, plan_group, targets
from shared.core.model import (
    MAX_GROUP_NAME,
    Account,
    AccountId,
    Address,
    ContactGroupId,
    EntraGroupId,
    EntraUser,
    Links,
    Reason,
    Skipped,
    fold,
)
from shared.core.service_plan import ServicePlan, plan_services


@dataclass(frozen=True)
class Plan:
    """What a run will do. `waiting` are removals in their grace; `scopes` is what the gates judge shares against.

    `links` is what becomes managed by this plan, or is only remembered as leaving; it is written before applying.
    `groups` are the existing contact groups that the changes name by their Entra group.
    """

    growth: tuple[Growth, ...] = ()
    removals: tuple[Removal, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    scopes: tuple[Scope, ...] = ()
    links: Mapping[AccountId, LinkUpdates] = field(default_factory=dict)
    groups: Mapping[AccountId, Mapping[EntraGroupId, ContactGroupId]] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes in the order in which they are applied."""
        return (*self.growth, *self.removals)

    def __bool__(self) -> bool:
        return bool(self.growth or self.removals)

    @cached_property
    def digest(self) -> str:
        """Names exactly these changes: 16 hexadecimal digits of the SHA-256 of their JSON."""
        return digest_of(self.changes)


_BATCH = 1_000  # part of the digest's definition: changing it makes every held plan's digest another one


def digest_of(changes: Iterable[Change]) -> str:
    """The digest of these changes in this order."""
    digest = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    for batch in batched(map(fields_of, changes), _BATCH, strict=False):
        digest.update(encode(batch).encode())
    return digest.hexdigest()[:16]


def make_plan(
    desired: Desired, current: Mapping[AccountId, Account], links: Mapping[AccountId, Links], policy: Policy
) -> Plan:
    """The plan for every desired account; `current` holds each of them, read completely."""
    matched = {
        account: match(current[account], wanted, links.get(account, Links()), desired.left_alone)
        for account, wanted in sorted(desired.accounts.items())
    }
    parts = [_plan_account(desired, account, matched, policy) for account in matched]
    skipped = {*desired.skipped, *chain.from_iterable(part.skipped for part in parts)}
    return Plan(
        growth=tuple(sorted(chain.from_iterable(part.growth for part in parts), key=_place)),
        removals=tuple(sorted(chain.from_iterable(part.removals for part in parts), key=_place)),
        waiting=tuple(chain.from_iterable(part.waiting for part in parts)),
        skipped=in_order(skipped),
        scopes=tuple(chain.from_iterable(part.scopes for part in parts)),
        links={account: update for part in parts for account, update in part.links.items()},
        groups={account: groups for part in parts for account, groups in part.groups.items()},
    )


def in_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """What is left out, in the order in which a plan has it."""
    return tuple(sorted(skipped, key=lambda skip: (skip.reason, skip.subject, skip.detail)))


_ORDER = {CLASSES[kind]: place for place, kind in enumerate(Kind)}


def _place(change: Change) -> int:
    return _ORDER[type(change)]  # sorting is stable: within a kind the order is that of accounts, groups and addresses


def _plan_account(desired: Desired, account: AccountId, accounts: Mapping[AccountId, Matched], policy: Policy) -> Plan:
    matched, own = accounts[account], account == desired.own
    contacts, kept = _contact_growth(account, matched)
    others = [other for place, other in accounts.items() if place != account]
    leavers = plan_leavers(account, matched, policy, others)
    services = plan_services(account, matched, policy) if own and desired.services_described else ServicePlan()
    aims = targets(desired, account, matched) if own and desired.groups_described else []
    groups = [plan_group(aim, matched, policy, roles=desired.roles_described) for aim in aims]
    keep_within_limit(groups, aims, matched)
    renames, not_renamed = _renames(account, matched, aims)
    gifts = _united(group.gifts for group in groups)
    return Plan(
        growth=(
            *contacts,
            *renames,
            *_new_groups(account, matched, aims),
            *chain.from_iterable(g.growth for g in groups),
            *services.growth,
        ),
        removals=(*chain.from_iterable(g.removals for g in groups), *services.removals, *leavers.removals),
        waiting=(*chain.from_iterable(g.waiting for g in groups), *leavers.waiting),
        skipped=(
            *matched.unmatched,
            *not_renamed,
            *chain.from_iterable(g.skipped for g in groups),
            *services.skipped,
            *leavers.skipped,
        ),
        scopes=(
            *(_scope(aim, group) for aim, group in zip(aims, groups, strict=True)),
            *services.scopes,
            _contacts_scope("contacts" if own else f"contacts of account {account}", matched, leavers, kept),
        ),
        links={account: update_links(matched, gifts, leavers, services.linked)},
        groups={account: {aim.lead: aim.group.id for aim in aims if aim.group}},
    )


def _united(news: Iterable[Gifts]) -> Gifts:
    gifts: Gifts = {}
    for key, given in chain.from_iterable(part.items() for part in news):
        gifts[key] = {**gifts[key], **given} if key in gifts else given
    return gifts


def _contacts_scope(name: str, matched: Matched, leavers: Leavers, kept: int) -> Scope:
    gone = len(leavers.removals)
    held = kept + gone + len(leavers.waiting) + len(leavers.skipped)
    return Scope(name, gone, held, emptied=not matched.wanted.people)


def _scope(aim: Target, group: GroupPlan) -> Scope:
    removals = len(group.removals)
    return Scope(aim.name, removals, group.held + removals + len(group.waiting), group.emptied)


def _contact_growth(account: AccountId, matched: Matched) -> tuple[list[CreateContact | ActivateContact], int]:
    """Contacts to make or activate, by address; and how many of the desired ones are active already."""
    contacts, people = matched.account.contacts, matched.wanted.people
    new = sorted(matched.newcomers)
    found = (key for key in map(matched.key, matched.unsettled) if key in contacts)
    inactive = sorted(key for key in found if not contacts[key].active)
    growth: list[CreateContact | ActivateContact] = [CreateContact(account, a, *names(people[a], a)) for a in new]
    growth += [ActivateContact(account, key) for key in inactive]
    return growth, len(people) - len(growth)


def names(user: EntraUser, person: Address) -> tuple[str, str]:
    """First and last name of a new contact. The first name is never empty, since DeskDirector asks for one."""
    given, surname = user.given_name.strip(), user.surname.strip()
    if given:
        return given, surname
    words = user.display_name.split()
    return words[0] if words else person.partition("@")[0], surname or " ".join(words[1:])


def _new_groups(account: AccountId, matched: Matched, aims: list[Target]) -> list[CreateGroup]:
    def others(name: str) -> tuple[ContactGroupId, ...]:
        return tuple(sorted(group.id for group in matched.account.groups.values() if fold(group.name) == fold(name)))

    return [CreateGroup(account, aim.lead, aim.name, others(aim.name)) for aim in aims if aim.group is None]


_ASIDE = " ~"


def _renames(account: AccountId, matched: Matched, aims: list[Target]) -> tuple[list[RenameGroup], list[Skipped]]:
    """Contact groups that runs made follow the name of their Entra group, unless another one has that name.

    A name that another one of them gives up is free after it, so the order of renames matters; where they wait for each
    other in a ring, as two do whose names were swapped, one of them steps aside first.
    """
    names = Counter(fold(group.name) for group in matched.account.groups.values())
    pending = [RenameGroup(account, aim.lead, name, aim.name) for aim in aims if (name := _new_name(matched, aim))]
    renames: list[RenameGroup] = []
    while one := next((one for one in pending if _is_free(one, names) or _in_ring(one, pending, names)), None):
        pending.remove(one)
        if not _is_free(one, names):
            aside = replace(one, name=f"{one.before[: MAX_GROUP_NAME - len(_ASIDE)]}{_ASIDE}")
            pending.append(replace(one, before=aside.name))
            one = aside
        renames.append(one)
        names.update({fold(one.name): 1})
        names.subtract({fold(one.before): 1})
    return renames, [Skipped(one.name, Reason.NAME_TAKEN, one.group) for one in pending]


def _is_free(one: RenameGroup, names: Mapping[str, int]) -> bool:
    return names[fold(one.name)] == (fold(one.name) == fold(one.before))


def _in_ring(one: RenameGroup, pending: Iterable[RenameGroup], names: Mapping[str, int]) -> bool:
    """Whether the name is held by one that waits for a name, and so on, until it is held by this one."""
    holders = {fold(other.before): other for other in pending}
    at, seen = one, set[str]()
    while (name := fold(at.name)) in holders and names[name] == 1 and name not in seen:
        seen.add(name)
        at = holders[name]
    return at == one and bool(seen)


def _new_name(matched: Matched, aim: Target) -> str | None:
    """The name that the contact group should have from now on, if another one and ours to change."""
    link = matched.links.groups.get(aim.lead)
    if not aim.now or aim.group is None or link is None or not link.made:
        return None
    name = matched.wanted.groups[aim.lead].name
    return None if name == aim.name else name
