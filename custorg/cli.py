"""CustOrg's command line: `doctor`, the same checks as the command `check-health`, and its settings."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from shared.check_text import check_grid, summary
from shared.checks import Check, State, worst
from shared.errors import SettingsError
from shared.settings import CustOrgSettings

if TYPE_CHECKING:
    from rich.text import Text

SECONDS = 120.0
_OK = "settings of the CustOrg are right"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Look at a CustOrg. Settings come from the environment."""


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="The same facts as JSON, for programs.")
def doctor(*, as_json: bool) -> None:
    """Check settings, storage, clock, permissions and choices, and say what to do. Nothing is repaired.

    Exit status: 0 when nothing is wrong, 1 when something is.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # what fails is told by its check, not by libraries too
    made = asyncio.run(_told(as_json=as_json))
    if as_json:
        rows = [{"part": "CustOrg", "check": one.name, "state": one.state, "said": one.said} for one in made]
        click.echo(json.dumps([row | {"todo": one.todo} for row, one in zip(rows, made, strict=True)], indent=2))
    else:
        click.echo(summary(made))
    sys.exit(worst(made) is State.BAD)


async def _told(*, as_json: bool) -> list[Check]:
    from rich.console import Console

    to, made = Console(highlight=False, markup=False, emoji=False), list[Check]()
    async for check in checks():
        made.append(check)
        if not as_json:
            to.print(check_grid(check, _text))
    return made


async def checks() -> AsyncIterator[Check]:
    """The settings; and when they are right, what `custorg.checkup` looks at."""
    try:
        given = CustOrgSettings.read(os.environ)
    except SettingsError as error:
        for fault in error.faults:
            yield Check("settings", State.BAD, fault, "correct it in the app's settings")
        return
    if given.role == "servorg":
        yield Check("settings", State.WARN, "ROLE is servorg", "for a ServOrg run `python -m servorg doctor`")
    else:
        yield Check("settings", State.OK, f"all {len(CustOrgSettings.names())} {_OK}")
    async for check in _examined():
        yield check


async def _examined() -> AsyncIterator[Check]:
    from azure.core.exceptions import AzureError

    from custorg import wiring
    from custorg.checkup import Patient, examine
    from shared.storage_checks import storage_fault

    here = wiring.here(dt.datetime.now(dt.UTC), SECONDS)
    try:
        async for check in examine(Patient(here.tenant, here.directory, here.persons, here.choices, here.probes)):
            yield check
    except AzureError as error:
        yield storage_fault("choices", error)
    finally:
        await wiring.graph().close()


def _text(value: object, style: str = "") -> Text:
    from rich.text import Text

    return Text(str(value), style, overflow="fold")
