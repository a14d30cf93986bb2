"""What the configured modes would do with each Entra group once it is chosen: for the page where groups are chosen.

The planner's own functions decide, so that what is told there cannot differ from what a run does. Only codes leave
this module: nothing of what DeskDirector has is told by name.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from shared.core.catalogue import Catalogue
from shared.core.desired import DesiredGroup, name_groups
from shared.core.feeds import account_of
from shared.core.match import claims_of, match_groups
from shared.core.model import (
    OF_CONTACT_GROUPS,
    OF_OWN_ACCOUNT,
    ContactGroup,
    ContactGroupId,
    EntraGroup,
    EntraGroupId,
    GroupLink,
    Reason,
    SyncMode,
    fold,
    slug,
)
from shared.core.services import services_named


class Code(StrEnum):
    """What becomes of a group; `shared.wire.TellOutlook` takes exactly these."""

    CONTACT = "contact"
    GROUP_MADE = "contact-group-made"
    GROUP_FOUND = "contact-group-found"
    SERVICE_FOUND = "service-group-found"
    SERVICE_MISSING = "service-group-missing"
    SERVICE_AMBIGUOUS = "service-group-ambiguous"
    ACCOUNT_FOUND = "account-found"
    ACCOUNT_MISSING = "account-missing"
    ACCOUNT_AMBIGUOUS = "account-ambiguous"
    ACCOUNT_FOREIGN = "account-foreign"
    NO_TAG = "no-tag"
    TAG_TAKEN = "tag-taken"
    NAME_TOO_LONG = "name-too-long"
    NAME_TAKEN = "name-taken"
    OWNERS_MANAGE = "owners-manage"


_CODES: Mapping[Reason, Code] = {
    Reason.NAME_TOO_LONG: Code.NAME_TOO_LONG,
    Reason.NAME_TAKEN: Code.NAME_TAKEN,
    Reason.GROUP_LEFT_ALONE: Code.NAME_TAKEN,
    Reason.NO_SLUG: Code.NO_TAG,
    Reason.SLUG_TAKEN: Code.TAG_TAKEN,
    Reason.NO_ACCOUNT: Code.ACCOUNT_MISSING,
    Reason.SEVERAL_ACCOUNTS: Code.ACCOUNT_AMBIGUOUS,
    Reason.FOREIGN_ACCOUNT: Code.ACCOUNT_FOREIGN,
}
"""A reason that is not here (a group without a name, several contact groups of one name) has no code."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a customer's groups meet: the contact groups of its own account, the links there, and the catalogue."""

    groups: Mapping[ContactGroupId, ContactGroup]
    links: Mapping[EntraGroupId, GroupLink]
    catalogue: Catalogue


def foresee(
    names: Mapping[EntraGroupId, str], chosen: AbstractSet[EntraGroupId], modes: Iterable[SyncMode], around: Around
) -> dict[EntraGroupId, tuple[Code, ...]]:
    """What the modes do with each of the named groups when it is chosen besides those which are `chosen` already.

    It is taken that every group can be read and has somebody in it.
    """
    view = _View(names, chosen & names.keys(), frozenset(modes), around)
    return {group: tuple(_codes(view, group)) for group in sorted(names)}


@dataclass(frozen=True)
class _View:
    names: Mapping[EntraGroupId, str]
    chosen: AbstractSet[EntraGroupId]
    modes: AbstractSet[SyncMode]
    around: Around

    @cached_property
    def alike(self) -> Mapping[str, Sequence[EntraGroupId]]:
        """The chosen groups by their folded name."""
        return _by(self.chosen, lambda group: fold(self.names[group]))

    @cached_property
    def named(self) -> AbstractSet[EntraGroupId]:
        """The chosen groups that can have a contact group."""
        return {group.id for group in name_groups(map(self.entra, self.chosen))[0]}

    @cached_property
    def linked(self) -> Mapping[ContactGroupId, Sequence[EntraGroupId]]:
        """The chosen groups that are linked to a contact group."""
        links = self.around.links
        return _by(self.chosen & links.keys(), lambda group: links[group].contact_group)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[ContactGroupId]]:
        """The contact groups by their folded name."""
        return _by(self.around.groups, lambda group: fold(self.around.groups[group].name))

    @cached_property
    def tags(self) -> Counter[str]:
        """How many of the chosen groups have a tag."""
        return Counter(slug(self.names[group]) for group in self.chosen)

    def entra(self, group: EntraGroupId) -> EntraGroup:
        return EntraGroup(group, self.names[group])


def _by[K, T](things: Iterable[T], key: Callable[[T], K]) -> Mapping[K, list[T]]:
    found: defaultdict[K, list[T]] = defaultdict(list)
    for thing in things:
        found[key(thing)].append(thing)
    return dict(found)


def _codes(view: _View, group: EntraGroupId) -> Iterator[Code]:
    if view.modes & OF_OWN_ACCOUNT:
        yield Code.CONTACT
    if view.modes & OF_CONTACT_GROUPS:
        yield from _contact_group(view, group)
    if SyncMode.SERVICE_GROUPS in view.modes:
        yield _service_group(view, group)
    if SyncMode.ACCOUNTS in view.modes:
        yield _account(view, group)


def _contact_group(view: _View, group: EntraGroupId) -> Iterator[Code]:
    rivals = {*view.alike.get(fold(view.names[group]), ()), group}
    _, skipped = name_groups(map(view.entra, rivals))
    refused = [skip.reason for skip in skipped if skip.detail == group]
    found = refused[0] if refused else _found(view, group, rivals)
    if isinstance(found, Reason):
        yield from (_CODES[reason] for reason in (found,) if reason in _CODES)
        return
    yield Code.GROUP_FOUND if found else Code.GROUP_MADE
    if SyncMode.CONTACT_GROUPS_WITH_OWNERS in view.modes:
        yield Code.OWNERS_MANAGE


def _found(view: _View, group: EntraGroupId, rivals: AbstractSet[EntraGroupId]) -> bool | Reason:
    """Whether the group has a contact group already, or why it gets none.

    Only what has its name or its link can matter, so that a table of 5,000 groups is told in no time.
    """
    links, groups = view.around.links, view.around.groups
    mine = {links[group].contact_group} & groups.keys() if group in links else set()
    near = {one: groups[one] for one in (*view.by_name.get(fold(view.names[group]), ()), *mine)}
    others = {other for one in near for other in view.linked.get(one, ())} - {group}
    desired = {one: DesiredGroup(view.names[one].strip(), {}) for one in ((others & view.named) - rivals) | {group}}
    claims = claims_of(desired, near, links, (others - view.named) | (others & rivals))
    found, skipped = match_groups(desired, near, links, claims)
    reasons = [skip.reason for skip in skipped if skip.detail == group]
    return reasons[0] if reasons else group in found


def _service_group(view: _View, group: EntraGroupId) -> Code:
    found = services_named(view.names[group], view.around.catalogue)
    if len(found) > 1:
        return Code.SERVICE_AMBIGUOUS
    return Code.SERVICE_FOUND if found else Code.SERVICE_MISSING


def _account(view: _View, group: EntraGroupId) -> Code:
    tag = slug(view.names[group])
    tags = {tag: view.tags[tag] + (group not in view.chosen)}
    found = account_of(view.names[group], tags, view.around.catalogue)
    return _CODES[found] if isinstance(found, Reason) else Code.ACCOUNT_FOUND
