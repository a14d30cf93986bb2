"""The contract between the roles: what ServOrg may ask a CustOrg, and the shape of each answer.

A field may be added with a default; none changes its meaning. Whatever changes a meaning raises VERSION.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

VERSION = 1
MAX_GROUPS = 1_000
MAX_CONTINUATION = 131_072  # characters
GroupId = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class CommandOffer(_Wire):
    """One command that a CustOrg serves, with the JSON schemas of its request and answer."""

    name: str
    version: int
    description: str
    request: dict[str, object]
    answer: dict[str, object]


class Offers(_Wire):
    """The answer to `GET /api/commands`."""

    version: int
    commands: tuple[CommandOffer, ...]


class GetEntraGroups(_Request):
    """Asks for the groups of the table; `chosen` false asks for all of them."""

    chosen: bool = True


class GroupRow(_Wire):
    """A group as the groups table knows it; for display, never a reason to remove anybody.

    `people` and `owners` are how many there were when the group was last counted (`counted_at`, empty for never), None
    when that is not known. `outlook` has codes of `TellOutlook`, as ServOrg last told them.
    """

    id: str
    name: str
    kind: str = "security"
    sync: bool = False
    vanished: bool = False
    hidden: bool = False
    chosen_by: str = Field(default="", alias="chosenBy")
    chosen_at: str = Field(default="", alias="chosenAt")
    people: int | None = None
    owners: int | None = None
    counted_at: str = Field(default="", alias="countedAt")
    outlook: tuple[str, ...] = ()
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True)


class EntraGroups(_Wire):
    """The answer to `get-entra-groups`. `refreshed_at` is ISO 8601 in UTC, empty before the first refresh."""

    tenant: str
    groups: tuple[GroupRow, ...]
    refreshed_at: str = Field(default="", alias="refreshedAt")
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True)


class GetGroupsAndMembers(_Request):
    """Asks for people of groups: of all chosen ones, or of `groups`; `continuation` is the last answer's."""

    groups: tuple[GroupId, ...] | None = Field(default=None, max_length=MAX_GROUPS)
    owners: bool = False
    continuation: str | None = Field(default=None, max_length=MAX_CONTINUATION)


class Person(_Wire):
    """A user as Graph tells it. Fields that are false or empty are left out on the wire."""

    id: str
    upn: str = ""
    mail: str | None = None
    proxies: tuple[str, ...] = ()
    display: str = ""
    given: str = ""
    surname: str = ""
    enabled: bool = True
    guest: bool = False


class GroupPart(_Wire):
    """A group, or a part of a large one; a group's parts come in order, the last one with `state` set.

    `complete`: with this part everyone has been told, each page was followed and the count agreed.
    `count differs`: every page was followed and the count did not agree, also when asked again.
    `unread`: not read completely, for the reason in `why`; `deleted`: proven to be gone.

    `nested` are groups within this one whose people are told here. The last part has Graph's `count`: whoever joins
    parts may take them as complete only when `people`, `others` and `nested` of all of them are so many different ids
    together; a CustOrg cannot see that of a group that it told in several answers.
    """

    id: str
    name: str = ""
    people: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    count: int | None = None
    state: Literal["more", "complete", "count differs", "unread", "deleted"] = "more"
    why: str = ""


class GroupsAndMembers(_Wire):
    """An answer to `get-groups-and-members`: parts of groups, and each person that they name once.

    `continuation` asks for the rest; without one this was the last answer. `domains` stands in the first answer.
    """

    tenant: str
    domains: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    parts: tuple[GroupPart, ...] = ()
    continuation: str | None = None


class ExplainPerson(_Request):
    """Asks who has an address, and in which chosen groups he is."""

    address: Annotated[str, StringConstraints(min_length=1, max_length=254)]


class PersonGroup(_Wire):
    """A chosen group of a person.

    `path` are the names of the groups from this one down to the one that the person is directly in, by the shortest
    way; it is empty for somebody who only owns the group.
    """

    id: str
    name: str
    path: tuple[str, ...] = ()
    owner: bool = False


class PersonFound(_Wire):
    """A user who has the address as mail, user principal name or proxy address, and the user's chosen groups."""

    id: str
    upn: str = ""
    mail: str | None = None
    proxies: tuple[str, ...] = ()
    enabled: bool = True
    guest: bool = False
    groups: tuple[PersonGroup, ...] = ()


class PersonExplained(_Wire):
    """The answer to `explain-person`. `domains` are the tenant's verified ones.

    `transitive`: people of nested groups count. `capped`: more groups stand above the person's than are looked above
    for one answer, so the person may be in further chosen groups. `hidden` are the names of chosen groups whose
    membership is hidden from this CustOrg: who is in them is not known.
    """

    tenant: str
    domains: tuple[str, ...]
    people: tuple[PersonFound, ...] = ()
    transitive: bool = True
    capped: bool = False
    hidden: tuple[str, ...] = ()


class UpdateTable(_Request):
    """Asks to refresh the groups table; takes nothing."""


class TableUpdated(_Wire):
    """The table after a refresh: how many groups it has, and how many are chosen, new and vanished."""

    tenant: str
    groups: int
    chosen: int
    added: int
    vanished: int


class ResetTable(_Request):
    """Asks to empty and rebuild the groups table; every choice is lost, so it wants to be confirmed."""

    confirm: Literal["reset"]


class TableReset(_Wire):
    """The table after a reset; `dropped` is how many choices it had."""

    tenant: str
    groups: int
    dropped: int


OutlookCode = Literal[
    "contact", "contact-group-made", "contact-group-found", "service-group-found", "service-group-missing",
    "service-group-ambiguous", "account-found", "account-missing", "account-ambiguous", "account-foreign", "no-tag",
    "tag-taken", "name-too-long", "name-taken", "owners-manage",
]  # fmt: skip


class GroupOutlook(_Request):
    """What the configured modes will do with one group, once it is chosen."""

    id: GroupId
    says: tuple[OutlookCode, ...] = Field(max_length=15)


class TellOutlook(_Request):
    """Tells the picker what becomes of groups. `modes` are the configured ones, `account` the customer's name there.

    What was told of a group before is replaced; a group that is not named keeps what was told of it.
    """

    modes: tuple[Annotated[int, Field(ge=1, le=5)], ...] = Field(max_length=5)
    account: str = Field(default="", max_length=256)
    groups: tuple[GroupOutlook, ...] = Field(max_length=5_000)


class OutlookTold(_Wire):
    """How many of the groups told are in the table."""

    tenant: str
    groups: int


class CheckHealth(_Request):
    """Asks how the CustOrg is; takes nothing."""


class HealthCheck(_Wire):
    """One thing that was looked at, as `shared.checks.Check`: names of permissions and states, nothing of people."""

    name: str
    state: Literal["ok", "look", "wrong"]
    said: str
    todo: str = ""


class Health(_Wire):
    """How the CustOrg is; `app` is the version of its code."""

    tenant: str
    app: str
    checks: tuple[HealthCheck, ...]


class Refusal(_Wire):
    """Any error of ours: a code for programs, a sentence for people."""

    error: str
    message: str
    run_id: str | None = Field(default=None, alias="runId")
    retry_after: float | None = Field(default=None, alias="retryAfter")
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
