"""The steps of a plan: one class for each kind, with natural keys, and their JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, ClassVar

from shared.core.model import AccountId, Address, ContactGroupId, EntraGroupId, GroupRole


class Kind(StrEnum):
    """The kinds of change, in the order in which a plan has them: grow before shrink."""

    CREATE_CONTACT = "create contact"
    ACTIVATE_CONTACT = "activate contact"
    RENAME_GROUP = "rename contact group"
    CREATE_GROUP = "create contact group"
    ADD_TO_GROUP = "add to contact group"
    RAISE_ROLE = "raise role"
    LINK_SERVICE_GROUP = "link service group"
    LOWER_ROLE = "lower role"
    REMOVE_FROM_GROUP = "remove from contact group"
    MOVE_SERVICE_GROUP = "move service group"
    CLEAR_SERVICE_GROUP = "clear service group"
    DEACTIVATE_CONTACT = "deactivate contact"


REMOVALS = frozenset(
    {
        Kind.LOWER_ROLE,
        Kind.REMOVE_FROM_GROUP,
        Kind.MOVE_SERVICE_GROUP,
        Kind.CLEAR_SERVICE_GROUP,
        Kind.DEACTIVATE_CONTACT,
    }
)
"""The kinds that take something away from somebody; the gates judge them."""


@dataclass(frozen=True, slots=True)
class CreateContact:
    """A contact that the account does not have yet."""

    kind: ClassVar[Kind] = Kind.CREATE_CONTACT
    account: AccountId
    address: Address
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class ActivateContact:
    """A contact that is there and inactive."""

    kind: ClassVar[Kind] = Kind.ACTIVATE_CONTACT
    account: AccountId
    address: Address


@dataclass(frozen=True, slots=True)
class RenameGroup:
    """A contact group that a run made follows its Entra group's name."""

    kind: ClassVar[Kind] = Kind.RENAME_GROUP
    account: AccountId
    group: EntraGroupId
    name: str
    before: str


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """`besides` are contact groups of this name that belong to others: none of them is what was created."""

    kind: ClassVar[Kind] = Kind.CREATE_GROUP
    account: AccountId
    group: EntraGroupId
    name: str
    besides: tuple[ContactGroupId, ...] = ()


@dataclass(frozen=True, slots=True)
class AddToGroup:
    """A contact joins a contact group; `name` is the contact group's."""

    kind: ClassVar[Kind] = Kind.ADD_TO_GROUP
    account: AccountId
    group: EntraGroupId
    name: str
    address: Address
    role: GroupRole


@dataclass(frozen=True, slots=True)
class RaiseRole:
    """A contact of a contact group gets a higher role than it had `before`."""

    kind: ClassVar[Kind] = Kind.RAISE_ROLE
    account: AccountId
    group: EntraGroupId
    name: str
    address: Address
    role: GroupRole
    before: GroupRole


@dataclass(frozen=True, slots=True)
class LowerRole:
    """A contact of a contact group loses a role that a run gave."""

    kind: ClassVar[Kind] = Kind.LOWER_ROLE
    account: AccountId
    group: EntraGroupId
    name: str
    address: Address
    role: GroupRole
    before: GroupRole


@dataclass(frozen=True, slots=True)
class RemoveFromGroup:
    """`replaced_by` is the address under which the same Entra user stays: the removal waits for its additions."""

    kind: ClassVar[Kind] = Kind.REMOVE_FROM_GROUP
    account: AccountId
    group: EntraGroupId
    name: str
    address: Address
    role: GroupRole
    replaced_by: Address | None = None


@dataclass(frozen=True, slots=True)
class LinkServiceGroup:
    """A contact without a service group of its own gets one; `name` is the service group's."""

    kind: ClassVar[Kind] = Kind.LINK_SERVICE_GROUP
    account: AccountId
    address: Address
    service_group: int
    name: str


@dataclass(frozen=True, slots=True)
class MoveServiceGroup:
    """A contact gets another service group than the one that is `lost`."""

    kind: ClassVar[Kind] = Kind.MOVE_SERVICE_GROUP
    account: AccountId
    address: Address
    service_group: int
    name: str
    lost: int


@dataclass(frozen=True, slots=True)
class ClearServiceGroup:
    """A contact loses the service group `lost`; the account's counts again. `replaced_by` as in RemoveFromGroup."""

    kind: ClassVar[Kind] = Kind.CLEAR_SERVICE_GROUP
    account: AccountId
    address: Address
    lost: int
    replaced_by: Address | None = None


@dataclass(frozen=True, slots=True)
class DeactivateContact:
    """`replaced_by` as in RemoveFromGroup."""

    kind: ClassVar[Kind] = Kind.DEACTIVATE_CONTACT
    account: AccountId
    address: Address
    replaced_by: Address | None = None


type Removal = LowerRole | RemoveFromGroup | MoveServiceGroup | ClearServiceGroup | DeactivateContact
type Growth = CreateContact | ActivateContact | RenameGroup | CreateGroup | AddToGroup | RaiseRole | LinkServiceGroup
type Change = Growth | Removal
OF_GROUP = (RenameGroup, CreateGroup, AddToGroup, RaiseRole, LowerRole, RemoveFromGroup)
"""Changes that name a contact group, by its Entra group."""

CLASSES: dict[Kind, type[Change]] = {
    cls.kind: cls
    for cls in (
        CreateContact,
        ActivateContact,
        RenameGroup,
        CreateGroup,
        AddToGroup,
        RaiseRole,
        LinkServiceGroup,
        LowerRole,
        RemoveFromGroup,
        MoveServiceGroup,
        ClearServiceGroup,
        DeactivateContact,
    )
}
_FIELDS = {cls: attrgetter("kind", *cls.__slots__) for cls in CLASSES.values()}
_ROLES = ("role", "before")


def fields_of(change: Change) -> tuple[Any, ...]:
    """The change as a tuple: its kind, then its fields in their order."""
    found: tuple[Any, ...] = _FIELDS[type(change)](change)
    return found


def to_json(change: Change) -> dict[str, Any]:
    """The change as JSON values: its fields, and `kind`."""
    return {"kind": change.kind} | {name: getattr(change, name) for name in change.__slots__}


def from_json(row: Mapping[str, Any]) -> Change:
    """The change that `to_json` wrote; ValueError or TypeError when it is none."""
    kind = Kind(row["kind"])
    fields = {name: value for name, value in row.items() if name != "kind"}
    if kind is not Kind.RENAME_GROUP:
        fields |= {name: GroupRole(fields[name]) for name in _ROLES if name in fields}
    if kind is Kind.CREATE_GROUP:
        fields["besides"] = tuple(fields["besides"])
    return CLASSES[kind](**fields)
