"""The queues of ServOrg's storage, seen and filled as an administrator could with any tool for Azure storage."""

import base64
import json
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from doubles.stack import Stack

JOBS = "sync-jobs"


class JobQueues:
    """The queue of sync jobs and its poison queue."""

    def __init__(self, stack: Stack) -> None:
        self._storage = stack.servorg_settings()["AzureWebJobsStorage"]

    def put(self, text: str, *, delay: int = 0) -> None:
        """A message in base64, seen after `delay` seconds."""
        with self._queue(JOBS) as queue:
            queue.send_message(base64.b64encode(text.encode()).decode(), visibility_timeout=delay)

    def job(self, run: dict[str, Any]) -> str:
        """The text of the message that starts a run."""
        return json.dumps({"run": run["id"], "customer": run["customer"]})

    def left(self) -> int:
        """How many jobs there are, delayed ones and those at work included."""
        with self._queue(JOBS) as queue:
            return queue.get_queue_properties().approximate_message_count or 0

    def poison(self) -> list[str]:
        """The texts of what failed for good."""
        with self._queue(f"{JOBS}-poison") as queue:
            try:
                return [base64.b64decode(found.content).decode() for found in queue.peek_messages(max_messages=32)]
            except ResourceNotFoundError:
                return []

    def _queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self._storage, name)
