"""Compares a DeskDirector site with what the form needs: one Check for each thing that somebody set up there."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from servorg.form_answers import CUSTOMER, MODE
from servorg.subscriptions import EventSite, SubscriptionBook
from shared.checks import AWAY, Check, State
from shared.core.model import fold
from shared.errors import DeskError, DeskForbidden, DeskThrottled
from shared.settings import ServOrgSettings

FORM_NAME = "Sync User Group"
FIELDS = (CUSTOMER, MODE)
MOST_FORMS = 40  # that are looked into; each takes a request or two
_MOST_LISTED = 12
_GUIDE = "see docs/form.md"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account's name, and whether it is active."""

    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class FormFields:
    """Which of the fields that were asked for a form has; unless `whole`, it may have more of them."""

    names: frozenset[str]
    whole: bool


class Setup(Protocol):
    """What was set up in the site. Raises DeskError; a list is complete or an error."""

    def boards(self) -> Mapping[int, str]:
        """The names of all boards (queues) by id."""
        ...

    def statuses(self, board: int) -> Mapping[int, str]:
        """The names of a board's statuses by id."""
        ...

    def forms(self) -> Mapping[int, str]:
        """The names of all forms by id."""
        ...

    def form_fields(self, form: int, wanted: Collection[str]) -> FormFields:
        """Which of these identifiers the form has a field of."""
        ...

    def account(self, account: int) -> AccountFacts | None:
        """An account; None when there is none of this id."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where the checks look: the settings, what is set up in the site, its events and our subscription."""

    settings: ServOrgSettings
    setup: Setup
    events: EventSite
    book: SubscriptionBook


def form_checks(places: Places) -> Iterator[Check]:
    """Each check when it was made; what fails to answer is a check that is wrong, and the next one goes on."""
    yield _settings(places.settings)
    yield _asked("account", lambda: _account(places))
    yield _asked("board", lambda: _board(places))
    yield from _statuses(places)
    yield _asked("event", lambda: _event(places))
    yield _subscription(places)
    yield _asked("form", lambda: _form(places.setup))


def _asked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except DeskForbidden as error:
        return Check(name, State.BAD, str(error), "check DESKDIRECTOR_API_KEY and what its key may do")
    except DeskThrottled as busy:
        return Check(name, State.WARN, str(busy), AWAY)
    except DeskError as error:
        return Check(name, State.BAD, str(error), "try again; if it stays so, DESKDIRECTOR_URL may be wrong")


def _settings(settings: ServOrgSettings) -> Check:
    faults = settings.form_faults()
    if settings.event_id is None:
        faults.append("EVENT_ID is missing: it is the id of the event Sync User Group")
    if faults:
        return Check("settings", State.BAD, "; ".join(faults), f"set them in the app's settings, {_GUIDE}")
    return Check("settings", State.OK, "all settings of the form are there")


def _unset(name: str, setting: str) -> Check:
    return Check(name, State.WARN, f"{setting} is missing", f"set {setting} first")


# The account and the board


def _account(places: Places) -> Check:
    wanted = places.settings.servorg_account
    if wanted is None:
        return _unset("account", "SERVORG_ACCOUNT_ID")
    found = places.setup.account(wanted)
    todo = "set SERVORG_ACCOUNT_ID to the id of your own account (Client Portal > Accounts)"
    if found is None:
        return Check("account", State.BAD, f"there is no account {wanted}", todo)
    if not found.active:
        said = f"account {wanted}, {found.name}, is not active: nobody of it can open the form"
        return Check("account", State.BAD, said, "activate the account, or set SERVORG_ACCOUNT_ID to another one")
    return Check("account", State.OK, f"{wanted} is {found.name}; its people may use the form")


def _board(places: Places) -> Check:
    wanted = places.settings.board
    if wanted is None:
        return _unset("board", "BOARD_ID")
    boards = places.setup.boards()
    if wanted not in boards:
        todo = f"set BOARD_ID to one of {_listed(boards)}"
        return Check("board", State.BAD, f"there is no board (queue) {wanted}", todo)
    return Check("board", State.OK, f"{wanted} is {boards[wanted]}")


# Its statuses


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    setting: str
    status: int | None


