"""Azurite, the storage emulator: one storage account for each app, so that nothing is shared by accident."""

import base64
import re
from collections.abc import Iterable
from pathlib import Path

from doubles.programs import ROOT, Program, ProgramFailed

SCRIPT = ROOT / "node_modules/azurite/dist/src/azurite.js"
SERVICES = ("Blob", "Queue", "Table")
# runtime.md §1: the queue SDK speaks a newer version of the protocol than Azurite 3.35 knows.
OPTIONS = ("--silent", "--skipApiVersionCheck", "--disableTelemetry")


class Azurite:
    """All of Azurite on free ports. In memory, or in `data` when that is a folder; a restart keeps the ports."""

    def __init__(self, accounts: Iterable[str], *, log: Path, data: Path | None = None) -> None:
        self._accounts = tuple(accounts)
        self._place = ["--inMemoryPersistence"] if data is None else ["--location", str(data)]
        keys = ";".join(f"{name}:{_key(name)}" for name in self._accounts)
        self.program = Program("azurite", (), log=log, environ={"AZURITE_ACCOUNTS": keys})
        self._ports = dict.fromkeys(SERVICES, 0)

    def start(self) -> None:
        """Starts it; ProgramFailed when it is not installed."""
        if not SCRIPT.exists():
            raise ProgramFailed(f"Azurite is missing ({SCRIPT}): run `make setup`")
        ports = [f"--{service.lower()}Port={port}" for service, port in self._ports.items()]
        self.program.command = ["node", str(SCRIPT), *OPTIONS, *self._place, *ports]
        self.program.start()

    def ready(self) -> None:
        """Returns when each of its services listens; ProgramFailed says why one does not."""
        for service in SERVICES:
            said = self.program.ready(rf"{service} service is successfully listening at http://127\.0\.0\.1:(\d+)")
            self._ports[service] = int(said[1])

    def connection_string(self, account: str) -> str:
        """The connection string of one of its accounts."""
        urls = [f"{name}Endpoint=http://127.0.0.1:{port}/{account}" for name, port in self._ports.items()]
        return ";".join(
            ("DefaultEndpointsProtocol=http", f"AccountName={account}", f"AccountKey={_key(account)}", *urls)
        )


def account_name(text: str) -> str:
    """`text` as a storage account may be called: lower-case letters and digits, at most 24."""
    return re.sub(r"[^a-z0-9]", "", text.lower())[:24]


def _key(account: str) -> str:
    return base64.b64encode(f"the key of {account} on this machine".encode()).decode()
