"""A customer and its configuration as values that are right once they are made."""

import re
from typing import Annotated, Self

from croniter import croniter
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
from shared.settings import Count, Url

_MODES = range(1, 6)
_CRON_FIELDS = 6  # NCRONTAB: seconds first


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
    if text is None or (len(text.split()) == _CRON_FIELDS and croniter.is_valid(text, second_at_beginning=True)):
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


def refusal(error: ValidationError) -> CustomerRefused:
    """What is wrong with the values of a customer or a configuration, as one sentence."""
    faults = (f"{'.'.join(map(str, e['loc']))} {e['msg'].removeprefix('Value error, ')}" for e in error.errors())
    return CustomerRefused("; ".join(fault.strip() for fault in faults))
