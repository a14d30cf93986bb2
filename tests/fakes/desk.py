"""DeskDirector in memory: both ports, its rules, its state and the log of calls. tests/contract keeps it honest."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from shared.core.model import (
    MAX_GROUP_NAME,
    MAX_GROUPS_OF_A_CONTACT,
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    GroupRole,
    address,
    fold,
)
from shared.errors import DeskRejected
from tests.fakes.scripts import READS, Called, Script


@dataclass(slots=True)
class FakeAccount:
    """One account as people could see it in DeskDirector."""

    tags: tuple[str, ...] = ()
    active: bool = True
    name: str = ""
    contacts: dict[ContactId, Contact] = field(default_factory=dict)
    groups: dict[ContactGroupId, str] = field(default_factory=dict)
    users: dict[ContactGroupId, dict[ContactId, GroupRole]] = field(default_factory=dict)


class FakeDesk:
    """Both ports. `add_*`, `edit_contact`, `put` and `take` are done by hand; `read` looks without being a call."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, FakeAccount] = {}
        self.service_groups: dict[int, str] = {}
        self.calls: list[Called] = []
        self.index_lag = 0
        """So many finds miss what a call creates from now on."""
        self._scripts: list[Script] = []
        self._hidden: dict[ContactId | ContactGroupId, int] = {}
        self._finds = 0
        self._ids: Iterator[int] = count(1001, 7)
        self._lock = threading.RLock()

    # By hand

    def add_account(self, account: int, *tags: str, active: bool = True, name: str = "") -> AccountId:
        """A new, empty account."""
        self.accounts[AccountId(account)] = FakeAccount(tags, active, name)
        return AccountId(account)

    def add_contact(
        self, account: int, mail: str, *, active: bool = True, service_group: int | None = None
    ) -> ContactId:
        """A new contact; the account is made when it is not there. ValueError for no address or a taken one."""
        found = address(mail)
        if found is None or any(other.address == found for other in self._place(account).contacts.values()):
            raise ValueError(f"{mail!r} is no address, or there is a contact of it already")
        contact = Contact(ContactId(next(self._ids)), found, active, service_group)
        self._place(account).contacts[contact.id] = contact
        return contact.id

    def add_group(self, account: int, name: str, users: Mapping[ContactId, GroupRole] | None = None) -> ContactGroupId:
        """A new contact group; the account is made when it is not there."""
        group = ContactGroupId(f"{next(self._ids)}-A")
        self._place(account).groups[group] = name
        self._place(account).users[group] = dict(users or {})
        return group

    def add_service_group(self, name: str) -> int:
        """A new service group."""
        number = next(self._ids)
        self.service_groups[number] = name
        return number

    def edit_contact(self, contact: ContactId, **changes: Any) -> None:
        """Other values for fields of a contact."""
        place = self._of_contact(contact)
        place.contacts[contact] = replace(place.contacts[contact], **changes)

    def put(self, group: ContactGroupId, contact: ContactId, role: GroupRole) -> None:
        """A contact in a group, or in another role."""
        self._of_group(group).users[group][contact] = role

    def take(self, group: ContactGroupId, contact: ContactId) -> None:
        """A contact out of a group."""
        self._of_group(group).users[group].pop(contact, None)

    def fail(
        self, name: str | None, error: BaseException, *, times: int = 1, after: int = 0, done: bool = False
    ) -> Script:
        """Calls of this name (None: any) raise the error; with `done` the work is done and only the answer is lost."""
        self._scripts.append(Script(name, error, times, after, done))
        return self._scripts[-1]

    def read(self, account: int) -> Account:
        """All of an account as it is, with everyone in every group."""
        return self._account(AccountId(account), lambda _: True, lambda _: True)

    @property
    def writes(self) -> list[Called]:
        """The calls so far that were to change something, refused ones too."""
        return [called for called in self.calls if called.name not in READS]

    # DeskReader

    def account(self, account: AccountId, with_users_of: Callable[[ContactGroup], bool]) -> Account:
        return self._call("account", (account,), lambda: self._account(account, with_users_of, self._indexed()))

    def group_users(self, account: AccountId, group: ContactGroupId) -> Mapping[ContactId, GroupRole] | None:
        def users() -> Mapping[ContactId, GroupRole] | None:
            found = self.accounts.get(account, FakeAccount()).users.get(group)
            return None if found is None else dict(found)

        return self._call("group_users", (account, group), users)

    def find_contact(self, account: AccountId, address: Address) -> Contact | None:
        def find() -> Contact | None:
            return self._account(account, lambda _: False, self._indexed()).contacts.get(address)

        return self._call("find_contact", (account, address), find)

    def accounts_of(self, addresses: Collection[Address]) -> Mapping[Address, Mapping[AccountId, str]]:
        def find() -> Mapping[Address, Mapping[AccountId, str]]:
            found: dict[Address, dict[AccountId, str]] = {}
            sees = self._indexed()
            for account, place in self.accounts.items():
                for contact in place.contacts.values():
                    if contact.address in addresses and sees(contact.id):
                        found.setdefault(contact.address, {})[account] = place.name
            return found

        return self._call("accounts_of", (frozenset(addresses),), find)

    def find_groups(self, account: AccountId, name: str) -> tuple[ContactGroup, ...]:
        def find() -> tuple[ContactGroup, ...]:
            groups = self._account(account, lambda _: False, self._indexed()).groups.values()
            return tuple(group for group in groups if fold(group.name) == fold(name))

        return self._call("find_groups", (account, name), find)

    def list_groups(self, account: AccountId) -> tuple[ContactGroup, ...]:
        def find() -> tuple[ContactGroup, ...]:
            return tuple(self._account(account, lambda _: False, self._indexed()).groups.values())

        return self._call("list_groups", (account,), find)

    def list_service_groups(self) -> Mapping[str, tuple[int, ...]]:
        def ids() -> Mapping[str, tuple[int, ...]]:
            found: dict[str, tuple[int, ...]] = {}
            for number, name in sorted(self.service_groups.items()):
                found[fold(name)] = (*found.get(fold(name), ()), number)
            return found

        return self._call("list_service_groups", (), ids)

    def accounts_with_tag(self, tag: str) -> tuple[AccountId, ...]:
        def find() -> tuple[AccountId, ...]:
            return tuple(sorted(key for key, place in self.accounts.items() if place.active and tag in place.tags))

        return self._call("accounts_with_tag", (tag,), find)

    def tagged_accounts(self) -> Mapping[str, tuple[AccountId, ...]]:
        def find() -> Mapping[str, tuple[AccountId, ...]]:
            active = {key: place for key, place in sorted(self.accounts.items()) if place.active}
            tags = {tag for place in active.values() for tag in place.tags}
            return {tag: tuple(key for key, place in active.items() if tag in place.tags) for tag in tags}

        return self._call("tagged_accounts", (), find)

    # DeskWriter

    def create_contact(self, account: AccountId, address: Address, first_name: str, last_name: str) -> ContactId:
        def create() -> ContactId:
            contacts = self._existing(account).contacts
            if any(contact.address == address for contact in contacts.values()):
                raise DeskRejected(409, "the account has a contact of this address")
            contact = Contact(ContactId(next(self._ids)), address)
            contacts[contact.id] = contact
            return self._hide(contact.id)

        return self._call("create_contact", (account, address, first_name, last_name), create)

    def activate_contact(self, contact: ContactId) -> None:
        self._call("activate_contact", (contact,), lambda: self.edit_contact(contact, active=True))

    def deactivate_contact(self, contact: ContactId) -> None:
        self._call("deactivate_contact", (contact,), lambda: self.edit_contact(contact, active=False))

    def create_group(self, account: AccountId, name: str) -> ContactGroupId:
        def create() -> ContactGroupId:
            place = self._existing(account)
            group = ContactGroupId(f"{next(self._ids)}-A")
            place.groups[group], place.users[group] = _group_name(name), {}
            return self._hide(group)

        return self._call("create_group", (account, name), create)

    def rename_group(self, account: AccountId, group: ContactGroupId, name: str) -> None:
        def rename() -> None:
            self._with_group(account, group).groups[group] = _group_name(name)

        self._call("rename_group", (account, group, name), rename)

    def set_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId, role: GroupRole) -> None:
        def join() -> None:
            place = self._with_group(account, group)
            if contact not in place.contacts:
                raise DeskRejected(404, "the account has no such contact")
            if not place.contacts[contact].active:
                raise DeskRejected(422, "the contact is inactive")
            others = sum(contact in users for key, users in place.users.items() if key != group)
            if contact not in place.users[group] and others >= MAX_GROUPS_OF_A_CONTACT:
                raise DeskRejected(422, "the contact is in 50 contact groups already")
            place.users[group][contact] = role

        self._call("set_group_user", (account, group, contact, role), join)

    def remove_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId) -> None:
        users = self.accounts.get(account, FakeAccount()).users.get(group, {})
        self._call("remove_group_user", (account, group, contact), lambda: users.pop(contact, None))

    def set_service_group(self, contact: ContactId, service_group: int | None) -> None:
        def link() -> None:
            if service_group is not None and service_group not in self.service_groups:
                raise DeskRejected(404, "there is no such service group")
            self.edit_contact(contact, service_group=service_group)

        self._call("set_service_group", (contact, service_group), link)

    # How it works

    def _call[T](self, name: str, arguments: tuple[Any, ...], work: Callable[[], T]) -> T:
        with self._lock:
            self.calls.append(Called(name, arguments))
            script = next((script for script in self._scripts if script.takes(name)), None)
            if script is None:
                return work()
            if script.done:
                work()
            raise script.error

    def _account(
        self,
        account: AccountId,
        with_users_of: Callable[[ContactGroup], bool],
        sees: Callable[[ContactId | ContactGroupId], bool],
    ) -> Account:
        place = self.accounts.get(account, FakeAccount())
        contacts = {contact.address: contact for contact in place.contacts.values() if sees(contact.id)}
        groups = {key: ContactGroup(key, name) for key, name in place.groups.items() if sees(key)}
        for key, group in groups.items():
            if with_users_of(group):
                groups[key] = replace(group, users=dict(place.users[key]))
        return Account(account, contacts, groups)

    def _hide[K: (ContactId, ContactGroupId)](self, key: K) -> K:
        if self.index_lag:
            self._hidden[key] = self._finds + self.index_lag
        return key

    def _indexed(self) -> Callable[[ContactId | ContactGroupId], bool]:
        self._finds += 1
        now = self._finds
        return lambda key: self._hidden.get(key, 0) < now

    def _place(self, account: int) -> FakeAccount:
        return self.accounts.setdefault(AccountId(account), FakeAccount())

    def _existing(self, account: AccountId) -> FakeAccount:
        if account not in self.accounts:
            raise DeskRejected(404, "there is no such account")
        return self.accounts[account]

    def _with_group(self, account: AccountId, group: ContactGroupId) -> FakeAccount:
        place = self._existing(account)
        if group not in place.groups:
            raise DeskRejected(404, "the account has no such contact group")
        return place

    def _of_contact(self, contact: ContactId) -> FakeAccount:
        for place in self.accounts.values():
            if contact in place.contacts:
                return place
        raise DeskRejected(404, "there is no such contact")

    def _of_group(self, group: ContactGroupId) -> FakeAccount:
        return next(place for place in self.accounts.values() if group in place.groups)


def _group_name(name: str) -> str:
    if not name.strip() or len(name) > MAX_GROUP_NAME:
        raise DeskRejected(400, "a contact group's name has 1 to 100 letters")
    return name
