"""Queue messages as the host and a function see them: encodings, trigger metadata, outputs."""

import base64
import binascii
import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from localhost.protos import TypedData


class Message(Protocol):
    """A received message, as azure-storage-queue's QueueMessage is."""

    id: str
    content: str
    pop_receipt: str | None
    dequeue_count: int | None
    inserted_on: dt.datetime | None
    expires_on: dt.datetime | None
    next_visible_on: dt.datetime | None


def encode(data: bytes, *, as_base64: bool) -> str:
    """Message text for the queue. UnicodeDecodeError when plain messages are asked for and data is no text."""
    return base64.b64encode(data).decode("ascii") if as_base64 else data.decode("utf-8")


def decode(text: str, *, as_base64: bool) -> bytes | None:
    """What the message says; None when it is not encoded as host.json's messageEncoding tells."""
    if not as_base64:
        return text.encode("utf-8")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def trigger_value(body: bytes, *, binary: bool) -> TypedData:
    """The trigger's value: text, unless the binding's data type is binary. Bytes that are no UTF-8 show as U+FFFD."""
    return TypedData(bytes=body) if binary else TypedData(string=body.decode("utf-8", errors="replace"))


def trigger_metadata(message: Message) -> Mapping[str, TypedData]:
    """What a function may ask about its message.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#message-metadata
    """
    texts = {
        "Id": message.id,
        "PopReceipt": message.pop_receipt or "",
        "DequeueCount": str(message.dequeue_count),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }
    return {name: TypedData(string=text) for name, text in texts.items()}


def by_hand_metadata(now: dt.datetime) -> Mapping[str, TypedData]:
    """The metadata of a message that is in no queue: a person gave it to /admin/functions."""
    texts = {"Id": str(uuid.uuid4()), "DequeueCount": "1", "InsertionTime": _time(now)}
    return {name: TypedData(string=text) for name, text in texts.items()}


def output_messages(value: TypedData) -> list[bytes]:
    """The messages that a function's queue output stands for.

    Text that is a JSON list becomes one message per element, also when the function set a str:
    https://github.com/Azure/azure-functions-python-worker/issues/1492
    A QueueMessage arrives as {"id", "body"}; its body is sent:
    https://github.com/Azure/azure-functions-python-worker/blob/dev/tests/endtoend/test_queue_functions.py
    """
    if value.kind == "bytes":
        return [value.value]
    content = _json(value.value)
    if isinstance(content, list):
        return [_text(element).encode() for element in content]
    return [(_text(content) if value.kind == "json" else str(value.value)).encode()]


def _text(element: Any) -> str:
    if isinstance(element, dict) and element.keys() == {"id", "body"}:
        return str(element["body"])
    return element if isinstance(element, str) else json.dumps(element)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _time(moment: dt.datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00") if moment else ""
