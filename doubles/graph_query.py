"""What a request to Graph asks for: its OData options, checked as the directory service checks them.

Sources: https://learn.microsoft.com/graph/query-parameters, .../graph/aad-advanced-queries, .../graph/paging
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from doubles.graph_rows import prop, properties
from doubles.world import Thing

Test = Callable[[Thing], bool]
KNOWN = {"$select", "$top", "$count", "$filter", "$skiptoken", "$deltatoken"}
LITERAL = r"(?:'(?:[^']|'')*'|true|false|null)"
EQUALS = re.compile(rf"(\w+) (eq|ne) ({LITERAL})", re.IGNORECASE)
WITHIN = re.compile(rf"(\w+) in \(({LITERAL}(?: ?, ?{LITERAL})*)\)", re.IGNORECASE)
STARTS = re.compile(r"(startswith|endswith)\((\w+), ?('(?:[^']|'')*')\)", re.IGNORECASE)
ANY = re.compile(rf"(\w+)/any\((\w+): ?\2 eq ({LITERAL})\)", re.IGNORECASE)


class Refusal(Exception):
    """An answer with Graph's error body: status, code and message."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def unsupported(message: str) -> Refusal:
    """The refusal of a query that the directory service can't serve as it was put."""
    return Refusal(400, "Request_UnsupportedQuery", message)


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request for a list or an object of `kind`."""

    kind: type[Thing]
    select: tuple[str, ...] | None
    top: int
    count: bool
    eventual: bool
    after: str
    filter: str

    @classmethod
    def of(cls, request: web.Request, kind: type[Thing]) -> Self:
        """The request's options, or the Refusal that Graph gives for a wrong one."""
        options = request.query
        _check_names(options.keys())
        eventual = request.headers.get("ConsistencyLevel", "").lower() == "eventual"
        return cls(
            kind=kind,
            select=selection(options.get("$select"), kind),
            top=_top(options.get("$top", "100")),
            # Without the header $count=true is ignored in silence.
            count=eventual and options.get("$count", "").lower() == "true",
            eventual=eventual,
            after=_after(options.get("$skiptoken"), eventual=eventual),
            filter=options.get("$filter", ""),
        )

    @property
    def first(self) -> bool:
        """Whether this is the first page."""
        return not self.after

    def need_advanced(self, what: str) -> None:
        """Refuses what only advanced queries can do when the header or $count=true is missing."""
        if not self.count:
            raise unsupported(f"{what} needs the header ConsistencyLevel: eventual and $count=true.")

    def test(self) -> Test:
        """The filter as a function; Refusal when it is none of the documented simple forms."""
        return parse_filter(self) if self.filter else lambda _thing: True


def selection(text: str | None, kind: type[Thing]) -> tuple[str, ...] | None:
    """The selected properties in their order, None without a selection; Refusal for one that the type does not have."""
    if not text:
        return None
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in chosen:
        if name not in properties(kind):
            problem = f"Could not find a property named '{name}' on type 'microsoft.graph.{kind.type}'."
            raise Refusal(400, "BadRequest", f"Parsing OData Select and Expand failed: {problem}")
    return chosen


def page_token(after: str, *, eventual: bool) -> str:
    """The opaque `$skiptoken` of the page that begins behind this id."""
    return base64.urlsafe_b64encode(json.dumps([after, eventual]).encode()).decode().rstrip("=")


def parse_filter(query: Query) -> Test:
    """Clauses joined by `and` and `or` (`and` binds closer), without parentheses."""
    ways = [
        [_clause(clause, query) for clause in _split("and", way)] for way in _split("or", query.filter.strip())
    ]  # fmt: skip
    return lambda thing: any(all(test(thing) for test in tests) for tests in ways)


def _split(word: str, text: str) -> list[str]:
    # A word within quotes joins nothing: an even number of quotes must follow.
    return re.split(rf" {word} (?=(?:[^']*'[^']*')*[^']*$)", text, flags=re.IGNORECASE)


def _clause(text: str, query: Query) -> Test:
    text = text.strip()
    if found := EQUALS.fullmatch(text):
        name, operator, value = _property(found[1], query), found[2].lower(), _value(found[3])
        if operator == "ne":
            query.need_advanced("The operator ne")
            return lambda thing: _get(thing, name) != value
        return lambda thing: _get(thing, name) == value
    if found := WITHIN.fullmatch(text):
        name, values = _property(found[1], query), [_value(one) for one in re.findall(LITERAL, found[2])]
        return lambda thing: _get(thing, name) in values
    if found := STARTS.fullmatch(text):
        return _edge(found[1].lower(), _property(found[2], query), str(_value(found[3])), query)
    if found := ANY.fullmatch(text):
        name, value = _property(found[1], query), _value(found[3])
        return lambda thing: value in (_get(thing, name) or ())
    raise Refusal(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {text}")


def _edge(operator: str, name: str, value: str, query: Query) -> Test:
    if operator == "endswith":
        query.need_advanced("The operator endsWith")
        return lambda thing: str(_get(thing, name) or "").endswith(value)
    return lambda thing: str(_get(thing, name) or "").startswith(value)


def _property(name: str, query: Query) -> str:
    if name not in properties(query.kind):
        raise Refusal(400, "BadRequest", f"Invalid filter clause: Could not find a property named '{name}'.")
    return name


def _get(thing: Thing, name: str) -> Any:
    # The directory compares text without regard to case.
    value = prop(thing, name) if name in properties(type(thing)) else None
    if isinstance(value, list):
        return [one.lower() for one in value]
    return value.lower() if isinstance(value, str) else value


def _value(literal: str) -> Any:
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'").lower()
    return {"true": True, "false": False, "null": None}[literal.lower()]


def _check_names(names: Any) -> None:
    for name in names:
        if name == "$orderby":
            raise unsupported("Sorting not supported for current query.")
        if name == "$search":
            raise unsupported("Request with $search query parameter is not supported here.")
        if name.startswith("$") and name not in KNOWN:
            raise Refusal(400, "BadRequest", f"The query option '{name}' is not supported here.")


def _top(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 999:  # noqa: PLR2004 - the documented maximum
        raise Refusal(400, "Request_BadRequest", f"Invalid page size specified: '{text}'. Must be between 1 and 999.")
    return int(text)


def _after(token: str | None, *, eventual: bool) -> str:
    """The id behind which the page begins, "" for the first page.

    A page of an advanced query asked without the header fails: "additional request headers such as the ConsistencyLevel
    header are not included by default in subsequent page requests" (graph/paging), with the error of
    https://github.com/microsoftgraph/microsoft-graph-docs/issues/18514
    """
    if token is None:
        return ""
    try:
        after, advanced = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        message = "The specified page token value has expired and can no longer be included in your request."
        raise Refusal(400, "Directory_ExpiredPageToken", message) from error
    if advanced and not eventual:
        raise unsupported("Invalid search request.")
    return str(after)
