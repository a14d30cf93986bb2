"""What a Bicep file says, as far as its syntax tells: declarations, bodies, and the names that it uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_bicep

type Node = tree_sitter.Node


class Anything:
    """The value of an expression: only a deployment knows it."""

    def __repr__(self) -> str:
        return "…"


ANYTHING = Anything()
SCALARS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource or a module: its symbol, what it is (type@version, or a path), and its body."""

    symbol: str
    what: str
    existing: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """One file."""

    path: Path
    text: str
    root: Node

    @property
    def faults(self) -> list[str]:
        """Where the syntax is wrong."""
        wrong = [node for node in walk(self.root) if node.type == "ERROR" or node.is_missing]
        return [f"{self.path.name}:{node.start_point[0] + 1}: syntax error" for node in wrong]

    def names(self, kind: str) -> dict[str, Node]:
        """Declarations of a kind (`parameter`, `variable`, `resource`, `module`, `output`) by their names."""
        found = [node for node in self.root.children if node.type == f"{kind}_declaration"]
        return {text(node.named_children[0]): node for node in found}

    def value(self, name: str) -> Any:
        """What the variable of this name is."""
        return literal(self.names("variable")[name].named_children[-1])

    def declared(self, kind: str) -> list[Declared]:
        """The resources, or the modules."""
        return [_declared(symbol, node) for symbol, node in self.names(kind).items()]

    def required(self) -> set[str]:
        """Parameters without a default."""
        return {name for name, node in self.names("parameter").items() if node.named_children[-1].type == "type"}

    def types(self) -> dict[str, str]:
        """Each parameter's type."""
        kinds = {name: node.named_children[1] for name, node in self.names("parameter").items()}
        return {name: text(kind) for name, kind in kinds.items()}


def read(path: Path) -> Template:
    """A .bicep file; of a .bicepparam file what the grammar knows: its values as variables."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".bicepparam":
        content = re.sub(r"^param ", "var ", re.sub(r"^using .*$", "", content, flags=re.MULTILINE), flags=re.MULTILINE)
    return Template(path, content, _parser().parse(content.encode()).root_node)


def read_all(folder: Path) -> list[Template]:
    """Every .bicep file below the folder."""
    return [read(path) for path in sorted(folder.rglob("*.bicep"))]


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    """The node as it is written."""
    return (node.text or b"").decode()


def literal(node: Node) -> Any:
    """The node's value, in which ANYTHING stands for each expression; of a loop, a list of one body."""
    match node.type:
        case "object":
            return dict(_property(child) for child in node.named_children if child.type == "object_property")
        case "array":
            return [literal(child) for child in node.named_children if child.type != "comment"]
        case "for_statement":
            return [literal(node.named_children[-1])]
    return _scalar(node)


def _scalar(node: Node) -> Any:
    match node.type:
        case "number":
            return int(text(node))
        case "string" if all(child.type != "interpolation" for child in node.named_children):
            return text(node)[1:-1].replace("\\'", "'")
        case "boolean" | "null":
            return SCALARS[text(node)]
    return ANYTHING


def _property(node: Node) -> tuple[str, Any]:
    key, value = node.named_children[0], node.named_children[-1]
    return text(key).strip("'"), literal(value)


def _declared(symbol: str, node: Node) -> Declared:
    body = node.named_children[-1]
    while body.type in {"if_statement", "for_statement"}:
        body = body.named_children[-1]
    existing = any(child.type == "existing" or text(child) == "existing" for child in node.children)
    return Declared(symbol, text(node.named_children[1]).strip("'"), existing, literal(body))
