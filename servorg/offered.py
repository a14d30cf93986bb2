"""What a CustOrg offers, beside what this ServOrg knows: an older or newer one is told so, and still served."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.wire import VERSION, Offers

OUTLOOK = "tell-group-outlook"
HEALTH = "check-health"
WITHOUT: Mapping[str, str] = {
    "get-entra-groups": "its groups cannot be listed by `groups`",
    "get-groups-and-members": "no run can read its groups",
    "explain-person": "`explain` cannot look for a person in its groups",
    "update-entra-groups-table": "its groups table is refreshed by its own timer alone",
    "reset-entra-groups-table": "its groups table cannot be reset by `groups --reset`",
    OUTLOOK: "its page does not tell what becomes of each group",
    HEALTH: "`doctor` cannot tell what its permissions and its storage are like",
}
"""Every command that this ServOrg knows, with what does not work where it is missing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A CustOrg's version, the commands that it lacks, and those that this ServOrg does not know."""

    version: int
    lacks: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def older(self) -> bool:
        """Whether the CustOrg should be updated."""
        return self.version < VERSION or bool(self.lacks)

    @property
    def newer(self) -> bool:
        """Whether this ServOrg should be updated."""
        return self.version > VERSION or bool(self.unknown)

    def sentences(self) -> list[str]:
        """What follows from it, for operators; nothing when both are alike."""
        versions = f"it speaks version {self.version}, this ServOrg {VERSION}" if self.version != VERSION else ""
        return [
            *(["The CustOrg is older than this ServOrg; update its function app."] if self.older else []),
            *(["The CustOrg is newer than this ServOrg; update this function app."] if self.newer else []),
            *([f"Versions differ: {versions}."] if versions else []),
            *(f"Without {name} {WITHOUT[name]}." for name in self.lacks),
            *(f"This ServOrg does not know {name}, so it does not use it." for name in self.unknown),
        ]


def compare(offers: Offers) -> Compared:
    """What the offers lack, and what they have beyond this ServOrg."""
    names = [command.name for command in offers.commands]
    lacks = tuple(name for name in WITHOUT if name not in names)
    return Compared(offers.version, lacks, _beyond(names))


def _beyond(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names) - WITHOUT.keys()))
