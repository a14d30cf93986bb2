from collections.abc import Iterator

import pytest

from tests.doubles.deskdirector_rig import Rig, running


@pytest.fixture(scope="session")
def desk_rig() -> Iterator[Rig]:
    """The DeskDirector double; each stage begins by resetting it."""
    with running() as rig:
        yield rig
