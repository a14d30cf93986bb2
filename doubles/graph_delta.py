"""Delta queries of groups and users: rounds with pages, tokens, removals.

Sources: https://learn.microsoft.com/graph/delta-query-overview, .../graph/delta-query-groups, .../graph/api/group-delta
"""

import base64
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Self

from doubles.graph_query import Refusal, selection, unsupported
from doubles.graph_reach import HIDDEN
from doubles.graph_rows import row
from doubles.tokens import Caller
from doubles.world import EVERYTHING, RELATIONS, Group, Relation, Tenant, Thing

Json = dict[str, Any]
MAX_IDS = 50
LIFE = 7 * 24 * 3600
PAGE_ROWS = 100
ROW_REFERENCES = 500
FILTER = re.compile(r"id eq '([^']+)'(?: or id eq '([^']+)')*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a round watches: a type, its selected properties and relations, and perhaps only some ids."""

    kind: type[Thing]
    select: tuple[str, ...] | None
    relations: tuple[Relation, ...]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, kind: type[Thing], select: str | None, ids: str | None) -> Self:
        """From `$select` and `$filter` of a first request; Refusal for what delta does not support."""
        names = [name.strip() for name in select.split(",")] if select else []
        of_group = RELATIONS if kind is Group else ()
        related = tuple(name for name in of_group if name in names) if names else of_group[:1]
        plain = [name for name in names if name not in of_group]
        if names and "id" not in plain:
            plain = ["id", *plain]
        return cls(kind, selection(",".join(plain), kind), related, _ids(ids))

    def watches(self, thing_id: str, what: str) -> bool:
        """Whether a journal entry about this id and property or relation belongs to the round."""
        if self.ids and thing_id not in self.ids:
            return False
        return what == EVERYTHING or what in self.relations or self._selected(what)

    def _selected(self, what: str) -> bool:
        return what not in RELATIONS and (self.select is None or what in self.select)


@dataclass(slots=True)
class Rounds:
    """The pages of the rounds under way, so that a page that is asked for again is the same."""

    pages: list[list[Json]] = field(default_factory=list)

    def page(self, caller: Caller, kind: type[Thing], options: Mapping[str, str]) -> tuple[dict[str, str], list[Json]]:
        """`nextLink` or `deltaLink` with its query option, and the rows; Refusals as `read_token` and `Tracked.of`."""
        known = options.get("$skiptoken") or options.get("$deltatoken")
        until = caller.tenant.version
        if known == "latest":
            return {"deltaLink": f"$deltatoken={_token(_asked(kind, options), until=until)}"}, []
        if not known:
            tracked = _asked(kind, options)
            return self._show(tracked, *self._start(_first(caller, tracked)), until)
        tracked, state = read_token(known, kind, caller.tenant)
        if "page" in state:
            return self._show(tracked, state["page"], state["left"], state["until"])
        return self._show(tracked, *self._start(_since(caller, tracked, state["until"])), until)

    def _start(self, rows: Iterable[Json]) -> tuple[int, int]:
        pages = [list(page) for page in batched(rows, PAGE_ROWS, strict=False)] or [[]]
        self.pages += pages
        return len(self.pages) - len(pages), len(pages)

    def _show(self, tracked: Tracked, page: int, left: int, until: int) -> tuple[dict[str, str], list[Json]]:
        if left > 1:
            token = _token(tracked, page=page + 1, left=left - 1, until=until)
            return {"nextLink": f"$skiptoken={token}"}, self.pages[page]
        return {"deltaLink": f"$deltatoken={_token(tracked, until=until)}"}, self.pages[page]


def _asked(kind: type[Thing], options: Mapping[str, str]) -> Tracked:
    if wrong := options.keys() & {"$top", "$orderby", "$expand", "$count", "$search"}:
        raise unsupported(f"{min(wrong)} is not supported with delta.")
    return Tracked.of(kind, options.get("$select"), options.get("$filter"))


