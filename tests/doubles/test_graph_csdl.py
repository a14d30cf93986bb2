"""What the Graph double emits, against the published model of Graph v1.0 (Microsoft's CSDL, beside the checkout)."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from doubles.graph_rows import UNKEPT, defaults, properties
from doubles.world import Thing
from tests.doubles.graph_server import guid, serving

CSDL = Path(__file__).resolve().parents[3] / "shared" / "reference" / "graph-v1.0-csdl.xml"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture(scope="module")
def model() -> dict[str, tuple[str, dict[str, str]]]:
    """Base type and properties with their types, by type name."""
    if not CSDL.exists():
        pytest.skip(f"the published model is not there: {CSDL}")
    root = ET.parse(CSDL).getroot()
    schema = next(one for one in root.iter(f"{EDM}Schema") if one.get("Namespace") == "microsoft.graph")
    types = [*schema.iter(f"{EDM}EntityType"), *schema.iter(f"{EDM}ComplexType")]
    return {
        one.get("Name", ""): (
            one.get("BaseType", "").removeprefix("graph."),
            {own.get("Name", ""): own.get("Type", "") for own in one.iter(f"{EDM}Property")},
        )
        for one in types
    }


def published(model: dict[str, tuple[str, dict[str, str]]], name: str) -> dict[str, str]:
    """A type's properties with those of its base types."""
    base, own = model[name]
    return {**published(model, base), **own} if base else own


def fits(value: object, kind: str) -> bool:
    """Whether a JSON value may stand for this type."""
    if value is None:
        return not kind.startswith("Collection(")
    if kind.startswith("Collection("):
        return isinstance(value, list) and all(fits(one, kind[11:-1]) for one in value)
    plain: dict[str, type] = {"Edm.String": str, "Edm.Boolean": bool, "Edm.DateTimeOffset": str, "Edm.Guid": str}
    return isinstance(value, plain.get(kind, dict))


@pytest.mark.parametrize("kind", UNKEPT, ids=lambda kind: kind.type)
def test_every_property_that_may_be_selected_is_published(
    kind: type[Thing], model: dict[str, tuple[str, dict[str, str]]]
) -> None:
    unknown = properties(kind) - published(model, kind.type).keys()

    assert unknown == set()
    assert set(defaults(kind)) <= properties(kind)


async def test_every_value_that_is_emitted_fits_its_published_type(
    model: dict[str, tuple[str, dict[str, str]]],
) -> None:
    async with serving() as at:
        people = await at.ask(f"/groups/{guid('it')}/transitiveMembers")
        users = await at.ask("/users?$select=" + ",".join(sorted(properties_of("user"))))
        groups = await at.ask("/groups")
        organization = await at.ask("/organization")
    rows = [
        *((row.pop("@odata.type").removeprefix("#microsoft.graph."), row) for row in people.json["value"]),
        *(("user", row) for row in users.json["value"]),
        *(("group", row) for row in groups.json["value"]),
        *(("organization", row) for row in organization.json["value"]),
        *(("verifiedDomain", row) for row in organization.json["value"][0]["verifiedDomains"]),
    ]
    wrong = {
        f"{kind}.{name}"
        for kind, row in rows
        for name, value in row.items()
        if name not in published(model, kind) or not fits(value, published(model, kind)[name])
    }

    assert {kind for kind, _ in rows} >= {"user", "group", "device", "servicePrincipal", "orgContact"}
    assert wrong == set()


def properties_of(name: str) -> frozenset[str]:
    return next(properties(kind) for kind in UNKEPT if kind.type == name)
