"""What only a CustOrg's app itself can tell of how it is, in memory: `custorg.ports.Probes`."""

from custorg.checkup import NEEDED
from shared.checks import Check, State


class FakeProbes:
    """A token with these roles; `error` is raised instead, when set."""

    def __init__(self, *roles: str) -> None:
        self.named = frozenset(roles or NEEDED)
        self.error: Exception | None = None
        self.storage_checks = [Check("table", State.OK, "a row was written, read and deleted")]

    async def roles(self) -> frozenset[str]:
        if self.error:
            raise self.error
        return self.named

    def storage(self) -> list[Check]:
        return self.storage_checks
