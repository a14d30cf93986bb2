"""The two lists of the form "Sync User Group": whose sync it is about, and how to sync.

A dynamic field of DeskDirector asks for them from the user's browser (deskdirector.md §4.1).
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from servorg.form_asked import Asked

NAMES = ACCOUNTS, SYNC_MODES = "accounts", "sync-modes"
MOST_ITEMS = 30  # what a field shows at most
LONGEST_NAME = 100  # characters; longer ones are cut by DeskDirector, and identifiers over 50 too
# The words of the solution's guide. Its first one is what a customer's first sync should be (ruling 34).
_RECOMMENDED = " (recommended for the first sync)"
_MODES = {
    1: f"Sync contacts only{_RECOMMENDED}",
    2: "Add contacts to Contact Group",
    3: "Link contacts to Service Group",
    4: "Sync Entra groups as Accounts",
    5: "Add Entra group owners and members to Contact Group",
}
# Letters with a stroke or of two letters: Unicode takes no accent off them, but people search without it.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Item:
    """What a person can choose: a name of at most 100 characters, an identifier of at most 50."""

    name: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An item with the words by which it is found: name and identifier as `plain` writes them."""

    item: Item
    name: str
    text: str

    @classmethod
    def of(cls, item: Item) -> Self:
        """The item, ready to be searched."""
        name = plain(item.name)
        return cls(item, name, f"{name} {plain(item.identifier)}")


class Lists(Protocol):
    """The published lists; servorg.form_store says what the call promises."""

    def shown(self, name: str) -> tuple[Entry, ...]:
        """The entries of the list ACCOUNTS or SYNC_MODES."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer needs. `admit` raises CommandRefused for a token that is not good; `configured` tells modes."""

    admit: Callable[[str], None]
    lists: Lists
    configured: Callable[[str], tuple[int, ...]]


type Shown = dict[str, object]
"""`{"value": [{"name", "identifier"}], "request": {"term", "ticketId"}}`."""


def accounts(form: Form, asked: Asked) -> Shown:
    """The customers that are found. CommandRefused when the person may not see them."""
    form.admit(asked.token)
    return _answer(asked, search(form.lists.shown(ACCOUNTS), asked.term))


def sync_modes(form: Form, asked: Asked) -> Shown:
    """The sync modes that are found; those of the customer chosen before are marked. CommandRefused as `accounts`."""
    form.admit(asked.token)
    customer, entries = _chosen(form.lists, asked), form.lists.shown(SYNC_MODES)
    modes = form.configured(customer) if customer else ()
    found = search(entries, asked.term)
    # A customer that nobody configured is in mode 1, so that mode alone tells nothing.
    return _answer(asked, found if modes == (1,) else [_marked(item, modes) for item in found])


def _chosen(lists: Lists, asked: Asked) -> str | None:
    """The customer that was chosen before; None without one, or with several."""
    answers = asked.answers()
    if not answers:
        return None
    found = {entry.item.identifier for entry in lists.shown(ACCOUNTS)} & answers
    return found.pop() if len(found) == 1 else None


def _marked(item: Item, modes: tuple[int, ...]) -> Item:
    return replace(item, name=f"{item.name} (configured now)") if item.identifier in map(str, modes) else item


def _answer(asked: Asked, found: Iterable[Item]) -> Shown:
    value = [{"name": item.name, "identifier": item.identifier} for item in found]
    return {"value": value, "request": {"term": asked.term, "ticketId": asked.ticket}}


def search(entries: Sequence[Entry], term: str) -> list[Item]:
    """The first 30 entries in which each word of `term` occurs, without regard to case and accents.

    Those whose name begins with the term come first, then those in which a word does; otherwise the order stays.
    """
    whole = " ".join(plain(term).split())
    words = whole.split()
    found = [entry for entry in entries if all(word in entry.text for word in words)]
    found.sort(key=lambda entry: _distance(entry.name, whole))
    return [entry.item for entry in found[:MOST_ITEMS]]


def _distance(name: str, term: str) -> int:
    if name.startswith(term):
        return 0
    return 1 if f" {term}" in name else 2


def plain(text: str) -> str:
    """`text` without case and accents, in any script: what is equal here is the same to whoever searches."""
    # Folded before and after: some letters are taken apart only when small, some give capitals when taken apart.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_STROKES)


def customer_items(customers: Iterable[tuple[str, str]]) -> list[Item]:
    """The choices for customers given as id and name, by name. Names that look alike are told apart by the id."""
    named = [(customer, " ".join(name.split()) or customer) for customer, name in customers]
    alike = Counter(_look(name) for _, name in named)
    items = [
        Item(_with_id(name, one) if alike[_look(name)] > 1 else _cut(name, LONGEST_NAME), one) for one, name in named
    ]
    return sorted(items, key=lambda item: (plain(item.name), item.identifier))


def mode_items() -> list[Item]:
    """The choices for sync modes, the one that is recommended first."""
    return [Item(name, str(mode)) for mode, name in _MODES.items()]


def mode_version() -> str:
    """Another text whenever the choices for sync modes are others."""
    return version_of(mode_items())


def version_of(items: Iterable[Item]) -> str:
    """A short text that other items do not have."""
    return hashlib.sha256(repr(tuple(items)).encode()).hexdigest()[:16]


def _look(name: str) -> str:
    return plain(_cut(name, LONGEST_NAME))


def _with_id(name: str, customer: str) -> str:
    end = f" ({customer})"
    return _cut(name, LONGEST_NAME - len(end)) + end


def _cut(text: str, room: int) -> str:
    """`text` in at most `room` characters as a browser counts them: those beyond the basic plane are two."""
    if _units(text) <= room:
        return text
    kept = text[: room - 1]
    while _units(kept) > room - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _units(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)
