"""What is assumed of DeskDirector's interface, as data: each path, field name, action, category and role word.

The defaults are those of `deskdirector-contract.yaml` in the design's reference; DESKDIRECTOR_DIALECT overrides single
ones, as JSON that maps the contract's words to the site's:

    {"request": {"firstName": "givenName", "lastName": "surname"},
     "actions": {"createContactGroup": {"id": "new-contact-group", "category": "groups"}},
     "roles": {"regular": "user"}}
"""

from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from shared.core.model import GroupRole

PAGE = 100
"""Rows; the most that `take` may be."""
_CONNECTOR = "/api/v2/automate/connector"
_TEAM_USERS = "/api/v3/tech/companies/{companyId}/teams/{teamId}/users"


def _placeholders(path: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(path) if name is not None}


def _path(text: str) -> str:
    _placeholders(text)  # ValueError for a lone brace
    if (
        not text.startswith("/")
        or text.startswith("//")
        or any(mark in text for mark in "#\\")
        or not text.isprintable()
    ):
        raise ValueError("must be a path that begins with one slash")
    return text


Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Path = Annotated[Word, AfterValidator(_path)]
# One word, or several of which the first that an answer has counts.
Words = Annotated[
    tuple[Word, ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
    Field(min_length=1),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)


class Paths(_Part):
    """Where each call goes; the placeholders are the contract's and each must stay."""

    find_accounts: Path = f"{_CONNECTOR}/companies/find"
    find_contacts: Path = f"{_CONNECTOR}/contacts/find"
    contacts: Path = f"{_CONNECTOR}/contacts"
    contact: Path = f"{_CONNECTOR}/contacts/{{contactId}}"
    find_groups: Path = f"{_CONNECTOR}/user-groups/find"
    user_key: Path = "/api/v2/user/member/{agentId}/userkey"
    group_users: Path = _TEAM_USERS
    group_user: Path = f"{_TEAM_USERS}/{{contactId}}"
    action: Path = f"{_CONNECTOR}/functions/{{function}}"
    account: Path = f"{_CONNECTOR}/companies/{{companyId}}"
    find_tickets: Path = f"{_CONNECTOR}/tickets/find"
    ticket: Path = f"{_CONNECTOR}/tickets/{{ticketId}}"
    form_result: Path = f"{_CONNECTOR}/v2/forms/{{formId}}/results/{{resultId}}"
    forms: Path = f"{_CONNECTOR}/forms"
    form_schema: Path = f"{_CONNECTOR}/schema/v2/form/{{formId}}/$result-response"
    designed_form: Path = "/api/v2/ddform/forms/{formId}"
    boards: Path = f"{_CONNECTOR}/service/boards"
    statuses: Path = f"{_CONNECTOR}/service/statuses"
    events: Path = f"{_CONNECTOR}/workflows"
    event_types: Path = f"{_CONNECTOR}/workflow-types"
    event_actions: Path = f"{_CONNECTOR}/workflows/{{workflowId}}/actions"
    event_action: Path = f"{_CONNECTOR}/workflows/{{workflowId}}/actions/{{actionId}}"

    @model_validator(mode="after")
    def _keeps_placeholders(self) -> Self:
        for name, field in type(self).model_fields.items():
            wanted, found = _placeholders(str(field.default)), _placeholders(getattr(self, name))
            if wanted != found:
                words = " and ".join(f"{{{word}}}" for word in sorted(wanted)) or "no placeholder"
                raise ValueError(f"{field.alias} must have {words}")
        return self


class RequestWords(_Part):
    """Fields of what is sent. A contact's name needs a first name, or a full name where the site has such a field."""

    company_id: Word = "companyId"
    email: Word = "email"
    first_name: Word | None = "firstName"
    last_name: Word | None = "lastName"
    full_name: Word | None = None
    tags: Word = "tags"
    skip: Word = "skip"
    take: Word = "take"
    contact_id: Word = "contactId"
    contact_group_id: Word = "contactGroupId"
    service_group_id: Word = "serviceGroupId"
    group_name: Word = "name"
    role: Word = "role"
    board_id: Word = "boardId"
    queue_id: Word = "queueId"
    is_closed: Word = "isClosed"
    status_id: Word = "statusId"
    note: Word = "note"
    note_text: Word = "text"
    is_internal: Word = "isInternal"
    event_type: Word = "type"
    event_url: Word = "url"
    event_parameters: Word = "parameters"
    event_key: Word = "token"

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.first_name is None and self.full_name is None:
            raise ValueError("firstName and fullName cannot both be null: a contact needs a name")
        return self


class AnswerWords(_Part):
    """Fields of an answer; the words after the first are the vendor's older or newer ones (deskdirector.md §9)."""

    results: Words = ("results",)
    total_results: Words = ("totalResults", "total")
    id: Words = ("id", "entityId")
    email: Words = ("email",)
    is_active: Words = ("isActive",)
    company: Words = ("company", "account")
    service_group: Words = ("serviceGroup",)
    name: Words = ("name", "fullName")
    tags: Words = ("tags",)
    role: Words = ("role",)
    user_key: Words = ("userKey",)
    status: Words = ("status",)
    queue: Words = ("queue", "board")
    is_closed: Words = ("isClosed",)
    created_on: Words = ("createdOn",)
    forms: Words = ("forms",)
    form: Words = ("form",)
    form_id: Words = ("formId",)
    result: Words = ("result",)
    result_id: Words = ("resultId",)
    notes: Words = ("notes",)
    note: Words = ("note", "text")
    type: Words = ("type",)
    action_id: Words = ("actionId", "id", "entityId")
    token: Words = ("token",)


class FormWords(_Part):
    """A form and its results (deskdirector.md §4.4): fields, their choices, and the objects that may be around them."""

    envelopes: Words = ("result", "form", "value", "data")
    sections: Words = ("sections",)
    fields: Words = ("fields",)
    identifier: Words = ("identifier",)
    name: Words = ("name",)
    type: Words = ("type",)
    dynamic_type: Word = "api_"
    choices: Words = ("choices",)
    selected: Words = ("selected",)
    value: Words = ("value",)


class Action(_Part):
    """An advanced action: its id on the functions host and the category that it stands in."""

    id: Word
    category: Word


class Actions(_Part):
    """The advanced actions; `doctor` lists what a real site offers."""

    create_contact_group: Action = Action(id="createContactGroup", category="contactGroups")
    rename_contact_group: Action = Action(id="renameContactGroup", category="contactGroups")
    activate_contact: Action = Action(id="activateContact", category="contacts")
    deactivate_contact: Action = Action(id="deactivateContact", category="contacts")
    set_contact_service_group: Action = Action(id="setContactServiceGroup", category="contacts")
    list_service_groups: Action = Action(id="listServiceGroups", category="serviceGroups")


class Roles(_Part):
    """The words of the roles in a contact group."""

    guest: Word = "guest"
    regular: Word = "regular"
    manager: Word = "manager"

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        if len({word.casefold() for word in (self.guest, self.regular, self.manager)}) < len(GroupRole):
            raise ValueError("two roles have one word")
        return self

    def word(self, role: GroupRole) -> str:
        """What the site calls the role."""
        return str(getattr(self, role.value))

    def role(self, word: object) -> GroupRole | None:
        """The role of that word, in any case; None when it is no role's."""
        return next((role for role in GroupRole if str(word).casefold() == self.word(role).casefold()), None)


def _public(text: str) -> str:
    if "PRIVATE" in text or not text.startswith("-----BEGIN ") or "PUBLIC KEY" not in text:
        raise ValueError("must be a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----")
    return text


Pem = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000), AfterValidator(_public)]


