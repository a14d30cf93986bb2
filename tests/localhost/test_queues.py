"""Queue triggers and outputs, leases and poison queues."""

import base64
import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from tests.azurite import Azurite
from tests.localhost.host_rig import Host, Rig, message_count, wait_until

MakeQueue = Callable[..., QueueClient]
TRIGGERED = '@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection=STORAGE)\n'
NOTING = TRIGGERED + "def work(message: func.QueueMessage) -> None:\n    note(message.get_body().decode())\n"


def options(**queues: object) -> dict[str, object]:
    return {"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:00.500", **queues}}}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decoded(queue: QueueClient) -> list[str]:
    return [base64.b64decode(message.content).decode() for message in queue.peek_messages(32)]


def is_empty(queue: QueueClient) -> bool:
    return message_count(queue) == 0


def wait_for_queue(queue: QueueClient) -> None:
    def exists() -> bool:
        try:
            return message_count(queue) >= 0
        except ResourceNotFoundError:
            return False

    wait_until(exists)


def test_a_missing_queue_is_created_and_its_messages_run_once_with_their_metadata(
    rig: Rig, make_queue: MakeQueue
) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#message-metadata.
    """
    queue = make_queue()
    source = TRIGGERED + (
        "def work(message: func.QueueMessage) -> None:\n"
        "    times = [message.insertion_time, message.time_next_visible, message.expiration_time]\n"
        "    note(f'{message.get_body().decode()} {message.id} {message.dequeue_count} {sorted(times) == times}')\n"
    )
    host = rig.run_app(source, host_json=options(), QUEUE=queue.queue_name)
    wait_for_queue(queue)
    sent = queue.send_message(encoded("grüße"))
    wait_until(lambda: host.notes() and is_empty(queue))

    assert host.notes() == [f"grüße {sent.id} 1 True"]


def test_a_failing_message_is_tried_again_after_the_visibility_timeout_then_moved_to_the_poison_queue(
    rig: Rig, make_queue: MakeQueue
) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages;
    "Azure Queue storage trigger and bindings", host.json
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings
    visibilityTimeout, maxDequeueCount.
    """
    queue, poison = make_queue(), None
    queue.create_queue()
    queue.send_message(encoded("bad"))
    poison = make_queue(name=f"{queue.queue_name}-poison")
    source = TRIGGERED + (
        "def work(message: func.QueueMessage) -> None:\n"
        "    note(f'{message.dequeue_count} {time.monotonic()}')\n    raise ValueError('no')\n"
    )
    host = rig.run_app(
        source, host_json=options(visibilityTimeout="00:00:01", maxDequeueCount=3), QUEUE=queue.queue_name
    )
    wait_for_queue(poison)
    wait_until(lambda: is_empty(queue) and message_count(poison))
    counts, times = zip(*(note.split() for note in host.notes()), strict=True)

    assert counts == ("1", "2", "3")
    assert float(times[2]) - float(times[0]) > 2
    assert decoded(poison) == ["bad"]


def test_a_setting_wins_over_what_host_json_says(rig: Rig, make_queue: MakeQueue) -> None:
    """See "host.json reference", override host.json values
    https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values.
    """
    queue, place = make_queue(), "AzureFunctionsJobHost__extensions__queues__"
    queue.create_queue()
    queue.send_message(encoded("bad"))
    poison = make_queue(name=f"{queue.queue_name}-poison")
    source = TRIGGERED + "def work(message: str) -> None:\n    note(message)\n    raise ValueError('no')\n"
    changed = {f"{place}maxDequeueCount": "2", f"{place}visibilityTimeout": "00:00:01", "QUEUE": queue.queue_name}
    host = rig.run_app(source, host_json=options(visibilityTimeout="01:00:00"), **changed)
    wait_for_queue(poison)
    wait_until(lambda: is_empty(queue) and message_count(poison))

    assert host.notes() == ["bad", "bad"]


def test_a_setting_for_a_place_that_holds_no_section_is_an_error(rig: Rig) -> None:
    said = rig.fail("", AzureFunctionsJobHost__version__queues="1")

    assert "host.json: version must be an object." in said


