"""Looks at one customer: its CustOrg, its tenant, its account, and what the chosen groups need in DeskDirector."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from servorg.checking import guarded
from servorg.customer import Configuration, Customer
from servorg.form_check import Setup
from servorg.offered import HEALTH, compare
from shared.checks import Check, State
from shared.core.catalogue import Catalogue
from shared.core.model import AccountId, EntraGroupId, SyncMode, slug
from shared.core.outlook import Around, Code, foresee
from shared.errors import SyncError
from shared.wire import CheckHealth, EntraGroups, GetEntraGroups, Health, Offers

OWN = "CustOrg's "
"""What the CustOrg tells of itself begins so."""
CUSTOMER_CHECKS = ("CustOrg", "version", "tenant", "account", "service groups", "tags", f"{OWN}chosen group")
"""The names of a customer's checks, as far as docs/assumptions.md speaks of them."""
MOST = 10
_NEEDING = frozenset({SyncMode.SERVICE_GROUPS, SyncMode.ACCOUNTS})


class Remote(Protocol):
    """A customer's CustOrg; calls raise SourceError, or CustomerRefused for another tenant."""

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        """The answer to a command."""
        ...

    def offers(self) -> Offers:
        """What it can do."""
        ...


@dataclass(frozen=True, slots=True)
class Bedside:
    """One customer and where to look; `setup` is None while DeskDirector gives no answer."""

    customer: Customer
    configuration: Configuration
    foreign: AbstractSet[AccountId]
    custorg: Callable[[], Remote]
    setup: Setup | None
    services: Callable[[], Mapping[str, tuple[int, ...]]]
    tagged: Callable[[], Mapping[str, tuple[AccountId, ...]]]


def customer_checks(bedside: Bedside) -> Iterator[Check]:
    """Each check when it was made."""
    if bedside.setup is not None:
        setup = bedside.setup
        yield guarded("account", lambda: _account(bedside, setup), "check DESKDIRECTOR_API_KEY and what its key may do")
    remote: Remote | None = None
    offered: Offers | None = None

    def reach() -> Check:
        nonlocal remote, offered
        remote = bedside.custorg()
        offered = remote.offers()
        return Check("CustOrg", State.OK, f"{bedside.customer.url} answers, and accepts the key")

    yield guarded("CustOrg", reach, _reach_todo(bedside.customer))
    if remote is None or offered is None:
        return
    compared = compare(offered)
    yield _version(offered)
    if HEALTH not in compared.lacks:
        yield from _health(bedside, remote)
    modes = _NEEDING & {SyncMode(mode) for mode in bedside.configuration.modes}
    if modes and bedside.setup is not None:
        yield from _needs(bedside, remote, modes)


def _reach_todo(customer: Customer) -> str:
    if customer.key_secret:
        key = f"the secret {customer.key_secret} in the Key Vault of KEY_VAULT_URL"
    else:
        key = f"the setting {customer.key_setting}" if customer.key_setting else "--key-setting or --key-secret"
    return f"see that {customer.url}/api/health answers, and that {key} holds the app's function key"


def _version(offered: Offers) -> Check:
    compared = compare(offered)
    said = " ".join(compared.sentences())
    if compared.older:
        return Check("version", State.WARN, said, "publish this version to the CustOrg's app")
    if compared.newer:
        return Check("version", State.WARN, said, "publish the CustOrg's version to this ServOrg's app")
    return Check("version", State.OK, f"{offered.version}, as this ServOrg's, with all of its commands")


# What the CustOrg tells of itself


def _health(bedside: Bedside, remote: Remote) -> Iterator[Check]:
    told: Health | None = None

    def ask() -> Check:
        nonlocal told
        told = remote.command(HEALTH, CheckHealth(), Health)
        pinned = f"; the pinned one is {bedside.customer.tenant}" if bedside.customer.tenant else "; pinned from now on"
        return Check("tenant", State.OK, f"the CustOrg (app {told.app}) answers for {told.tenant}{pinned}")

    todo = "if the customer's tenant has changed, remove the customer and add it anew; else see that its URL is right"
    check = guarded("tenant", ask, todo)
    yield check
    for one in told.checks if told else ():
        yield Check(f"{OWN}{one.name}", State(one.state), one.said, one.todo)


