"""How long things last: the host's end, and what must be renewed while something runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable


class Lifetime:
    """Set by the first signal: whoever takes on work looks here first, running work ends by itself."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    def is_over(self) -> bool:
        """Whether the host is ending."""
        return self._over.is_set()

    def end(self) -> None:
        """Begins the host's end."""
        self._over.set()

    async def wait(self) -> None:
        """Waits for the end."""
        await self._over.wait()

    async def pause(self, seconds: float) -> None:
        """Waits so long, or until the end."""
        await _wait(self._over, seconds)


@contextlib.asynccontextmanager
async def heartbeat(beat: Callable[[], Awaitable[None]], every: float) -> AsyncIterator[None]:
    """Calls beat each `every` seconds while the body runs. A beat under way is finished before this ends."""
    done = asyncio.Event()
    beats = asyncio.create_task(_beat_until(done, beat, every))
    try:
        yield
    finally:
        done.set()
        await beats


async def _beat_until(done: asyncio.Event, beat: Callable[[], Awaitable[None]], every: float) -> None:
    while not await _wait(done, every):
        await beat()


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
