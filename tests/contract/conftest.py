"""One double and one Azurite per process; each module has a storage account of its own, empty at its start."""

from collections.abc import Iterator

import pytest

from tests.azurite import ACCOUNTS, Azurite, azurite_session
from tests.doubles.deskdirector_rig import Rig, running

_accounts = iter(ACCOUNTS[1:])


@pytest.fixture(scope="session")
def shared_azurite() -> Iterator[Azurite]:
    yield from azurite_session()


@pytest.fixture(scope="module")
def azurite(shared_azurite: Azurite) -> Azurite:
    """Storage that no other module has written to."""
    return shared_azurite.of(next(_accounts))


@pytest.fixture(scope="session")
def desk_rig() -> Iterator[Rig]:
    """The DeskDirector double; each stage begins by resetting it."""
    with running() as rig:
        yield rig
