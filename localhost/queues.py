"""Queue triggers.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger
"""

import asyncio
from collections.abc import AsyncIterator

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from localhost.bindings import Function, QueueTrigger
from localhost.lifetime import Lifetime, heartbeat
from localhost.log import log
from localhost.messages import decode, trigger_metadata, trigger_value
from localhost.runner import Runner
from localhost.settings import QueueOptions, message_lease
from localhost.storage import Storage, ensure_queue, send_message

BEATS_PER_LEASE = 3
SHORTEST_POLL = 0.1
AFTER_STORAGE_ERROR = 2.0
POISON_SUFFIX = "-poison"
# A poison message stays until a person takes it away.
FOR_EVER = -1


class QueueListener:
    """Feeds one function from its queue until the host's end, at most batchSize + newBatchThreshold calls at a time."""

    def __init__(self, function: Function, trigger: QueueTrigger, runner: Runner, options: QueueOptions) -> None:
        self._function = function
        self._trigger = trigger
        self._runner = runner
        self._options = options
        self._lease = message_lease()
        self._has_poison_queue = not trigger.queue.endswith(POISON_SUFFIX)
        self._calls: set[asyncio.Task[None]] = set()

    async def listen(self, storage: Storage, lifetime: Lifetime) -> None:
        """Returns after the last call that was running at the end. HostError when the connection is malformed."""
        queue = await storage.queue(self._trigger.connection, self._trigger.queue)
        poison = await storage.queue(self._trigger.connection, self._trigger.queue + POISON_SUFFIX)
        async with asyncio.TaskGroup() as calls:
            while not lifetime.is_over():
                try:
                    await ensure_queue(queue)
                    async for message in self._messages(queue, lifetime):
                        call = calls.create_task(self._deliver(Delivery(queue, poison, message, self._lease)))
                        self._calls.add(call)
                        call.add_done_callback(self._calls.discard)
                except AzureError as error:
                    log.warning("Queue '%s' cannot be read, tried again soon: %s", queue.queue_name, error)
                    await lifetime.pause(AFTER_STORAGE_ERROR)

    async def _messages(self, queue: QueueClient, lifetime: Lifetime) -> AsyncIterator[QueueMessage]:
        """Messages as fast as calls end, until the host's end. AzureError."""
        pause = SHORTEST_POLL
        while not lifetime.is_over():
            if len(self._calls) > self._options.new_batch_threshold:
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
                continue
            messages = await self._receive(queue)
            if lifetime.is_over():
                await self._give_back(queue, messages)
                return
            for message in messages:
                yield message
            pause = SHORTEST_POLL if messages else min(2 * pause, self._options.max_polling_interval)
            if not messages:
                await lifetime.pause(pause)

    async def _receive(self, queue: QueueClient) -> list[QueueMessage]:
        size = self._options.batch_size
        pages = queue.receive_messages(messages_per_page=size, visibility_timeout=self._lease).by_page()
        page = await anext(pages, None)
        return [] if page is None else [message async for message in page]

    async def _give_back(self, queue: QueueClient, messages: list[QueueMessage]) -> None:
        for message in messages:
            await queue.update_message(message.id, message.pop_receipt, visibility_timeout=0)

    async def _deliver(self, delivery: "Delivery") -> None:
        async with heartbeat(delivery.renew, self._lease / BEATS_PER_LEASE):
            succeeded = await self._call(delivery.message)
        try:
            await self._settle(delivery, succeeded=succeeded)
        except AzureError as error:
            log.warning("Message %s was run but could not be settled: %s", delivery.message.id, error)

    async def _call(self, message: QueueMessage) -> bool:
        body = decode(message.content, as_base64=self._options.base64)
        if body is None:
            log.error("Message %s in '%s' is not encoded as base64.", message.id, self._trigger.queue)
            return False
        if self._has_poison_queue and (message.dequeue_count or 0) > self._options.max_dequeue_count:
            # Only a host that died each time leaves such a message behind.
            return False
        value = trigger_value(body, binary=self._trigger.binary)
        outcome = await self._runner.run(self._function, value, trigger_metadata(message))
        return outcome.failure is None

    async def _settle(self, delivery: "Delivery", *, succeeded: bool) -> None:
        undecodable = decode(delivery.message.content, as_base64=self._options.base64) is None
        last_try = (delivery.message.dequeue_count or 0) >= self._options.max_dequeue_count
        if succeeded:
            await delivery.delete()
        elif (last_try or undecodable) and self._has_poison_queue:
            log.warning("Moving message %s to queue '%s%s'.", delivery.message.id, self._trigger.queue, POISON_SUFFIX)
            await delivery.move_to_poison()
        else:
            await delivery.release(self._options.visibility_timeout)


class Delivery:
    """A message that this host holds: nobody else gets it while its lease is renewed."""

    def __init__(self, queue: QueueClient, poison: QueueClient, message: QueueMessage, lease: int) -> None:
        self.message = message
        self._queue = queue
        self._poison = poison
        self._lease = lease
        self._receipt = message.pop_receipt

    async def renew(self) -> None:
        """Holds the message for another lease; each renewal changes the receipt that the next step needs."""
        try:
            await self.release(self._lease)
        except AzureError as error:
            log.warning("The lease of message %s was not renewed: %s", self.message.id, error)

    async def release(self, after: int) -> None:
        """Lets the message be seen again after so many seconds."""
        renewed = await self._queue.update_message(self.message.id, self._receipt, visibility_timeout=after)
        self._receipt = renewed.pop_receipt

    async def delete(self) -> None:
        await self._queue.delete_message(self.message.id, self._receipt)

    async def move_to_poison(self) -> None:
        await send_message(self._poison, self.message.content, keep_for=FOR_EVER)
        await self.delete()
