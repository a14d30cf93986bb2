"""What may be taken away, and when: the prune policy, protected addresses, and the grace before a removal."""

from dataclasses import dataclass

from shared.core.changes import Removal
from shared.core.model import Address, Prune

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """A configuration's say on removals. `now` is unix seconds; the grace periods are in days, 0 removes at once."""

    now: float
    prune: Prune = Prune.MANAGED
    protected: frozenset[Address] = frozenset()
    grace_contacts: int = 0
    grace_memberships: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A removal whose grace ends at `until` (unix seconds)."""

    change: Removal
    until: float


@dataclass(frozen=True, slots=True)
class Scope:
    """What a share limit is judged in: an account's contacts, or one contact group (`name`).

    `of` counts the managed things there before the plan; `emptied`: nobody at all is desired there any more.
    """

    name: str
    removals: int
    of: int
    emptied: bool = False


def grace_ends(since: float | None, days: int, now: float) -> tuple[float, float]:
    """When the grace began and when it is over, for something that was marked at `since` or is marked now.

    A mark of the future (a clock that jumped) counts as made now.
    """
    began = now if since is None else min(since, now)
    return began, began + days * DAY
