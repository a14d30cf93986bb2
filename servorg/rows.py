"""The ledger's values as rows of tables, and back. Pure; what an older version did not write gets its default."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus, UnknownRun, split_run_id
from shared.core.model import (
    AccountId,
    Address,
    ContactGroupId,
    ContactLink,
    EntraGroupId,
    EntraUserId,
    Given,
    GroupLink,
    GroupRole,
)
from shared.tables import Entity, key

_CHUNK = 60 * 1024  # azure.md: a binary property has at most 64 KiB
_PLAIN = 8_000  # characters; a string property has at most 32 Ki, and short ones stay readable in a table viewer
_INLINE = 3  # chunks: five such fields stay below the 1 MiB of an entity
_BLOCK = 500  # changes in a partition
_SHARDS = 4  # partitions of a customer's links
_SPILLED = 10  # chunks in a row of their own
_MAX_TEXT = 4_000  # characters
NEWEST = "_newest"  # a partition that lists the runs of all customers; no customer's id begins with `_`
RUN_KEYS = ("0", "g")  # the row keys of runs are hexadecimal


# JSON of any size


def pack(name: str, value: object) -> Entity:
    """`value` as properties of a row: JSON text, or `z<n>` and n binary chunks of compressed JSON."""
    text = json.dumps(value, separators=(",", ":"))
    if len(text) <= _PLAIN:
        return {name: text}
    blob = zlib.compress(text.encode())
    chunks = [blob[at : at + _CHUNK] for at in range(0, len(blob), _CHUNK)]
    return {name: f"z{len(chunks)}"} | {f"{name}_{i}": chunk for i, chunk in enumerate(chunks)}


def unpack(entity: Mapping[str, Any], name: str, default: object) -> Any:
    """What was packed under `name`, or `default` when nothing was."""
    text = entity.get(name, "")
    if text.startswith("z"):
        chunks = (entity[f"{name}_{i}"] for i in range(int(text[1:])))
        return json.loads(zlib.decompress(b"".join(chunks)))
    return json.loads(text) if text else default


def spill(run: str, name: str, packed: Entity) -> tuple[Entity, list[Entity]]:
    """What is too much for a run's row, moved into rows of their own, whose keys stand in the run's row instead."""
    chunks = [value for value in packed.values() if isinstance(value, bytes)]
    if len(chunks) <= _INLINE:
        return packed, []
    # the content is in the key, so rows of an older value are never mistaken for this one's
    start = f"x {name} {hashlib.sha256(b''.join(chunks)).hexdigest()[:12]} "
    groups = [chunks[at : at + _SPILLED] for at in range(0, len(chunks), _SPILLED)]
    extra = [
        {"PartitionKey": run, "RowKey": f"{start}{i:05d}"} | {f"{name}_{j}": chunk for j, chunk in enumerate(group)}
        for i, group in enumerate(groups)
    ]
    return {name: f"x{start}"}, extra


def spilled_under(entity: Mapping[str, Any], name: str) -> str | None:
    """How the row keys start that hold this field of a run; None when its own row does."""
    text = entity.get(name, "")
    return text[1:] if text.startswith("x") else None


def unspill(extra: Iterable[Mapping[str, Any]], name: str) -> Any:
    """The field that `spill` moved into these rows."""
    chunks = [part[f"{name}_{i}"] for part in extra for i in range(_SPILLED) if f"{name}_{i}" in part]
    return json.loads(zlib.decompress(b"".join(chunks)))


def _text(text: str) -> str:
    """A sentence as a string property takes it: not too long, and without halves of characters."""
    return text[:_MAX_TEXT].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# runs


def as_time(at: datetime | None) -> str:
    """The moment as text that sorts by time; none is empty."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else ""


def from_time(text: str | None) -> datetime | None:
    """The moment that `as_time` wrote."""
    return datetime.fromisoformat(text) if text else None


RUN_JSON: Mapping[str, Callable[[Any], object]] = {
    "modes": tuple,
    "objections": tuple,
    "skipped": lambda rows: tuple(tuple(row) for row in rows),
    "counts": dict,
    "options": dict,
}
_EMPTY: Mapping[str, object] = {"counts": {}, "options": {}}
_TIMES = ("queued_at", "started_at", "ended_at")
_TEXTS = ("status", "digest", "reason", "trigger")


def run_key(run: str) -> tuple[str, str]:
    """Partition and row key of a run; UnknownRun for what is no run's id."""
    keys = split_run_id(run)
    if keys is None:
        raise UnknownRun(run)
    return keys


def run_row(run: str, fields: Mapping[str, Any]) -> tuple[Entity, list[Entity]]:
    """The row of a run with these fields of it, and the rows that hold what is too much for one."""
    partition, row_key = run_key(run)
    entity: Entity = {"PartitionKey": partition, "RowKey": row_key, "id": run}
    entity |= {name: _text(fields[name]) for name in _TEXTS if name in fields}
    entity |= {name: as_time(fields[name]) for name in _TIMES if name in fields}
    extra: list[Entity] = []
    for name in RUN_JSON.keys() & fields.keys():
        packed, more = spill(run, name, pack(name, fields[name]))
        entity |= packed
        extra += more
    if "counts" in fields:
        entity["removed"] = fields["counts"].get("removed", 0)  # a property of its own can be asked for
    return entity, extra


