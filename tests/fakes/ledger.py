"""The ledger in memory. tests/contract/test_ledger_contract.py keeps it honest."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Unpack

from servorg.records import (
    ChangeRow,
    LeaseBusy,
    LeaseTaken,
    LedgerUnreachable,
    Run,
    RunFields,
    RunStatus,
    UnknownRun,
    split_run_id,
)
from shared.core.model import AccountId, Address, ContactLink, EntraGroupId, GroupLink, Links


class FakeLedger:
    """`servorg.records.Ledger`. While `unreachable` is set, a lease cannot be renewed."""

    def __init__(self) -> None:
        self.kept: dict[str, Run] = {}
        self.rows: dict[str, dict[int, ChangeRow]] = {}
        self.managed: dict[str, dict[AccountId, Links]] = {}
        self.leases: dict[str, LeaseTaken] = {}
        self.unreachable = False
        self._lock = threading.RLock()

    def create_run(self, run: Run) -> None:
        self.kept.setdefault(_known(run.id), run)

    def run(self, run: str) -> Run | None:
        return self.kept.get(run)

    def runs(self, customer: str | None, limit: int) -> list[Run]:
        found = [run for run in self.kept.values() if customer in {None, run.customer}]
        return sorted(found, key=lambda run: (_age(run.id), run.customer))[:limit]

    def update_run(self, run: str, **changed: Unpack[RunFields]) -> None:
        with self._lock:
            self.kept[run] = replace(self._kept(run), **changed)

    def update_run_if(self, run: str, was: RunStatus, **changed: Unpack[RunFields]) -> bool:
        with self._lock:
            if self._kept(run).status is not was:
                return False
            self.update_run(run, **changed)
            return True

    def removals_since(self, customer: str, since: datetime) -> int:
        runs = [run for run in self.kept.values() if run.customer == customer]
        return sum(run.counts.get("removed", 0) for run in runs if run.ended_at is None or run.ended_at >= since)

    def write_changes(self, run: str, changes: Iterable[ChangeRow]) -> None:
        self.rows[run] = {change.number: replace(change, run=run) for change in changes}

    def changes(self, run: str) -> list[ChangeRow]:
        return [row for _, row in sorted(self.rows.get(run, {}).items())]

    def mark(self, changes: Iterable[ChangeRow]) -> None:
        for marked in changes:
            rows = self.rows.setdefault(marked.run, {})
            before = rows.get(marked.number, replace(marked, kind="", change={}))
            rows[marked.number] = replace(marked, kind=before.kind, change=before.change)

    def links(self, customer: str) -> dict[AccountId, Links]:
        found = self.managed.get(customer, {})
        return {account: found[account] for account in sorted(found) if found[account] != Links()}

    def write_links(
        self,
        customer: str,
        account: AccountId,
        contacts: Mapping[Address, ContactLink | None],
        groups: Mapping[EntraGroupId, GroupLink | None],
    ) -> None:
        accounts = self.managed.setdefault(customer, {})
        before = accounts.get(account, Links())
        accounts[account] = Links(_merged(before.contacts, contacts), _merged(before.groups, groups))

    def take_lease(
        self, customer: str, run: str, holder: str, now: datetime, seconds: float, *, handed: str = ""
    ) -> LeaseTaken | LeaseBusy:
        with self._lock:
            found = self.leases.get(customer)
            other = found is not None and (found.run, found.holder) not in {(run, holder), (run, handed)}
            if found is not None and other and found.until > now:
                return LeaseBusy(found.run, found.until, found.holder)
            taken = LeaseTaken(customer, run, holder, now + timedelta(seconds=seconds))
            self.leases[customer] = taken
            return replace(taken, previous=found.run) if found is not None and other else taken

    def renew_lease(self, customer: str, run: str, holder: str, now: datetime, seconds: float) -> bool:
        if self.unreachable:
            raise LedgerUnreachable("scripted")
        with self._lock:
            if not self._is_ours(customer, run, holder):
                return False
            self.leases[customer] = LeaseTaken(customer, run, holder, now + timedelta(seconds=seconds))
            return True

    def hand_lease(self, run: str, holder: str, heir: LeaseTaken) -> bool:
        with self._lock:
            ours = self._is_ours(heir.customer, run, holder)
            if ours:
                self.leases[heir.customer] = heir
            return ours

    def release_lease(self, customer: str, run: str, holder: str) -> None:
        with self._lock:
            if self._is_ours(customer, run, holder):
                del self.leases[customer]

    def _is_ours(self, customer: str, run: str, holder: str) -> bool:
        found = self.leases.get(customer)
        return found is not None and (found.run, found.holder) == (run, holder)

    def _kept(self, run: str) -> Run:
        if run not in self.kept:
            raise UnknownRun(run)
        return self.kept[run]


def _known(run: str) -> str:
    if split_run_id(run) is None:
        raise UnknownRun(run)
    return run


def _age(run: str) -> str:
    keys = split_run_id(run)
    return keys[1] if keys else ""


def _merged[K, V](before: Mapping[K, V], changed: Mapping[K, V | None]) -> dict[K, V]:
    together: dict[K, Any] = {**before, **changed}
    return {name: link for name, link in together.items() if link is not None}
