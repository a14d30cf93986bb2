"""The form's lists as they are published in table `formlists`, each in a partition of its own.

A list is published for a version of what it is made from. Whoever finds another version there makes it anew, so a
customer that was added or removed a moment ago needs no timer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from servorg.form_lists import Entry, Item
from shared.tables import Operation, Tables, rows, write_batches

if TYPE_CHECKING:
    from azure.data.tables import TableClient

FRESH = 5.0  # seconds for which a process shows what it has without asking its table
_PER_ROW = 40  # items: each is at most 658 characters of JSON, and a text of a table has at most 32,768


@dataclass(frozen=True, slots=True)
class Source:
    """What a list is made from. `version` changes whenever `items` may have changed, and is asked before them."""

    version: Callable[[], str]
    items: Callable[[], Iterable[Item]]


@dataclass(frozen=True, slots=True)
class _Held:
    version: str
    entries: tuple[Entry, ...]
    until: float


class FormLists:
    """The lists by name; threads may share it. `clock` is in seconds. Calls raise AzureError without storage."""

    def __init__(self, tables: Tables, sources: Mapping[str, Source], clock: Callable[[], float]) -> None:
        self._tables, self._sources, self._clock = tables, sources, clock
        self._held: dict[str, _Held] = {}
        self._locks = {name: threading.Lock() for name in sources}

    def shown(self, name: str) -> tuple[Entry, ...]:
        """The entries of a list, at most 5 seconds old."""
        with self._locks[name]:
            held, now = self._held.get(name), self._clock()
            if held is None or now >= held.until:
                held = self._held[name] = self._renewed(name, held, now + FRESH)
        return held.entries

    def publish(self, name: str) -> int:
        """Makes the list anew and writes it into its table; how many items it has."""
        with self._locks[name]:
            version = self._sources[name].version()
            items = self._published(name, version)
            self._held[name] = _held(version, items, self._clock() + FRESH)
        return len(items)

    def _renewed(self, name: str, held: _Held | None, until: float) -> _Held:
        version = self._sources[name].version()
        if held is not None and held.version == version:
            return _Held(version, held.entries, until)
        found = _items(list(rows(self._table, name)), version)
        return _held(version, self._published(name, version) if found is None else found, until)

    def _published(self, name: str, version: str) -> list[Item]:
        items = list(self._sources[name].items())
        wanted = _rows(name, version, items)
        kept = {row["RowKey"] for row in wanted}
        old = [row for row in rows(self._table, name, select=["PartitionKey", "RowKey"]) if row["RowKey"] not in kept]
        operations: list[Operation] = [("replace", row) for row in wanted]
        write_batches(self._table, [*operations, *(("delete", row) for row in old)])
        return items

    @property
    def _table(self) -> TableClient:
        return self._tables.table("formlists")


def _held(version: str, items: Iterable[Item], until: float) -> _Held:
    return _Held(version, tuple(map(Entry.of, items)), until)


def _rows(name: str, version: str, items: list[Item]) -> list[dict[str, Any]]:
    parts = [list(part) for part in batched(items, _PER_ROW, strict=False)] or [[]]
    common = {"PartitionKey": name, "version": version, "parts": len(parts)}
    return [{**common, "RowKey": f"{number:05}", "items": _json(part)} for number, part in enumerate(parts)]


def _json(part: list[Item]) -> str:
    return json.dumps([[one.name, one.identifier] for one in part], ensure_ascii=False, separators=(",", ":"))


def _items(found: list[Mapping[str, Any]], version: str) -> list[Item] | None:
    """The items of that version, or None when these rows are not all of it: older, half written, or none at all."""
    if not found or any(row["version"] != version or row["parts"] != len(found) for row in found):
        return None
    return [Item(name, identifier) for row in found for name, identifier in json.loads(row["items"])]
