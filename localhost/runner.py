"""Runs a function and delivers its queue outputs: the one path for HTTP, queues, timers and a person's hand."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from localhost.bindings import Function, QueueOutput
from localhost.errors import OutputFailed
from localhost.log import log
from localhost.protos import TypedData
from localhost.traces import TraceContext
from localhost.worker import Outcome, Worker

NO_METADATA: Mapping[str, TypedData] = {}


class Outputs(Protocol):
    """Where queue outputs go."""

    async def send(self, output: QueueOutput, value: TypedData) -> None:
        """Sends it, or OutputFailed."""


class Runner:
    """The worker together with the outputs, which are asked for only when a function has some."""

    def __init__(self, worker: Worker, outputs: Callable[[], Awaitable[Outputs]]) -> None:
        self._worker = worker
        self._outputs = outputs

    async def run(
        self,
        function: Function,
        value: TypedData,
        metadata: Mapping[str, TypedData] = NO_METADATA,
        trace: TraceContext | None = None,
    ) -> Outcome:
        """One invocation on its trigger's value. It failed, too, when an output could not be sent; never raises."""
        outcome = await self._worker.invoke(function, value, metadata, trace)
        try:
            for output in function.outputs:
                if isinstance(output, QueueOutput) and output.name in outcome.values:
                    await (await self._outputs()).send(output, outcome.values[output.name])
        except OutputFailed as failure:
            log.error("Executed 'Functions.%s' (Failed)\n%s", function.name, failure)
            return Outcome(failure=str(failure))
        return outcome
