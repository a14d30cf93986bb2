"""Queries of alerts and workbook against docs/telemetry.md, whose tables tests/unit compares with the code."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shared.telemetry import COUNTERS, GAUGES

ROOT = Path(__file__).parents[2]
COMPARED = re.compile(r'\b(event|Name)\)? (?:==|in) \(?((?:"[^"]+"(?:, )?)+)')


def name_faults(folder: Path) -> list[str]:
    """Events, fields of events and metrics that a query names and nobody tells."""
    return [f"{name}: {fault}" for name, query in queries(folder).items() for fault in _faults(query)]


def queries(folder: Path) -> dict[str, str]:
    """The queries of the alerts and of the workbook, by file or by item."""
    workbook = json.loads((folder / "workbook.json").read_text(encoding="utf-8"))
    shown = {one["name"]: one["content"]["query"] for one in workbook["items"] if one["type"] != 1}
    return shown | {path.name: path.read_text(encoding="utf-8") for path in (folder / "queries").glob("*.kql")}


def _faults(query: str) -> Iterator[str]:
    named: dict[str, set[str]] = {"event": set(), "Name": set()}
    for kind, texts in COMPARED.findall(query):
        named[kind] |= set(re.findall(r'"([^"]+)"', texts))
    fields = set(re.findall(r"\bsaid\.(\w+)", query)) - {"event"}
    known = set().union(*(told().get(event, set()) for event in named["event"]))
    yield from (f"nobody logs {event!r}" for event in sorted(named["event"] - told().keys()))
    yield from (f"no event of it has {field!r}" for field in sorted(fields - known))
    yield from (f"there is no metric {one!r}" for one in sorted(named["Name"] - COUNTERS.keys() - GAUGES.keys()))


@cache
def told() -> dict[str, set[str]]:
    """Each event that the page tells, with its fields."""
    lines = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8").splitlines()
    rows = [re.match(r"\| `([^`]+)` \| (?:info|warning|error) \| ([^|]*) \|", line) for line in lines]
    return {row[1]: set(re.findall(r"`(\w+)`", row[2])) for row in rows if row}
