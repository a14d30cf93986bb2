"""A customer and its configuration as values that are right once they are made."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass as checked

from servorg.records import CUSTOMER_ID
from shared.core.model import Prune
from shared.errors import SyncError
from shared.schedules import is_ncrontab
from shared.settings import Count, CustOrgSettings, ServOrgSettings, Url

_MODES = range(1, 6)
_MOST_ACCOUNT = 2**31 - 1  # deskdirector.md §1.3: ids of accounts are int32
_OURS = frozenset(name.upper() for name in (*ServOrgSettings.names(), *CustOrgSettings.names()))
_OF_THE_HOST = (
    *("AZUREWEBJOBS", "AZURE_", "WEBSITE_", "FUNCTIONS_", "IDENTITY_", "MSI_", "APPLICATIONINSIGHTS_"),
    "DESKDIRECTOR_",
)


class CustomerRefused(SyncError):
    """What was asked for a customer cannot be; the text says why."""


class UnknownCustomer(CustomerRefused):
    """There is no customer of this id."""

    def __init__(self, customer: str) -> None:
        super().__init__(f"there is no customer {customer!r}")
        self.customer = customer


class WrongTenant(CustomerRefused):
    """A customer's CustOrg answered from another tenant than its first answer came from."""


def _app_url(text: object) -> object:
    """The address of a CustOrg's app, from it or from the address of its commands."""
    if not isinstance(text, str):
        return text
    return re.sub(r"(/api(/commands)?)?/*$", "", text.strip().rstrip("/"))


def _modes(modes: tuple[int, ...]) -> tuple[int, ...]:
    if not modes or not set(modes) <= set(_MODES):
        raise ValueError("must be one or several of 1 to 5")
    return tuple(sorted(set(modes)))


def _schedule(text: str | None) -> str | None:
    if text is None or is_ncrontab(text):
        return text
    raise ValueError("must be NCRONTAB with six fields, such as '0 30 2 * * *'")


_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_ONLY_THESE = ConfigDict(extra="forbid")


@checked(frozen=True, slots=True, config=_ONLY_THESE)
class Customer:
    """One CustOrg. `url` is the app's address without `/api`; `tenant` is the one that its first answer named.

    Its function key is in the setting `key_setting`, or it is the secret `key_secret` of the Key Vault of the settings.
    Values that are out of range raise pydantic.ValidationError.
    """

    id: Annotated[str, Field(pattern=rf"^{CUSTOMER_ID.pattern}$")]
    name: _Name
    url: Annotated[Url, BeforeValidator(_app_url)]
    account: Annotated[int, Field(ge=1, lt=2**63)]
    key_setting: Annotated[str | None, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] = None
    tenant: str | None = None
    key_secret: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z-]{1,127}$")] = None

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if self.key_setting and self.key_secret:
            raise ValueError("a customer has its key by a setting or by a secret, not by both")
        return self


@checked(frozen=True, slots=True, config=_ONLY_THESE)
class Configuration:
    """What is synchronised for a customer. A limit that is None is the setting's; a schedule that is None the timer's.

    `precedence` are names of service groups, the first one wins. Values out of range raise pydantic.ValidationError.
    """

    modes: Annotated[tuple[int, ...], AfterValidator(_modes)] = (1,)
    prune: Prune = Prune.MANAGED
    max_removals: Count | None = None
    max_removal_share: Annotated[float | None, Field(ge=0, le=100)] = None
    max_removals_per_day: Count | None = None
    max_additions: Count | None = None
    precedence: tuple[_Name, ...] = ()
    schedule: Annotated[str | None, AfterValidator(_schedule)] = None


def admitted(**fields: Any) -> Customer:
    """A customer of these fields that may be added; CustomerRefused says by options of the command what is wrong.

    Rules that are stricter than the type's own stand here: rows of before must stay readable.
    """
    try:
        customer = Customer(**fields)
    except ValidationError as error:
        raise _refusal(error) from None
    if customer.account > _MOST_ACCOUNT:
        raise CustomerRefused(f"--account must be the number of an account in DeskDirector, up to {_MOST_ACCOUNT}")
    if customer.key_setting and _has_another_use(customer.key_setting):
        raise CustomerRefused(
            f"--key-setting must not be {customer.key_setting}: its value has another use, and would be sent to the "
            "customer's CustOrg as its function key; give the key a setting of its own, such as CUSTOMER_KEY_CONTOSO"
        )
    return customer


def _has_another_use(setting: str) -> bool:
    """Whether a setting is one of ours or of the host; on Windows they may be written in any case."""
    name = setting.upper()
    return name in _OURS or name.startswith(_OF_THE_HOST)


def changed(before: Configuration, fields: Mapping[str, Any]) -> Configuration:
    """The configuration with these fields; CustomerRefused says by options of the command what is wrong."""
    try:
        after = replace(before, **fields)
    except ValidationError as error:
        raise _refusal(error) from None
    if fields.get("schedule") and not _is_ever_due(fields["schedule"]):
        raise CustomerRefused(f"--schedule {fields['schedule']!r} is never due: there is no such day")
    return after


def _is_ever_due(schedule: str) -> bool:
    """Whether there is a time for it, when day and weekday must both fit (`servorg.schedules.last_due`)."""
    from croniter.croniter import CroniterBadDateError, croniter

    try:
        croniter(schedule, 0.0, second_at_beginning=True, day_or=False).get_next(float)
    except CroniterBadDateError:
        return False
    return True


def _refusal(error: ValidationError) -> CustomerRefused:
    return CustomerRefused("; ".join(map(_fault, error.errors())))


def _fault(part: Any) -> str:
    """What is wrong with a value, by the option that gave it."""
    said: str = part["msg"].removeprefix("Value error, ")
    if not part["loc"]:
        return said
    option = _option(str(part["loc"][0]))
    return f"{option} {said}" if part["type"] == "value_error" else f"{option}: {said}"


def _option(field: str) -> str:
    if field == "id":
        return "ID"
    return "--mode" if field == "modes" else f"--{field.replace('_', '-')}"
