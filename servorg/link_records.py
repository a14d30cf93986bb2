"""What is managed once changes were applied: what was taken away no more, what was created from now on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from servorg.records import ChangeRow, Ledger
from shared.core.changes import (
    Change,
    ClearServiceGroup,
    CreateGroup,
    DeactivateContact,
    LowerRole,
    MoveServiceGroup,
    RemoveFromGroup,
    RenameGroup,
    from_json,
)
from shared.core.links import without
from shared.core.model import (
    NO_CONTACT_GROUP,
    Address,
    ContactGroupId,
    ContactLink,
    EntraGroupId,
    GroupLink,
    Links,
)


def record_links(ledger: Ledger, customer: str, applied: Sequence[ChangeRow]) -> None:
    """Writes the links of the customer after these changes. May be repeated."""
    links = ledger.links(customer) if applied else {}
    steps = [(row, from_json(row.change)) for row in applied]
    for account in sorted({change.account for _, change in steps}):
        mine = [(row, change) for row, change in steps if change.account == account]
        old = links.get(account, Links())
        groups = _group_links(mine, old)
        known = Links(old.contacts, {**old.groups, **groups})
        ledger.write_links(customer, account, _contact_links(mine, known), groups)


def _group_links(steps: Iterable[tuple[ChangeRow, Change]], old: Links) -> dict[EntraGroupId, GroupLink]:
    fresh: dict[EntraGroupId, GroupLink] = {}
    for row, change in steps:
        if isinstance(change, CreateGroup | RenameGroup) and row.group_id:
            link = old.groups.get(change.group, GroupLink(NO_CONTACT_GROUP, ""))
            made = replace(link, contact_group=ContactGroupId(row.group_id), name=change.name, made=True)
            fresh[change.group] = made
    return fresh


def _contact_links(steps: Iterable[tuple[ChangeRow, Change]], old: Links) -> dict[Address, ContactLink | None]:
    fresh = dict(old.contacts)
    touched: dict[Address, ContactLink | None] = {}
    for row, change in steps:
        match change:
            case RemoveFromGroup(address=key):
                filled = {group for group, link in old.groups.items() if link.contact_group == row.group_id}
                touched[key] = without(Links(fresh), key, filled | {change.group})
            case DeactivateContact(address=key):
                touched[key] = without(Links(fresh), key)
            case LowerRole(address=key, group=group, role=role) if key in fresh and group in fresh[key].memberships:
                memberships = {**fresh[key].memberships, group: replace(fresh[key].memberships[group], role=role)}
                touched[key] = replace(fresh[key], memberships=memberships)
            case MoveServiceGroup(address=key, service_group=service) if key in fresh:
                touched[key] = replace(fresh[key], service_group=service)
            case ClearServiceGroup(address=key) if key in fresh:
                touched[key] = without(Links({key: replace(fresh[key], service_group=None)}), key, set())
            case _:
                continue
        if (link := touched[key]) is None:
            fresh.pop(key, None)
        else:
            fresh[key] = link
    return touched