def _token(tracked: Tracked, **state: int) -> str:
    known = {"kind": tracked.kind.type, "select": tracked.select, "relations": tracked.relations, "ids": tracked.ids}
    text = json.dumps({**known, "issued": int(time.time()), **state})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(text: str, kind: type[Thing], tenant: Tenant) -> tuple[Tracked, Json]:
    """The token's parameters and state. Refusal 410 when it is over seven days old or was expired, 400 when it is none.

    410 comes with a Location: the first request again with an empty `$deltatoken` (delta-query-overview,
    "Synchronization reset"). The caller adds it, who knows the address.
    """
    try:
        state = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise Refusal(400, "Request_BadRequest", "Badly formed token.") from error
    if state["kind"] != kind.type:
        raise Refusal(400, "Request_BadRequest", "The token is of another collection.")
    if state["until"] <= tenant.expired or time.time() - state["issued"] > LIFE:
        raise Refusal(410, "syncStateNotFound", "The delta token is expired and data must be synchronized again.")
    select = tuple(state["select"]) if state["select"] else None
    return Tracked(kind, select, tuple(state["relations"]), tuple(state["ids"])), state


def _ids(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    if not FILTER.fullmatch(text.strip()):
        raise Refusal(400, "Request_UnsupportedQuery", "Only id eq '...' or id eq '...' is supported with delta.")
    ids = tuple(re.findall(r"'([^']+)'", text))
    if len(ids) > MAX_IDS:
        raise Refusal(400, "Request_UnsupportedQuery", f"At most {MAX_IDS} ids can be filtered.")
    return ids


def _first(caller: Caller, tracked: Tracked) -> Iterator[Json]:
    for thing in caller.tenant.of(tracked.kind):
        if not tracked.ids or thing.id in tracked.ids:
            # What was never set is left out of a first round.
            plain = {name: value for name, value in row(thing, tracked.select).items() if value is not None}
            everyone = {relation: _known(caller, relation, thing) for relation in tracked.relations}
            yield from _chunks(plain, {relation: [*ids] for relation, ids in everyone.items()}, caller, everyone)


def _since(caller: Caller, tracked: Tracked, since: int) -> Iterator[Json]:
    touched: dict[str, dict[str, dict[str, None]]] = {}
    for entry in caller.tenant.journal[since:]:
        if entry.type == tracked.kind.type and tracked.watches(entry.id, entry.what):
            others = touched.setdefault(entry.id, {}).setdefault(entry.what, {})
            others.update({entry.other: None} if entry.other else {})
    for thing_id, changes in touched.items():
        thing = caller.tenant.things.get(thing_id)
        if thing is None:
            yield {"id": thing_id, "@removed": {"reason": caller.tenant.removed[thing_id]}}
            continue
        now = {relation: _known(caller, relation, thing) for relation in tracked.relations}
        changed = {one: [*changes.get(one, ())] for one in now if not _unreadable(caller, one, thing)}
        yield from _chunks(row(thing, tracked.select), changed, caller, now)


def _known(caller: Caller, relation: Relation, group: Thing) -> dict[str, None]:
    return {} if _unreadable(caller, relation, group) else caller.tenant.edges[relation].get(group.id, {})


def _unreadable(caller: Caller, relation: Relation, group: Thing) -> bool:
    return relation == "members" and isinstance(group, Group) and group.hidden and not caller.may(HIDDEN)


def _chunks(
    plain: Json, changed: dict[Relation, list[str]], caller: Caller, now: dict[Relation, dict[str, None]]
) -> Iterator[Json]:
    """One row, or several with the same id when more changed than fits ("paging through members in a large group")."""
    whole = True
    for relation, ids in changed.items():
        for part in batched(ids, ROW_REFERENCES, strict=False):
            whole = False
            references = [_reference(caller.tenant, other, there=other in now[relation]) for other in part]
            yield {**plain, f"{relation}@delta": references}
    if whole:
        yield plain


def _reference(tenant: Tenant, other: str, *, there: bool) -> Json:
    kind = tenant.things[other].type if other in tenant.things else "user"
    gone = {} if there else {"@removed": {"reason": "deleted"}}
    return {"@odata.type": f"#microsoft.graph.{kind}", "id": other, **gone}
