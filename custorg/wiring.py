"""Builds what CustOrg's functions work with, on first use: Graph, the table, the settings."""

import datetime as dt
import os
import time
from functools import cache

from azure.identity import ManagedIdentityCredential

from custorg.choices import TableChoices
from custorg.commands import Here
from custorg.graph import Graph
from custorg.reading import Limits
from shared.settings import CustOrgSettings
from shared.tables import Tables

COMMAND_SECONDS = 200.0  # of the 230 s that Azure gives an HTTP answer (azure.md); the rest is for writing it
TIMER_SECONDS = 1_500.0  # host.json gives a function 30 minutes


@cache
def settings() -> CustOrgSettings:
    """The settings, or SettingsError with every fault."""
    return CustOrgSettings.read(os.environ)


@cache
def choices() -> TableChoices:
    """The groups table."""
    return TableChoices(Tables(settings()))


@cache
def graph() -> Graph:
    """The one client of this process; the worker has one event loop, to which its connections belong."""
    return Graph(settings().graph_url, _credential, transitive=settings().transitive_members)


def here(now: dt.datetime, seconds: float = COMMAND_SECONDS) -> Here:
    """What a command that begins `now` and may take `seconds` works with."""
    return Here(
        tenant=settings().tenant_id.lower(),
        graph_url=settings().graph_url,
        directory=graph().until(time.monotonic() + seconds),
        choices=choices(),
        now=stamp(now),
        clock=time.monotonic,
        limits=Limits(),
    )


def stamp(now: dt.datetime) -> str:
    """A time as the table and the answers have it: ISO 8601 in UTC, whole seconds."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")


def _credential() -> ManagedIdentityCredential:
    # AZURE_CLIENT_ID names a user-assigned identity, as everywhere in Azure's SDKs (deployment.md §1).
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))
