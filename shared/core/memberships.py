"""What happens in one contact group: who is added, whose role changes, who is taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from shared.core.changes import AddToGroup, LowerRole, RaiseRole, Removal, RemoveFromGroup
from shared.core.desired import Desired
from shared.core.grace import Policy, Waiting, grace_ends
from shared.core.match import Matched
from shared.core.model import (
    MAX_GROUPS_OF_A_CONTACT,
    AccountId,
    Address,
    ContactGroup,
    EntraGroupId,
    Given,
    GroupRole,
    Prune,
    Reason,
    Skipped,
)

type Gifts = dict[Address, dict[EntraGroupId, Given]]
"""What is new in the links' memberships, by contact and Entra group."""


@dataclass(frozen=True, slots=True)
class Target:
    """A contact group (None: it will be created) with the Entra group that fills it now, and all that ever did."""

    account: AccountId
    group: ContactGroup | None
    name: str
    now: EntraGroupId | None
    ever: tuple[EntraGroupId, ...]
    left_alone: bool = False

    @property
    def lead(self) -> EntraGroupId:
        """The Entra group by which changes name this contact group."""
        return self.now or self.ever[0]


@dataclass(slots=True)
class GroupPlan:
    """The part of a plan that is about one contact group; `held` is how many managed people are in it and stay."""

    growth: list[AddToGroup | RaiseRole] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    gifts: Gifts = field(default_factory=dict)
    held: int = 0
    emptied: bool = False


@dataclass(frozen=True, slots=True)
class _View:
    """All that is looked at while one contact group is planned; `wanted` and `here` are by the contact's address."""

    target: Target
    matched: Matched
    policy: Policy
    roles: bool
    wanted: Mapping[Address, GroupRole]
    here: Mapping[Address, GroupRole]

    def given(self, key: Address) -> Given | None:
        """What runs gave to the contact for any of the Entra groups that ever filled this group."""
        return self.matched.first_given(key, self.target.ever)


def targets(desired: Desired, account: AccountId, matched: Matched) -> list[Target]:
    """Every contact group that the chosen and once-chosen Entra groups speak about, in a fixed order."""
    now = {group.id: group_id for group_id, group in matched.groups.items()}
    ever = {contact_group: {group_id} for contact_group, group_id in now.items()}
    for group_id, link in matched.links.groups.items():
        if link.contact_group in matched.account.groups:
            ever.setdefault(link.contact_group, set()).add(group_id)
    unclear = {EntraGroupId(skip.detail) for skip in matched.unmatched}
    untouched = desired.left_alone | unclear
    existing = [
        Target(
            account,
            matched.account.groups[contact_group],
            matched.account.groups[contact_group].name,
            now.get(contact_group),
            tuple(sorted(ids)),
            left_alone=not untouched.isdisjoint(ids),
        )
        for contact_group, ids in ever.items()
    ]
    new = [
        Target(account, None, group.name, group_id, (group_id,))
        for group_id, group in matched.wanted.groups.items()
        if group_id not in matched.groups and group_id not in unclear
    ]
    return sorted(existing + new, key=lambda target: (target.name, target.ever))


def plan_group(target: Target, matched: Matched, policy: Policy, *, roles: bool) -> GroupPlan:
    """What `target` needs. `roles`: the modes describe roles, so they are compared too."""
    here = matched.inside.get(target.lead) if target.group else None
    view = _View(target, matched, policy, roles, _wanted(target, matched), here or {})
    plan = GroupPlan(emptied=not view.wanted)
    _grow(plan, view)
    if target.now:
        _give(plan, view, target.now)
    if policy.prune is not Prune.OFF and not target.left_alone:
        for key in sorted([key for key in view.here if key not in view.wanted]):
            _shrink(plan, view, key)
    return plan


def keep_within_limit(plans: Sequence[GroupPlan], aims: Sequence[Target], matched: Matched) -> None:
    """Leaves out the joins that DeskDirector is bound to refuse, the first groups by name first; `plans` are of `aims`.

    Groups that no Entra group fills are not known here: DeskDirector's refusal decides about them.
    """
    if len(aims) <= MAX_GROUPS_OF_A_CONTACT:
        return
    joining = {change.address for plan in plans for change in plan.growth if isinstance(change, AddToGroup)}
    room = dict.fromkeys(joining, MAX_GROUPS_OF_A_CONTACT)
    for aim, plan in zip(aims, plans, strict=True):
        leaving = {change.address for change in plan.removals if isinstance(change, RemoveFromGroup)}
        for key in joining.intersection(matched.inside.get(aim.lead) or () if aim.group else ()) - leaving:
            room[key] -= 1
    for aim, plan in zip(aims, plans, strict=True):
        joins = [change for change in plan.growth if isinstance(change, AddToGroup)]
        refused = [join for join in joins if room[join.address] <= 0]
        room.update({join.address: room[join.address] - 1 for join in joins if room[join.address] > 0})
        plan.growth = [change for change in plan.growth if change not in refused] if refused else plan.growth
        plan.skipped += [Skipped(join.address, Reason.TOO_MANY_GROUPS, aim.name) for join in refused]


