"""Compares the schemas that a DeskDirector site serves with the words of the dialect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from servorg.dialect import Action, Dialect
from shared.checks import Check, State

DEPTH = 8
"""So deep a schema is looked into; one may contain itself."""
_MOST = 12
# The newer model's words for a contact's names (deskdirector-second-look.md §3)
_LIKELY = {"firstName": "givenName", "lastName": "surname", "name": "fullName"}
_OVERRIDE = "set DESKDIRECTOR_DIALECT to the site's word"


@dataclass(frozen=True, slots=True)
class Need:
    """A field that we read or send: any of these words, within the fields of `under`. `key` is where it is overridden.

    Of one that is not `sure` to be there something can be done without.
    """

    key: str
    words: tuple[str, ...]
    under: tuple[tuple[str, ...], ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """What one schema must have. `sent`: it is a request, so it may ask for no field that we do not send."""

    name: str
    needs: tuple[Need, ...]
    sent: bool = False


def _needs(part: BaseModel, where: str, names: str, *under: tuple[str, ...], sure: bool = True) -> tuple[Need, ...]:
    """Needs of these fields of a part of the dialect; one that the site does not have is None there, and no need."""
    found = []
    for name in names.split():
        words = getattr(part, name)
        if words is not None:
            alias = type(part).model_fields[name].alias or name
            several = (words,) if isinstance(words, str) else tuple(words)
            found.append(Need(f"{where}.{alias}", several, under, sure))
    return tuple(found)


def shapes(dialect: Dialect) -> tuple[Shape, ...]:
    """The schemas of all types that a sync and the form use; the names are the connector's type ids."""
    ask, tell = dialect.request, dialect.answer
    rows, company, note = tell.results, tell.company, (ask.note,)

    def sent(name: str, fields: str, *more: Need) -> Shape:
        return Shape(name, (*_needs(ask, "request", fields), *more), sent=True)

    def listed(name: str, *fields: Need) -> Shape:
        return Shape(name, (*_needs(tell, "answer", "results total_results"), *fields))

    def contact(*under: tuple[str, ...]) -> tuple[Need, ...]:
        sure = _needs(tell, "answer", "id email is_active company", *under)
        account = _needs(tell, "answer", "id", *under, company)
        return (*sure, *account, *_needs(tell, "answer", "service_group", *under, sure=False))

    def ticket(*under: tuple[str, ...]) -> tuple[Need, ...]:
        sure = _needs(tell, "answer", "id company status is_closed", *under)
        return (*sure, *_needs(tell, "answer", "created_on forms", *under, sure=False))

    return (
        sent("FindCompaniesRequest", "tags skip take"),
        listed("FindCompaniesResponse", *_needs(tell, "answer", "id is_active tags", rows)),
        sent("FindContactsRequest", "company_id email skip take"),
        listed("FindContactsResponse", *contact(rows)),
        Shape("ContactDetails", contact()),
        sent("CreateContactRequest", "company_id email first_name last_name full_name"),
        sent("FindUserGroupsRequest", "company_id skip take"),
        listed("FindUserGroupsResponse", *_needs(tell, "answer", "id name company", rows)),
        sent("FindTicketsRequest", "queue_id is_closed skip take"),
        listed("FindTicketsResponse", *ticket(rows)),
        Shape("TicketDetails", ticket()),
        sent("UpdateTicketRequest", "status_id note", *_needs(ask, "request", "note_text is_internal", note)),
    )


def action_shapes(dialect: Dialect) -> tuple[tuple[Action, Shape], ...]:
    """Each advanced action with what its request must have; the names are the dialect's."""
    fields = {
        "create_contact_group": "company_id group_name",
        "rename_contact_group": "company_id contact_group_id group_name",
        "activate_contact": "contact_id",
        "deactivate_contact": "contact_id",
        "set_contact_service_group": "contact_id service_group_id",
        "list_service_groups": "",
    }
    actions = dialect.actions
    return tuple(
        (getattr(actions, name), Shape(_alias(actions, name), _needs(dialect.request, "request", words), sent=True))
        for name, words in fields.items()
    )


