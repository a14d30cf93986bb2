"""One Azurite per session and worker; a rig per test or module whose hosts' output is shown when a test fails."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from azure.storage.queue import QueueClient

from tests.azurite import Azurite, azurite_session
from tests.localhost.host_rig import Rig


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    yield from azurite_session()


@pytest.fixture(scope="module")
def module_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Hosts without storage, for all tests of a module."""
    rig = Rig(tmp_path_factory.mktemp("hosts"))
    yield rig
    rig.end()


@pytest.fixture
def bare_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Hosts without storage."""
    rig = Rig(tmp_path_factory.mktemp("hosts"))
    yield rig
    rig.end()


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[Rig]:
    """Hosts with storage."""
    rig = Rig(tmp_path_factory.mktemp("hosts"), {"AzureWebJobsStorage": azurite.connection_string})
    yield rig
    rig.end()


@pytest.fixture
def make_queue(azurite: Azurite) -> Iterator[Callable[..., QueueClient]]:
    """Makes a queue of a name that no other test uses; messages are sent and read as they are."""
    with _Clients() as clients:

        def make(suffix: str = "", name: str | None = None) -> QueueClient:
            name = name or f"test-{uuid.uuid4().hex[:12]}{suffix}"
            return clients.keep(QueueClient.from_connection_string(azurite.connection_string, name))

        yield make


class _Clients:
    def __init__(self) -> None:
        self._clients: list[QueueClient] = []

    def keep(self, client: QueueClient) -> QueueClient:
        self._clients.append(client)
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for client in self._clients:
            client.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    rigs = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Rig)]
    if report.failed:
        report.sections += [("hosts", rig.output()) for rig in rigs]
    return report
