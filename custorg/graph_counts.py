"""Counting people and owners of several groups by one request: Graph's JSON batch, written and read.

https://learn.microsoft.com/graph/json-batching: at most 20 requests, each answered, refused or throttled on its own. By
hand, since msgraph-core's own batch needs a package that it does not declare (runtime.md). What is counted are users;
that and `$select` with `$top=1` keep a count at 3 resource units (graph.md).
"""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from custorg.graph_rows import Json
from custorg.ports import MOST_COUNTED, Counts
from shared.retry_after import BUSY, retry_after

OPTIONS = "$count=true&$top=1&$select=id"

type Question = tuple[str, str]
"""A group's id, and the relation that is counted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a batch's answer told: counts (None where Graph refused one), what to ask again, and after what wait."""

    counts: Mapping[Question, int | None]
    busy: tuple[Question, ...]
    wait: float | None


def questions(groups: Sequence[str], *, transitive: bool) -> tuple[Question, ...]:
    """What is asked of these groups, MOST_COUNTED at most."""
    if len(groups) > MOST_COUNTED:
        raise ValueError(f"{len(groups)} groups are more than a batch takes")
    inside = "transitiveMembers" if transitive else "members"
    return tuple((group, relation) for group in groups for relation in (inside, "owners"))


def batch(asked: Sequence[Question]) -> RequestInformation:
    """The request for all of it; a response's id is its place in `asked`."""
    information = RequestInformation(Method.POST, "{+baseurl}/$batch", {})
    rows = [_row(number, *question) for number, question in enumerate(asked)]
    information.set_stream_content(json.dumps({"requests": rows}).encode(), "application/json")
    information.headers.add("Accept", "application/json")
    return information


def heard(answer: Json, asked: Sequence[Question]) -> Heard:
    """The answer's counts. KeyError, TypeError or ValueError when it is not as documented."""
    responses = {int(row["id"]): row for row in answer["responses"]}
    paired = [(question, responses[number]) for number, question in enumerate(asked)]
    busy = [(question, row) for question, row in paired if row["status"] in BUSY]
    counts = {question: _count(row) for question, row in paired if row["status"] not in BUSY}
    waits = [wait for _, row in busy if (wait := _wait(row)) is not None]
    return Heard(counts, tuple(question for question, _ in busy), max(waits, default=None))


def by_group(counts: Mapping[Question, int | None], groups: Collection[str]) -> dict[str, Counts]:
    """The counts of each group."""
    people = {group: count for (group, relation), count in counts.items() if relation != "owners"}
    return {group: Counts(people[group], counts[group, "owners"]) for group in groups}


def _row(number: int, group: str, relation: str) -> Json:
    url = f"/groups/{group}/{relation}/microsoft.graph.user?{OPTIONS}"
    # A cast is an advanced query: https://learn.microsoft.com/graph/aad-advanced-queries
    return {"id": str(number), "method": "GET", "url": url, "headers": {"ConsistencyLevel": "eventual"}}


def _count(row: Json) -> int | None:
    if row["status"] != HTTPStatus.OK:
        return None
    count = row["body"]["@odata.count"]
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError("no count")
    return count


def _wait(row: Json) -> float | None:
    headers: Mapping[str, Any] = {str(name).lower(): value for name, value in (row.get("headers") or {}).items()}
    return retry_after(str(headers.get("retry-after", "")), time.time())
