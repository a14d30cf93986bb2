"""Searching the groups table as a person types: words in any order, without regard to case and accents."""

import unicodedata
from collections.abc import Iterable

from shared.wire import GroupRow


def matching(rows: Iterable[GroupRow], search: str, *, chosen: bool | None) -> list[GroupRow]:
    """The rows whose name has every word of `search` in it; `chosen` None takes chosen and other ones."""
    words = _plain(search).split()
    return [
        row for row in rows if chosen in (None, row.sync) and all(word in _plain(row.name) for word in words)
    ]  # fmt: skip


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))
