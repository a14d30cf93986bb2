"""Python's search for reference cycles, put off while very many values are made that stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Inside, Python does not look for cycles; a plan's values have none, and looking takes a third of its time.

    Of several threads one may end it for the others, which then only take longer.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