def run_from(entity: Mapping[str, Any], spilled: Mapping[str, Any]) -> Run:
    """The run in a row; `spilled` are the fields that had to be read from elsewhere."""
    parts: dict[str, Any] = {
        name: made(spilled[name] if name in spilled else unpack(entity, name, _EMPTY.get(name, ())))
        for name, made in RUN_JSON.items()
    }
    return Run(
        id=entity["id"],
        customer=entity["PartitionKey"],
        status=RunStatus(entity.get("status", RunStatus.QUEUED)),
        queued_at=from_time(entity.get("queued_at")),
        started_at=from_time(entity.get("started_at")),
        ended_at=from_time(entity.get("ended_at")),
        digest=entity.get("digest", ""),
        reason=entity.get("reason", ""),
        trigger=entity.get("trigger", ""),
        **parts,
    )


# changes


def change_keys(run: str, number: int) -> Entity:
    """Where a change is: changes of a run sort by number."""
    # blocks, because Azurite walks through a partition for each row that it writes
    return {"PartitionKey": f"{run}:{number // _BLOCK:05d}", "RowKey": f"{number:07d}"}


def change_row(row: ChangeRow) -> Entity:
    """The whole row of a change."""
    return change_mark(row) | {"kind": row.kind} | pack("change", row.change)


def change_mark(row: ChangeRow) -> Entity:
    """What changes in the row of a change as it is applied."""
    return change_keys(row.run, row.number) | {
        "status": str(row.status),
        "reason": _text(row.reason),
        "contact_id": "" if row.contact_id is None else str(row.contact_id),
        "group_id": row.group_id or "",
        "tries": row.tries,
        "at": as_time(row.at),
    }


def change_from(entity: Mapping[str, Any]) -> ChangeRow:
    """The change in a row."""
    return ChangeRow(
        run=entity["PartitionKey"].rpartition(":")[0],
        number=int(entity["RowKey"]),
        kind=entity.get("kind", ""),
        status=ChangeStatus(entity.get("status", ChangeStatus.PLANNED)),
        reason=entity.get("reason", ""),
        change=unpack(entity, "change", {}),
        contact_id=int(entity["contact_id"]) if entity.get("contact_id") else None,
        group_id=entity.get("group_id") or None,
        tries=entity.get("tries", 0),
        at=from_time(entity.get("at")),
    )


# links


def contact_keys(customer: str, account: AccountId, address: Address) -> Entity:
    """Where a contact's link is."""
    return _link_keys(customer, f"c:{account}:{address}")


def group_keys(customer: str, account: AccountId, group: EntraGroupId) -> Entity:
    """Where a group's link is."""
    return _link_keys(customer, f"g:{account}:{group}")


def _link_keys(customer: str, name: str) -> Entity:
    row_key = key(name)
    # several partitions for the same reason as with changes; few, because each is a transaction of its own
    return {"PartitionKey": f"{customer}:{zlib.crc32(row_key.encode()) % _SHARDS}", "RowKey": row_key}


def contact_row(account: AccountId, address: Address, link: ContactLink) -> Entity:
    """What was given to the contact of this address, without its keys."""
    given = {group: [g.role, g.before, g.leaving_since, g.managed] for group, g in link.memberships.items()}
    entity: Entity = {"account": str(account), "managed": link.managed} | pack("address", address)
    entity |= pack("entra_ids", link.entra_ids) | pack("memberships", given)
    marks = {"leaving_since": link.leaving_since and float(link.leaving_since), "service_group": link.service_group}
    return entity | {name: value for name, value in marks.items() if value is not None}


def contact_from(entity: Mapping[str, Any]) -> ContactLink:
    """The link in a contact's row."""
    given: dict[str, list[Any]] = unpack(entity, "memberships", {})
    return ContactLink(
        entra_ids=tuple(EntraUserId(entra) for entra in unpack(entity, "entra_ids", ())),
        memberships={EntraGroupId(group): _given(*fields) for group, fields in given.items()},
        leaving_since=entity.get("leaving_since"),
        managed=entity.get("managed", True),
        service_group=entity.get("service_group"),
    )


def _given(role: str, before: str | None, leaving_since: float | None, *more: bool) -> Given:
    return Given(GroupRole(role), GroupRole(before) if before else None, leaving_since, all(more[:1]))


def group_row(account: AccountId, group: EntraGroupId, link: GroupLink) -> Entity:
    """The contact group of an Entra group, without its keys."""
    fields = {"account": str(account), "group": group, "contact_group": link.contact_group, "made": link.made}
    served = {} if link.service_group is None else {"service_group": link.service_group}
    return fields | served | pack("name", link.name)


def group_from(entity: Mapping[str, Any]) -> GroupLink:
    """The link in a group's row."""
    return GroupLink(
        ContactGroupId(entity["contact_group"]),
        unpack(entity, "name", ""),
        entity.get("made", False),
        entity.get("service_group"),
    )
