"""Graph's adapter against the Graph and identity doubles, for tests of what only a real socket can do wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from custorg.graph import Graph, GraphDirectory
from tests.doubles.graph_server import TENANT, Served, serving

# The SDK's own modules call themselves deprecated when they are imported.
SDK_WARNINGS = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions"),
]


@dataclass(slots=True)
class Rig:
    """The doubles, the adapter, and how long it slept."""

    served: Served
    graph: Graph
    slept: list[float] = field(default_factory=list)

    def directory(self, seconds: float = 60) -> GraphDirectory:
        return self.graph.until(self.graph.clock() + seconds)

    async def fault(self, **rule: Any) -> None:
        await self.served.admin("POST", "faults", rule)

    async def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.served.admin("GET", "requests")
        return found


@asynccontextmanager
async def rigged(monkeypatch: pytest.MonkeyPatch, world: Any = None, *, transitive: bool = True) -> AsyncIterator[Rig]:
    """Everything on free ports; waits are noted and not waited."""
    async with serving(world) as served:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served.identity}/{TENANT}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "local-secret")
        slept: list[float] = []

        async def note(seconds: float) -> None:
            slept.append(seconds)

        graph = Graph(served.graph, ManagedIdentityCredential, transitive=transitive, sleep=note)
        try:
            yield Rig(served, graph, slept)
        finally:
            await graph.close()
