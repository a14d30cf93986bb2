"""What one DeskDirector site holds, with its indexes and its rules. Knows no HTTP but the status of a refusal."""

import copy
import datetime as dt
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from doubles import desk_seed

Row = dict[str, Any]
Id = int | str
GROUPS_PER_CONTACT = 50
# New ids of form results are beyond int32, as the vendor's int64 allows.
LONG_IDS = 2**32


class Refused(Exception):
    """The site says no: `status` is the answer's, `error` its code, the text its description."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error = status, error


class HiLo:
    """Ascending ids with gaps, as RavenDB's HiLo hands them out: after each block of four comes a jump."""

    def __init__(self, last: int) -> None:
        self._last, self._left = last, 4

    def next(self) -> int:
        """An id that was never given before."""
        jump = 1 if self._left else 29
        self._left = self._left - 1 if self._left else 3
        self._last += jump
        return self._last


class Desk:
    """One site. `tables` has a row per thing, by id and in order of ids; the other attributes are indexes over them."""

    def __init__(self, seed: Row) -> None:
        self.nonce = secrets.token_hex(16)
        loaded = desk_seed.completed(copy.deepcopy(seed))
        self.settings: Row = {name: loaded[name] for name in desk_seed.SETTINGS}
        self.actions: dict[str, Row] = loaded["actions"]
        self.subscriptions: dict[str, Row] = {row["id"]: row for row in loaded["subscriptions"]}
        self.tables: dict[str, dict[Any, Row]] = {kind: {} for kind in desk_seed.KINDS}
        self.contacts_of: defaultdict[int, dict[int, Row]] = defaultdict(dict)
        self.by_email: defaultdict[str, dict[int, Row]] = defaultdict(dict)
        self.groups_in: defaultdict[int, dict[str, Row]] = defaultdict(dict)
        self.users: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self.groups_of: defaultdict[int, set[str]] = defaultdict(set)
        self._finds, self._lagging = 0, dict[tuple[str, Id], tuple[int, float]]()
        try:
            self._fill(loaded)
        except Refused as refusal:
            raise ValueError(str(refusal)) from refusal

    def load(self, seed: Row) -> None:
        """Replaces everything; ValueError names what is wrong with the seed, and then nothing is replaced."""
        fresh = Desk(seed)
        vars(self).update(vars(fresh) | {"nonce": self.nonce})

    def _fill(self, loaded: Row) -> None:
        for kind, name in desk_seed.KINDS.items():
            for row in sorted(loaded[name], key=itemgetter("id")):
                self.add(kind, row)
        notes = [note["id"] for row in self.tables["ticket"].values() for note in row["notes"]]
        results = [row["id"] for form in self.tables["form"].values() for row in form["results"]]
        self._ids = {kind: HiLo(_highest(table)) for kind, table in self.tables.items()}
        self._note_ids, self._result_ids = HiLo(_highest(notes)), HiLo(max(_highest(results), LONG_IDS))

    def dump(self) -> Row:
        """Everything, as a seed that `load` takes."""
        tables = {name: list(self.tables[kind].values()) for kind, name in desk_seed.KINDS.items()}
        groups = [row | {"users": self.group_users(row["id"])} for row in tables["contactGroups"]]
        subscriptions = list(self.subscriptions.values())
        return (
            self.settings | tables | {"contactGroups": groups, "actions": self.actions, "subscriptions": subscriptions}
        )

    # Rows of every kind

    def get(self, kind: str, key: Id) -> Row:
        """The row, or a 404."""
        row = self.tables[kind].get(key)
        if row is None:
            raise Refused(404, "not_found", f"There is no {kind.replace('_', ' ')} {key}.")
        return row

    def new_id(self, kind: str) -> Id:
        """A free id: a number with gaps; a text for a contact group."""
        number = self._ids[kind].next()
        return number if kind not in desk_seed.TEXT_IDS else f"{number}-A"

    def new_note_id(self) -> int:
        """A free id of a ticket's note."""
        return self._note_ids.next()

    def new_result_id(self) -> int:
        """A free id of a form's result."""
        return self._result_ids.next()

    def add(self, kind: str, row: Row) -> Row:
        """Puts in a complete row with its id. 404 when it refers to nothing, 409 when another is in its way."""
        self._check_references(kind, row)
        if row["id"] in self.tables[kind]:
            raise Refused(409, "already_exists", f"{kind} {row['id']} exists already.")
        users = row.pop("users", [])
        if kind == "contact":
            self._index_contact(row)
        if kind == "group":
            self.groups_in[row["company"]][row["id"]] = row
        self.tables[kind][row["id"]] = row
        for user in users:
            self._join(row["id"], self.get("contact", user["id"])["id"], user["role"])
        return row

    def update(self, kind: str, key: Id, changes: Row) -> Row:
        """Changes fields of a row, keeping the indexes; the row. Nothing is changed when it is refused."""
        row = self.get(kind, key)
        after = row | changes
        self._check_references(kind, after)
        if kind == "contact":
            self._check_unique(after)
            self._drop_contact(row)
        if kind == "group":
            del self.groups_in[row["company"]][row["id"]]
        row.update(changes)
        if kind == "contact":
            self._index_contact(row)
        if kind == "group":
            self.groups_in[row["company"]][row["id"]] = row
        return row

    def remove(self, kind: str, key: Id) -> None:
        """Takes a row away, with its memberships; 404 when it is not there, 409 when others cannot be without it."""
        row = self.get(kind, key)
        self._release(kind, key)
        if kind == "contact":
            self._drop_contact(row)
            for group in tuple(self.groups_of[row["id"]]):
                self._leave(group, row["id"])
        if kind == "group":
            for contact in tuple(self.users[row["id"]]):
                self._leave(row["id"], contact)
            del self.groups_in[row["company"]][row["id"]]
        del self.tables[kind][key]

    def _check_references(self, kind: str, row: Row) -> None:
        for field, other in desk_seed.REFERENCES.get(kind, {}).items():
            if row[field] is not None:
                self.get(other, row[field])

    def _release(self, kind: str, key: Id) -> None:
        """Clears references to a row where they may be empty."""
        for other, fields in desk_seed.REFERENCES.items():
            for field in (name for name, target in fields.items() if target == kind):
                for row in [row for row in self.tables[other].values() if row[field] == key]:
                    if field not in desk_seed.MAY_BE_EMPTY:
                        raise Refused(409, "in_use", f"{other} {row['id']} refers to {kind} {key}.")
                    row[field] = None

    # Contacts

    def create_contact(self, row: Row) -> Row:
        """A new contact, which `find` does not see at once when the index lags; 404 and 409 as `add`."""
        return self.hide("contact", self.add("contact", row))

    def _check_unique(self, row: Row) -> None:
        other = self.by_email[row["email"].casefold()].get(row["company"])
        if other is not None and other["id"] != row["id"]:
            raise Refused(
                409, "already_exists", f"Company {row['company']} has a contact with that e-mail: {other['id']}."
            )

    def _index_contact(self, row: Row) -> None:
        self._check_unique(row)
        self.contacts_of[row["company"]][row["id"]] = row
        self.by_email[row["email"].casefold()][row["company"]] = row

    def _drop_contact(self, row: Row) -> None:
        del self.contacts_of[row["company"]][row["id"]]
        del self.by_email[row["email"].casefold()][row["company"]]

    def is_active(self, row: Row) -> bool:
        """Whether the contact or group and its company are active (what "active" means outside one company: v21.26)."""
        return bool(row["isActive"] and self.tables["company"][row["company"]]["isActive"])

    # Contact groups

    def create_group(self, company: int, name: str) -> Row:
        """A new, empty contact group; names need not be unique. 404 without the company."""
        row = desk_seed.row("group", {"id": self.new_id("group"), "company": company, "name": name})
        return self.hide("group", self.add("group", row))

    def group_in(self, company: int, group: str) -> Row:
        """The company's group, or a 404."""
        row = self.get("group", group)
        if row["company"] != company:
            raise Refused(404, "not_found", f"Company {company} has no contact group {group}.")
        return row

    def group_users(self, group: str) -> list[Row]:
        """Who is in the group with which role, in order of joining."""
        return [{"id": contact, "role": role} for contact, role in self.users.get(group, {}).items()]

    def set_group_user(self, company: int, group: str, contact: int, role: str) -> None:
        """Adds the contact or changes its role. 404, or 422 for an inactive contact and for a 51st group."""
        self.group_in(company, group)
        person = self.get("contact", contact)
        if person["company"] != company:
            raise Refused(404, "not_found", f"Company {company} has no contact {contact}.")
        if not person["isActive"]:
            raise Refused(422, "contact_inactive", f"Contact {contact} is inactive.")
        groups = self.groups_of[contact]
        if group not in groups and len(groups) >= GROUPS_PER_CONTACT:
            raise Refused(422, "too_many_groups", f"Contact {contact} is in {GROUPS_PER_CONTACT} groups already.")
        self._join(group, contact, role)

    def remove_group_user(self, company: int, group: str, contact: int) -> None:
        """Takes the contact out of the group; 404 when it is not in it."""
        self.group_in(company, group)
        if contact not in self.users[group]:
            raise Refused(404, "not_found", f"Contact {contact} is not in group {group}.")
        self._leave(group, contact)

    def _join(self, group: str, contact: int, role: str) -> None:
        self.users[group][contact] = role
        self.groups_of[contact].add(group)

    def _leave(self, group: str, contact: int) -> None:
        del self.users[group][contact]
        self.groups_of[contact].discard(group)

    # The lagging index

    def hide(self, kind: str, row: Row) -> Row:
        """Lets `find` miss the row for so many finds and seconds as the settings say; the row."""
        finds, seconds = self.settings["indexLagRequests"], self.settings["indexLagSeconds"]
        if finds or seconds:
            self._lagging[kind, row["id"]] = (self._finds + finds, time.monotonic() + seconds)
        return row

    def indexed(self, kind: str, rows: Iterable[Row]) -> list[Row]:
        """The rows that a find sees now; counts as one find."""
        self._finds += 1
        now = time.monotonic()
        self._lagging = {key: end for key, end in self._lagging.items() if self._finds <= end[0] or now < end[1]}
        if not self._lagging:
            return list(rows)
        return [row for row in rows if (kind, row["id"]) not in self._lagging]


def now() -> str:
    """The present moment as the API writes it: `2026-01-31T08:00:00Z`."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _highest(keys: Iterable[Any]) -> int:
    """The greatest number that an id begins with, so that new ids are new whatever a seed brought."""
    numbers = (key if isinstance(key, int) else int("0" + re.split(r"\D", key, maxsplit=1)[0]) for key in keys)
    return max(numbers, default=100)
