"""A running stack, once for each module of tests; what it is made of, a module may say itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doubles.stack import Layout, Stack
from tests.e2e.layouts import small_layout
from tests.e2e.worlds import Customer, new_customer, told_of_people


def pytest_configure(config: pytest.Config) -> None:
    """With `-n 2` each module stays in one process, so that its stack is started once."""
    if config.getoption("dist", None) == "load":
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False  # modules with few tests have the long ones


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    """What the module's stack is made of, in its folder: by default the demo's smallest customer."""
    return small_layout


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, layout: Callable[[Path], Layout]) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, layout(folder)) as running:
        yield running
        told = told_of_people(running)

        assert not any(told.values()), f"a host's log names people or groups: {told}"


@pytest.fixture
def customer(stack: Stack) -> Iterator[Customer]:
    """A new customer in mode 2; the doubles' scripted faults end with the test."""
    yield new_customer(stack)
    for double in (stack.graph, stack.desk, stack.functions, stack.identity):
        double.clear_faults()
