"""What DeskDirector answers, read strictly: a row that lacks something, or a list that does not add up, is an error."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from servorg.desk_fields import MISSING, field, first, flag, number, text, wrong
from servorg.dialect import AnswerWords, Dialect
from shared.core.model import AccountId, Address, Contact, ContactGroup, ContactGroupId, ContactId, GroupRole, address
from shared.errors import DeskUnavailable

type Whereabouts = tuple[Address, AccountId, str]
"""A contact's address, its account and that account's name."""


class Unsteady(Exception):
    """The pages of a list do not fit together; it may have changed while it was read."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as it was answered; `address` is None when its e-mail is no address that a person could have."""

    id: ContactId
    account: AccountId
    address: Address | None
    active: bool
    service_group: int | None

    @property
    def contact(self) -> Contact | None:
        """The contact, unless it has no usable address."""
        return None if self.address is None else Contact(self.id, self.address, self.active, self.service_group)


class Rows:
    """Reads rows in one dialect. Each call raises DeskUnavailable for what is no such row."""

    def __init__(self, dialect: Dialect) -> None:
        self._words: AnswerWords = dialect.answer
        self._roles = dialect.roles

    def contact(self, row: Any) -> ContactRow:
        """A contact of FindContacts or GetContact."""
        what, words = "a contact", self._words
        email = field(row, words.email, what)
        if not isinstance(email, str | None):
            raise wrong(what, "whose e-mail is no text")
        return ContactRow(
            ContactId(number(row, words.id, what)),
            self._company(row, what),
            address(email),
            flag(row, words.is_active, what),
            self._service_group(row, what),
        )

    def whereabouts(self, row: Any) -> Whereabouts | None:
        """Where a contact of FindContacts is, without the account's name where the answer has none; None when unclear.

        Other customers' contacts are among these rows: an odd one must not fail the run of whoever asks.
        """
        company = first(row, self._words.company) if isinstance(row, dict) else None
        if not isinstance(company, dict):
            return None
        email, account, name = (
            first(row, self._words.email),
            first(company, self._words.id),
            first(company, self._words.name),
        )
        known = address(email) if isinstance(email, str) else None
        if known is None or type(account) is not int:
            return None
        return known, AccountId(account), name if isinstance(name, str) else ""

    def group(self, row: Any) -> tuple[AccountId, ContactGroup]:
        """A contact group of FindUserGroups, and whose it is."""
        what = "a contact group"
        return self._company(row, what), ContactGroup(self.group_id(row), text(row, self._words.name, what))

    def group_id(self, row: Any) -> ContactGroupId:
        """A contact group's id: a text (deskdirector.md §1.6)."""
        found = text(row, self._words.id, "a contact group")
        # It becomes a step of a path, where one of only dots would name another place.
        if not found.strip("."):
            raise wrong("a contact group", "whose id is none")
        return ContactGroupId(found)

    def contact_id(self, row: Any) -> ContactId:
        """A contact's id, whatever else the row has."""
        return ContactId(number(row, self._words.id, "a contact"))

    def group_user(self, row: Any) -> tuple[ContactId, GroupRole]:
        """Who is in a contact group, with which role; a role that the dialect does not know is an error."""
        what = "a contact group's user"
        role = self._roles.role(field(row, self._words.role, what))
        if role is None:
            raise wrong(what, "whose role is unknown")
        return ContactId(number(row, self._words.id, what)), role

    def account(self, row: Any) -> tuple[AccountId, bool, tuple[str, ...]]:
        """An account's id, whether it is active, and its tags."""
        what = "an account"
        tags = field(row, self._words.tags, what)
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise wrong(what, "whose tags are no texts")
        return AccountId(number(row, self._words.id, what)), flag(row, self._words.is_active, what), tuple(tags)

    def service_group(self, row: Any) -> tuple[int, str]:
        """A service group's id and name."""
        what = "a service group"
        return number(row, self._words.id, what), text(row, self._words.name, what)

    def user_key(self, answer: Any) -> str:
        """The access token in the answer of an agent's user key."""
        return text(answer, self._words.user_key, "an access token")

    def page(self, answer: Any) -> tuple[list[Any], int]:
        """The rows of one page, and how many there are in all."""
        what = "a list"
        rows = field(answer, self._words.results, what)
        if not isinstance(rows, list):
            raise wrong(what, "without rows")
        total = number(answer, self._words.total_results, what)
        if total < 0:
            raise wrong(what, "of fewer than no rows")
        return rows, total

    def _company(self, row: Any, what: str) -> AccountId:
        return AccountId(number(field(row, self._words.company, what), self._words.id, f"{what}'s account"))

    def _service_group(self, row: Any, what: str) -> int | None:
        link = first(row, self._words.service_group)
        return None if link is None or link is MISSING else number(link, self._words.id, f"{what}'s service group")


def read_all[T, K: Hashable](
    what: str, page: Callable[[int], tuple[list[Any], int]], parse: Callable[[Any], T], key: Callable[[T], K]
) -> dict[K, T]:
    """Every row of a list by its key, as many distinct ones as it says it has; else DeskUnavailable. Never some.

    `page` reads the page that begins after so many rows. A list that changed meanwhile is read a second time.
    """
    try:
        return _one_pass(page, parse, key)
    except Unsteady:
        pass
    try:
        return _one_pass(page, parse, key)
    except Unsteady as reason:
        raise DeskUnavailable(f"{what} could not be read completely: {reason}") from None


def _one_pass[T, K: Hashable](
    page: Callable[[int], tuple[list[Any], int]], parse: Callable[[Any], T], key: Callable[[T], K]
) -> dict[K, T]:
    rows, total = page(0)
    found: dict[K, T] = {}
    while True:
        for parsed in map(parse, rows):
            if found.setdefault(key(parsed), parsed) is not parsed:
                raise Unsteady(f"one row came twice among {total}")
        if len(found) == total:
            return found
        if not rows:
            raise Unsteady(f"{len(found)} rows instead of {total}")
        rows, now = page(len(found))
        if now != total:
            raise Unsteady(f"there were {total} rows, then {now}")