class TokenWords(_Part):
    """The access token that a form brings. Without keys (`pem`, or served by the site at `path`) the site is asked.

    `claims` must stand in a token with just these values: with keys that several sites share, name yours here.
    """

    algorithms: Annotated[
        tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], ...], Field(min_length=1)
    ] = ("RS256",)
    pem: tuple[Pem, ...] = ()
    path: Path | None = None
    check_contact: Path = "/api/v2/user/client"
    check_agent: Path = "/api/v2/user/member"
    company: Words = ("companyId", "company_id", "company", "accountId", "account_id", "account")
    kind: Words = ("userType", "user_type", "type")
    agents: Words = ("member", "agent", "tech")
    claims: dict[Word, str | int | bool] = {}


class Dialect(_Part):
    """How one DeskDirector site is spoken to."""

    paths: Paths = Paths()
    request: RequestWords = RequestWords()
    answer: AnswerWords = AnswerWords()
    actions: Actions = Actions()
    roles: Roles = Roles()
    token: TokenWords = TokenWords()
    form: FormWords = FormWords()

    @classmethod
    def read(cls, text: str) -> Self:
        """The contract with the overrides of a JSON object; ValueError names every fault in one sentence each."""
        try:
            return cls.model_validate_json(text.strip() or "{}")
        except ValidationError as error:
            faults = [_fault(part) for part in error.errors(include_url=False)]
        raise ValueError("; ".join(f"DESKDIRECTOR_DIALECT {fault}" for fault in faults))


def _fault(part: Any) -> str:
    where = ".".join(str(step) for step in part["loc"])
    if part["type"] == "extra_forbidden":
        return f"has no {where}"
    return f"{where}: {part['msg'].removeprefix('Value error, ')}".removeprefix(": ")
