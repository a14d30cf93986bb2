"""Looks at a ServOrg and everything that it works with, in an order in which one cause is told once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Protocol

from servorg.checking import Part, guarded, is_away, looked
from servorg.customer import Customer
from servorg.dialect import PAGE, Action, Dialect
from servorg.dialect_check import Shape, action_shapes, schema_check, shapes
from servorg.doctor_customer import CUSTOMER_CHECKS, Bedside, Remote, customer_checks
from servorg.form_check import Places, form_checks
from servorg.refresh import Book
from shared.checks import AWAY, Check, State
from shared.core.model import AccountId
from shared.errors import DeskThrottled, DeskUnavailable, SettingsError
from shared.settings import ServOrgSettings

SECONDS = 100.0
"""So long a part may give no sign of life; a call to a CustOrg or to DeskDirector ends before that."""
SETTINGS, STORAGE, MAIL, DESK, FORM, CUSTOMERS = "Settings", "Storage", "Mail", "DeskDirector", "Form", "Customers"
_SITE_TODO = f"{AWAY}; if it stays so, check DESKDIRECTOR_URL"
_KEY_TODO = "check DESKDIRECTOR_URL and DESKDIRECTOR_API_KEY, and what the key may do (Admin Portal > API keys)"
_AGENT_TODO = "set DESKDIRECTOR_AGENT_ID to an agent who may manage contact groups, and let the key read agents' keys"
_FUNCTIONS_TODO = "check DESKDIRECTOR_FUNCTIONS_URL, and that advanced actions are enabled for the site"
_DIALECT_TODO = "compare the site's interface with docs/assumptions.md and set DESKDIRECTOR_DIALECT"


class DeskLook(Protocol):
    """What a DeskDirector site says of itself. Each call raises DeskError."""

    @property
    def dialect(self) -> Dialect:
        """How the site is spoken to."""
        ...

    def test(self) -> None:
        """Returns when the site accepts the key."""
        ...

    def fetch_token(self, agent: int) -> None:
        """Returns when the site gives an access token of the agent."""
        ...

    def schema(self, name: str) -> Any:
        """The JSON schema of a type; None when the site shows none."""
        ...

    def actions(self) -> Mapping[str, AbstractSet[str]]:
        """The ids of the advanced actions by their category."""
        ...

    def action_schema(self, action: Action) -> Any:
        """The JSON schema of an action's request; None when the site shows none."""
        ...

    def role_words(self, account: int) -> AbstractSet[str] | None:
        """Some of the role words in an account's contact groups; None when nobody is in one of the first."""
        ...

    def takes_pages(self, rows: int) -> bool:
        """Whether a list of accounts, with their tags, comes with so many rows at once."""
        ...


@dataclass(frozen=True, slots=True)
class Clinic:
    """Where to look. Each call raises SyncError, or what the storage's SDK raises; `customers` is asked last."""

    settings: Callable[[], ServOrgSettings]
    storage: Callable[[], Iterable[Check]]
    mail: Callable[[], Iterable[Check]]
    look: Callable[[], DeskLook]
    places: Callable[[], Places]
    customers: Callable[[], Book]
    custorg: Callable[[str], Remote]
    services: Callable[[], Mapping[str, tuple[int, ...]]]
    tagged: Callable[[], Mapping[str, tuple[AccountId, ...]]]


def examine(clinic: Clinic, wanted: Collection[str] = ()) -> Iterator[tuple[str, Check]]:
    """Each check when it was made, with the part that it belongs to; of customers those that are `wanted`, or all.

    What cannot be looked at, since what it needs is wrong, is one line.
    """
    parts = Part(SETTINGS, lambda: _settings(clinic)), Part(STORAGE, clinic.storage)
    first = _Noted(chain.from_iterable(looked([part], SECONDS) for part in parts))  # the first reads settings for both
    yield from first
    if first.bad(SETTINGS, STORAGE):
        cause = SETTINGS if first.bad(SETTINGS) else STORAGE
        yield from ((part, _not_looked(cause)) for part in (MAIL, DESK, FORM, CUSTOMERS))
        return
    book = clinic.customers()
    chosen = [book.get(one) for one in wanted] if wanted else list(book.all())
    second = _Noted(looked([Part(MAIL, clinic.mail), Part(DESK, lambda: _desk(clinic))], SECONDS))
    yield from second
    cause = next((name for name in ("site", "key") if second.bad(DESK, check=name)), "")
    yield from looked([Part(FORM, lambda: [_without(cause)] if cause else _form(clinic))], SECONDS)
    if not chosen:
        yield CUSTOMERS, Check("customers", State.WARN, "there is no customer yet", "add one: `customers add --help`")
    yield from looked([Part(one.id, _of(clinic, one, answers=not cause)) for one in chosen], SECONDS)


