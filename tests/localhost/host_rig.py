"""Starts `python -m localhost` on sample apps, as a process of its own: the runtime holds one app per process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests
from azure.storage.queue import QueueClient

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 30.0
PREAMBLE = """
import asyncio, json, logging, os, sys, threading, time, typing
import azure.functions as func

app = func.FunctionApp()
STORAGE = "AzureWebJobsStorage"

def note(text):
    with open("notes.txt", "a") as notes:
        notes.write(f"{text}\\n")
"""


@dataclass(slots=True)
class Host:
    """A running host and what it wrote."""

    folder: Path
    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    url: str = ""

    def get(self, path: str, method: str = "GET", **options: object) -> requests.Response:
        """One request; 30 s at most."""
        return requests.request(method, self.url + path, timeout=30, **options)  # type: ignore[arg-type]

    def notes(self) -> list[str]:
        """The lines that the app noted."""
        path = self.folder / "notes.txt"
        return path.read_text().splitlines() if path.exists() else []

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """The exit status; fails when the host does not end."""
        return self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """SIGTERM and its exit status."""
        self.signal()
        return self.wait()

    def errors(self) -> str:
        """Standard error until now."""
        return self.err.read_text()


@dataclass(slots=True)
class Rig:
    """Writes apps into a folder and starts hosts there."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    hosts: list[Host] = field(default_factory=list)

    def write(self, source: str, host_json: object = None, name: str = "app") -> Path:
        """An app of this source, after PREAMBLE."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "function_app.py").write_text(PREAMBLE + source)
        (folder / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
        return folder

    def launch(self, folder: Path, *arguments: str, **environment: str) -> Host:
        """A host on a free port, not waited for."""
        number = len(self.hosts)
        out, err = self.folder / f"out{number}.txt", self.folder / f"err{number}.txt"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "localhost", "--port", "0", *arguments],
                cwd=folder,
                env=_bare_environment() | {"PYTHONPATH": str(ROOT)} | self.environment | environment,
                stdout=stdout,
                stderr=stderr,
            )
        host = Host(folder, process, out, err)
        self.hosts.append(host)
        return host

    def start(self, folder: Path, *arguments: str, **environment: str) -> Host:
        """A host that has said READY."""
        host = self.launch(folder, *arguments, **environment)
        wait_until(lambda: "READY" in host.out.read_text() or host.process.poll() is not None, START_SECONDS)
        assert "READY" in host.out.read_text(), f"the host did not start: {host.errors()}"
        host.url = next(line for line in host.out.read_text().splitlines() if "READY" in line).split()[1]
        return host

    def run_app(self, source: str, *arguments: str, host_json: object = None, **environment: str) -> Host:
        """write and start."""
        return self.start(self.write(source, host_json), *arguments, **environment)

    def fail(self, source: str, *arguments: str, host_json: object = None, **environment: str) -> str:
        """What a host that cannot run says on standard error; its exit status must not be 0."""
        host = self.launch(self.write(source, host_json), *arguments, **environment)

        assert host.wait() != 0
        assert "READY" not in host.out.read_text()
        return host.errors()

    def output(self) -> str:
        """All that all hosts wrote, for the report of a failed test."""
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for host in self.hosts for path in (host.out, host.err))

    def end(self) -> None:
        """Kills what still runs."""
        for host in self.hosts:
            if host.process.poll() is None:
                host.process.kill()
            host.process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Returns as soon as the condition holds, fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.05)


def message_count(queue: QueueClient) -> int:
    """Messages in the queue, hidden ones included."""
    return queue.get_queue_properties().approximate_message_count or 0


def _bare_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