def _statuses(places: Places) -> Iterator[Check]:
    """A check for each status; all of them have one request, and one check when it brings none."""
    wanted, board = _wanted_statuses(places.settings), places.settings.board
    if board is None:
        yield from (_unset(one.name, "BOARD_ID") for one in wanted)
        return
    names: Mapping[int, str] = {}

    def read() -> Check:
        nonlocal names
        names = places.setup.statuses(board)
        if not names:
            return Check("statuses", State.BAD, f"board {board} has no statuses", "set BOARD_ID to another board")
        return Check("statuses", State.OK, f"board {board} has {len(names)} statuses")

    read_all = _asked("statuses", read)
    yield read_all
    if read_all.state is State.OK:
        yield from (_status(one, board, names) for one in wanted)


def _wanted_statuses(settings: ServOrgSettings) -> list[_Wanted]:
    return [
        _Wanted("in-progress status", "IN_PROGRESS_STATUS_ID", settings.in_progress_status),
        _Wanted("closed status", "CLOSED_STATUS_ID", settings.closed_status),
        *(_Wanted("approval status", "APPROVAL_STATUS_IDS", one) for one in settings.approval_statuses),
        *(_Wanted("declined status", "DECLINED_STATUS_IDS", one) for one in settings.declined_statuses),
    ]


def _status(wanted: _Wanted, board: int, names: Mapping[int, str]) -> Check:
    if wanted.status is None:
        return _unset(wanted.name, wanted.setting)
    if wanted.status not in names:
        # DeskDirector takes a status of another board without a word (second look §10).
        said, todo = f"board {board} has no status {wanted.status}", f"set {wanted.setting} to one of {_listed(names)}"
        return Check(wanted.name, State.BAD, said, todo)
    return Check(wanted.name, State.OK, f"{wanted.status} is {names[wanted.status]}")


# The event


def _event(places: Places) -> Check:
    wanted = places.settings.event_id
    if wanted is None:
        return _unset("event", "EVENT_ID")
    found = next((one for one in places.events.events() if one.id == wanted), None)
    if found is None:
        todo = "set EVENT_ID to an id of `python -m servorg events list`, or make the event (Advanced > Events)"
        return Check("event", State.BAD, f"there is no event {wanted!r}", todo)
    todo = "see in the Admin Portal (Advanced > Events) that it is Enabled"
    return Check("event", State.OK, f"{found.name}; whether it is enabled cannot be seen from here", todo)


def _subscription(places: Places) -> Check:
    known, name = places.book.read(), "subscription"
    if known is None:
        said = "no subscription was made from here; one that was typed into DeskDirector cannot be seen"
        return Check(name, State.WARN, said, "run `python -m servorg events subscribe`")
    if known.event != places.settings.event_id:
        said = f"it is of another event, {known.name} ({known.event})"
        return Check(name, State.BAD, said, "run `python -m servorg events subscribe` again")
    return Check(name, State.OK, f"events go to {known.url} since {known.since:%Y-%m-%d}")


# The form


def _form(setup: Setup) -> Check:
    forms = setup.forms()
    # The one of the usual name first: mostly it is it.
    order = sorted(forms, key=lambda form: (not _is_usual(forms[form]), "sync" not in fold(forms[form]), form))
    partly, all_seen = "", len(order) <= MOST_FORMS
    for form in order[:MOST_FORMS]:
        fields, called = setup.form_fields(form, FIELDS), f"form {form}, {forms[form]},"
        missing = [one for one in FIELDS if one not in fields.names]
        if not missing:
            return Check("form", State.OK, f"{form} is {forms[form]}; it has both fields")
        all_seen = all_seen and fields.whole
        if fields.whole and not partly and (fields.names or _is_usual(forms[form])):
            partly = f"{called} has no field with the identifier {' and none with '.join(missing)}"
    return _no_form(partly, all_seen=all_seen)


def _is_usual(name: str) -> bool:
    return fold(name) == fold(FORM_NAME)


def _no_form(partly: str, *, all_seen: bool) -> Check:
    todo = f"give its two dynamic fields the identifiers {' and '.join(FIELDS)}, {_GUIDE}"
    if partly:
        return Check("form", State.BAD, partly, todo)
    if all_seen:
        return Check("form", State.BAD, f"no form has the fields {' and '.join(FIELDS)}", todo)
    said = f"no form was seen to have the fields {' and '.join(FIELDS)}, but not all could be looked into"
    return Check("form", State.WARN, said, f"submit the form once and look at its ticket, {_GUIDE}")


def _listed(names: Mapping[int, str]) -> str:
    shown = [f"{key} ({name})" for key, name in sorted(names.items())[:_MOST_LISTED]]
    return ", ".join(shown) + ", …" * (len(names) > _MOST_LISTED) if shown else "its ids; there are none yet"