class _Noted:
    """Checks as they pass by, and which of them were wrong."""

    def __init__(self, checks: Iterator[tuple[str, Check]]) -> None:
        self._checks, self._wrong = checks, set[tuple[str, str]]()

    def __iter__(self) -> Iterator[tuple[str, Check]]:
        for part, check in self._checks:
            if check.state is State.BAD:
                self._wrong.add((part, check.name))
            yield part, check

    def bad(self, *parts: str, check: str = "") -> bool:
        """Whether something of these parts was wrong; only checks of this name count, when one is given."""
        return any(part in parts and check in {"", name} for part, name in self._wrong)


def _not_looked(cause: str) -> Check:
    return Check("all", State.WARN, f"not looked at, since {cause} is wrong", f"correct {cause} first, and look again")


# The app itself


def _settings(clinic: Clinic) -> Iterator[Check]:
    try:
        settings = clinic.settings()
    except SettingsError as error:
        for fault in error.faults:
            yield Check("settings", State.BAD, fault, "correct it in the app's settings (README, Settings)")
        return
    usual = sum(name not in settings.model_fields_set for name in type(settings).model_fields)
    total = len(settings.names())
    yield Check("settings", State.OK, f"all {total} are right, {usual} of them by their default")
    if settings.role == "custorg":
        yield Check("ROLE", State.BAD, "this is a CustOrg", "run `python -m custorg doctor` for it, or set ROLE")
    for warning in settings.warnings():
        yield Check("limits", State.WARN, warning, "leave it, if that is meant")


# DeskDirector


def _desk(clinic: Clinic) -> Iterator[Check]:
    look, settings = clinic.look(), clinic.settings()
    key = guarded("key", lambda: _key(look), _KEY_TODO)
    yield key
    if key.state is State.BAD:
        yield _without(key.name)
        return
    yield guarded("agent", lambda: _agent(look, settings.desk_agent_id), _AGENT_TODO)
    yield guarded("pages", lambda: _pages(look), _DIALECT_TODO)
    for shape in shapes(look.dialect):
        yield guarded(f"schema {shape.name}", partial(_schema, look, shape), _DIALECT_TODO)
    yield from _actions(look)
    accounts = [one.account for one in clinic.customers().all()]
    yield guarded("roles", lambda: _roles(look, accounts), f"{_AGENT_TODO}; or {_DIALECT_TODO}")


def _without(cause: str) -> Check:
    """What else is not looked at when the site gives no answer, or refuses the key."""
    if cause == "key":
        return _not_looked("the key")
    return Check("all", State.WARN, "not looked at, since DeskDirector gives no answer", "look again when it does")


def _key(look: DeskLook) -> Check:
    """Nothing is said of the key while the site gives no answer, or asks to wait."""
    try:
        look.test()
    except DeskThrottled as busy:
        return Check("site", State.WARN, str(busy), AWAY)
    except DeskUnavailable as error:
        if not is_away(error):
            raise
        return Check("site", State.BAD, str(error), _SITE_TODO)
    return Check("key", State.OK, "the site accepts the API key")


def _agent(look: DeskLook, agent: int) -> Check:
    look.fetch_token(agent)
    return Check("agent", State.OK, f"the site gives an access token of agent {agent}")


