"""One Azurite for the tests that run a package."""

from collections.abc import Iterator

import pytest

from tests.azurite import Azurite, azurite_session


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    yield from azurite_session()
