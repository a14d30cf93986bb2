"""The words of this project as values: people and groups of Entra, contacts and contact groups of DeskDirector."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from sys import intern
from typing import NewType

Address = NewType("Address", str)
"""A mail address as `address()` makes it: trimmed and lower case. People are matched by it."""
AccountId = NewType("AccountId", int)
ContactId = NewType("ContactId", int)
ContactGroupId = NewType("ContactGroupId", str)
EntraGroupId = NewType("EntraGroupId", str)
EntraUserId = NewType("EntraUserId", str)

MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, without its angle brackets
MAX_GROUP_NAME = 100  # deskdirector-contract.yaml, ContactGroup.name
MAX_TAG = 50  # assumed: no length is published (deskdirector.md, question 18)
MAX_GROUPS_OF_A_CONTACT = 50  # DeskDirector server v21.15

_ADDRESS = re.compile(
    r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+@[^\s@<>,;:\"()\[\]\\/\x00-\x1f\x7f]+\.[^\s@<>,;:\"()\[\]\\/\x00-\x1f\x7f]+"
)


def address(text: str | None) -> Address | None:
    """The address in `text`, normalised; None when it is no address that a person could have.

    One text is one object, whichever side it was read on: that halves the time in which sides are compared.
    """
    folded = (text or "").strip().lower()
    return Address(intern(folded)) if len(folded) <= MAX_ADDRESS and _ADDRESS.fullmatch(folded) else None


def slug(name: str) -> str:
    """The tag of an account for a group of this name, such as `it-support-team`; empty when it has no plain letter.

    DeskDirector's tags have small English letters, digits and `+ - . #`, and no blanks (deskdirector.md §3); here only
    letters, digits and single dashes are used: accents are dropped, every run of anything else becomes a dash.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_TAG].strip("-")


def fold(name: str) -> str:
    """A name as names are compared: without case, and with each run of blanks as one."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


class SyncMode(IntEnum):
    """What a customer's chosen Entra groups become in DeskDirector; the numbers are the form's."""

    CONTACTS_ONLY = 1
    CONTACT_GROUPS = 2
    SERVICE_GROUPS = 3
    ACCOUNTS = 4
    CONTACT_GROUPS_WITH_OWNERS = 5


OF_OWN_ACCOUNT = frozenset(SyncMode) - {SyncMode.ACCOUNTS}
"""The modes that describe the contacts of the customer's own account."""
OF_CONTACT_GROUPS = frozenset({SyncMode.CONTACT_GROUPS, SyncMode.CONTACT_GROUPS_WITH_OWNERS})
"""The modes that describe contact groups."""


class Prune(StrEnum):
    """What a run may take away: nothing, what a run once desired, or everything that the modes describe."""

    OFF = "off"
    MANAGED = "managed"
    ALL = "all"


class GroupRole(StrEnum):
    """A contact's role in a contact group (deskdirector.md §2)."""

    GUEST = "guest"
    REGULAR = "regular"
    MANAGER = "manager"

    @property
    def rank(self) -> int:
        """The higher, the more the role may do."""
        return _RANK[self]


_RANK = {GroupRole.GUEST: 0, GroupRole.REGULAR: 1, GroupRole.MANAGER: 2}


class Reason(StrEnum):
    """Why somebody or something is left out of a plan. `shared.core.words` has the sentences."""

    GUEST = "guest"
    DISABLED = "disabled"
    NO_ADDRESS = "no usable address"
    UNVERIFIED_DOMAIN = "unverified domain"
    DUPLICATE_ADDRESS = "duplicate address"
    NOT_A_USER = "not a user"
    NAME_TOO_LONG = "group name too long"
    NAME_TAKEN = "group name taken"
    NO_NAME = "group without a name"
    TOO_MANY_GROUPS = "too many contact groups"
    UNREAD = "group not read"
    DELETED = "group deleted"
    AMBIGUOUS_GROUP = "several contact groups of this name"
    PROTECTED = "protected"
    NOT_MANAGED = "not managed"
    REPLACEMENT_MISSING = "replacement missing"
    IN_OTHER_ACCOUNT = "in another account"
    NO_SERVICE_GROUP = "no service group"
    AMBIGUOUS_SERVICE_GROUP = "several service groups of this name"
    SEVERAL_SERVICE_GROUPS = "several service groups for one person"
    NO_SLUG = "group name without a tag"
    SLUG_TAKEN = "several groups for one tag"
    NO_ACCOUNT = "no account with the tag"
    SEVERAL_ACCOUNTS = "several accounts with the tag"
    FOREIGN_ACCOUNT = "account of another customer"
    GROUP_LEFT_ALONE = "contact group of this name belongs to another Entra group"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a plan leaves out: an address or a group's name, why, and an id or a sentence that says more."""

    subject: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EntraUser:
    """A person of the directory as Graph tells it; nothing is judged yet.

    `address` is what DeskDirector may know the person by: `mail`, or without one the user principal name
    (architecture.md, The run, 2); None when that is no address.
    """

    id: EntraUserId
    upn: str
    mail: str | None = None
    proxy_addresses: tuple[str, ...] = ()
    display_name: str = ""
    given_name: str = ""
    surname: str = ""
    enabled: bool = True
    guest: bool = False
    address: Address | None = field(init=False)

    def __post_init__(self) -> None:
        """Normalises the address once, where the person is read. The name of somebody from elsewhere is no address."""
        name = None if "#EXT#" in self.upn.upper() else self.upn
        object.__setattr__(self, "address", address(self.mail or name))