def _alias(part: BaseModel, name: str) -> str:
    return type(part).model_fields[name].alias or name


def schema_check(name: str, shape: Shape, schema: Any) -> Check:
    """How a site's schema fits; None is a schema that the site does not show."""
    if schema is None:
        said = "the site shows no such schema, so its fields cannot be compared"
        return Check(name, State.WARN, said, "try a sync of one customer in mode 1 first, and look at `runs`")
    known = fields_of(schema)
    if shape.needs and not known:
        return Check(name, State.WARN, "the site's schema names no fields", "try a sync of one customer first")
    missing = [need for need in shape.needs if _lacks(schema, need)]
    asked = _asked_for(schema, shape) if shape.sent else []
    if bad := [need for need in missing if need.sure]:
        said = f"the site's schema has no {_listed(need.words[0] for need in bad)}; it has {_listed(known)}"
        return Check(name, State.BAD, said, f"{_OVERRIDE}: {_overrides(bad, known)}")
    if asked:
        said = f"the site wants {_listed(asked)}, which is never sent"
        return Check(name, State.BAD, said, "see whether DESKDIRECTOR_DIALECT can name it (fullName); else report it")
    if missing:
        said = f"the site's schema has no {_listed(need.words[0] for need in missing)}"
        return Check(name, State.WARN, said, f"{_OVERRIDE}, if it has one: {_overrides(missing, known)}")
    words = list(dict.fromkeys(need.words[0] for need in shape.needs))
    return Check(name, State.OK, f"it has {_listed(words)}" if words else "it is there")


def _overrides(needs: list[Need], known: Mapping[str, Any]) -> str:
    """The override as JSON could have it, with the site's likely word where there is one."""
    parts: dict[str, dict[str, str]] = {}
    for need in needs:
        section, _, key = need.key.partition(".")
        likely = _LIKELY.get(need.words[0], "")
        parts.setdefault(section, {})[key] = likely if likely in known else "…"
    said = (f'"{section}": {{{", ".join(f'"{key}": "{word}"' for key, word in words.items())}}}'
            for section, words in parts.items())  # fmt: skip
    return "{" + ", ".join(said) + "}"


def _listed(words: Iterator[str] | list[str] | Mapping[str, Any]) -> str:
    found = list(words)
    return ", ".join(found[:_MOST]) + ", …" * (len(found) > _MOST) or "nothing"


def _lacks(schema: Any, need: Need) -> bool:
    """Whether it is certain that the field is missing: an object whose fields are not told may have it."""
    part: Any = schema
    for step in need.under:
        fields = fields_of(part, schema)
        word = next((word for word in step if word in fields), None)
        if word is None:
            return False  # that the object itself is missing is told by its own need
        part = fields[word]
    fields = fields_of(part, schema)
    return bool(fields) and not any(word in fields for word in need.words)


def _asked_for(schema: Any, shape: Shape) -> list[str]:
    sent = {word for need in shape.needs if not need.under for word in need.words}
    asked = schema.get("required", []) if isinstance(schema, dict) else []
    return [word for word in asked if isinstance(word, str) and word not in sent] if isinstance(asked, list) else []


def fields_of(schema: Any, root: Any = None, depth: int = DEPTH) -> dict[str, Any]:
    """The properties of an object, or of what is in a list, whatever the schema is put together from."""
    root = schema if root is None else root
    if not isinstance(schema, dict) or not depth:
        return {}
    parts = [schema.get("items"), _referred(schema.get("$ref"), root)]
    for word in ("allOf", "anyOf", "oneOf"):
        parts += some if isinstance(some := schema.get(word), list) else []
    found: dict[str, Any] = {}
    for part in parts:
        found |= fields_of(part, root, depth - 1)
    own = schema.get("properties")
    return found | own if isinstance(own, dict) else found


def _referred(reference: Any, root: Any) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    part = root
    for step in reference[2:].split("/"):
        part = part.get(step) if isinstance(part, dict) else None
    return part
