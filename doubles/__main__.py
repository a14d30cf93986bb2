"""Starts every double in one process: `python -m doubles [--world demo|FILE.json] [--graph-port 0] ...`.

Prints `READY {"graph": ..., "identity": ..., "deskdirector": ..., "functions": ...}`; ends on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any

from aiohttp import web

from doubles.demo import demo_world
from doubles.deskdirector import make_deskdirector
from doubles.graph import make_graph
from doubles.identity import make_identity
from doubles.world import World

HOST = "127.0.0.1"
LISTENERS = ("graph", "identity", "deskdirector", "functions")


def main() -> None:
    """The command line; port 0 takes a free one."""
    parser = argparse.ArgumentParser(prog="python -m doubles", description="Local stand-ins on 127.0.0.1.")
    parser.add_argument("--world", default="demo", help="`demo` or a file in the form of doubles/world.py")
    for name in LISTENERS:
        parser.add_argument(f"--{name}-port", type=int, default=0)
    options = parser.parse_args()
    ports = {name: getattr(options, f"{name}_port") for name in LISTENERS}
    asyncio.run(serve(applications(read_world(options.world)), ports))


def read_world(name: str) -> dict[str, Any]:
    """The demo's world, or the JSON of a file."""
    if name == "demo":
        return demo_world()
    world: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
    return world


def applications(row: dict[str, Any]) -> dict[str, web.Application]:
    """Every double of one world, by the name of its listener."""
    world = World(row)
    site, functions = make_deskdirector(world.deskdirector)
    doubles = (make_graph(world), make_identity(world), site, functions)
    return dict(zip(LISTENERS, doubles, strict=True))


async def serve(apps: dict[str, web.Application], ports: dict[str, int]) -> None:
    """Listens until a signal asks for the end; says where once all listen."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runners = {name: web.AppRunner(app, access_log=None, shutdown_timeout=1) for name, app in apps.items()}
    urls = {name: await listen(runner, ports[name]) for name, runner in runners.items()}
    urls["graph"] += "/v1.0"
    print("READY", json.dumps(urls), flush=True)
    await stop.wait()
    await asyncio.gather(*(runner.cleanup() for runner in runners.values()))


async def listen(runner: web.AppRunner, port: int) -> str:
    """Starts one application; its origin."""
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return f"http://{HOST}:{runner.addresses[0][1]}"


if __name__ == "__main__":
    main()