def _pages(look: DeskLook) -> Check:
    if look.takes_pages(PAGE):
        return Check("pages", State.OK, f"accounts come with their tags, up to {PAGE} at once")
    said = f"fewer accounts came than there are, though {PAGE} at once were asked for"
    return Check("pages", State.BAD, said, _DIALECT_TODO)


def _schema(look: DeskLook, shape: Shape) -> Check:
    return schema_check(f"schema {shape.name}", shape, look.schema(shape.name))


def _action(look: DeskLook, action: Action, shape: Shape) -> Check:
    return schema_check(f"action {shape.name}", shape, look.action_schema(action))


def _actions(look: DeskLook) -> Iterator[Check]:
    offered: Mapping[str, AbstractSet[str]] = {}

    def read() -> Check:
        nonlocal offered
        offered = look.actions()
        listed = "; ".join(f"{category}: {', '.join(sorted(ids))}" for category, ids in sorted(offered.items()))
        return Check("actions", State.OK, f"the site's, by category: {listed or 'none'}")

    listed = guarded("actions", read, _FUNCTIONS_TODO)
    yield listed
    if listed.state is State.OK:
        for action, shape in action_shapes(look.dialect):
            name = f"action {shape.name}"
            fits = partial(_action, look, action, shape)
            yield _offered(name, action, offered) or guarded(name, fits, _FUNCTIONS_TODO)


def _offered(name: str, action: Action, offered: Mapping[str, AbstractSet[str]]) -> Check | None:
    """What is wrong with an action's id or category; None when the site has it there."""
    if action.id in offered.get(action.category, ()):
        return None
    word = name.removeprefix("action ")
    override = f'set DESKDIRECTOR_DIALECT to {{"actions": {{"{word}": {{"id": "…", "category": "…"}}}}}}'
    elsewhere = [category for category, ids in offered.items() if action.id in ids]
    if elsewhere:
        said = f"{action.id} is not in category {action.category} but in {', '.join(elsewhere)}"
        return Check(name, State.BAD, said, override)
    return Check(name, State.BAD, f"the site has no action {action.id}", f"{override}, one of those at `actions`")


def _roles(look: DeskLook, accounts: Iterable[int]) -> Check:
    for account in accounts:
        words = look.role_words(account)
        if words is not None:
            unknown = sorted(word for word in words if look.dialect.roles.role(word) is None)
            if unknown:
                todo = 'set DESKDIRECTOR_DIALECT to {"roles": {"regular": "…", "manager": "…", "guest": "…"}}'
                return Check("roles", State.BAD, f"the site has the role words {', '.join(unknown)}", todo)
            return Check(
                "roles", State.OK, f"people of contact groups are told, with roles: {', '.join(sorted(words))}"
            )
    said = "nobody is in a contact group of a customer yet, so the list of its people cannot be seen"
    return Check("roles", State.WARN, said, "look again after the first sync in mode 2")


# The form and the customers


def _form(clinic: Clinic) -> Iterator[Check]:
    settings = clinic.settings()
    if not any((settings.event_id, settings.board, settings.in_progress_status, settings.closed_status)):
        yield Check("form", State.WARN, "the form is not set up", "set it up by docs/form.md, if requests shall use it")
        return
    yield from form_checks(clinic.places())


def _of(clinic: Clinic, customer: Customer, *, answers: bool) -> Callable[[], Iterator[Check]]:
    def look() -> Iterator[Check]:
        book = clinic.customers()
        bedside = Bedside(
            customer=customer,
            configuration=book.configuration(customer.id),
            foreign=book.foreign(customer.id),
            custorg=lambda: clinic.custorg(customer.id),
            setup=clinic.places().setup if answers else None,
            services=clinic.services,
            tagged=clinic.tagged,
        )
        yield from customer_checks(bedside)

    return look


def names() -> frozenset[str]:
    """The names of checks by which docs/assumptions.md says what tests an assumption."""
    dialect = Dialect()
    return frozenset(
        {f"schema {shape.name}" for shape in shapes(dialect)}
        | {f"action {shape.name}" for _, shape in action_shapes(dialect)}
        | {"key", "agent", "pages", "actions", "roles", "form", "event", "subscription", "statuses", *CUSTOMER_CHECKS}
    )
