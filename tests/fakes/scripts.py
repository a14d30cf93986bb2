"""What a fake remembers of its calls, and the errors that a test scripts for them."""

from dataclasses import dataclass
from typing import Any

READS = frozenset(
    {
        "account",
        "find_contact",
        "accounts_of",
        "find_groups",
        "list_groups",
        "list_service_groups",
        "accounts_with_tag",
        "tagged_accounts",
    }
)
"""The calls of the port that change nothing."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a port: its name and its arguments in order."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Script:
    """An error for calls of this name (None: any): `after` so many of them, `times` times; `done`: the work is done."""

    name: str | None
    error: BaseException
    times: int
    after: int
    done: bool

    def takes(self, name: str) -> bool:
        """Whether this call is hit; counts it."""
        if self.times == 0 or self.name not in (None, name):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True