def test_a_message_of_a_poison_queue_has_no_further_poison_queue(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages: a
    function may handle <queue>-poison; the Queues extension gives such a queue none.
    """
    queue = make_queue("-poison")
    source = TRIGGERED + (
        "def work(message: func.QueueMessage) -> None:\n"
        "    note(message.dequeue_count)\n    assert message.dequeue_count > 2\n"
    )
    host = rig.run_app(source, host_json=options(maxDequeueCount=1), QUEUE=queue.queue_name)
    wait_for_queue(queue)
    queue.send_message(encoded("x"))
    wait_until(lambda: len(host.notes()) == 3 and is_empty(queue))

    assert host.notes() == ["1", "2", "3"]


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_and_the_others_run(
    rig: Rig, make_queue: MakeQueue
) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger.
    """
    queue = make_queue()
    queue.create_queue()
    poison = make_queue(name=f"{queue.queue_name}-poison")
    for content in ("<plain>", encoded("good")):
        queue.send_message(content)
    host = rig.run_app(NOTING, host_json=options(), QUEUE=queue.queue_name)
    wait_for_queue(poison)
    wait_until(lambda: is_empty(queue) and host.notes())

    assert host.notes() == ["good"]
    assert [message.content for message in poison.peek_messages()] == ["<plain>"]


def test_with_message_encoding_none_texts_are_read_and_sent_as_they_are(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger and bindings", host.json
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings
    messageEncoding.
    """
    queue, target = make_queue(), make_queue()
    source = (
        '@app.queue_output(arg_name="$return", queue_name="%TARGET%", connection=STORAGE)\n'
        + TRIGGERED
        + "def work(message: str) -> str:\n    return message + '!'\n"
    )
    names = {"QUEUE": queue.queue_name, "TARGET": target.queue_name}
    rig.run_app(source, host_json=options(messageEncoding="none"), **names)
    wait_for_queue(queue)
    queue.send_message("<b>plain & simple</b>")
    wait_for_queue(target)
    wait_until(lambda: message_count(target))

    assert [message.content for message in target.peek_messages()] == ["<b>plain & simple</b>!"]


OUTPUTS = """
def target(function):
    return app.queue_output(arg_name="out", queue_name="%TARGET%", connection=STORAGE)(function)

@app.route("text")
@target
def text(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set("one")
    return "ok"

@app.route("several")
@target
def several(req: func.HttpRequest, out: func.Out[typing.List[str]]) -> str:
    out.set(["one", "two"])
    return "ok"

@app.route("message")
@target
def message(req: func.HttpRequest, out: func.Out[func.QueueMessage]) -> str:
    out.set(func.QueueMessage(body="as message"))
    return "ok"

@app.route("messages")
@target
def messages(req: func.HttpRequest, out) -> str:
    out.set([func.QueueMessage(body="first"), func.QueueMessage(body="second")])
    return "ok"

@app.route("json-object")
@target
def json_object(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set('{"id": 1, "body": "kept"}')
    return "ok"

@app.route("json-list")
@target
def json_list(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set('["a", {"b": 1}]')
    return "ok"

@app.route("unset")
@target
def unset(req: func.HttpRequest, out: func.Out[str]) -> str:
    return "ok"

@app.route("too-large")
@target
def too_large(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set("x" * 70000)
    return "ok"

@app.route("returned", binding_arg_name="answer")
@app.queue_output(arg_name="$return", queue_name="%TARGET%", connection=STORAGE)
async def returned(req: func.HttpRequest, answer: func.Out[str]) -> str:
    answer.set("answered")
    return "returned"
"""


@pytest.fixture(scope="module")
def outputs_host(module_rig: Rig, azurite: Azurite) -> tuple[Host, str]:
    name = f"outputs-{os.getpid()}"
    return module_rig.run_app(OUTPUTS, AzureWebJobsStorage=azurite.connection_string, TARGET=name), name


@pytest.mark.parametrize(
    ("route", "sent"),
    [
        ("text", ["one"]),
        ("several", ["one", "two"]),
        ("message", ["as message"]),
        ("messages", ["first", "second"]),
        ("json-object", ['{"id": 1, "body": "kept"}']),
        ("json-list", ["a", '{"b": 1}']),
        ("unset", []),
        ("returned", ["returned"]),
    ],
)
def test_what_a_function_puts_out_is_in_the_queue_when_the_request_is_answered(
    outputs_host: tuple[Host, str], make_queue: MakeQueue, route: str, sent: list[str]
) -> None:
    """See "Azure Queue storage output bindings"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-output#usage; a JSON list
    becomes several messages: https://github.com/Azure/azure-functions-python-worker/issues/1492.
    """
    host, name = outputs_host
    answer = host.get(f"/api/{route}")
    queue = make_queue(name=name)
    received = [] if route == "unset" else decoded(queue)
    if received:
        queue.clear_messages()

    assert answer.status_code == 200
    assert received == sent


def test_an_output_that_cannot_be_sent_makes_the_call_fail(outputs_host: tuple[Host, str]) -> None:
    """See "Azure Queue storage output bindings"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-output#exceptions-and-return-codes;
    a message holds 64 KiB.
    """
    host, _ = outputs_host
    answer = host.get("/api/too-large")

    assert (answer.status_code, answer.text) == (500, "")
    assert "Error while sending to queue" in host.errors()


def test_no_more_messages_run_at_a_time_than_batch_size_and_threshold_allow(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger and bindings", host.json
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings batchSize,
    newBatchThreshold; "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#concurrency.
    """
    queue = make_queue()
    queue.create_queue()
    for number in range(16):
        queue.send_message(encoded(str(number)))
    # Calls of one batch end one after the other, so that the next batch finds some of them still running.
    source = (
        "busy = 0\n" + TRIGGERED + "async def work(message: func.QueueMessage) -> None:\n"
        "    global busy\n    busy += 1\n    note(busy)\n"
        "    await asyncio.sleep(0.3 + 0.3 * (int(message.get_body()) % 4))\n    busy -= 1\n"
    )
    host = rig.run_app(source, host_json=options(batchSize=4, newBatchThreshold=2), QUEUE=queue.queue_name)
    wait_until(lambda: is_empty(queue))

    assert max(int(note) for note in host.notes()) == 6
    assert len(host.notes()) == 16


def test_a_thousand_slow_messages_run_once_each_because_their_leases_are_renewed(
    rig: Rig, make_queue: MakeQueue
) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#peek-lock: "If the
    function takes longer, the lock is renewed"; here each call outlasts its lease.
    """
    queue = make_queue()
    queue.create_queue()
    source = (
        '@app.route("fill")\n'
        '@app.queue_output(arg_name="out", queue_name="%QUEUE%", connection=STORAGE)\n'
        "def fill(req: func.HttpRequest, out: func.Out[typing.List[str]]) -> str:\n"
        "    out.set([str(number) for number in range(1000)])\n    return 'filled'\n"
        + TRIGGERED
        + "async def work(message: func.QueueMessage) -> None:\n"
        "    note(message.get_body().decode())\n    await asyncio.sleep(4.5)\n"
    )
    host = rig.run_app(
        source,
        host_json=options(batchSize=32, newBatchThreshold=128),
        QUEUE=queue.queue_name,
        LOCALHOST_MESSAGE_LEASE_SECONDS="4",
    )
    host.get("/api/fill")
    wait_until(lambda: len(host.notes()) >= 1000 and is_empty(queue), seconds=90)
    runs = Counter(host.notes())

    assert len(runs) == 1000
    assert set(runs.values()) == {1}


def test_a_lease_is_renewed_while_a_function_blocks_its_event_loop(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#peek-lock; in Azure
    the host that renews is another process than the worker.
    """
    queue = make_queue()
    source = TRIGGERED + (
        "async def work(message: func.QueueMessage) -> None:\n    note(message.dequeue_count)\n    time.sleep(4)\n"
    )
    host = rig.run_app(source, host_json=options(), QUEUE=queue.queue_name, LOCALHOST_MESSAGE_LEASE_SECONDS="2")
    wait_for_queue(queue)
    queue.send_message(encoded("slow"))
    wait_until(lambda: host.notes() and is_empty(queue))

    assert host.notes() == ["1"]


def test_a_killed_hosts_message_is_run_by_another_after_its_lease(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#peek-lock: the
    message is visible again when its lease is over.
    """
    queue = make_queue()
    folder = rig.write(
        TRIGGERED + "def work(message: func.QueueMessage) -> None:\n"
        "    note(message.dequeue_count)\n    time.sleep(60 if message.dequeue_count == 1 else 0)\n",
        options(),
    )
    names = {"QUEUE": queue.queue_name, "LOCALHOST_MESSAGE_LEASE_SECONDS": "3"}
    killed = rig.start(folder, **names)
    wait_for_queue(queue)
    queue.send_message(encoded("x"))
    wait_until(killed.notes)
    killed.signal(signal.SIGKILL)
    killed.wait()
    rig.start(folder, **names)
    wait_until(lambda: is_empty(queue))

    assert killed.notes() == ["1", "2"]


def test_a_queue_that_is_deleted_is_made_again(rig: Rig, make_queue: MakeQueue) -> None:
    """See "Azure Queue storage trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger: the host goes on
    polling; whoever needs a queue first creates it (interfaces.md).
    """
    queue = make_queue()
    host = rig.run_app(NOTING, host_json=options(), QUEUE=queue.queue_name)
    wait_for_queue(queue)
    queue.delete_queue()
    wait_for_queue(queue)
    queue.send_message(encoded("later"))
    wait_until(lambda: host.notes() == ["later"])

    assert host.stop() == 0
