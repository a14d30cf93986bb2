"""Waiting for what another process does."""

import time
from collections.abc import Callable


def eventually[Seen](look: Callable[[], Seen], *, until: Callable[[Seen], bool], within: float = 60) -> Seen:
    """What `look` sees once `until` holds of it; after `within` seconds, an AssertionError with what it saw last."""
    deadline = time.monotonic() + within
    while not until(seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {within:g} s: {seen!r}")
        time.sleep(0.1)
    return seen
