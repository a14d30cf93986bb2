"""The search for cycles is put off, and then as it was."""

import gc

import pytest

from shared.cycles import no_search_for_cycles


@pytest.mark.parametrize("enabled", [True, False])
def test_the_search_for_cycles_is_off_inside_and_afterwards_as_it_was(enabled: bool) -> None:
    if not enabled:
        gc.disable()
    try:
        with no_search_for_cycles():
            inside = gc.isenabled()
        after = gc.isenabled()
    finally:
        gc.enable()

    assert (inside, after) == (False, enabled)
