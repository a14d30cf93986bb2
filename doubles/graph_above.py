"""What stands above a user or a group: the groups that contain it, directly or through others, and what a user owns.

Sources: https://learn.microsoft.com/graph/api/user-list-memberof, .../group-list-memberof, .../user-list-ownedobjects
and their transitive sisters. Directory roles and administrative units, which Graph lists there too, are not modelled.
For an application the page about users names Directory.Read.All; here, as for other relations, the right to read the
object itself opens the list, and what may not be read comes without its properties (permissions-overview, "Limited
information returned for inaccessible member objects").
"""

from collections import deque

from doubles.graph_query import Refusal
from doubles.graph_reach import HIDDEN
from doubles.tokens import Caller
from doubles.world import Group, Relation, Thing, User

ABOVE = ("memberOf", "transitiveMemberOf", "ownedObjects")


def above(caller: Caller, thing: Thing, relation: str, kind: type[Thing]) -> list[str]:
    """The sorted ids of what stands above `thing` by one of the relations ABOVE; Refusal when it has no such one."""
    match relation.lower():
        case "ownedobjects" if not isinstance(thing, User):
            raise Refusal(400, "BadRequest", f"Resource not found for the segment '{relation}'.")
        case "ownedobjects":
            found = _containing(caller, "owners", thing.id)
        case "memberof":
            found = _containing(caller, "members", thing.id)
        case _:
            found = _climb(caller, thing.id)
    return sorted(one for one in found if issubclass(Group, kind) and one != thing.id)


def _containing(caller: Caller, relation: Relation, thing: str) -> set[str]:
    """The living groups with the thing in this relation; a hidden membership is left out in silence."""
    groups = caller.tenant.edges[relation].items()
    return {group for group, ids in groups if thing in ids and _is_shown(caller, relation, group)}


def _is_shown(caller: Caller, relation: Relation, group: str) -> bool:
    there = caller.tenant.things.get(group)
    hidden = isinstance(there, Group) and there.hidden and relation == "members" and not caller.may(HIDDEN)
    return there is not None and not hidden


def _climb(caller: Caller, thing: str) -> set[str]:
    seen: set[str] = set()
    waiting = deque([thing])
    while waiting:
        new = _containing(caller, "members", waiting.popleft()) - seen
        seen |= new
        waiting.extend(sorted(new))
    return seen
