"""What the picker's routes answer: rows of the groups table with the tag of their choice."""

from collections.abc import Iterable
from http import HTTPStatus

from custorg.choice_tag import tag_of
from custorg.ports import Choices, Chosen, Outlook
from shared.principal import CHANGE, Principal
from shared.wire import GroupRow

type Json = dict[str, object]
CONFLICT = HTTPStatus.PRECONDITION_FAILED


def shown(row: GroupRow) -> Json:
    """A row as the page gets it."""
    return {**row.model_dump(mode="json", by_alias=True), "etag": tag_of(row)}


def shown_all(rows: Iterable[GroupRow]) -> list[Json]:
    """Rows as the page gets them."""
    return [shown(row) for row in rows]


def table_shown(rows: Iterable[GroupRow], choices: Choices, person: Principal) -> Json:
    """The answer to `GET /api/groups`; `modes` is null until ServOrg has told which it has."""
    outlook = choices.outlook() or Outlook((), "", "")
    return {
        "groups": shown_all(rows),
        "refreshedAt": choices.refreshed_at(),
        "modes": list(outlook.modes) if outlook.told_at else None,
        "account": outlook.account,
        "toldAt": outlook.told_at,
        "you": {"name": person.name, "mayChange": bool(person.roles & CHANGE)},
    }


def conflict_shown(row: GroupRow) -> Json:
    """The refusal of a choice that was made without knowing the newest one, which it tells."""
    did = "chose this group" if row.sync else "took this group out"
    who = row.chosen_by or "A reset of the table"
    return {"error": "conflict", "message": f"{who} {did} meanwhile; nothing was changed.", "group": shown(row)}


def chosen_shown(chosen: Chosen) -> Json:
    """The answer to several choices."""
    return {
        "groups": shown_all(chosen.rows),
        "conflicts": shown_all(chosen.conflicts),
        "missing": list(chosen.missing),
    }
