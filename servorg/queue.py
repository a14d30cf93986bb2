"""Storage queues: sync jobs on their way, and what failed for good."""

from __future__ import annotations

import base64
import math
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from servorg.messages import Message, SyncJob
from shared.tables import hush_addresses, storage_credential

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure.storage.queue import QueueClient, QueueMessage

    from shared.settings import StorageSettings

SYNC_JOBS = "sync-jobs"
EVENTS = "events"
CUSTOMER_REFRESHES = "customer-refreshes"
_PEEK = 32  # what the service shows at most at once
_SEARCH_SECONDS = 15  # messages that `remove_poison` passes over stay hidden no longer than this
_TIMEOUTS: Mapping[str, Any] = {"connection_timeout": 10, "read_timeout": 60}  # seconds, as for tables
_LONGEST_DELAY = 6 * 24 * 3_600  # seconds; a message lives for seven days


class StorageQueue:
    """One queue and its poison queue; both are created when they are missing. Calls raise AzureError."""

    def __init__(self, settings: StorageSettings, name: str = SYNC_JOBS) -> None:
        self._settings = settings
        self._name = name

    def send(self, text: str, delay: float = 0) -> None:
        """Puts a message into the queue, in base64 as the host expects it, to be seen after `delay` seconds."""
        hidden = min(math.ceil(delay), _LONGEST_DELAY)
        self._queue.send_message(base64.b64encode(text.encode()).decode(), visibility_timeout=hidden)

    def count(self) -> int:
        """About how many messages there are, delayed ones and those at work included."""
        return self._queue.get_queue_properties().approximate_message_count or 0

    def count_poison(self) -> int:
        """About how many messages failed for good."""
        return self._poison.get_queue_properties().approximate_message_count or 0

    def is_empty(self) -> bool:
        """Whether the service counts no message, delayed ones and those at work included."""
        return self.count() == 0

    def oldest_waiting(self) -> datetime | None:
        """When the oldest of the first 32 messages that could be taken now was put there; None when there is none.

        Delayed messages and those at work cannot be seen.
        """
        return min((at for message in self._peek(self._queue) if (at := message.inserted_at)), default=None)

    def waiting_for(self, run: str) -> bool:
        """Whether one of the first 32 messages that could be taken now is a job of this run.

        Delayed messages and those at work cannot be seen.
        """
        return any(_run_of(message.text) == run for message in self._peek(self._queue))

    def poison(self) -> tuple[Message, ...]:
        """The oldest 32 messages that failed for good."""
        return tuple(self._peek(self._poison))

    def remove_poison(self, message: str) -> bool:
        """Takes the message of this id out of the poison queue; whether it was there. The others stay."""
        passed: list[QueueMessage] = []
        found = None
        while found is None and (taken := list(self._take())):
            passed += taken
            found = next((one for one in taken if one.id == message), None)
        for one in passed:
            if one is not found:
                self._poison.update_message(one, visibility_timeout=0)
        if found is not None:
            self._poison.delete_message(found)
        return found is not None

    def _take(self) -> Iterator[QueueMessage]:
        return self._poison.receive_messages(
            max_messages=_PEEK, messages_per_page=_PEEK, visibility_timeout=_SEARCH_SECONDS
        )

    @staticmethod
    def _peek(queue: QueueClient) -> Iterator[Message]:
        for found in queue.peek_messages(max_messages=_PEEK):
            yield Message(found.id, _decoded(found.content), found.inserted_on)

    @cached_property
    def _queue(self) -> QueueClient:
        return self._made(self._name)

    @cached_property
    def _poison(self) -> QueueClient:
        return self._made(f"{self._name}-poison")

    def _made(self, name: str) -> QueueClient:
        from azure.core.exceptions import ResourceExistsError

        queue = queue_client(self._settings, name)
        try:
            queue.create_queue()
        except ResourceExistsError:
            return queue
        return queue


def queue_client(settings: StorageSettings, name: str, options: Mapping[str, Any] = _TIMEOUTS) -> QueueClient:
    """The client of a queue, which need not be there; ValueError for what is no connection string."""
    from azure.storage.queue import QueueClient

    hush_addresses()
    if settings.connection:
        return QueueClient.from_connection_string(settings.connection.get_secret_value(), name, **options)
    endpoint = settings.queues or f"https://{settings.account}.queue.core.windows.net"
    return QueueClient(endpoint, name, credential=storage_credential(), **options)


def _decoded(text: str) -> str:
    """The text in a message; one that somebody put there without base64 as it is."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _run_of(text: str) -> str | None:
    try:
        return SyncJob.from_json(text).run
    except ValueError:
        return None