def _wanted(target: Target, matched: Matched) -> Mapping[Address, GroupRole]:
    """Who should be in the group, by the contact's address."""
    people = matched.wanted.groups[target.now].people if target.now else {}
    return {matched.key(person): role for person, role in people.items()} if matched.proxied else people


def _grow(plan: GroupPlan, view: _View) -> None:
    """Adds people; where roles are described, raises and lowers them."""
    target, wanted, here = view.target, view.wanted, view.here
    new = sorted([key for key in wanted if key not in here])
    plan.growth.extend(AddToGroup(target.account, target.lead, target.name, key, wanted[key]) for key in new)
    plan.held = len(wanted) - len(new)
    if view.roles:
        for key in sorted([key for key, role in wanted.items() if here.get(key, role) is not role]):
            _compare_roles(plan, view, key, here[key], wanted[key])


def _compare_roles(plan: GroupPlan, view: _View, key: Address, have: GroupRole, role: GroupRole) -> None:
    """Raises a lower role. Lowers a higher one that runs gave, no further than what they found before."""
    target, prune = view.target, view.policy.prune
    if have.rank < role.rank:
        plan.growth.append(RaiseRole(target.account, target.lead, target.name, key, role, have))
        return
    given = view.given(key)
    ours = given is not None and given.managed and given.role is have
    found = given.before if given and given.before and prune is not Prune.ALL else role
    lowered = max(role, found, key=lambda r: r.rank)
    if prune is Prune.OFF or target.left_alone:
        return
    if lowered.rank >= have.rank or not (ours or prune is Prune.ALL):
        plan.skipped.append(Skipped(key, Reason.NOT_MANAGED, f"{have} in {target.name}"))
    elif key in view.policy.protected:
        plan.skipped.append(Skipped(key, Reason.PROTECTED, target.name))
    else:
        plan.removals.append(LowerRole(target.account, target.lead, target.name, key, lowered, have))
        plan.held -= 1


def _give(plan: GroupPlan, view: _View, group_id: EntraGroupId) -> None:
    """Notes what the Entra group gives to its people, where that is news."""
    people = view.matched.wanted.groups[group_id].people
    keys = set(map(view.matched.key, people)) if view.matched.proxied else people.keys()
    old = view.matched.given.get(group_id, {})
    roles = view.wanted if view.roles else {}
    unsettled = [
        key
        for key, given in old.items()
        if not given.managed or given.leaving_since is not None or roles.get(key, given.role) is not given.role
    ]
    for key in (*[key for key in keys if key not in old], *keys & set(unsettled)):
        news = _news(view, key, old.get(key))
        if news != old.get(key):
            plan.gifts.setdefault(key, {})[group_id] = news


def _news(view: _View, key: Address, given: Given | None) -> Given:
    """What the contact has from this run on.

    A role that has to be lowered first is noted when that is done, else the next run would take it for hand-made.
    """
    role, have = view.wanted[key], view.here.get(key)
    if given and given.managed:
        lowering = have is not None and have.rank > role.rank
        return Given(role if view.roles and not lowering else given.role, given.before)
    earlier = view.given(key)
    return _given(role, earlier.before if earlier and earlier.managed else have)


@cache
def _given(role: GroupRole, before: GroupRole | None) -> Given:
    return Given(role, before)  # the same few values for hundreds of thousands of people


def _shrink(plan: GroupPlan, view: _View, key: Address) -> None:
    """Takes out somebody who is in the group and not desired there, or marks him as leaving."""
    given = view.given(key)
    if not (given and given.managed) and view.policy.prune is not Prune.ALL:
        return
    if key in view.policy.protected:
        plan.skipped.append(Skipped(key, Reason.PROTECTED, view.target.name))
        plan.held += 1
        return
    change = _removal(view, key)
    began, ends = grace_ends(given.leaving_since if given else None, view.policy.grace_memberships, view.policy.now)
    if ends <= view.policy.now:
        plan.removals.append(change)
        return
    plan.waiting.append(Waiting(change, ends))
    if given is None or given.leaving_since != began:
        marked = replace(given, leaving_since=began) if given else Given(change.role, change.role, began, managed=False)
        ours = [group for group in view.target.ever if view.matched.first_given(key, (group,))] or [view.target.lead]
        plan.gifts.setdefault(key, {}).update(dict.fromkeys(ours, marked))


def _removal(view: _View, key: Address) -> RemoveFromGroup:
    successor = view.matched.successor(key)
    replaced_by = view.matched.key(successor) if successor else None
    stays = replaced_by if replaced_by in view.wanted else None
    return RemoveFromGroup(view.target.account, view.target.lead, view.target.name, key, view.here[key], stays)
