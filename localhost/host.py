"""The host's life: load, serve, listen, drain."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from localhost.bindings import DEFAULT_CONNECTION, Function, QueueTrigger, TimerTrigger
from localhost.errors import HostError
from localhost.lifetime import Lifetime
from localhost.log import log
from localhost.routes import make_routes
from localhost.runner import Runner
from localhost.schedules import check_schedule
from localhost.settings import HostJson, connection_string, is_disabled, message_lease, read_host_json
from localhost.web import Site
from localhost.worker import Worker

if TYPE_CHECKING:
    from localhost.storage import Storage

ADDRESS = "127.0.0.1"
# aiohttp wants a number of seconds for how long it waits for running requests.
AS_LONG_AS_IT_TAKES = 10 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Options:
    """How the host was asked to serve; port 0 is any free one."""

    port: int
    ask_keys: bool


async def run(options: Options) -> None:
    """Runs the app of the current folder until SIGTERM or SIGINT, then until its last running call has ended.

    Prints `READY <url> <n> functions`. HostError, alone or in a group, when it cannot run. A second signal ends the
    process at once with status 1.
    """
    lifetime = Lifetime()
    _end_on_signals(lifetime)
    host_json = read_host_json(Path.cwd())
    worker = Worker()
    functions = [function for function in await worker.load(Path.cwd()) if not is_disabled(function.name)]
    _check(functions)
    storage = LazyStorage(base64=host_json.queues.base64)
    runner = Runner(worker, storage.open)
    site = Site(functions, make_routes(functions, host_json.route_prefix), runner, ask_keys=options.ask_keys)
    server = web.AppRunner(site.application(), access_log=None, shutdown_timeout=AS_LONG_AS_IT_TAKES)
    url = await _serve(server, options.port)
    print(f"READY {url} {len(functions)} functions", flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(_listen(functions, host_json, runner, storage, lifetime))
        await lifetime.wait()
        log.info("Draining: no new calls are taken, the running ones end.")
        await server.cleanup()
        await site.drain()
    await storage.close()
    await worker.stop()


class LazyStorage:
    """Storage that is opened when it is first needed.

    Its SDKs take longer to import than the rest of the host: READY does not wait for them.
    """

    def __init__(self, *, base64: bool) -> None:
        self._base64 = base64
        self._opening: asyncio.Task[Storage] | None = None

    async def open(self) -> "Storage":
        """The one Storage of this host."""
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(_make_storage, base64=self._base64))
        return await asyncio.shield(self._opening)

    async def close(self) -> None:
        if self._opening is not None:
            await (await self._opening).close()


async def _serve(server: web.AppRunner, port: int) -> str:
    """Starts the server; its address. HostError when the port is taken."""
    await server.setup()
    try:
        await web.TCPSite(server, ADDRESS, port).start()
    except OSError as error:
        raise HostError(f"Port {port} cannot be listened on: {os.strerror(error.errno or 0)}.") from error
    return f"http://{ADDRESS}:{server.addresses[0][1]}"


async def _listen(
    functions: Sequence[Function], host_json: HostJson, runner: Runner, storage: LazyStorage, lifetime: Lifetime
) -> None:
    """Feeds the functions that queues and timers trigger until the end."""
    if not any(isinstance(function.trigger, QueueTrigger | TimerTrigger) for function in functions):
        return
    opened = await storage.open()
    from localhost.queues import QueueListener
    from localhost.timers import TimerListener

    async with asyncio.TaskGroup() as group:
        for function in functions:
            match function.trigger:
                case QueueTrigger() as trigger:
                    queue_listener = QueueListener(function, trigger, runner, host_json.queues)
                    group.create_task(queue_listener.listen(opened, lifetime))
                case TimerTrigger() as trigger:
                    group.create_task(TimerListener(function, trigger, runner).listen(opened, lifetime))


def _make_storage(*, base64: bool) -> "Storage":
    from localhost.storage import Storage

    return Storage(base64=base64)


def _check(functions: Sequence[Function]) -> None:
    """HostError for what would only show later: a schedule, a connection or a lease that cannot be used."""
    if not functions:
        log.warning("No functions found.")
    for function in functions:
        if isinstance(function.trigger, TimerTrigger):
            check_schedule(function.name, function.trigger.schedule)
            connection_string(DEFAULT_CONNECTION)
        for connection in function.connections:
            connection_string(connection)
        if isinstance(function.trigger, QueueTrigger):
            message_lease()


def _end_on_signals(lifetime: Lifetime) -> None:
    def end() -> None:
        if lifetime.is_over():
            os._exit(1)
        lifetime.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
