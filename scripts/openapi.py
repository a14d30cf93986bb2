"""Writes the schemas of the models into docs/openapi.yaml: python -m scripts.openapi.

What stands above its marker is written by hand. A test compares both with the code.
"""

import argparse
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from custorg import requests
from custorg.commands import COMMANDS
from shared import wire

FILE = Path(__file__).parents[1] / "docs" / "openapi.yaml"
MARKER = "    # What follows is written from the models by `python -m scripts.openapi`.\n"
PICKER = (requests.Choice, requests.SeveralChoices, requests.Refresh, requests.CountMore)


def schemas() -> dict[str, Any]:
    """The schemas of everything that the commands and the picker's routes take and answer, by name."""
    taken: list[type[BaseModel]] = [*(command.request for command in COMMANDS.values()), *PICKER]
    answered: list[type[BaseModel]] = [wire.Offers, *(command.answer for command in COMMANDS.values()), wire.Refusal]
    both: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    both += [(model, "validation") for model in taken]
    both += [(model, "serialization") for model in answered]
    _, made = models_json_schema(both, ref_template="#/components/schemas/{model}")
    found: dict[str, Any] = made["$defs"]
    return found


def main() -> None:
    """Replaces what follows the marker."""
    by_hand, marker, _ = FILE.read_text(encoding="utf-8").partition(MARKER)
    told = yaml.safe_dump(schemas(), sort_keys=True, allow_unicode=True, width=120)
    FILE.write_text(by_hand + marker + indent(told, "    "), encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m scripts.openapi", description=__doc__).parse_args()
    main()
