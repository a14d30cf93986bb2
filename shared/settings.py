"""The settings of each role: one frozen value, read once, with every fault in one error."""

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from shared.core.model import address
from shared.errors import SettingsError
from shared.schedules import timer_schedule

_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(text: str) -> str:
    """`text` without a trailing slash; plain http is for loopback addresses only."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://example.com")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must start with https:// (plain http is for this machine only)")
    return text.strip().rstrip("/")


def _origin(text: str) -> str:
    if urlsplit(text.strip().rstrip("/")).path:
        raise ValueError("must be an origin without a path, such as https://example.com")
    return _url(text)


def _commas(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _mailbox(text: str) -> str:
    found = text.strip() if re.fullmatch(_GUID, text.strip()) else address(text)
    if found is None:
        raise ValueError("must be a mailbox: its address, such as sync@example.com, or its object id")
    return found


def _addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(address(text) or "" for text in texts))
    if "" in found:
        raise ValueError("must be mail addresses with commas between them")
    return found


def _resolved(text: str) -> str:
    # deployment.md §2: an unresolved reference reaches the app as its literal text
    if text.startswith("@Microsoft.KeyVault("):
        raise ValueError("is a Key Vault reference that was not resolved; check the identity's right to the secret")
    return text


Url = Annotated[str, AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Guid = Annotated[str, Field(pattern=rf"^{_GUID}$")]
Texts = Annotated[tuple[str, ...], BeforeValidator(_commas)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Addresses = Annotated[Texts, AfterValidator(_addresses)]
DeskId = Annotated[int, Field(ge=1, lt=2**31)]  # deskdirector.md §1.3: ids of boards, statuses and accounts are int32
Ids = Annotated[tuple[DeskId, ...], BeforeValidator(_commas)]
_TRUE = {"true", "1", "yes", "on", "t", "y"}  # what pydantic reads as true
Schedule = Annotated[str, AfterValidator(timer_schedule)]
WHOLE_SHARE = 100  # per cent
MANY_REMOVALS = 1_000  # far above any usual day
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _no_reference(cls, value: object) -> object:
        return _resolved(value) if isinstance(value, str) else value

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of these settings as an operator writes them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """The settings in `environ`, where an empty value counts as missing. SettingsError names every fault."""
        given = {name: environ[name] for name in cls.names() if environ.get(name, "").strip()}
        together = cls._together(given)
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError([_fault(part) for part in error.errors(include_url=False)] + together) from None
        if together:
            raise SettingsError(together)
        return settings

    @classmethod
    def _together(cls, given: Mapping[str, str]) -> list[str]:  # noqa: ARG003  heirs look at it
        """The faults that no setting has alone; asked also when one has, so that all are told at once."""
        return []


def _fault(part: Any) -> str:
    name = str(part["loc"][0]) if part["loc"] else ""
    if part["type"] == "missing":
        return f"{name} is missing"
    said = str(part["msg"]).removeprefix("Value error, ")
    return f"{name} {said}".strip() if part["type"] == "value_error" else f"{name}: {said}, not '{_shown(name, part)}'"


def _shown(name: str, part: Any) -> str:
    return "…" if "KEY" in name or "SECRET" in name or "Storage" in name else str(part["input"])[:60]


class StorageSettings(_Settings):
    """Where tables and queues are: a connection string, or the identity's way by account or service address."""

    connection: SecretStr | None = Field(None, alias="AzureWebJobsStorage")
    account: str | None = Field(None, alias="AzureWebJobsStorage__accountName")
    queues: Url | None = Field(None, alias="AzureWebJobsStorage__queueServiceUri")
    tables: Url | None = Field(None, alias="AzureWebJobsStorage__tableServiceUri")

    @classmethod
    def _together(cls, given: Mapping[str, str]) -> list[str]:
        root = "AzureWebJobsStorage"
        services = {f"{root}__queueServiceUri", f"{root}__tableServiceUri"}
        if root in given or f"{root}__accountName" in given or services <= given.keys():
            return []
        return [f"{root} is missing (a connection string, or {root}__accountName)"]


