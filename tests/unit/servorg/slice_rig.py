"""A slice at work: a desk, the rows of some changes, and values that its tests share."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from servorg.apply import Slice
from servorg.records import ChangeRow, ChangeStatus
from shared.core.changes import (
    AddToGroup,
    Change,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    to_json,
)
from shared.core.model import Address, GroupRole
from shared.errors import DeskInDoubt, DeskUnavailable
from tests.builders import ACCOUNT, REGULAR, group_id, mail
from tests.fakes.desk import FakeDesk

APPLIED, FAILED, PLANNED = ChangeStatus.APPLIED, ChangeStatus.FAILED, ChangeStatus.PLANNED
SKIPPED, IN_DOUBT = ChangeStatus.SKIPPED, ChangeStatus.IN_DOUBT
JAN, EVA, IT = mail("jan"), mail("eva"), group_id("it")
NEW_JAN, NEW_EVA = CreateContact(ACCOUNT, JAN, "Jan", "Smith"), CreateContact(ACCOUNT, EVA, "Eva", "")
NEW_IT = CreateGroup(ACCOUNT, IT, "it")
JAN_JOINS = AddToGroup(ACCOUNT, IT, "it", JAN, REGULAR)
JAN_GOES = DeactivateContact(ACCOUNT, JAN)
BROKEN, LOST = DeskUnavailable("broken", 503), DeskInDoubt("the answer was lost")


class Work:
    """A desk, and the rows of some changes with what a ledger would know of them."""

    def __init__(self, *changes: Change) -> None:
        self.desk = FakeDesk()
        self.desk.add_account(ACCOUNT)
        self.rows = [ChangeRow("run", n, change.kind, change=to_json(change)) for n, change in enumerate(changes)]
        self.marks: list[int] = []

    def contact(self, name: str, *, active: bool = True) -> int:
        """A contact that the plan knows."""
        found = self.desk.add_contact(ACCOUNT, mail(name), active=active)
        self.rows = [
            replace(r, contact_id=found)
            if r.change.get("address") == mail(name) and "first_name" not in r.change
            else r
            for r in self.rows
        ]
        return found

    def group(self, name: str = "it", **users: GroupRole) -> str:
        """A contact group that the plan knows."""
        contacts = self.desk.read(ACCOUNT).contacts
        found = self.desk.add_group(ACCOUNT, name, {contacts[mail(one)].id: role for one, role in users.items()})
        self.rows = [replace(r, group_id=found) if r.change.get("group") == group_id(name) else r for r in self.rows]
        return found

    def slice(
        self,
        clock: Callable[[], float] = lambda: 0.0,
        deadline: float = 60,
        lost: Callable[[], bool] = lambda: False,
        *,
        in_doubt: bool = False,
    ) -> float | None:
        return Slice(self.rows, self.desk, self._mark, clock).run(deadline, lost, in_doubt=in_doubt)

    def _mark(self, decided: Sequence[ChangeRow]) -> None:
        self.marks.append(len(decided))
        for row in decided:
            self.rows[row.number] = row

    @property
    def statuses(self) -> list[ChangeStatus]:
        return [row.status for row in self.rows]

    @property
    def called(self) -> list[str]:
        return [call.name for call in self.desk.calls]

    def roles(self, name: str = "it") -> dict[Address, GroupRole]:
        account = self.desk.read(ACCOUNT)
        names = {contact.id: key for key, contact in account.contacts.items()}
        users = next(group.users for group in account.groups.values() if group.name == name)
        return {names[one]: role for one, role in (users or {}).items()}
