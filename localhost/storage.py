"""The app's storage accounts. With its users queues and timers the only module that imports the Azure SDKs.

Those take longer to import than everything else of the host together, so `host` loads them after READY.
"""

from contextlib import AsyncExitStack
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from localhost.bindings import QueueOutput
from localhost.errors import HostError, OutputFailed
from localhost.messages import encode, output_messages
from localhost.protos import TypedData
from localhost.settings import connection_string

# About 3 s in all: the SDK's own pauses, from 15 s up, are made for a remote service and would hold up the host's end.
RETRY: dict[str, Any] = {
    "initial_backoff": 0.2,
    "increment_base": 1,
    "random_jitter_range": 0.2,
    "retry_total": 3,
    "connection_timeout": 5,
    "read_timeout": 20,
}
SEVEN_DAYS = 7 * 24 * 3600


class Storage:
    """Clients by the name of the setting that holds their connection string, made on first use, closed together."""

    def __init__(self, *, base64: bool) -> None:
        self._base64 = base64
        self._queue_services: dict[str, QueueServiceClient] = {}
        self._clients = AsyncExitStack()

    async def queue(self, connection: str, name: str) -> QueueClient:
        """A client of that queue. HostError when the connection string is malformed."""
        if connection not in self._queue_services:
            service = _parsed(connection, QueueServiceClient)
            self._queue_services[connection] = service
            await self._clients.enter_async_context(service)
        return self._queue_services[connection].get_queue_client(name)

    async def table(self, connection: str, name: str) -> TableClient:
        """A client of that table. HostError when the connection string is malformed."""
        service = await self._clients.enter_async_context(_parsed(connection, TableServiceClient))
        return service.get_table_client(name)

    async def send(self, output: QueueOutput, value: TypedData) -> None:
        """Sends what a function put into a queue output, or OutputFailed; some of several may then be sent."""
        try:
            queue = await self.queue(output.connection, output.queue)
            for body in output_messages(value):
                await send_message(queue, encode(body, as_base64=self._base64), keep_for=SEVEN_DAYS)
        except (AzureError, HostError, UnicodeDecodeError) as error:
            raise OutputFailed(f"Error while sending to queue '{output.queue}' ({output.name}): {error}") from error

    async def close(self) -> None:
        await self._clients.aclose()


async def ensure_queue(queue: QueueClient) -> None:
    """Creates the queue when it is missing. AzureError when storage does not answer."""
    try:
        await queue.create_queue()
    except ResourceExistsError:
        return


async def send_message(queue: QueueClient, text: str, *, keep_for: int) -> None:
    """Sends one message for so many seconds (-1 for ever), creating the queue when it is missing. AzureError."""
    try:
        await queue.send_message(text, time_to_live=keep_for)
    except ResourceNotFoundError:
        await ensure_queue(queue)
        await queue.send_message(text, time_to_live=keep_for)


def _parsed[Client: (QueueServiceClient, TableServiceClient)](connection: str, client: type[Client]) -> Client:
    try:
        return client.from_connection_string(connection_string(connection), **RETRY)
    except ValueError as error:
        raise HostError(f"The setting {connection} is no storage connection string: {error}") from error
