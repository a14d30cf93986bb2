"""What DeskDirector has that sync modes 3 and 4 need: service groups and tagged accounts. A sync makes neither."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.core.model import AccountId, EntraGroupId


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """A service group of DeskDirector; a sync never makes one."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What DeskDirector has for modes 3 and 4.

    `services` are the ids of service groups by folded name, `tagged` the accounts by tag; `foreign` are accounts that
    belong to other customers. `fed` are the accounts where runs put somebody by mode 4, with the groups that filled
    them; `served` is the service group of each Entra group that a run found one for. `precedence` are names of service
    groups, the first one wins.
    """

    services: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tagged: Mapping[str, tuple[AccountId, ...]] = field(default_factory=dict)
    foreign: AbstractSet[AccountId] = frozenset()
    fed: Mapping[AccountId, AbstractSet[EntraGroupId]] = field(default_factory=dict)
    served: Mapping[EntraGroupId, int] = field(default_factory=dict)
    precedence: tuple[str, ...] = ()
