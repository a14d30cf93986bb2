"""A running stack, once for each module of tests; what it is made of, a module may say itself."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doubles.stack import Layout, Stack
from tests.e2e.layouts import small_layout
from tests.e2e.warm import end_commands
from tests.e2e.worlds import Customer, new_customer, told_of_people

_serial = itertools.count(1)
# Those that wait the longest, or have the most to do: begun last, they would run on alone after all the others.
LONGEST = (
    "secrets",
    "killed",
    "messages",
    "telemetry",
    "first_sync",
    "desk_trouble",
    "report",
    "doctor",
    "form_requests",
)
_PLACES = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
if missing := [name for name in _PLACES if not Path(__file__).with_name(name).is_file()]:
    raise pytest.UsageError(f"LONGEST names {missing}, which are not there")


def pytest_configure(config: pytest.Config) -> None:
    """With `-n 2` each module stays in one process, so that its stack is started once."""
    if config.getoption("dist", None) == "load":
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False  # modules with few tests have the long ones


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the longest modules: a process takes the next one when it has ended its own."""
    items.sort(key=lambda item: _PLACES.get(item.path.name, len(_PLACES)))


@pytest.fixture(scope="session", autouse=True)
def _no_command_is_left() -> Iterator[None]:
    yield
    end_commands()


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


@pytest.fixture
def service(customer: Customer) -> Callable[[str], int]:
    """Makes a service group of this name; its id."""

    def make(name: str) -> int:
        [row] = customer.stack.desk.edit({"op": "add_service_group", "name": name})
        found: int = row["id"]
        return found

    return make


@pytest.fixture
def account(customer: Customer) -> Callable[..., Customer]:
    """Makes a further account with these tags; how it is looked at."""

    def make(*tags: str) -> Customer:
        name = f"Account {next(_serial)}"
        [row] = customer.stack.desk.edit({"op": "add_company", "name": name, "tags": list(tags)})
        return Customer(customer.stack, customer.id, customer.tenant, row["id"])

    return make
