"""Carries a plan out: walks its changes, one call after the other, until all are done or the slice's time is over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import NoReturn, assert_never

from servorg.ports import Desk
from servorg.records import ChangeRow, ChangeStatus
from shared.core.changes import (
    OF_GROUP,
    ActivateContact,
    AddToGroup,
    Change,
    ClearServiceGroup,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    LinkServiceGroup,
    LowerRole,
    MoveServiceGroup,
    RaiseRole,
    RemoveFromGroup,
    RenameGroup,
    from_json,
)
from shared.core.model import AccountId, Address, Contact, ContactGroupId, ContactId, EntraGroupId, Reason
from shared.errors import DeskInDoubt, DeskRejected, DeskThrottled, DeskUnavailable, SyncError

AGAIN = 5.0
"""Seconds until a change that failed is tried once more, in a slice of its own."""
FAILING_SLICES = 2
DOUBTFUL_SLICES = 5
LEAST_WAIT = 1.0
"""Seconds to wait when DeskDirector asks to wait for none."""
MARKS, MARK_SECONDS = 100, 1.0
_OPEN = {ChangeStatus.PLANNED, ChangeStatus.IN_DOUBT}

type Mark = Callable[[Sequence[ChangeRow]], None]


class LeaseLost(SyncError):
    """Somebody else may be at work on this customer by now."""


class _Postponed(SyncError):
    """This change can't be tried before another one is decided."""


class _Missing(SyncError):
    """What this change builds on could not be done."""

    def __init__(self, reason: Reason | str) -> None:
        super().__init__(str(reason))
        self.skip = isinstance(reason, Reason)


