"""Sync mode 3: which service group each person shall have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.core.catalogue import Catalogue, ServiceGroup
from shared.core.census import AnyGroup, Census
from shared.core.model import Address, EntraGroup, EntraGroupId, Reason, Skipped, fold


@dataclass(slots=True)
class Services:
    """The service group of each person who shall have one, and `served`: of each Entra group.

    `spared` are service groups that nobody may take from a person: they may be those of his groups, which is not clear.
    """

    people: dict[Address, ServiceGroup] = field(default_factory=dict)
    served: dict[EntraGroupId, int] = field(default_factory=dict)
    spared: dict[Address, set[int]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


def link_services(groups: Iterable[AnyGroup], census: Census, catalogue: Catalogue) -> Services:
    """The service group of each person in a group of its name; groups without one, and people in several, are told.

    Of several the one named first in the precedence counts, then the first by name.
    """
    services = Services()
    several: dict[Address, set[ServiceGroup]] = {}
    for group in sorted(groups, key=lambda g: g.id):
        people = census.inside(group)
        found = services_named(group.name, catalogue)
        if len(found) == 1:
            services.served[group.id] = found[0]
            service = ServiceGroup(found[0], " ".join(group.name.split()))
            for person in people & services.people.keys():
                several.setdefault(person, {services.people[person]}).add(service)
            services.people |= dict.fromkeys(people, service)
        else:
            _unclear(services, group, people, found, catalogue)
    ranks = {fold(name): rank for rank, name in reversed(list(enumerate(catalogue.precedence)))}
    services.people |= {person: _first(person, offered, ranks, services) for person, offered in several.items()}
    return services


def services_named(name: str, catalogue: Catalogue) -> tuple[int, ...]:
    """The ids of the service groups that have a group's name; only of one alone it is certain."""
    return catalogue.services.get(fold(name), ()) if name.strip() else ()


def _unclear(
    services: Services, group: AnyGroup, people: Iterable[Address], found: tuple[int, ...], catalogue: Catalogue
) -> None:
    """A group whose service group is gone, renamed or doubled takes nothing from its people, and is told."""
    ids = {*found, *(catalogue.served[one] for one in {group.id} & catalogue.served.keys())}
    for person in people:
        services.spared.setdefault(person, set()).update(ids)
    if group.name.strip() or isinstance(group, EntraGroup):
        reason = Reason.AMBIGUOUS_SERVICE_GROUP if found else Reason.NO_SERVICE_GROUP
        services.skipped.append(Skipped(group.name, reason, group.id))


def _first(person: Address, several: set[ServiceGroup], ranks: Mapping[str, int], services: Services) -> ServiceGroup:
    ordered = sorted(several, key=lambda s: (ranks.get(fold(s.name), len(ranks)), fold(s.name), s.name))
    if len({service.id for service in several}) > 1:
        names = ", ".join(service.name for service in ordered)
        services.skipped.append(Skipped(person, Reason.SEVERAL_SERVICE_GROUPS, names))
    return ordered[0]
