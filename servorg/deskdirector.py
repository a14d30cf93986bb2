"""DeskDirector's side of the ports `DeskReader` and `DeskWriter`, in the words of the dialect.

Only here an account is a company and a contact group a user group or team: DeskDirector's own words end in this module.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from servorg.desk_access import open_line
from servorg.desk_fields import wrong
from servorg.desk_http import Call, DeskHttp
from servorg.desk_rows import ContactRow, Rows, Whereabouts, read_all
from servorg.dialect import PAGE, Action, Dialect
from servorg.ports import Budget
from shared.core.model import (
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    GroupRole,
    fold,
)
from shared.errors import DeskInDoubt, DeskRejected, DeskUnavailable
from shared.settings import ServOrgSettings

log = logging.getLogger(__name__)


def connect(settings: ServOrgSettings, budget: Budget) -> "DeskDirector":
    """The adapter for the site of the settings; nothing is sent yet. SettingsError for a wrong dialect or API key."""
    return DeskDirector(*open_line(settings, budget))


class DeskDirector:
    """One DeskDirector site; threads may share it. Every request waits for the budget."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self._dialect, self._rows, self._http = dialect, Rows(dialect), http
        self._paths, self._words = dialect.paths, dialect.request

    # Reading

    def account(self, account: AccountId, with_users_of: Callable[[ContactGroup], bool]) -> Account:
        """As the port says. A contact without a usable address is left out: nobody can match it.

        Of two contacts with one address the active one counts, then the one with the lower id.
        """
        contacts = self._find_contacts(account, {})
        groups = self._groups(account)
        return Account(
            account,
            _by_address(account, contacts),
            {group.id: self._with_users(account, group) if with_users_of(group) else group for group in groups},
        )

    def find_contact(self, account: AccountId, address: Address) -> Contact | None:
        """As the port says: found without the state filter, then each candidate read by its id (second look §4)."""
        hits = self._find_contacts(account, {self._words.email: address})
        read = (self._contact(hit.id) for hit in hits if hit.address == address)
        return _by_address(account, [row for row in read if row and row.account == account]).get(address)

    def accounts_of(self, addresses: Collection[Address]) -> Mapping[Address, Mapping[AccountId, str]]:
        """As the port says, by as few requests as it can: at most one for each address, and one more."""
        places = self._find_everywhere(addresses) if len(addresses) > 1 else None
        if places is None:
            finds = (self._pages(self._paths.find_contacts, {self._words.email: one}) for one in sorted(addresses))
            places = list(filter(None, (self._rows.whereabouts(row) for page in finds for row in page(0)[0])))
        found: dict[Address, dict[AccountId, str]] = {}
        for address, account, name in places:
            if address in addresses:
                found.setdefault(address, {})[account] = name
        return found

    def find_groups(self, account: AccountId, name: str) -> tuple[ContactGroup, ...]:
        # Without DeskDirector's own search, of which nobody knows how it takes blanks and signs.
        return tuple(group for group in self._groups(account) if fold(group.name) == fold(name))

    def list_groups(self, account: AccountId) -> tuple[ContactGroup, ...]:
        return self._groups(account)

    def list_service_groups(self) -> Mapping[str, tuple[int, ...]]:
        call = self._action(self._dialect.actions.list_service_groups, {})
        rows = read_all(
            "the service groups", lambda _: self._rows.page(self._http.ask(call)), self._rows.service_group, _first
        )
        ids = defaultdict[str, list[int]](list)
        for number, name in rows.values():
            ids[fold(name)].append(number)
        return {name: tuple(sorted(numbers)) for name, numbers in ids.items()}

    def accounts_with_tag(self, tag: str) -> tuple[AccountId, ...]:
        path, filters = self._paths.find_accounts, {self._words.tags: [tag]}
        rows = self._find(f"the accounts tagged {tag}", path, filters, self._rows.account, _first)
        if any(tag not in tags for _, _, tags in rows):
            raise wrong("an account", "that does not have the tag which was searched")
        return tuple(sorted(account for account, active, _ in rows if active))

    def tagged_accounts(self) -> Mapping[str, tuple[AccountId, ...]]:
        rows = self._find("the accounts", self._paths.find_accounts, {}, self._rows.account, _first)
        found = defaultdict[str, list[AccountId]](list)
        for account in sorted(rows, key=_first):
            for tag in account[2] if account[1] else ():
                found[tag].append(account[0])
        return {tag: tuple(accounts) for tag, accounts in found.items()}

    def group_users(self, account: AccountId, group: ContactGroupId) -> Mapping[ContactId, GroupRole] | None:
        try:
            return self._with_users(account, ContactGroup(group, "")).users
        except DeskRejected as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _find_contacts(self, account: AccountId, filters: Mapping[str, Any]) -> list[ContactRow]:
        what, path = f"the contacts of account {account}", self._paths.find_contacts
        filters = {self._words.company_id: account, **filters}
        rows = self._find(what, path, filters, self._rows.contact, lambda row: row.id)
        if any(row.account != account for row in rows):
            raise wrong("a contact", "of another account than was asked for")
        return rows

    def _find_everywhere(self, addresses: Collection[Address]) -> list[Whereabouts] | None:
        """The contacts of these addresses among all of the site; None when that is more pages than addresses.

        Not by `read_all`: while other customers are synced, the list of all changes from page to page.
        """
        page = self._pages(self._paths.find_contacts, {})
        rows, total = page(0)
        if total > len(rows) * (len(addresses) + 1):
            return None
        found, read = list[Whereabouts](), 0
        while rows:
            found += [place for place in map(self._rows.whereabouts, rows) if place and place[0] in addresses]
            read += len(rows)
            rows = page(read)[0] if read < total else []
        return found

    def _contact(self, contact: ContactId) -> ContactRow | None:
        try:
            row = self._rows.contact(
                self._http.ask(Call(method="GET", path=self._paths.contact.format(contactId=contact)))
            )
        except DeskRejected as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if row.id != contact:
            raise wrong("a contact", "of another id than was asked for")
        return row

    def _groups(self, account: AccountId) -> tuple[ContactGroup, ...]:
        what, path = f"the contact groups of account {account}", self._paths.find_groups
        rows = self._find(what, path, {self._words.company_id: account}, self._rows.group, lambda row: row[1].id)
        if any(owner != account for owner, _ in rows):
            raise wrong("a contact group", "of another account than was asked for")
        return tuple(group for _, group in rows)

    def _with_users(self, account: AccountId, group: ContactGroup) -> ContactGroup:
        path = self._paths.group_users.format(companyId=account, teamId=_step(group.id))

        def page(skip: int) -> tuple[list[Any], int]:
            query = {self._words.skip: skip, self._words.take: PAGE}
            return self._rows.page(self._http.ask(Call(method="GET", path=path, query=query, as_agent=True)))

        rows = read_all(f"the users of contact group {group.id}", page, self._rows.group_user, _first)
        return replace(group, users=dict(rows.values()))

    def _find[T](
        self, what: str, path: str, filters: Mapping[str, Any], parse: Callable[[Any], T], key: Callable[[T], Hashable]
    ) -> list[T]:
        return list(read_all(what, self._pages(path, filters), parse, key).values())

    def _pages(self, path: str, filters: Mapping[str, Any]) -> Callable[[int], tuple[list[Any], int]]:
        """Reads the page of a find that begins after so many rows; with the number of all."""

        def page(skip: int) -> tuple[list[Any], int]:
            body = {**filters, self._words.skip: skip, self._words.take: PAGE}
            return self._rows.page(self._http.ask(Call(method="POST", path=path, body=body)))

        return page

    # Writing

    def create_contact(self, account: AccountId, address: Address, first_name: str, last_name: str) -> ContactId:
        words = self._words
        names = {
            words.first_name: first_name,
            words.last_name: last_name,
            words.full_name: f"{first_name} {last_name}".strip(),
        }
        body = {words.company_id: account, words.email: address}
        body |= {word: name for word, name in names.items() if word is not None and name}
        return self._created(
            Call(method="POST", path=self._paths.contacts, body=body, create=True), self._rows.contact_id
        )

    def activate_contact(self, contact: ContactId) -> None:
        self._http.tell(self._action(self._dialect.actions.activate_contact, {self._words.contact_id: contact}))

    def deactivate_contact(self, contact: ContactId) -> None:
        self._http.tell(self._action(self._dialect.actions.deactivate_contact, {self._words.contact_id: contact}))

    def create_group(self, account: AccountId, name: str) -> ContactGroupId:
        body = {self._words.company_id: account, self._words.group_name: name}
        call = self._action(self._dialect.actions.create_contact_group, body)
        return self._created(replace(call, create=True), self._rows.group_id)

    def rename_group(self, account: AccountId, group: ContactGroupId, name: str) -> None:
        words = self._words
        body = {words.company_id: account, words.contact_group_id: group, words.group_name: name}
        self._http.tell(self._action(self._dialect.actions.rename_contact_group, body))

    def set_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId, role: GroupRole) -> None:
        path, body = self._group_user(account, group, contact), {self._words.role: self._dialect.roles.word(role)}
        self._http.tell(Call(method="PUT", path=path, body=body, as_agent=True))

    def remove_group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId) -> None:
        try:
            self._http.tell(Call(method="DELETE", path=self._group_user(account, group, contact), as_agent=True))
        except DeskRejected as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise

    def set_service_group(self, contact: ContactId, service_group: int | None) -> None:
        body = {self._words.contact_id: contact, self._words.service_group_id: service_group}
        self._http.tell(self._action(self._dialect.actions.set_contact_service_group, body))

    def _created[T](self, call: Call, read: Callable[[Any], T]) -> T:
        answer = self._http.ask(call)
        try:
            return read(answer)
        except DeskUnavailable as error:
            raise DeskInDoubt(str(error)) from error

    def _group_user(self, account: AccountId, group: ContactGroupId, contact: ContactId) -> str:
        return self._paths.group_user.format(companyId=account, teamId=_step(group), contactId=contact)

    def _action(self, action: Action, body: Mapping[str, Any]) -> Call:
        path = self._paths.action.format(function=_step(action.id))
        return Call(method="POST", path=path, body=body, category=action.category)


def _step(text: str) -> str:
    return quote(text, safe="")


def _first[T](row: tuple[T, *tuple[Any, ...]]) -> T:
    return row[0]


def _by_address(account: AccountId, rows: Iterable[ContactRow]) -> dict[Address, Contact]:
    """The contacts by their addresses, unique per account (a fact); if not, the active, older one counts."""
    found: dict[Address, Contact] = {}
    for contact in sorted(filter(None, (row.contact for row in rows)), key=lambda one: (not one.active, one.id)):
        first = found.setdefault(contact.address, contact)
        if first is not contact:
            log.warning(
                "account %s has two contacts of one address: %s counts, %s does not", account, first.id, contact.id
            )
    return found
