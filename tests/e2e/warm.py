"""The command line without its start: a process that has imported the program forks itself for each command.

Four fifths of a command's time go into importing. What a command gets is all the same as from `python -m servorg`: a
process, a folder and an environment of its own. `Stack.servorg_cli` is the real thing, and stays in the tests of the
command line itself.
"""

import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer

from doubles.programs import Program

PROGRAM = "servorg"
# What the program imports on first use, whichever command it is.
LATE = (
    "azure.data.tables",
    "azure.identity",
    "azure.storage.queue",
    "email.utils",
    "encodings.idna",
    "jwt",
    "rich.console",
    "rich.live",
    "rich.table",
    "stamina",
)


@dataclass(frozen=True, slots=True)
class Order:
    """A command to run: its words, its folder, all of its environment, and the files of its two outputs."""

    arguments: list[str]
    folder: str
    environ: dict[str, str]
    files: tuple[str, str]


class Commands:
    """The process that forks; `stop` ends it and whatever it still runs."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="warm-")
        folder = Path(self._place.name)
        self._address = str(folder / "socket")
        command = [sys.executable, "-m", "tests.e2e.warm", self._address]
        self._program = Program("warm command line", command, log=folder / "log", environ={})
        self._program.start()
        self._program.ready("^READY$")

    def run(
        self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """What the command has said and how it ended; TimeoutError when it has not, ChildProcessError when it broke."""
        with tempfile.TemporaryDirectory(dir=self._place.name) as place:
            files = (f"{place}/out", f"{place}/err")
            order = Order([*arguments], str(folder), dict(environ), files)
            answer = self._send(json.dumps(asdict(order)).encode() + b"\n", timeout)
            out, err = (Path(file).read_text(encoding="utf-8") for file in files)
        if not answer:
            raise ChildProcessError(f"{PROGRAM} {' '.join(arguments)} broke: {err}")
        return subprocess.CompletedProcess([PROGRAM, *arguments], int(answer), out, err)

    def stop(self) -> None:
        """Ends all of it at once."""
        self._program.kill()
        self._place.cleanup()

    def _send(self, order: bytes, timeout: float) -> bytes:
        with socket.socket(socket.AF_UNIX) as there:
            there.settimeout(timeout)
            there.connect(self._address)
            there.sendall(order)
            return there.makefile("rb").readline()


@cache
def commands() -> Commands:
    """The one of this test process, started when it is first asked for."""
    return Commands()


def end_commands() -> None:
    """Ends what `commands` has started, if it has."""
    if commands.cache_info().currsize:
        commands().stop()
        commands.cache_clear()


class Handler(StreamRequestHandler):
    """One command, in the process that was forked for it."""

    def handle(self) -> None:
        order = Order(**json.loads(self.rfile.readline()))
        self.wfile.write(b"%d\n" % obey(order))


class Server(ForkingMixIn, UnixStreamServer):
    """Ends with the tests that have started it, were they killed."""

    request_queue_size = 64
    parent = os.getppid()

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != self.parent:
            os.killpg(0, signal.SIGKILL)


def obey(order: Order) -> int:
    """Runs the program in this process as `python -m` does; its exit status."""
    for number, file in enumerate(order.files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environ)
    sys.argv[1:] = order.arguments
    try:
        runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def serve(address: str) -> None:
    """Imports the program, and runs commands until it is killed."""
    package = importlib.import_module(PROGRAM)
    for module in pkgutil.walk_packages(package.__path__, f"{PROGRAM}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    with Server(address, Handler) as server:
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