# What DeskDirector has for the customer


def _account(bedside: Bedside, setup: Setup) -> Check:
    wanted = bedside.customer.account
    found = setup.account(wanted)
    if found is None:
        todo = f"add the customer again with the right account: `customers add {bedside.customer.id} --account N …`"
        return Check("account", State.BAD, f"there is no account {wanted} in DeskDirector", todo)
    if not found.active:
        todo = "activate it in DeskDirector, or remove the customer"
        return Check("account", State.BAD, f"account {wanted}, {found.name}, is not active", todo)
    return Check("account", State.OK, f"{wanted} is {found.name}")


def _needs(bedside: Bedside, remote: Remote, modes: AbstractSet[SyncMode]) -> Iterator[Check]:
    try:
        rows = remote.command("get-entra-groups", GetEntraGroups(), EntraGroups).groups
    except SyncError as error:
        yield Check("chosen groups", State.BAD, str(error), "see the CustOrg's own checks")
        return
    names = {EntraGroupId(row.id): row.name for row in rows if not row.vanished}
    if SyncMode.SERVICE_GROUPS in modes:
        todo = "check the advanced action listServiceGroups"
        yield guarded("service groups", lambda: _services(names, bedside), todo)
    if SyncMode.ACCOUNTS in modes:
        yield guarded("tags", lambda: _tags(names, bedside), "check that the key may read accounts")


def _codes(
    names: Mapping[EntraGroupId, str], mode: SyncMode, catalogue: Catalogue
) -> Mapping[EntraGroupId, tuple[Code, ...]]:
    return foresee(names, names.keys(), [mode], Around({}, {}, catalogue))


def _services(names: Mapping[EntraGroupId, str], bedside: Bedside) -> Check:
    codes = _codes(names, SyncMode.SERVICE_GROUPS, Catalogue(services=bedside.services()))
    missing = [names[one] for one, found in codes.items() if Code.SERVICE_MISSING in found]
    double = [names[one] for one, found in codes.items() if Code.SERVICE_AMBIGUOUS in found]
    if not missing and not double:
        return Check("service groups", State.OK, f"each of {len(names)} chosen groups has one (mode 3)")
    said = _joined(_sentence("have none", missing), _sentence("have several", double))
    todo = _joined(
        "make one of the same name for each in DeskDirector" if missing else "",
        "rename all but one of those that share a name" if double else "",
    )
    return Check("service groups", State.WARN, f"chosen groups {said} (mode 3); they are skipped", todo)


def _tags(names: Mapping[EntraGroupId, str], bedside: Bedside) -> Check:
    codes = _codes(names, SyncMode.ACCOUNTS, Catalogue(tagged=bedside.tagged(), foreign=bedside.foreign))

    def having(code: Code) -> list[str]:
        return [f"{names[one]} ({slug(names[one])})" if slug(names[one]) else names[one]
                for one, found in codes.items() if code in found]  # fmt: skip

    told = {
        Code.ACCOUNT_MISSING: ("have no account with their tag", "give an account the tag that stands in brackets"),
        Code.ACCOUNT_AMBIGUOUS: ("have several accounts with their tag", "leave each tag at one account"),
        Code.ACCOUNT_FOREIGN: ("have another customer's account", "tag an account of this customer"),
        Code.NO_TAG: ("have a name that gives no tag", "rename them in Entra with letters from a to z or digits"),
        Code.TAG_TAKEN: ("have a tag in common", "rename all but one of them in Entra"),
    }
    found = {code: having(code) for code in told if having(code)}
    if not found:
        return Check("tags", State.OK, f"each of {len(names)} chosen groups has an account with its tag (mode 4)")
    said = _joined(*(_sentence(told[code][0], groups) for code, groups in found.items()))
    return Check("tags", State.WARN, f"chosen groups {said} (mode 4); they are skipped",
                 _joined(*(told[code][1] for code in found)))  # fmt: skip


def _sentence(what: str, groups: list[str]) -> str:
    more = f" and {len(groups) - MOST} more" if len(groups) > MOST else ""
    return f"{what}: {', '.join(groups[:MOST])}{more}" if groups else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
