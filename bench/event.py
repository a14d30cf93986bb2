"""How long a delivery of DeskDirector takes: signed, checked, queued on Azurite and answered by the local host.

Beside it what one message to the same queue takes without us, one connection each.
"""

import hashlib
import hmac
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from azure.storage.queue import QueueClient

from doubles.azurite import Azurite, account_name
from doubles.programs import Program

TIMES, WARM = 300, 20
SECRET = "secret0of032letters0and0digits00"
NEVER = "0 0 0 1 1 *"
APP = "bench"


def settings(connection: str) -> dict[str, str]:
    """ServOrg with the form; nobody listens at its DeskDirector, and its queue of events is not worked on in time."""
    schedules = ("SYNC_SCHEDULE", "GROUPS_SCHEDULE", "FORM_LISTS_SCHEDULE", "REPORT_SCHEDULE", "CATCH_UP_SCHEDULE")
    return {
        "ROLE": "servorg",
        "AzureWebJobsStorage": connection,
        "TENANT_ID": "00000000-0000-4000-8000-000000000001",
        "DESKDIRECTOR_URL": "http://127.0.0.1:9",
        "DESKDIRECTOR_API_KEY": "key",
        "DESKDIRECTOR_AGENT_ID": "1",
        "DESKDIRECTOR_WEBHOOK_SECRET": SECRET,
        "SERVORG_ACCOUNT_ID": "2",
        "BOARD_ID": "1",
        "IN_PROGRESS_STATUS_ID": "14",
        "CLOSED_STATUS_ID": "19",
        "AzureWebJobs.process_event.Disabled": "true",
        **dict.fromkeys(schedules, NEVER),
    }


def milliseconds(call: Callable[[int], object]) -> dict[str, float]:
    """The median and the 95th of a hundred of some calls, after some that don't count."""
    spent = []
    for number in range(1, WARM + TIMES + 1):
        began = time.perf_counter()
        call(number)
        spent.append((time.perf_counter() - began) * 1_000)
    counted = spent[WARM:]
    return {"median": round(statistics.median(counted), 1), "p95": round(statistics.quantiles(counted, n=20)[-1], 1)}


def deliveries(url: str) -> dict[str, float]:
    """What deliveries take, one after the other on one connection."""
    with requests.Session() as session:

        def deliver(number: int) -> None:
            body = json.dumps({"ticketId": number, "formId": 21, "resultId": number}).encode()
            digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "x-dd-signature": f"sha256={digest}"}
            answer = session.post(url, data=body, headers=headers, timeout=60)
            if answer.status_code != requests.codes.accepted:
                raise ValueError(f"{answer.status_code} {answer.text}")

        return milliseconds(deliver)


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of a delivery, and of a message alone."""
    azurite = Azurite({account_name(APP)}, log=folder / "azurite.log", data=None)
    azurite.start()
    azurite.ready()
    connection = azurite.connection_string(account_name(APP))
    file = folder / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": settings(connection)}), encoding="utf-8")
    command = [sys.executable, "-m", "localhost", "--port", "0", "--settings", str(file), "--http-keys"]
    host = Program(APP, command, log=folder / "host.log", environ={})
    try:
        host.start()
        url = host.ready(r"^READY (http://\S+) ")[1].rstrip("/")
        told = deliveries(f"{url}/api/events/deskdirector")
        with QueueClient.from_connection_string(connection, "alone") as queue:
            queue.create_queue()
            alone = milliseconds(lambda number: queue.send_message(f"message {number}"))
    finally:
        host.stop()
        azurite.program.stop()
    return {"delivery": told, "one message alone": alone}


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name))))
