"""Names within the templates: everything used is declared, everything declared is used, modules get what they take."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra.bicep import ANYTHING, Node, Template, read, read_all, text, walk

FUNCTIONS = {
    *(
        "concat",
        "dateTimeAdd",
        "dateTimeToEpoch",
        "empty",
        "environment",
        "guid",
        "items",
        "loadTextContent",
        "replace",
    ),
    *("resourceGroup", "resourceId", "subscriptionResourceId", "tenant", "union", "uniqueString", "utcNow"),
    *("allowed", "description", "maxLength", "maxValue", "minLength", "minValue", "secure"),
}
TYPES = {str: "string", bool: "bool", int: "int", dict: "object", list: "array"}


def syntax_faults(folder: Path) -> list[str]:
    """What the grammar does not know, in templates and parameter files."""
    files = [*folder.rglob("*.bicep"), *folder.rglob("*.bicepparam")]
    return [fault for path in sorted(files) for fault in read(path).faults]


def symbol_faults(folder: Path) -> list[str]:
    """Names that are used and not declared, or declared and not used."""
    return [fault for template in read_all(folder) for fault in _symbol_faults(template)]


def _symbol_faults(template: Template) -> Iterator[str]:
    kinds = ("parameter", "variable", "resource", "module")
    declared = {name: kind for kind in kinds for name in template.names(kind)}
    used = set(_used(template.root))
    for name in sorted(used - declared.keys() - set(_loop_variables(template.root)) - FUNCTIONS):
        yield f"{template.path.name}: {name} is not declared"
    for name in sorted(declared.keys() & set(_loop_variables(template.root))):
        yield f"{template.path.name}: {name} is declared, and a loop's variable too"
    for name, kind in declared.items():
        if name not in used and kind in {"parameter", "variable"}:
            yield f"{template.path.name}: {name} is not used"


def _used(root: Node) -> Iterator[str]:
    for node in walk(root):
        parent = node.parent
        if node.type != "identifier" or parent is None:
            continue
        names_it = parent.type.endswith("_declaration") and parent.named_children[0] == node
        is_key = parent.type == "object_property" and parent.named_children[0] == node
        if not names_it and not is_key and node not in _initializers(parent):
            yield text(node)


def _initializers(node: Node) -> list[Node]:
    return node.children_by_field_name("initializer") if node.type == "for_statement" else []


def _loop_variables(root: Node) -> Iterator[str]:
    for node in walk(root):
        if node.type in {"loop_variable", "loop_enumerator"} or (
            node.type == "identifier" and node.parent is not None and node in _initializers(node.parent)
        ):
            yield text(node)


def module_faults(folder: Path) -> list[str]:
    """Modules that are not there, lack a parameter, get one too many or of another type, or have no such output."""
    return [fault for template in read_all(folder) for fault in _module_faults(template)]


def _module_faults(template: Template) -> Iterator[str]:
    paths = {module.symbol: template.path.parent / module.what for module in template.declared("module")}
    for module in template.declared("module"):
        where = f"{template.path.name}: module {module.symbol}"
        if not paths[module.symbol].exists():
            yield f"{where}: there is no {module.what}"
            continue
        yield from (f"{where}: {said}" for said in _parameter_faults(read(paths[module.symbol]), module.body["params"]))
    for symbol, output in re.findall(r"(\w+)!?\.outputs\.(\w+)", template.text):
        if symbol in paths and output not in read(paths[symbol]).names("output"):
            yield f"{template.path.name}: module {symbol} has no output {output}"


def _parameter_faults(target: Template, given: dict[str, Any]) -> Iterator[str]:
    types = target.types()
    yield from (f"{name} is missing" for name in sorted(target.required() - given.keys()))
    yield from (f"there is no parameter {name}" for name in sorted(given.keys() - types.keys()))
    for name in sorted(given.keys() & types.keys()):
        if given[name] is not ANYTHING and TYPES.get(type(given[name])) != types[name]:
            yield f"{name} must be {types[name]}"


def parameter_file_faults(folder: Path) -> list[str]:
    """Values of parameter files that main.bicep does not take, or lacks."""
    main = read(folder / "main.bicep")
    faults = []
    for path in sorted(folder.glob("*.bicepparam")):
        given = read(path)
        values = {name: given.value(name) for name in given.names("variable")}
        faults += [f"{path.name}: {said}" for said in _parameter_faults(main, values)]
    return faults
