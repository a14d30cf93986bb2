"""What the tests of the doubles share."""

from collections.abc import Iterator

import pytest

from tests.doubles.deskdirector_rig import ANSWERS, Rig, running


@pytest.fixture(scope="session")
def desk_double() -> Iterator[Rig]:
    """A running DeskDirector double, as the test before left it."""
    with running() as rig:
        yield rig


@pytest.fixture
def desk(desk_double: Rig) -> Rig:
    """A DeskDirector double in its first state."""
    desk_double.reset()
    return desk_double


@pytest.fixture
def made(desk: Rig) -> dict[str, int]:
    """The ids of a ticket, its form and its result."""
    return dict(desk.edit("submit_form", form=21, company=12, contact=101, answers=ANSWERS))
