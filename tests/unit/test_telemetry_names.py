"""What is logged, traced and measured is what docs/telemetry.md tells, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shared.telemetry import COUNTERS, FIELDS, GAUGES, SPANS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
FILES = [file for role in ("shared", "servorg", "custorg") for file in sorted((ROOT / role).rglob("*.py"))]
CODE = [ast.parse(file.read_text(encoding="utf-8")) for file in FILES]
NOTES = {"parent"}  # of `span`: no fact


def calls(*names: str) -> Iterator[ast.Call]:
    """The calls of these functions in what ships."""
    for tree in CODE:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node


def texts(node: ast.expr) -> set[str]:
    """The text or, of `a if b else c`, both."""
    ends = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return {end.value for end in ends if isinstance(end, ast.Constant) and isinstance(end.value, str)}


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the tables whose first column has this heading: first cell, the others."""
    found, inside = dict[str, list[str]](), False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and (name := re.fullmatch("`(.+)`", cells[0])):
            found[name[1]] = cells[1:]
    return found


def in_ticks(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def events() -> dict[str, set[str]]:
    """Each event of the code with the fields that are named where it is logged."""
    found: dict[str, set[str]] = {}
    for call in calls("log_event"):
        fields = {keyword.arg for keyword in call.keywords if keyword.arg}
        for event in texts(call.args[1]):
            found.setdefault(event, set()).update(fields)
    return found


def test_every_event_has_a_name_that_stands_in_the_code() -> None:
    assert all(texts(call.args[1]) for call in calls("log_event"))


def test_the_page_tells_every_event_and_no_other() -> None:
    assert table("event").keys() == events().keys()


def test_the_page_tells_every_field_of_an_event() -> None:
    told = {event: in_ticks(cells[1]) for event, cells in table("event").items()}
    missing = {event: fields - told[event] for event, fields in events().items() if fields - told[event]}

    assert missing == {}


def test_the_page_tells_every_span_with_its_facts_and_no_other() -> None:
    told = {name: in_ticks(cells[1]) for name, cells in table("span").items()}
    facts = {
        name: {keyword.arg for keyword in call.keywords if keyword.arg} - NOTES
        for call in calls("span")
        for name in texts(call.args[0])
    }

    assert told.keys() == facts.keys() == SPANS.keys()
    assert {name: more for name, known in facts.items() if (more := known - told[name])} == {}
    assert set.union(*told.values()) <= FIELDS


def test_the_page_tells_every_metric_with_what_it_is_told_by_and_no_other() -> None:
    told = {name: (cells[0], in_ticks(cells[1])) for name, cells in table("metric").items()}
    used: dict[str, tuple[str, set[str]]] = {}
    for call in calls("count", "tally", "gauge"):
        for name in texts(call.args[0]) if call.args else ():
            used[name] = ("gauge" if name in GAUGES else "counter", {one.arg for one in call.keywords if one.arg})

    assert told == used
    assert told.keys() == COUNTERS.keys() | GAUGES.keys()
    assert set.union(*(facts for _, facts in told.values())) <= FIELDS
