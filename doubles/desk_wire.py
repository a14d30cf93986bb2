"""Rows as the API writes them. Decided with `Desk`, in the site's dialect."""

from doubles.desk_schemas import NAMES
from doubles.desk_state import Desk, Id, Row


def ref(desk: Desk, kind: str, key: Id | None) -> Row | None:
    """`{"id", "name"}` of the row, or None for none."""
    return None if key is None else {"id": key, "name": desk.tables[kind][key]["name"]}


def company(desk: Desk, row: Row) -> Row:
    """A Company of the contract."""
    return row | {"serviceGroup": ref(desk, "service_group", row["serviceGroup"])}


def contact(desk: Desk, row: Row, *, everywhere: bool = False) -> Row:
    """A Contact of the contract; with `everywhere` its isActive takes its company's into account (v21.26)."""
    names = {written: row[ours] for ours, written in NAMES[desk.settings["dialect"]].items()}
    return {
        "id": row["id"],
        **names,
        "email": row["email"],
        "title": row["title"],
        "isActive": desk.is_active(row) if everywhere else row["isActive"],
        "company": ref(desk, "company", row["company"]),
        "serviceGroup": ref(desk, "service_group", row["serviceGroup"]),
        "tags": row["tags"],
    }


def group(desk: Desk, row: Row, *, everywhere: bool = False) -> Row:
    """A ContactGroup of the contract; `everywhere` as for a contact."""
    references = {
        "company": ref(desk, "company", row["company"]),
        "serviceGroup": ref(desk, "service_group", row["serviceGroup"]),
    }
    return row | references | {"isActive": desk.is_active(row) if everywhere else row["isActive"]}


def ticket(desk: Desk, row: Row) -> Row:
    """A Ticket of the contract."""
    return {
        "id": row["id"],
        "summary": row["summary"],
        "account": ref(desk, "company", row["company"]),
        "contact": ref(desk, "contact", row["contact"]),
        "queue": ref(desk, "board", row["board"]),
        "status": ref(desk, "status", row["status"]),
        "isClosed": is_closed(desk, row),
        "createdOn": row["createdOn"],
        "forms": row["forms"],
        "notes": row["notes"],
    }


def is_closed(desk: Desk, row: Row) -> bool:
    """Whether a ticket's status is a closed one."""
    return bool(desk.tables["status"][row["status"]]["isClosed"])
