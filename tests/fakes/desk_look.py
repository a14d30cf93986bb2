"""What a DeskDirector site says of itself, in memory: the port `DeskLook`, with every schema as the dialect has it."""

from collections.abc import Mapping
from typing import Any

from servorg.dialect import Action, Dialect
from servorg.dialect_check import Shape, action_shapes, shapes


def schema_of(shape: Shape) -> Any:
    """A schema that has all fields of a shape."""
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    for need in shape.needs:
        part = schema
        for step in need.under:
            part = part["properties"].setdefault(step[0], {"type": "object"})
            part.setdefault("properties", {})
        part["properties"].setdefault(need.words[0], {})
    return schema


class FakeLook:
    """A site in which everything is right. `errors` are raised by the call of that name."""

    def __init__(self) -> None:
        self._dialect = Dialect()
        self.schemas: dict[str, Any] = {one.name: schema_of(one) for one in shapes(self._dialect)}
        pairs = action_shapes(self._dialect)
        self.action_schemas: dict[str, Any] = {action.id: schema_of(shape) for action, shape in pairs}
        self.offered: dict[str, frozenset[str]] = {}
        for action, _ in pairs:
            self.offered[action.category] = self.offered.get(action.category, frozenset()) | {action.id}
        self.roles: frozenset[str] | None = frozenset({"regular", "manager"})
        self.whole_pages = True
        self.errors: dict[str, BaseException] = {}

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def test(self) -> None:
        self._call("test")

    def fetch_token(self, agent: int) -> None:
        assert agent
        self._call("fetch_token")

    def schema(self, name: str) -> Any:
        self._call("schema")
        return self.schemas[name]

    def actions(self) -> Mapping[str, frozenset[str]]:
        self._call("actions")
        return self.offered

    def action_schema(self, action: Action) -> Any:
        self._call("action_schema")
        return self.action_schemas[action.id]

    def role_words(self, account: int) -> frozenset[str] | None:
        assert account
        self._call("role_words")
        return self.roles

    def takes_pages(self, rows: int) -> bool:
        assert rows
        self._call("takes_pages")
        return self.whole_pages

    def _call(self, name: str) -> None:
        if name in self.errors:
            raise self.errors[name]
