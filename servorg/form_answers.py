"""What a form asks for: the customer and the sync modes, by its answers. What is not clear is refused, not guessed."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from servorg.customer import Customer
from servorg.helpdesk import FieldAnswer, FormAnswers
from shared.core.model import SyncMode
from shared.core.ticket_words import Refusal, Why
from shared.core.words import MODES

CUSTOMER, MODE = "custorg_account", "sync_mode"
"""The identifiers of the form's two fields."""
API_ERROR = "api_error"
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sync of this customer in these modes."""

    customer: str
    modes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """One answer: `identifier` of what was picked from the list, or else what was written."""

    identifier: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        return self.identifier or self.text


def is_ours(answers: FormAnswers) -> bool:
    """Whether this is the sync's form: it has both of its fields."""
    return {CUSTOMER, MODE} <= answers.fields.keys()


def wanted(answers: FormAnswers, customers: Sequence[Customer]) -> Wanted | Refusal:
    """What the form wants, or why that can't be told."""
    customer = _customer(answers, customers)
    if isinstance(customer, Refusal):
        return customer
    modes = _modes(answers)
    return modes if isinstance(modes, Refusal) else Wanted(customer, modes)


def _customer(answers: FormAnswers, customers: Sequence[Customer]) -> str | Refusal:
    found: set[str] = set()
    for given in _given(CUSTOMER, answers):
        meant = {one.id for one in customers if given.identifier == one.id} or _called(given.text, customers)
        if not meant:
            return Refusal(Why.UNKNOWN_CUSTOMER, given.shown)
        found |= meant
    if len(found) > 1:
        return Refusal(Why.SEVERAL_CUSTOMERS, ", ".join(sorted(found)))
    return found.pop() if found else Refusal(Why.NO_CUSTOMER)


def _called(text: str, customers: Iterable[Customer]) -> set[str]:
    """The customer with this id, or else all with this name."""
    plain = _plain(text)
    return {one.id for one in customers if plain == _plain(one.id)} or {
        one.id for one in customers if plain and plain == _plain(one.name)
    }


def _modes(answers: FormAnswers) -> tuple[int, ...] | Refusal:
    found: set[int] = set()
    for given in _given(MODE, answers):
        for text in [given.identifier] if given.identifier else _listed(given.text):
            mode = _BY_NUMBER.get(text) if given.identifier else _BY_WORD.get(_plain(text))
            if mode is None:
                return Refusal(Why.UNKNOWN_MODE, text)
            found.add(mode)
    return tuple(sorted(found)) if found else Refusal(Why.NO_MODE)


def _given(field: str, answers: FormAnswers) -> Iterator[_Given]:
    answer = answers.fields[field]
    for pick in answer.picked:
        if pick.identifier in {f"{field}_{_OTHER}", API_ERROR}:
            yield from _written(answer, pick.name)
        else:
            yield _Given(identifier=pick.identifier.strip())
    if not answer.picked:
        yield from _written(answer, "")


def _written(answer: FieldAnswer, name: str) -> Iterator[_Given]:
    """The free text of "Other", which stands in the field's value (deskdirector.md §4.1), or else in its name."""
    text = answer.text.strip() or ("" if _plain(name) in {_OTHER, ""} else name.strip())
    if text:
        yield _Given(text=text)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;,\n]", text) if part.strip()]


def _plain(text: str) -> str:
    """As free text is compared: without case, accents and blanks."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c) and not c.isspace())
    return "".join(letters).casefold()


_BY_NUMBER = {str(int(mode)): int(mode) for mode in SyncMode}
_BY_WORD = (
    _BY_NUMBER
    | {f"mode{number}": mode for number, mode in _BY_NUMBER.items()}
    | {_plain(label): int(mode) for mode, label in MODES.items()}
)
