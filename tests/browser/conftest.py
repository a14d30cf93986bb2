"""Pages in Chromium: one stack and one browser for the whole suite, a fresh list of groups for each test."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from doubles.stack import Stack
from tests.browser.picker_rig import Picker, open_rig
from tests.e2e.worlds import tiny_layout


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium (scripts/setup browser); a missing one is a failure with its reason."""
    found = shutil.which("chromium")

    assert found, "Chromium is missing: `scripts/setup browser` installs Debian's."

    with sync_playwright() as playwright:
        # Its sandbox wants a user that is not root.
        expect.set_options(timeout=15_000)  # also on a machine that has much else to do
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def picker_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("browser")
    with Stack(folder, tiny_layout(folder, "alpha")) as stack:
        yield stack


@pytest.fixture
def picker(chromium: Browser, picker_stack: Stack) -> Iterator[Picker]:
    """A page for an administrator; the pages that a test opens tell of no error of their own."""
    with open_rig(chromium, picker_stack) as rig:
        yield rig

        assert rig.complaints == []