@dataclass(frozen=True, slots=True)
class EntraGroup:
    """A chosen group, read completely. `others` are the ids of what is in it and is no user."""

    id: EntraGroupId
    name: str
    people: frozenset[EntraUserId] = frozenset()
    owners: frozenset[EntraUserId] = frozenset()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadGroup:
    """A chosen group that could not be read completely, and why.

    `people` is what was read when every page was, and only the count differed: enough to add, never to remove.
    """

    id: EntraGroupId
    name: str
    why: str
    people: frozenset[EntraUserId] = frozenset()
    owners: frozenset[EntraUserId] = frozenset()


@dataclass(frozen=True, slots=True)
class EntraSide:
    """One read of a customer's directory: the chosen groups and everyone in them.

    `deleted` are chosen groups that Graph proved to be gone. Addresses in `verified_domains` are lower case.
    """

    tenant_id: str
    verified_domains: frozenset[str]
    users: Mapping[EntraUserId, EntraUser]
    groups: tuple[EntraGroup, ...]
    unread: tuple[UnreadGroup, ...] = ()
    deleted: tuple[EntraGroupId, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of one account in DeskDirector."""

    id: ContactId
    address: Address
    active: bool = True
    service_group: int | None = None


@dataclass(frozen=True, slots=True)
class ContactGroup:
    """A contact group of one account, with everyone in it when it was read (`users` is None when it was not)."""

    id: ContactGroupId
    name: str
    users: Mapping[ContactId, GroupRole] | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account of DeskDirector, read completely: every contact, active or not, and every contact group."""

    id: AccountId
    contacts: Mapping[Address, Contact] = field(default_factory=dict)
    groups: Mapping[ContactGroupId, ContactGroup] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """A membership that a run desired: the role it gave and the role it found (None: the contact was not in).

    `leaving_since` (unix seconds) starts its grace. Not `managed`: it only carries that date, for `prune=all`.
    """

    role: GroupRole
    before: GroupRole | None = None
    leaving_since: float | None = None
    managed: bool = True


@dataclass(frozen=True, slots=True)
class ContactLink:
    """What runs once desired for one address of an account, so what they may take back.

    `memberships` are by Entra group; `service_group` is the one that runs linked. `leaving_since` (unix seconds) starts
    the contact's grace. Not `managed`: it only carries such dates, for `prune=all`.
    """

    entra_ids: tuple[EntraUserId, ...] = ()
    memberships: Mapping[EntraGroupId, Given] = field(default_factory=dict)
    leaving_since: float | None = None
    managed: bool = True
    service_group: int | None = None


NO_CONTACT_GROUP = ContactGroupId("")


@dataclass(frozen=True, slots=True)
class GroupLink:
    """The contact group of an Entra group that is or was chosen; `made` when a run created it.

    `service_group` is the one that had its name when a run last found one (sync mode 3).
    """

    contact_group: ContactGroupId
    name: str
    made: bool = False
    service_group: int | None = None

    @property
    def fills(self) -> bool:
        """Whether runs put the group's people into the account itself (sync mode 4)."""
        return self.contact_group == NO_CONTACT_GROUP and self.service_group is None


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one account: what is managed there."""

    contacts: Mapping[Address, ContactLink] = field(default_factory=dict)
    groups: Mapping[EntraGroupId, GroupLink] = field(default_factory=dict)
