"""The helpdesk as the contract suite stages it: in memory, and over HTTP on the DeskDirector double."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from servorg.desk_http import Access, DeskHttp, Patience
from servorg.desk_tickets import DeskTickets
from servorg.dialect import Dialect
from servorg.helpdesk import FieldAnswer, FormAnswers, FormRef, Helpdesk, Picked, Ticket
from shared.errors import DeskForbidden, DeskThrottled, DeskUnavailable
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.helpdesk import NEW, FakeHelpdesk

BOARD, ELSEWHERE, FORM, OWN = 1, 5, 21, 12
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
ANSWERED = {
    "custorg_account": FieldAnswer((Picked("contoso", "Contoso"),)),
    "sync_mode": FieldAnswer((Picked("2", "Contact groups"),)),
}
type Trouble = Literal["throttled", "broken", "forbidden"]


class Stage(Protocol):
    """One implementation, with what people do by hand and a look at what is there."""

    @property
    def helpdesk(self) -> Helpdesk: ...

    def submit(self, *, minutes: int = 0, board: int = BOARD, status: int = NEW) -> Ticket:
        """A form's ticket, made so many minutes after START; its form is answered as in ANSWERED."""
        ...

    def notes(self, ticket: int) -> list[str]: ...

    def trouble(self, call: str, kind: Trouble) -> None: ...


class InMemory:
    """FakeHelpdesk."""

    def __init__(self) -> None:
        self.helpdesk = FakeHelpdesk()
        self.notes = self.helpdesk.notes

    def submit(self, *, minutes: int = 0, board: int = BOARD, status: int = NEW) -> Ticket:
        ref = FormRef(FORM, 9001 + len(self.helpdesk.tickets))
        self.helpdesk.answers[ref] = FormAnswers(ANSWERED)
        made = Ticket(501 + len(self.helpdesk.tickets), OWN, status, closed=False, created=_at(minutes), forms=(ref,))
        self.helpdesk.add(made, board)
        self.helpdesk.set_status(made.id, status)
        return self.helpdesk.tickets[made.id]

    def trouble(self, call: str, kind: Trouble) -> None:
        errors = {"throttled": DeskThrottled(7), "broken": DeskUnavailable("", 503), "forbidden": DeskForbidden("")}
        self.helpdesk.fail(call, errors[kind])


class Waits:
    """A budget that lets everything pass and counts."""

    def __init__(self) -> None:
        self.count = 0

    def wait(self) -> None:
        self.count += 1


FORM_FIELDS = [
    {"name": "Account", "identifier": "custorg_account", "type": "api_single_select", "required": True},
    {"name": "Mode", "identifier": "sync_mode", "type": "api_single_select", "required": True},
    {"name": "Why", "identifier": "reason", "type": "text"},
]
# Where a call's request goes: method and path.
ROUTES = {
    "ticket": ("GET", "/tickets/[0-9]+$"),
    "tell_ticket": ("PATCH", "/tickets/[0-9]+$"),
    "open_tickets": ("POST", "/tickets/find$"),
    "form_answers": ("GET", "/results/[0-9]+$"),
}
ANSWERS: dict[str, Any] = {
    "custorg_account": {"identifier": "contoso", "name": "Contoso"},
    "sync_mode": {"identifier": "2", "name": "Contact groups"},
}


class OverHttp:
    """The adapter, speaking to the double."""

    def __init__(self, rig: Rig, **seed: Any) -> None:
        self.rig, self.waits = rig, Waits()
        boards = [{"id": BOARD, "name": "Service Desk"}, {"id": ELSEWHERE, "name": "Projects"}]
        form = {"id": FORM, "name": "Sync User Group", "fields": FORM_FIELDS}
        rig.reset(**{"boards": boards, "forms": [form], **seed})
        self.helpdesk = self.adapter()

    def adapter(self, dialect: str = "{}") -> DeskTickets:
        """A new adapter."""
        words = Dialect.read(dialect)
        access = Access(self.rig.site, self.rig.functions, "demo-key", 7)
        return DeskTickets(words, DeskHttp(access, words, self.waits, patience=Patience(retry=1)))

    def submit(
        self, *, minutes: int = 0, board: int = BOARD, status: int = NEW, answers: dict[str, Any] | None = None
    ) -> Ticket:
        made = self.rig.edit(
            "submit_form",
            form=FORM,
            company=OWN,
            board=board,
            status=status,
            answers=ANSWERS if answers is None else answers,
        )
        created = _at(minutes)
        self.rig.edit("update_ticket", id=made["ticket"], createdOn=created.isoformat())
        found = self.helpdesk.ticket(made["ticket"])

        assert found is not None
        assert found.forms == (FormRef(made["form"], made["result"]),)
        return replace(found, created=created)

    def notes(self, ticket: int) -> list[str]:
        [row] = [row for row in self.rig.admin("GET", "state")["tickets"] if row["id"] == ticket]
        return [note["note"] for note in row["notes"] if not note["isInternal"]]

    def trouble(self, call: str, kind: Trouble) -> None:
        rules: dict[str, dict[str, Any]] = {
            "throttled": {"status": 429, "headers": {"Retry-After": "7"}},
            "broken": {"status": 503},
            "forbidden": {"status": 403},
        }
        self.fault(call, **rules[kind])

    def fault(self, call: str, **rule: Any) -> None:
        """A rule of the double for this call's requests."""
        method, path = ROUTES[call]
        self.rig.fault(method=method, path=path, **rule)


def ids(tickets: Iterable[Ticket]) -> list[int]:
    """The tickets' ids in their order."""
    return [one.id for one in tickets]


def _at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)
