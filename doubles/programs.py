"""Programs of the stack: each started with its output in a file, waited for, ended or killed."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAST_LINES = 40
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")


class ProgramFailed(Exception):
    """A program did not come up, or ended by itself; the text holds the end of its output."""


class Program:
    """One program, run in the project's folder; it may be started again after its end.

    `environ` is all that it gets beside PATH and the like: nothing of the developer's own settings leaks into it.
    """

    def __init__(self, name: str, command: Sequence[str], *, log: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.command = [*command]
        self.log = log
        self._environ = {**base_environment(), **environ}
        self._process: subprocess.Popen[bytes] | None = None
        self._start_of_output = 0

    def start(self) -> None:
        """Starts it and returns at once; its output is added to the log."""
        with self.log.open("ab") as output:
            self._start_of_output = output.tell()
            # In a session of its own: Ctrl-C on the terminal is for whoever runs the stack, which then ends this.
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has said since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._start_of_output)
            return log.read().decode(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def ready(self, pattern: str, *, within: float = 60) -> re.Match[str]:
        """The first match of `pattern` in its output. ProgramFailed when it ends, or `within` seconds pass, before."""
        deadline = time.monotonic() + within
        while not (match := re.search(pattern, self.output, re.MULTILINE)):
            if not self.running:
                raise ProgramFailed(self._story("ended before it was ready"))
            if time.monotonic() > deadline:
                raise ProgramFailed(self._story(f"was not ready after {within:g} s"))
            time.sleep(0.05)
        return match

    def stop(self, *, within: float = 20) -> None:
        """Asks it to end and waits; kills it when it has not ended `within` seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it and what it started at once, as kill -9 does."""
        if self._process is not None and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _story(self, what: str) -> str:
        end = "\n".join(self.output.splitlines()[-LAST_LINES:])
        return f"{self.name} {what}. The end of its output ({self.log}):\n{end}"


def base_environment() -> dict[str, str]:
    """What any program needs of this machine's environment."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}
