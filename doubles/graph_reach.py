"""Who is in a group, directly or through nested groups, as the caller may see it; once per state of the tenant."""

from collections import deque
from collections.abc import Iterator

from doubles.tokens import Caller
from doubles.world import Group, Relation, Tenant, Thing

HIDDEN = "Member.Read.Hidden"


class Reach:
    """Sorted lists of ids per tenant, group and relation."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str, type[Thing], bool], list[str]] = {}
        self._version: dict[str, int] = {}

    def ids(self, caller: Caller, group: str, relation: str, kind: type[Thing]) -> list[str]:
        """The ids of a kind in `members`, `transitivemembers` or `owners` of a group, sorted, each once."""
        tenant, hidden = caller.tenant, caller.may(HIDDEN)
        self._renew(tenant)
        key = (tenant.id, group, relation, kind, hidden)
        if key not in self._kept:
            found = _all(tenant, group, relation, hidden=hidden)
            self._kept[key] = sorted(one for one in found if isinstance(tenant.things[one], kind))
        return self._kept[key]

    def everyone(self, caller: Caller, kind: type[Thing]) -> list[str]:
        """The ids of all things of a kind, sorted."""
        tenant = caller.tenant
        self._renew(tenant)
        key = (tenant.id, "", "", kind, True)
        if key not in self._kept:
            self._kept[key] = [thing.id for thing in tenant.of(kind)]
        return self._kept[key]

    def forget(self) -> None:
        """Drops everything: another world was loaded."""
        self._kept.clear()
        self._version.clear()

    def _renew(self, tenant: Tenant) -> None:
        if self._version.get(tenant.id) != tenant.version:
            self._kept = {key: ids for key, ids in self._kept.items() if key[0] != tenant.id}
            self._version[tenant.id] = tenant.version


def _all(tenant: Tenant, group: str, relation: str, *, hidden: bool) -> set[str]:
    if relation == "transitivemembers":
        return _nested(tenant, group, hidden=hidden)
    return set(_direct(tenant, group, "owners" if relation == "owners" else "members", hidden=hidden))


def _direct(tenant: Tenant, group: str, relation: Relation, *, hidden: bool) -> Iterator[str]:
    thing = tenant.things.get(group)
    # Hidden membership is left out in silence, also of a group that is nested in a visible one.
    if relation == "members" and isinstance(thing, Group) and thing.hidden and not hidden:
        return
    for other in tenant.edges[relation].get(group, ()):
        if other in tenant.things:
            yield other


def _nested(tenant: Tenant, group: str, *, hidden: bool) -> set[str]:
    seen: set[str] = set()
    waiting = deque([group])
    while waiting:
        for other in _direct(tenant, waiting.popleft(), "members", hidden=hidden):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen - {group}
