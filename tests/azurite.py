"""Azurite for tests: one process on free loopback ports, with data in memory or in a folder."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
# Public, the same for everybody: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#http-connection-strings
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
# All with the one key: whoever needs storage in which nothing stands yet takes the next of them.
ACCOUNTS = (ACCOUNT, *(f"{ACCOUNT}{number:03}" for number in range(1, 100)))
SERVICES = ("blob", "queue", "table")
START_SECONDS = 30.0
STOP_SECONDS = 15.0


class AzuriteMissing(AssertionError):
    """Azurite cannot be started; the message says why, so that the test fails with it."""


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running Azurite."""

    connection_string: str
    process: subprocess.Popen[bytes]

    def of(self, account: str) -> "Azurite":
        """The same process, seen through another one of ACCOUNTS, which has tables and queues of its own."""
        return replace(self, connection_string=self.connection_string.replace(ACCOUNT, account))

    def stop(self) -> None:
        """Ends the process; afterwards its ports are free."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_azurite(location: Path | None = None) -> Azurite:
    """Azurite with its three services answering; data in `location`, else in memory. AzuriteMissing with the reason."""
    ports = dict(zip(SERVICES, _free_ports(len(SERVICES)), strict=True))
    with tempfile.TemporaryFile() as output:
        accounts = ";".join(f"{account}:{ACCOUNT_KEY}" for account in ACCOUNTS)
        environ = os.environ | {"AZURITE_ACCOUNTS": accounts}
        process = subprocess.Popen(_command(ports, location), stdout=output, stderr=subprocess.STDOUT, env=environ)
        _wait_for(process, ports, output)
    return Azurite(_connection_string(ports), process)


def _command(ports: dict[str, int], location: Path | None) -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise AzuriteMissing("Azurite needs Node.js: there is no `node` on PATH.")
    if not SCRIPT.exists():
        raise AzuriteMissing(f"Azurite is not installed: {SCRIPT} is missing; `make setup` or `npm ci` installs it.")
    data = ["--location", str(location)] if location else ["--inMemoryPersistence"]
    listen = [argument for name, port in ports.items() for argument in (f"--{name}Port", str(port))]
    # The SDKs speak a newer API version than any Azurite knows: runtime.md §1
    return [node, str(SCRIPT), *data, *listen, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]


def _wait_for(process: subprocess.Popen[bytes], ports: dict[str, int], output: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if all(_answers(port) for port in ports.values()):
            return
        time.sleep(0.05)
    process.kill()
    process.wait()
    output.seek(0)
    raise AzuriteMissing(f"Azurite did not start: {output.read().decode(errors='replace')}")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _connection_string(ports: dict[str, int]) -> str:
    endpoints = "".join(f"{name.title()}Endpoint=http://127.0.0.1:{ports[name]}/{ACCOUNT};" for name in SERVICES)
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"


def azurite_session() -> Iterator[Azurite]:
    """For a session fixture: yields a running Azurite and stops it."""
    azurite = start_azurite()
    try:
        yield azurite
    finally:
        azurite.stop()
