"""How the host ends: interfaces.md; in Azure an instance that is scaled in is drained.

https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#scale-in-behaviors
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from azure.storage.queue import QueueClient

from tests.azurite import start_azurite
from tests.localhost.host_rig import Host, Rig, message_count, wait_until
from tests.localhost.test_queues import encoded, options, wait_for_queue

SLOW = """
@app.route("slow")
def slow(req: func.HttpRequest) -> str:
    note("slow begins")
    time.sleep(4)
    note("slow ends")
    return "done"

@app.route("endless")
async def endless(req: func.HttpRequest) -> str:
    note("endless begins")
    time.sleep(300)
    return "never"
"""
WORK = """
@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection=STORAGE)
def work(message: func.QueueMessage) -> None:
    note(f"{message.get_body().decode()} begins")
    time.sleep(2)
    note(f"{message.get_body().decode()} ends")
"""
YEARLY = """
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def yearly(timer: func.TimerRequest) -> None:
    note("a year is over")
"""


def refuses(host: Host) -> bool:
    try:
        requests.get(f"{host.url}/admin/host/status", timeout=0.3)
    except requests.Timeout:
        return False  # this connection was under way when the host closed its door, and hears nothing
    except requests.ConnectionError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_after_a_signal_running_requests_are_answered_and_no_new_ones_taken(bare_rig: Rig, number: int) -> None:
    """See "Event-driven scaling", scale-in behaviors: currently running executions are drained."""
    host = bare_rig.run_app(SLOW)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(host.get, "/api/slow")
        wait_until(host.notes)
        host.signal(number)
        wait_until(lambda: refuses(host))
        ended_early = running.done()
        answer = running.result()

    assert (answer.text, ended_early) == ("done", False)
    assert host.wait() == 0
    assert host.notes() == ["slow begins", "slow ends"]


def test_after_a_signal_a_running_message_ends_and_the_others_stay_in_the_queue(
    rig: Rig, make_queue: Callable[..., QueueClient]
) -> None:
    """See "Event-driven scaling", scale-in behaviors: no new invocations for the instance."""
    queue = make_queue()
    queue.create_queue()
    for text in ("first", "second", "third"):
        queue.send_message(encoded(text))
    host = rig.run_app(WORK, host_json=options(batchSize=1, newBatchThreshold=0), QUEUE=queue.queue_name)
    wait_until(host.notes)
    status = host.stop()
    noted = host.notes()

    assert status == 0
    assert len(noted) == 2
    assert noted[0].split()[0] == noted[1].split()[0]
    assert message_count(queue) == 2


def test_a_second_signal_ends_the_host_at_once(bare_rig: Rig) -> None:
    """This host's own promise: whoever presses Ctrl+C twice does not want to wait."""
    host = bare_rig.run_app(SLOW)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(host.get, "/api/endless")
        wait_until(host.notes)
        host.signal()
        wait_until(lambda: "Draining" in host.errors())
        began = time.monotonic()
        host.signal()
        status = host.wait()

    assert status == 1
    assert time.monotonic() - began < 2
    assert isinstance(hanging.exception(), requests.ConnectionError)


def test_a_host_whose_storage_went_away_still_ends(bare_rig: Rig) -> None:
    """The host retries storage for some seconds only; see docs/localhost.md, and for SIGTERM
    https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#scale-in-behaviors.
    """
    azurite = start_azurite()
    try:
        host = bare_rig.run_app(
            WORK + YEARLY, host_json=options(), QUEUE="work-to-do", AzureWebJobsStorage=azurite.connection_string
        )
        with QueueClient.from_connection_string(azurite.connection_string, "work-to-do") as queue:
            wait_for_queue(queue)
    finally:
        azurite.stop()
    wait_until(lambda: "cannot be read" in host.errors(), seconds=90)

    assert host.stop() == 0


def test_an_idle_host_with_queue_and_timer_ends_quickly(rig: Rig, make_queue: Callable[..., QueueClient]) -> None:
    """Nothing runs, so there is nothing to drain."""
    queue = make_queue()
    host = rig.run_app(WORK + YEARLY, QUEUE=queue.queue_name)
    wait_for_queue(queue)
    with requests.Session() as idle_connection:
        idle_connection.get(host.url + "/admin/host/status", timeout=10)
        began = time.monotonic()
        status = host.stop()

    assert status == 0
    assert time.monotonic() - began < 5