class CommonSettings(StorageSettings):
    """What both roles need."""

    role: Literal["servorg", "custorg", "both"] = Field(alias="ROLE")
    tenant_id: Guid = Field(alias="TENANT_ID")
    graph_url: Url = Field("https://graph.microsoft.com/v1.0", alias="GRAPH_URL")
    easy_auth: bool = Field(default=False, alias="EASY_AUTH")
    dev_principal: str | None = Field(None, alias="DEV_PRINCIPAL")

    @classmethod
    def _together(cls, given: Mapping[str, str]) -> list[str]:
        both = given.get("EASY_AUTH", "").strip().lower() in _TRUE and "DEV_PRINCIPAL" in given
        return super()._together(given) + ["DEV_PRINCIPAL and EASY_AUTH exclude each other"] * both

    @field_validator("dev_principal")
    @classmethod
    def _is_json(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                principal = json.loads(text)
            except ValueError:
                principal = None
            if not isinstance(principal, dict):
                raise ValueError('must be JSON such as {"name": "me", "roles": ["SyncAdmin"]}')
        return text


class CustOrgSettings(CommonSettings):
    """The customer's side."""

    transitive_members: bool = Field(default=True, alias="TRANSITIVE_MEMBERS")
    refresh_schedule: Schedule = Field("0 0 1 * * *", alias="REFRESH_SCHEDULE")


_FORM_NEEDS = {
    "DESKDIRECTOR_WEBHOOK_SECRET": "DeskDirector signs its events with it",
    "SERVORG_ACCOUNT_ID": "it is your own account in DeskDirector, whose people may use the form",
    "BOARD_ID": "it is the board or queue of the form's tickets",
    "IN_PROGRESS_STATUS_ID": "it is the status of a ticket whose sync is at work",
    "CLOSED_STATUS_ID": "it is the status of a ticket whose sync succeeded",
}


class ServOrgSettings(CommonSettings):
    """The MSP's side."""

    desk_url: Origin = Field(alias="DESKDIRECTOR_URL")
    desk_functions_url: Origin = Field("https://functions.deskdirector.com", alias="DESKDIRECTOR_FUNCTIONS_URL")
    desk_api_key: SecretStr = Field(alias="DESKDIRECTOR_API_KEY")
    desk_agent_id: int = Field(alias="DESKDIRECTOR_AGENT_ID", ge=1)
    desk_rate: float = Field(2, alias="DESKDIRECTOR_RATE", ge=0.1, le=10_000)
    desk_dialect: str = Field("{}", alias="DESKDIRECTOR_DIALECT")
    max_removals: Count = Field(25, alias="MAX_REMOVALS")
    max_removal_share: float = Field(20, alias="MAX_REMOVAL_SHARE", ge=0, le=100)
    max_removals_per_day: Count = Field(100, alias="MAX_REMOVALS_PER_DAY")
    max_additions: Count | None = Field(None, alias="MAX_ADDITIONS")
    grace_days_contacts: int = Field(7, alias="GRACE_DAYS_CONTACTS", ge=0, le=90)
    grace_days_memberships: int = Field(0, alias="GRACE_DAYS_MEMBERSHIPS", ge=0, le=90)
    lease_seconds: int = Field(120, alias="LEASE_SECONDS", ge=10, le=3_600)
    sync_schedule: Schedule = Field("0 30 2 * * *", alias="SYNC_SCHEDULE")
    mail_sender: Mailbox | None = Field(None, alias="MAIL_SENDER")
    email_recipients: Addresses = Field((), alias="EMAIL_RECIPIENTS")
    report_schedule: Schedule = Field("0 0 6 * * *", alias="REPORT_SCHEDULE")
    groups_schedule: Schedule = Field("0 30 1 * * *", alias="GROUPS_SCHEDULE")
    form_lists_schedule: Schedule = Field("0 15 * * * *", alias="FORM_LISTS_SCHEDULE")
    retention_days: int = Field(400, alias="RETENTION_DAYS", ge=1, le=3_650)
    key_vault_url: Origin | None = Field(None, alias="KEY_VAULT_URL")
    catch_up_schedule: Schedule = Field("0 */15 * * * *", alias="CATCH_UP_SCHEDULE")
    desk_webhook_secret: SecretStr | None = Field(None, alias="DESKDIRECTOR_WEBHOOK_SECRET")
    event_id: str | None = Field(None, alias="EVENT_ID")
    servorg_account: DeskId | None = Field(None, alias="SERVORG_ACCOUNT_ID")
    board: DeskId | None = Field(None, alias="BOARD_ID")
    in_progress_status: DeskId | None = Field(None, alias="IN_PROGRESS_STATUS_ID")
    closed_status: DeskId | None = Field(None, alias="CLOSED_STATUS_ID")
    approval_statuses: Ids = Field((), alias="APPROVAL_STATUS_IDS")
    declined_statuses: Ids = Field((), alias="DECLINED_STATUS_IDS")

    def form_faults(self) -> list[str]:
        """What is missing or contradictory for the form's requests, each as a sentence; nothing else needs it."""
        missing = [f"{name} is missing: {why}" for name, why in _FORM_NEEDS.items() if self._of(name) is None]
        return missing + self._clashes()

    def _clashes(self) -> list[str]:
        """Statuses that stand for two things, so that a request would wait for ever or never be closed."""
        single = {"IN_PROGRESS_STATUS_ID": self.in_progress_status, "CLOSED_STATUS_ID": self.closed_status}
        several = {"APPROVAL_STATUS_IDS": self.approval_statuses, "DECLINED_STATUS_IDS": self.declined_statuses}
        uses: dict[int, list[str]] = {}
        for name, ids in (several | {name: (one,) for name, one in single.items() if one is not None}).items():
            for one in {*ids}:
                uses.setdefault(one, []).append(name)
        clashes = [(status, " and ".join(sorted(names))) for status, names in sorted(uses.items()) if len(names) > 1]
        return [f"{names} have the same status {status}: each needs one of its own" for status, names in clashes]

    def _of(self, alias: str) -> object:
        return next(getattr(self, name) for name, field in type(self).model_fields.items() if field.alias == alias)

    def mail_faults(self) -> list[str]:
        """What is missing for the daily report, each as a sentence; nothing else needs it."""
        said = []
        if self.mail_sender is None:
            said.append("MAIL_SENDER is missing: it is the mailbox that the daily report is sent from")
        if not self.email_recipients:
            said.append("EMAIL_RECIPIENTS is missing: it names who gets the daily report")
        return said

    def warnings(self) -> tuple[str, ...]:
        """Values that are accepted and take a guard away, each as a sentence."""
        said = []
        if self.max_removal_share >= WHOLE_SHARE:
            said.append("MAX_REMOVAL_SHARE is 100: a run may empty a whole group or account unattended")
        if self.max_removals >= MANY_REMOVALS:
            said.append(f"MAX_REMOVALS is {self.max_removals}: a run may take away that many unattended")
        if self.max_removals_per_day < self.max_removals:
            said.append(f"MAX_REMOVALS_PER_DAY ({self.max_removals_per_day}) is below MAX_REMOVALS: it decides alone")
        return tuple(said)
