"""Seconds from `python -m localhost` to READY: each role beside an app of one function, in turns, the best of some."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from doubles.azurite import Azurite, account_name
from doubles.programs import ROOT, base_environment

ROUNDS = 5
ONE_FUNCTION = """
import azure.functions as func

app = func.FunctionApp()


@app.route("hello", auth_level=func.AuthLevel.ANONYMOUS)
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("hello")
"""


def ready(folder: Path, environ: dict[str, str]) -> float:
    """How long the host takes for the app in `folder`."""
    command = [sys.executable, "-m", "localhost", "--port", "0"]
    environ = base_environment() | {"PYTHONPATH": str(ROOT)} | environ
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as host:
        assert host.stdout  # noqa: S101 it is a pipe
        line = next(line for line in host.stdout if line.startswith(b"READY"))
        spent = time.perf_counter() - began
        host.terminate()
    return spent if line else 0.0


def measure(folder: Path) -> dict[str, float]:
    """The best of some rounds for the small app and each role, and the ratios."""
    (folder / "function_app.py").write_text(ONE_FUNCTION)
    (folder / "host.json").write_text((ROOT / "host.json").read_text())
    account = account_name("bench")
    azurite = Azurite({account}, log=folder / "azurite.log", data=None)
    azurite.start()
    azurite.ready()
    storage = {"AzureWebJobsStorage": azurite.connection_string(account)}
    best = {"one function": 99.0, "servorg": 99.0, "custorg": 99.0}
    try:
        for _ in range(ROUNDS):
            for what, so_far in best.items():
                at, role = (folder, {}) if what == "one function" else (ROOT, {"ROLE": what})
                best[what] = min(so_far, ready(at, storage | role))
    finally:
        azurite.program.stop()
    ratios = {f"{role} / one function": best[role] / best["one function"] for role in ("servorg", "custorg")}
    return {name: round(value, 2) for name, value in (best | ratios).items()}


if __name__ == "__main__":
    os.chdir(ROOT)
    with TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name))))
