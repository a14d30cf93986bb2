"""What a sync needs of the outside: two sides to read, one to write. Adapters and fakes provide it."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from shared.core.model import (
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    EntraSide,
    GroupRole,
)


class EntraSource(Protocol):
    """A customer's CustOrg."""

    def read(self, *, owners: bool) -> EntraSide:
        """Every chosen group with its people, each complete or unread; SourceError when there is no answer."""
        ...


class DeskReader(Protocol):
    """Reads DeskDirector. Each read is complete or a DeskError; inactive contacts are included."""

    def account(self, account: AccountId, with_users_of: Callable[[ContactGroup], bool]) -> Account:
        """All contacts and contact groups; who is in a group is read for the groups that `with_users_of` names."""
        ...

    def group_users(self, account: AccountId, group: ContactGroupId) -> Mapping[ContactId, GroupRole] | None:
        """Everyone in the contact group, asked for by its id, so also while lists lack it; None when it is gone."""
        ...

    def find_contact(self, account: AccountId, address: Address) -> Contact | None:
        """The account's contact with this address, active or not, read by its id; None when there is none."""
        ...

    def accounts_of(self, addresses: Collection[Address]) -> Mapping[Address, Mapping[AccountId, str]]:
        """The accounts, with their names, that have a contact of each of these addresses, active or not.

        An address that none has is left out. Only for people to know: a contact that comes or goes meanwhile may be
        missed, since all of a site's contacts are never quiet.
        """
        ...

    def find_groups(self, account: AccountId, name: str) -> tuple[ContactGroup, ...]:
        """The account's contact groups of exactly this name but for case (`fold`), without their users."""
        ...

    def list_groups(self, account: AccountId) -> tuple[ContactGroup, ...]:
        """All contact groups of the account, without their users."""
        ...

    def list_service_groups(self) -> Mapping[str, tuple[int, ...]]:
        """The ids of the site's service groups by their folded names; several where names differ only by case."""
        ...

    def accounts_with_tag(self, tag: str) -> tuple[AccountId, ...]:
        """The active accounts that have this tag, in order of their ids."""
        ...

    def tagged_accounts(self) -> Mapping[str, tuple[AccountId, ...]]:
        """The active accounts by each of their tags, in order of their ids: cheaper than one call for each tag."""
        ...


class DeskWriter(Protocol):
    """Writes to DeskDirector. Each call may be repeated, but for the two creates.

    Raises DeskRejected, DeskInDoubt (creates only), DeskThrottled, DeskUnavailable or DeskForbidden.
    """

    def create_contact(self, account: AccountId, address: Address, first_name: str, last_name: str) -> ContactId:
        """Makes an active contact. DeskRejected with status 409 when the account has one with this address."""
        ...

    def activate_contact(self, contact: ContactId) -> None: ...

    def deactivate_contact(self, contact: ContactId) -> None: ...

    def create_group(self, account: AccountId, name: str) -> ContactGroupId:
        """Makes a contact group; DeskDirector does not refuse a second one of the same name."""
        ...

    def rename_group(self, account: AccountId, group: ContactGroupId, name: str) -> None: ...

    def set_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId, role: GroupRole) -> None:
        """Puts the contact into the group or changes its role; 422 when it is in 50 groups already."""
        ...

    def remove_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId) -> None:
        """Takes the contact out of the group; not being in it counts as done."""
        ...

    def set_service_group(self, contact: ContactId, service_group: int | None) -> None:
        """Links the contact to this one service group; None clears the link, so that the account's counts again."""
        ...


class Desk(DeskReader, DeskWriter, Protocol):
    """Both ports together, as the adapter has them."""


class Budget(Protocol):
    """Requests per second to DeskDirector, over all instances."""

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        ...
