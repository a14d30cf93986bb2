"""Builds what CustOrg's functions work with, on first use: Graph, the table, the settings."""

import datetime as dt
import os
import time
from collections.abc import Iterable
from functools import cache

from azure.identity import ManagedIdentityCredential

from custorg.choices import TableChoices
from custorg.commands import Here
from custorg.graph import Graph
from custorg.graph_person import GraphPersons
from custorg.reading import Limits
from shared.checks import Check
from shared.settings import CustOrgSettings
from shared.storage_checks import table_checks
from shared.tables import Tables

COUNT_SHARE = 0.3  # of a command's time, for counting people after a refresh: who asked waits for it
COMMAND_SECONDS = 200.0  # of the 230 s that Azure gives an HTTP answer (azure.md); the rest is for writing it
PART_SECONDS, COUNT_SECONDS = 60.0, 4.0  # a part of the page's counting: the longest, and when no batch begins any more
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
    deadline = time.monotonic() + seconds
    return Here(
        tenant=settings().tenant_id.lower(),
        graph_url=settings().graph_url,
        directory=graph().until(deadline),
        choices=choices(),
        now=stamp(now),
        clock=time.monotonic,
        limits=Limits(),
        persons=GraphPersons(graph(), deadline),
        count_seconds=seconds * COUNT_SHARE,
        probes=OwnProbes(),
    )


def stamp(now: dt.datetime) -> str:
    """A time as the table and the answers have it: ISO 8601 in UTC, whole seconds."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")


def _credential() -> ManagedIdentityCredential:
    # AZURE_CLIENT_ID names a user-assigned identity, as everywhere in Azure's SDKs (deployment.md §1).
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))


class OwnProbes:
    """`custorg.ports.Probes` of this process."""

    async def roles(self) -> frozenset[str]:
        return await graph().identity.roles()

    def storage(self) -> Iterable[Check]:
        return table_checks(settings())
