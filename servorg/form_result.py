"""Reads a form's result out of whatever envelope a site sends it in. Pure.

Known are a flat list of fields, fields by section, either within further objects, and an object keyed by the fields'
identifiers (deskdirector-second-look.md §6). Which of a field's choices were chosen is marked; a dynamic field, or one
whose type is not told, may bring only what was chosen, without a mark.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from servorg.desk_fields import MISSING, field, first, text, wrong
from servorg.dialect import FormWords
from servorg.helpdesk import FieldAnswer, FormAnswers, Picked

_WHAT, _FIELD, _CHOICE = "a form's result", "a form's field", "a field's choice"
_DEEPEST = 8  # objects around the fields; an answer nested deeper is none
type Json = Mapping[str, Any]


def read_answers(answer: Any, words: FormWords) -> FormAnswers:
    """The answers by field; DeskUnavailable for what is no form's result, never answers that miss a field."""
    listed = _fields(answer, words, _DEEPEST)
    if listed is None:
        return FormAnswers(_keyed(answer, words, _DEEPEST))
    return FormAnswers(_by_identifier(listed, words))


def field_types(answer: Any, words: FormWords) -> Mapping[str, str]:
    """The type of each field of a designed form by its identifier, empty where none is told; or DeskUnavailable."""
    listed = _fields(answer, words, _DEEPEST)
    if listed is None:
        raise wrong("a form", f"without `{words.fields[0]}`")
    named = (one for one in listed if first(one, words.identifier) is not MISSING)
    return {text(one, words.identifier, _FIELD): _type(one, words) for one in named}


# Envelopes


def _fields(answer: Any, words: FormWords, depth: int) -> list[Json] | None:
    """The fields of an answer that lists them; None when it is, or may be, keyed by them."""
    if not isinstance(answer, dict):
        raise wrong(_WHAT, "that is no object")
    if isinstance(found := first(answer, words.fields), list):
        return [_object(one, _FIELD) for one in found]
    if isinstance(found := first(answer, words.sections), list):
        parts = (_fields(_object(one, "a form's section"), words, depth) for one in found)
        return list(chain.from_iterable(_listed(part) for part in parts))
    inner = _inner(answer, words)
    return None if inner is None or not depth else _fields(inner, words, depth - 1)


def _listed(fields: list[Json] | None) -> list[Json]:
    if fields is None:
        raise wrong("a form's section", "without fields")
    return fields


def _inner(answer: Json, words: FormWords) -> Json | None:
    """The object in an envelope; an object with an identifier is an answer, not an envelope."""
    inside = (answer.get(word) for word in words.envelopes)
    objects = (one for one in inside if isinstance(one, dict))
    return next((one for one in objects if first(one, words.identifier) is MISSING), None)


def _object(found: Any, what: str) -> Json:
    if not isinstance(found, dict):
        raise wrong(what, "that is no object")
    return found


# A list of fields


def _by_identifier(listed: list[Json], words: FormWords) -> dict[str, FieldAnswer]:
    """A field without an identifier, such as a statement, is none that can be asked for; all of them are an error."""
    named = [one for one in listed if first(one, words.identifier) is not MISSING]
    if listed and not named:
        raise wrong(_FIELD, f"without `{words.identifier[0]}`")
    found: dict[str, FieldAnswer] = {}
    for one in named:
        identifier = text(one, words.identifier, _FIELD)
        if identifier in found:
            raise wrong(_WHAT, "with two fields of one identifier")
        found[identifier] = _answer(one, words)
    return found


def _answer(one: Json, words: FormWords) -> FieldAnswer:
    value = first(one, words.value)
    chosen, written = _chosen(one, words), _of_value(value, words)
    return FieldAnswer(chosen, written.text) if chosen else written


def _chosen(one: Json, words: FormWords) -> tuple[Picked, ...]:
    """The choices that are marked; without any mark all of a dynamic field's, or the only one of an untold type."""
    found = first(one, words.choices)
    if found is MISSING or found is None:
        return ()
    if not isinstance(found, list):
        raise wrong(_FIELD, "whose choices are no list")
    choices = [_object(choice, _CHOICE) for choice in found]
    marks = [_mark(choice, words) for choice in choices]
    picked = tuple(_picked(choice, words) for choice in choices)
    if any(mark is not None for mark in marks):
        return tuple(pick for pick, mark in zip(picked, marks, strict=True) if mark)
    kind = _type(one, words)
    return picked if kind.startswith(words.dynamic_type) or (not kind and len(picked) == 1) else ()


def _mark(choice: Json, words: FormWords) -> bool | None:
    """Whether a choice is chosen; None when nothing tells."""
    mark = first(choice, words.selected)
    if mark is MISSING or mark is None:
        return None
    if not isinstance(mark, bool):
        raise wrong(_CHOICE, f"whose `{words.selected[0]}` is neither true nor false")
    return mark


def _picked(choice: Json, words: FormWords) -> Picked:
    identifier, name = _entry(field(choice, words.identifier, _CHOICE)), first(choice, words.name)
    if identifier is None:
        raise wrong(_CHOICE, f"whose `{words.identifier[0]}` is no text")
    return Picked(identifier, name if isinstance(name, str) else "")


def _type(one: Json, words: FormWords) -> str:
    kind = first(one, words.type)
    return kind if isinstance(kind, str) else ""


# Values


def _keyed(answer: Json, words: FormWords, depth: int) -> dict[str, FieldAnswer]:
    inner = _inner(answer, words)
    if inner is not None and depth:
        return _keyed(inner, words, depth - 1)
    if not answer:
        raise wrong(_WHAT, "without fields")
    return {name: _of_value(value, words) for name, value in answer.items()}


def _of_value(value: Any, words: FormWords) -> FieldAnswer:
    """What a value says: a text or number, {identifier, name}, or a list of these. What else there is says nothing."""
    if (written := _entry(value)) is not None:
        return FieldAnswer(text=written)
    rows = value if isinstance(value, list) else [value]
    picked = tuple(pick for row in rows if (pick := _pick(row, words)) is not None)
    free = (_entry(first(row, words.value)) for row in rows if isinstance(row, dict))
    return FieldAnswer(picked, next((one for one in free if one is not None), ""))


def _pick(row: Any, words: FormWords) -> Picked | None:
    if isinstance(row, dict):
        named = first(row, words.identifier) is not MISSING and _mark(row, words) is not False
        return _picked(row, words) if named else None
    entry = _entry(row)
    return None if entry is None else Picked(entry)


def _entry(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else None  # a boolean is an int to isinstance
