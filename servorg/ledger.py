"""The ledger in Azure tables: runs and their changes, what is managed, and who is at work."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack

from servorg import lease_rows
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
from servorg.rows import (
    NEWEST,
    RUN_JSON,
    RUN_KEYS,
    as_time,
    change_from,
    change_mark,
    change_row,
    contact_from,
    contact_keys,
    contact_row,
    group_from,
    group_keys,
    group_row,
    run_from,
    run_key,
    run_row,
    spilled_under,
    unpack,
    unspill,
)
from shared.core.model import AccountId, Address, ContactLink, EntraGroupId, GroupLink, Links
from shared.tables import KEYS, Entity, Operation, Tables, delete_rows, row, rows, rows_below, write_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azure.data.tables import TableClient

_PAGE = 1_000  # what the service gives at most


class TableLedger:
    """`records.Ledger` in tables `runs`, `changes` and `links`. Calls raise AzureError when storage does not answer."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def create_run(self, run: Run) -> None:
        from azure.core.exceptions import ResourceExistsError

        entity, extra = run_row(run.id, {f.name: getattr(run, f.name) for f in fields(run)})
        listed = {"PartitionKey": NEWEST, "RowKey": f"{entity['RowKey']}:{run.customer}", "id": run.id}
        write_batches(self._tables.table("changes"), (("replace", part) for part in extra))
        # the list first: an entry without its run is passed over, a run without an entry would be overlooked
        write_batches(self._runs, [("replace", listed)])
        with suppress(ResourceExistsError):  # it was made before: what became of it since stands
            self._runs.create_entity(entity)

    def run(self, run: str) -> Run | None:
        keys = split_run_id(run)
        found = row(self._runs, *keys) if keys else None
        return None if found is None else self._whole(found)

    def runs(self, customer: str | None, limit: int) -> list[Run]:
        if customer is None:
            return self._newest(limit)
        found = islice(rows(self._runs, customer, between=RUN_KEYS, page=min(limit, _PAGE)), limit)
        return [self._whole(entity) for entity in found]

    def update_run(self, run: str, **changed: Unpack[RunFields]) -> None:
        self._update(run, dict(changed), None)

    def update_run_if(self, run: str, was: RunStatus, **changed: Unpack[RunFields]) -> bool:
        while (found := row(self._runs, *run_key(run))) is not None and found["status"] == was:
            if self._update(run, dict(changed), found.metadata["etag"]):
                return True
        if found is None:
            raise UnknownRun(run)
        return False

    def removals_since(self, customer: str, since: datetime) -> int:
        some = "PartitionKey eq @customer and removed gt 0"
        found = self._runs.query_entities(some, parameters={"customer": customer}, select=["removed", "ended_at"])
        after = as_time(since)
        return sum(entity["removed"] for entity in found if not entity.get("ended_at") or entity["ended_at"] >= after)

    def write_changes(self, run: str, changes: Iterable[ChangeRow]) -> None:
        table = self._tables.table("changes")
        wanted = [change_row(replace(change, run=run)) for change in changes]
        kept = {entity["RowKey"] for entity in wanted}
        there = rows_below(table, run, select=KEYS)
        delete_rows(table, (entity for entity in there if entity["RowKey"] not in kept))
        write_batches(table, (("replace", entity) for entity in wanted))

    def changes(self, run: str) -> list[ChangeRow]:
        return [change_from(entity) for entity in rows_below(self._tables.table("changes"), run)]

    def mark(self, changes: Iterable[ChangeRow]) -> None:
        write_batches(self._tables.table("changes"), (("merge", change_mark(change)) for change in changes))

    def links(self, customer: str) -> dict[AccountId, Links]:
        contacts: dict[AccountId, dict[Address, ContactLink]] = defaultdict(dict)
        groups: dict[AccountId, dict[EntraGroupId, GroupLink]] = defaultdict(dict)
        for entity in rows_below(self._tables.table("links"), customer):
            account = AccountId(int(entity["account"]))
            if "address" in entity:
                contacts[account][Address(unpack(entity, "address", ""))] = contact_from(entity)
            else:
                groups[account][EntraGroupId(entity["group"])] = group_from(entity)
        return {a: Links(contacts.get(a, {}), groups.get(a, {})) for a in sorted(contacts.keys() | groups.keys())}

    def write_links(
        self,
        customer: str,
        account: AccountId,
        contacts: Mapping[Address, ContactLink | None],
        groups: Mapping[EntraGroupId, GroupLink | None],
    ) -> None:
        operations = [
            *(
                _put(contact_keys(customer, account, a), contact_row(account, a, c) if c else None)
                for a, c in contacts.items()
            ),
            *(
                _put(group_keys(customer, account, g), group_row(account, g, c) if c else None)
                for g, c in groups.items()
            ),
        ]
        write_batches(self._tables.table("links"), operations)

    def take_lease(  # noqa: PLR0913  a lease is who, for what, from when, how long
        self, customer: str, run: str, holder: str, now: datetime, seconds: float, *, handed: str = ""
    ) -> LeaseTaken | LeaseBusy:
        wanted = LeaseTaken(customer, run, holder, now + timedelta(seconds=seconds))
        return lease_rows.take(self._runs, wanted, now, handed=handed)

    def hand_lease(self, run: str, holder: str, heir: LeaseTaken) -> bool:
        return lease_rows.hand(self._runs, run, holder, heir)

    def renew_lease(self, customer: str, run: str, holder: str, now: datetime, seconds: float) -> bool:
        from azure.core.exceptions import AzureError

        try:
            fresh = LeaseTaken(customer, run, holder, now + timedelta(seconds=seconds))
            return lease_rows.hand(self._runs, run, holder, fresh)
        except AzureError as error:
            raise LedgerUnreachable(type(error).__name__) from error

    def release_lease(self, customer: str, run: str, holder: str) -> None:
        lease_rows.release(self._runs, customer, run, holder)

    @property
    def _runs(self) -> TableClient:
        return self._tables.table("runs")

    def _newest(self, limit: int) -> list[Run]:
        """The newest runs of all customers: their ids from the list, then one read per customer among them."""
        listed = islice(rows(self._runs, NEWEST, select=["id"], page=min(limit, _PAGE)), limit)
        wanted: dict[str, list[str]] = defaultdict(list)
        order = [run_key(entry["id"]) for entry in listed]
        for customer, row_key in order:
            wanted[customer].append(row_key)
        found = {
            (customer, entity["RowKey"]): self._whole(entity)
            for customer, keys in wanted.items()
            for entity in rows(self._runs, customer, between=(keys[0], keys[-1] + "0"))
        }
        return [found[keys] for keys in order if keys in found]

    def _whole(self, entity: Entity) -> Run:
        pointers = {name: start for name in RUN_JSON if (start := spilled_under(entity, name))}
        table = self._tables.table("changes")
        return run_from(
            entity,
            {
                name: unspill(rows(table, entity["id"], between=(start, start + "~")), name)
                for name, start in pointers.items()
            },
        )

    def _update(self, run: str, changed: Mapping[str, Any], etag: str | None) -> bool:
        """Whether the fields could be written, with nobody having changed the row since it had `etag`, if given."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        entity, extra = run_row(run, changed)
        write_batches(self._tables.table("changes"), (("replace", part) for part in extra))
        condition = MatchConditions.IfNotModified if etag else MatchConditions.Unconditionally
        try:
            self._runs.update_entity(entity, UpdateMode.MERGE, etag=etag, match_condition=condition)
        except ResourceModifiedError:
            return False
        except ResourceNotFoundError:
            raise UnknownRun(run) from None
        return True


def _put(keys: Entity, link: Entity | None) -> Operation:
    return ("delete", keys) if link is None else ("replace", keys | link)