class Slice:
    """One slice of a run's changes. `rows` is the current state of each, in the order of the plan."""

    def __init__(self, rows: Iterable[ChangeRow], desk: Desk, mark: Mark, clock: Callable[[], float]) -> None:
        self.rows = list(rows)
        self._changes: list[Change] = [from_json(row.change) for row in self.rows]
        self._desk = desk
        self._mark = mark
        self._clock = clock
        self._unmarked: dict[int, ChangeRow] = {}
        self._marked_at = clock()
        self._contacts: dict[tuple[AccountId, Address], int] = {}
        self._groups: dict[tuple[AccountId, EntraGroupId], int] = {}
        self._known_contacts: dict[tuple[AccountId, Address], ContactId] = {}
        self._known_groups: dict[tuple[AccountId, EntraGroupId], ContactGroupId] = {}
        for place in range(len(self.rows)):
            self._note(place)
        self._replacing = self._additions_of_successors()

    def run(self, deadline: float, lost: Callable[[], bool], *, in_doubt: bool) -> float | None:
        """Works until `deadline` (of the clock): None when no change is open, else after how many seconds to go on.

        `in_doubt`: an earlier holder was killed, so any create without a mark may have been done. Raises LeaseLost,
        DeskForbidden, or DeskUnavailable when there is no connection; what was done until then is marked.
        """
        try:
            if in_doubt:
                self._doubt()
            return self._work(deadline, lost)
        except DeskThrottled as throttled:
            return max(throttled.retry_after, LEAST_WAIT)
        finally:
            self._flush()

    def _work(self, deadline: float, lost: Callable[[], bool]) -> float | None:
        again: list[int] = []
        for second in (False, True):
            places = again if second else [p for p, row in enumerate(self.rows) if row.status in _OPEN]
            again = []
            for place in places:
                if lost():
                    raise LeaseLost("the lease ran out")
                if self._clock() >= deadline:
                    return 0.0
                if not self._try(place, second=second):
                    again.append(place)
        return AGAIN if any(row.status in _OPEN for row in self.rows) else None

    def _try(self, place: int, *, second: bool) -> bool:
        """Whether the change is decided for this slice; False asks for a second try at the slice's end."""
        row, change = self.rows[place], self._changes[place]
        try:
            self._set(place, self._apply(place, change))
        except _Postponed:
            return second
        except _Missing as missing:
            status = ChangeStatus.SKIPPED if missing.skip else ChangeStatus.FAILED
            self._set(place, replace(row, status=status, reason=str(missing)))
        except DeskInDoubt as doubt:
            status = ChangeStatus.FAILED if row.tries + 1 >= DOUBTFUL_SLICES else ChangeStatus.IN_DOUBT
            self._set(place, replace(row, tries=row.tries + 1, status=status, reason=str(doubt)))
        except DeskRejected as refusal:
            return self._rejected(place, refusal, second=second)
        except DeskUnavailable as unavailable:
            return self._unavailable(place, unavailable, second=second)
        except DeskThrottled as throttled:
            if isinstance(change, CreateContact | CreateGroup):  # a 503 that asks to wait may have done it all the same
                self._set(place, replace(row, status=ChangeStatus.IN_DOUBT, reason=str(throttled)))
            raise
        return True

    def _rejected(self, place: int, refusal: DeskRejected, *, second: bool) -> bool:
        row, change = self.rows[place], self._changes[place]
        status, reason = ChangeStatus.FAILED, str(refusal)
        if isinstance(change, AddToGroup) and refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            if not second:
                return False  # the contact may have too many groups until the removals are done
            contact = self._desk.find_contact(change.account, change.address)
            if contact and contact.active:
                status, reason = ChangeStatus.SKIPPED, Reason.TOO_MANY_GROUPS
        self._set(place, replace(row, status=status, reason=reason))
        return True

    def _unavailable(self, place: int, unavailable: DeskUnavailable, *, second: bool) -> bool:
        if unavailable.status is None:
            raise unavailable
        change, row = self._changes[place], self.rows[place]
        # a gateway's 5xx does not say that nothing was done, so whatever creates looks before it tries again: a group
        # only in the next slice, since a second one of its name would not be refused while the index lags
        decided = second or isinstance(change, CreateGroup)
        tries = row.tries + decided
        status = ChangeStatus.IN_DOUBT if isinstance(change, CreateContact | CreateGroup) else row.status
        status = ChangeStatus.FAILED if tries >= FAILING_SLICES else status
        self._set(place, replace(row, tries=tries, status=status, reason=str(unavailable)))
        return decided

    def _apply(self, place: int, change: Change) -> ChangeRow:  # noqa: C901  one case for each kind of change
        """The row of the change that was made."""
        row, desk = self.rows[place], self._desk
        contact, group = row.contact_id, row.group_id
        match change:
            case CreateContact():
                contact = self._create_contact(row, change)
            case ActivateContact(account, key):
                desk.activate_contact(contact := self._contact(account, key))
            case CreateGroup():
                group = self._create_group(row, change)
            case RenameGroup(account, of, name):
                desk.rename_group(account, group := self._group(account, of), name)
            case AddToGroup(account, of, _, key, role) | RaiseRole(account, of, _, key, role):
                contact, group = self._contact(account, key), self._group(account, of)
                desk.set_group_user(account, group, contact, role)
            case LowerRole(account, of, _, key, role):
                contact, group = self._contact(account, key), self._group(account, of)
                desk.set_group_user(account, group, contact, role)
            case RemoveFromGroup(account, of, _, key):
                self._await_successor(change.replaced_by)
                contact, group = self._contact(account, key), self._group(account, of)
                desk.remove_group_user(account, group, contact)
            case LinkServiceGroup(account, key, service) | MoveServiceGroup(account, key, service):
                desk.set_service_group(contact := self._contact(account, key), service)
            case ClearServiceGroup(account, key):
                self._await_successor(change.replaced_by)
                desk.set_service_group(contact := self._contact(account, key), None)
            case DeactivateContact(account, key):
                self._await_successor(change.replaced_by)
                desk.deactivate_contact(contact := self._contact(account, key))
            case _:
                assert_never(change)
        return replace(row, status=ChangeStatus.APPLIED, reason="", contact_id=contact, group_id=group)

    def _create_contact(self, row: ChangeRow, change: CreateContact) -> ContactId:
        if row.status is ChangeStatus.IN_DOUBT or row.tries:
            found = self._desk.find_contact(change.account, change.address)
            if found:
                return self._adopt(found)
        try:
            return self._desk.create_contact(change.account, change.address, change.first_name, change.last_name)
        except DeskRejected as refusal:
            if refusal.status != HTTPStatus.CONFLICT:
                raise
            found = self._desk.find_contact(change.account, change.address)
            if found is None:
                raise DeskInDoubt("there is such a contact, but it can't be found yet") from refusal
            return self._adopt(found)

    def _adopt(self, contact: Contact) -> ContactId:
        if not contact.active:
            self._desk.activate_contact(contact.id)
        return contact.id

    def _create_group(self, row: ChangeRow, change: CreateGroup) -> ContactGroupId:
        if row.status is ChangeStatus.IN_DOUBT or row.tries:
            found = self._desk.find_groups(change.account, change.name)
            ours = [group.id for group in found if group.id not in change.besides]
            if ours:
                return ours[0]
        return self._desk.create_group(change.account, change.name)

    def _contact(self, account: AccountId, key: Address) -> ContactId:
        known = self._known_contacts.get((account, key))
        return known if known is not None else self._blocked(self._contacts.get((account, key)), "its contact")

    def _group(self, account: AccountId, group: EntraGroupId) -> ContactGroupId:
        known = self._known_groups.get((account, group))
        return known if known is not None else self._blocked(self._groups.get((account, group)), "its contact group")

    def _blocked(self, creating: int | None, what: str) -> NoReturn:
        if creating is not None and self.rows[creating].status in _OPEN:
            raise _Postponed
        raise _Missing(f"{what} could not be created")

    def _await_successor(self, successor: Address | None) -> None:
        """A removal waits for what replaces it for the same Entra user; without that it is left for a later run."""
        statuses = {self.rows[place].status for place in self._replacing.get(successor, ())} if successor else set()
        if statuses & _OPEN:
            raise _Postponed
        if statuses - {ChangeStatus.APPLIED}:
            raise _Missing(Reason.REPLACEMENT_MISSING)

    def _additions_of_successors(self) -> Mapping[Address, list[int]]:
        removals = (c for c in self._changes if isinstance(c, RemoveFromGroup | ClearServiceGroup | DeactivateContact))
        additions: dict[Address, list[int]] = {c.replaced_by: [] for c in removals if c.replaced_by}
        for place, change in enumerate(self._changes):
            if not isinstance(change, CreateContact | ActivateContact | AddToGroup | LinkServiceGroup):
                continue
            if change.address in additions:
                additions[change.address].append(place)
        return additions

    def _doubt(self) -> None:
        """Every create without a mark may have been done: one read of each account tells which were."""
        creates = [p for p, c in enumerate(self._changes) if isinstance(c, CreateContact | CreateGroup)]
        open_creates = [place for place in creates if self.rows[place].status in _OPEN]
        accounts = {self._changes[place].account for place in open_creates}
        read = {account: self._desk.account(account, lambda _: False) for account in sorted(accounts)}
        for place in open_creates:
            row, change = self.rows[place], self._changes[place]
            if isinstance(change, CreateContact) and (found := read[change.account].contacts.get(change.address)):
                self._set(place, replace(row, status=ChangeStatus.APPLIED, contact_id=self._adopt(found)))
            else:
                self._set(place, replace(row, status=ChangeStatus.IN_DOUBT))

    def _set(self, place: int, row: ChangeRow) -> None:
        self.rows[place] = row
        self._note(place)
        self._unmarked[place] = row
        if len(self._unmarked) >= MARKS or self._clock() - self._marked_at >= MARK_SECONDS:
            self._flush()

    def _flush(self) -> None:
        unmarked, self._unmarked = list(self._unmarked.values()), {}
        if unmarked:
            self._mark(unmarked)
        self._marked_at = self._clock()

    def _note(self, place: int) -> None:
        """Learns ids from a row: the plan speaks of addresses and Entra groups."""
        row, change = self.rows[place], self._changes[place]
        if isinstance(change, CreateContact):
            self._contacts[change.account, change.address] = place
        if isinstance(change, CreateGroup):
            self._groups[change.account, change.group] = place
        if row.contact_id is not None and not isinstance(change, RenameGroup | CreateGroup):
            self._known_contacts[change.account, change.address] = ContactId(row.contact_id)
        if row.group_id is not None and isinstance(change, OF_GROUP):
            self._known_groups[change.account, change.group] = ContactGroupId(row.group_id)
