"""Why a person is, or is not, where he is: what is known of him as values, and which rules that means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.core.census import usable_address, why_not
from shared.core.changes import Change
from shared.core.match import aliases
from shared.core.model import (
    AccountId,
    Address,
    Contact,
    ContactLink,
    EntraGroupId,
    EntraUser,
    GroupRole,
    Reason,
    Skipped,
    SyncMode,
    address,
)

_HELD, _WAITING, _FAILED = "held", "waiting", {"failed", "in doubt"}


class Found(StrEnum):
    """By what a user of the directory has an address."""

    MAIL = "mail address"
    UPN = "user principal name"
    PROXY = "proxy address"


@dataclass(frozen=True, slots=True)
class InGroup:
    """A chosen group of a person; `path` leads down to the group that he is directly in, empty for owners only."""

    id: EntraGroupId
    name: str
    path: tuple[str, ...] = ()
    owner: bool = False


@dataclass(frozen=True, slots=True)
class InEntra:
    """A user who has the address."""

    user: EntraUser
    found: Found
    groups: tuple[InGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """What the CustOrg told; the fields are those of `wire.PersonExplained`."""

    people: tuple[InEntra, ...]
    domains: frozenset[str]
    transitive: bool = True
    capped: bool = False
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Managed:
    """What runs gave to an address of an account; `names` are those of the Entra groups."""

    account: AccountId
    address: Address
    link: ContactLink
    names: Mapping[EntraGroupId, str]


@dataclass(frozen=True, slots=True)
class InDesk:
    """A contact as it is now, with its roles in those of its contact groups that the sync fills."""

    account: AccountId
    contact: Contact
    roles: Mapping[str, GroupRole] = field(default_factory=dict)
    service_group: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A change that names the person, and the run that it is of."""

    run: str
    run_status: str
    digest: str
    at: datetime | None
    change: Change
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """What the records tell: of so many runs since then, newest first.

    `last` is the last run that read both sides. `skipped` is what it left out of the person and of his groups,
    `own` the part about the person himself.
    """

    runs: int
    since: datetime
    mentions: tuple[Mention, ...] = ()
    last: str = ""
    skipped: tuple[Skipped, ...] = ()
    own: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of an address at a customer. A problem says why a side was not asked, or could not answer."""

    customer: str
    asked: Address
    addresses: tuple[Address, ...]
    modes: tuple[SyncMode, ...]
    protected: tuple[Address, ...]
    links: tuple[Managed, ...]
    history: History
    directory: Directory | None = None
    directory_problem: str = ""
    contacts: tuple[InDesk, ...] = ()
    desk_problem: str = ""

    @property
    def known(self) -> bool:
        """Whether anything but protection knows this address."""
        people = self.directory.people if self.directory else ()
        return bool(people or self.links or self.history.mentions or self.history.own or self.contacts)


class Ground(StrEnum):
    """A rule that decides where a person is."""

    COUNTS = "counts"
    NOT_YET = "not yet synced"
    LEFT_OUT = "left out"
    NO_GROUP = "in no chosen group"
    NOT_SEEN = "not certain"
    OWNER_ONLY = "owner only"
    NOT_IN_ENTRA = "not in Entra"
    PROTECTED = "protected"
    IN_GRACE = "in grace"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Why:
    """A ground and whom it is about; `reason` is a code of Reason or a sentence, `run` the one that decided so."""

    ground: Ground
    about: str
    reason: str = ""
    run: str = ""
    digest: str = ""


def found_by(user: EntraUser, asked: Address) -> Found:
    """By what the user has the address."""
    if address(user.mail) == asked:
        return Found.MAIL
    return Found.UPN if address(user.upn) == asked else Found.PROXY


def names_of(user: EntraUser) -> tuple[Address, ...]:
    """Every address under which the user's contact may be known, his own first."""
    own = (user.address, address(user.upn), *aliases(user))
    return tuple(dict.fromkeys(name for name in own if name))


def grounds(about: Explanation) -> tuple[Why, ...]:
    """Every rule that applies to the person now."""
    directory, records = _of_directory(about), _of_records(about)
    return (*directory, *_not_yet(about, directory, records), *records)


def _not_yet(about: Explanation, directory: Iterable[Why], records: Iterable[Why]) -> list[Why]:
    """Who counts and has no active contact, and no record that says why: joined after the last run."""
    explained = any(why.ground in {Ground.HELD, Ground.FAILED} for why in records)
    if explained or about.desk_problem or any(one.contact.active for one in about.contacts):
        return []
    return [Why(Ground.NOT_YET, why.about, run=about.history.last) for why in directory if why.ground is Ground.COUNTS]


def _of_directory(about: Explanation) -> list[Why]:
    if about.directory is None:
        return []
    if not about.directory.people:
        return [Why(Ground.NOT_IN_ENTRA, about.asked)]
    usable = [usable_address(one.user, about.directory.domains) for one in about.directory.people]
    twice = {name for name in usable if name and usable.count(name) > 1}
    shared = [Why(Ground.LEFT_OUT, name, Reason.DUPLICATE_ADDRESS) for name in sorted(twice)]
    judged = zip(about.directory.people, usable, strict=True)
    return [*(_of_person(about, person, name) for person, name in judged), *shared]


def _of_person(about: Explanation, person: InEntra, usable: Address | None) -> Why:
    if usable is None:
        return Why(Ground.LEFT_OUT, person.user.mail or person.user.upn, why_not(person.user))
    owners = SyncMode.CONTACT_GROUPS_WITH_OWNERS in about.modes
    if any(group.path or (owners and group.owner) for group in person.groups):
        return Why(Ground.COUNTS, usable)
    if about.directory and (about.directory.capped or about.directory.hidden):
        return Why(Ground.NOT_SEEN, usable)
    return Why(Ground.OWNER_ONLY if person.groups else Ground.NO_GROUP, usable)


def _of_records(about: Explanation) -> list[Why]:
    mentions = about.history.mentions
    last = [mention for mention in mentions if mention.run == about.history.last]
    held = {mention.run: mention for mention in mentions if mention.status == mention.run_status == _HELD}
    return [
        *(Why(Ground.PROTECTED, name) for name in about.protected),
        *(_by(Ground.IN_GRACE, about, mention) for mention in last if mention.status == _WAITING),
        *(_by(Ground.HELD, about, mention) for mention in held.values()),
        *(_by(Ground.FAILED, about, mention) for mention in last if mention.status in _FAILED),
    ]


def _by(ground: Ground, about: Explanation, mention: Mention) -> Why:
    name = getattr(mention.change, "address", about.asked)
    return Why(ground, name, mention.reason, mention.run, mention.digest)
