"""A site's schemas against the dialect."""

from typing import Any

import pytest

from servorg.dialect import Actions, Dialect
from servorg.dialect_check import Shape, action_shapes, fields_of, schema_check, shapes
from shared.checks import Check, State
from tests.fakes.desk_look import schema_of

SHAPES = {shape.name: shape for shape in shapes(Dialect())}
CREATE = SHAPES["CreateContactRequest"]


def an_object(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {} for name in names}, **more}


def checked(schema: Any, shape: Shape = CREATE) -> Check:
    return schema_check("it", shape, schema)


@pytest.mark.parametrize("name", SHAPES)
def test_a_schema_with_every_field_is_right_and_one_without_any_of_them_is_told(name: str) -> None:
    whole, without = schema_of(SHAPES[name]), schema_of(SHAPES[name])
    dropped = next(need for need in SHAPES[name].needs if need.sure and not need.under)
    del without["properties"][dropped.words[0]]
    without["properties"]["other"] = {}

    assert checked(whole, SHAPES[name]).state is State.OK
    assert checked(without, SHAPES[name]).state is State.BAD
    assert f'"{dropped.key.partition(".")[2]}"' in checked(without, SHAPES[name]).todo


def test_a_field_of_a_row_that_is_missing_is_told() -> None:
    schema = schema_of(SHAPES["FindContactsResponse"])
    del schema["properties"]["results"]["properties"]["isActive"]
    found = checked(schema, SHAPES["FindContactsResponse"])

    assert (found.state, "isActive" in found.said) == (State.BAD, True)
    assert found.todo.endswith('{"answer": {"isActive": "…"}}')


def test_a_field_that_can_be_done_without_is_only_to_be_looked_at() -> None:
    schema = schema_of(SHAPES["ContactDetails"])
    del schema["properties"]["serviceGroup"]

    assert checked(schema, SHAPES["ContactDetails"]).state is State.WARN


def test_newer_words_for_names_are_proposed_as_an_override_that_the_dialect_takes() -> None:
    found = checked(an_object("companyId", "email", "givenName", "surname", "fullName"))
    override = found.todo.partition(": ")[2]
    taken = Dialect.read(override)

    assert found.state is State.BAD
    assert (taken.request.first_name, taken.request.last_name) == ("givenName", "surname")
    assert checked(an_object("companyId", "email", "givenName", "surname"), _create(taken)).state is State.OK


def _create(dialect: Dialect) -> Shape:
    return next(shape for shape in shapes(dialect) if shape.name == CREATE.name)


def test_a_field_that_the_site_wants_and_nobody_sends_is_told() -> None:
    found = checked(an_object("companyId", "email", "firstName", "lastName", "pin", required=["email", "pin"]))

    assert (found.state, found.said) == (State.BAD, "the site wants pin, which is never sent")


def test_a_word_that_the_dialect_sets_to_nothing_is_not_wanted() -> None:
    dialect = Dialect.read('{"request": {"lastName": null}}')

    assert checked(an_object("companyId", "email", "firstName"), _create(dialect)).state is State.OK


def test_the_vendors_other_words_of_an_answer_count_too() -> None:
    shape = Shape("x", SHAPES["FindUserGroupsResponse"].needs)
    rows = {"items": an_object("entityId", "fullName", "account")}

    assert checked({"properties": {"results": rows, "total": {}}}, shape).state is State.OK


@pytest.mark.parametrize("schema", [None, {}, [], "x", {"type": "object"}, {"properties": []}])
def test_a_schema_that_tells_nothing_is_to_be_looked_at(schema: Any) -> None:
    found = checked(schema)

    assert (found.state, bool(found.todo)) == (State.WARN, True)


def test_fields_are_found_through_references_lists_and_combinations() -> None:
    parts = {
        "$defs": {"base": an_object("a")},
        "allOf": [{"$ref": "#/$defs/base"}, {"anyOf": [an_object("b"), {"items": an_object("c")}]}],
        **an_object("d"),
    }

    assert fields_of(parts).keys() == {"a", "b", "c", "d"}


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    schema: dict[str, Any] = {"$ref": "#", "properties": {"a": {}}, "items": {"$ref": "#/nowhere/at/all"}}

    assert fields_of(schema).keys() == {"a"}


def test_every_advanced_action_of_the_dialect_is_compared() -> None:
    known = {field.alias for field in Actions.model_fields.values()}

    assert {shape.name for _, shape in action_shapes(Dialect())} == known
    assert all(action.id == shape.name for action, shape in action_shapes(Dialect()))
