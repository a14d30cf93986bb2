"""The runtime library that Azure's Python worker loads, on a thread and event loop of its own.

In Azure the host and the worker are two processes. Here the thread keeps the host alive - leases, signals, status -
while a function blocks its event loop.
"""

import asyncio
import threading
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime  # type: ignore[import-untyped]

from localhost import log, protos
from localhost.bindings import Function, read_function
from localhost.errors import HostError
from localhost.traces import TraceContext, new_trace

SCRIPT = "function_app.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one invocation: values by binding name (`$return` included), or why it failed."""

    values: Mapping[str, protos.TypedData] = field(default_factory=dict)
    failure: str | None = None


class Worker:
    """One function app; the runtime keeps its functions in module globals, so one per process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)
        self._thread.start()

    async def load(self, folder: Path) -> tuple[Function, ...]:
        """Imports the app and indexes its functions; HostError with the runtime's words and trace when that fails."""
        if not (folder / SCRIPT).exists():
            raise HostError(f"There is no {SCRIPT} in {folder}.")
        runtime.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(folder))
        answer = await self._call(_without_exit(runtime.worker_init_request(_request(worker_init_request=init))))
        if isinstance(answer, SystemExit):
            raise HostError(f"{SCRIPT} ended the process with status {answer.code}.")
        if answer.result.status != protos.StatusResult.Success:
            raise HostError(_index_failure(answer.result.exception))
        metadata = await self._call(runtime.functions_metadata_request(_request()))
        return tuple(_read_metadata(each) for each in metadata.function_metadata_results or ())

    async def invoke(
        self,
        function: Function,
        value: protos.TypedData,
        metadata: Mapping[str, protos.TypedData] | None = None,
        trace: TraceContext | None = None,
    ) -> Outcome:
        """Runs the function on its trigger's value. Never raises for what the function did."""
        invocation_id = str(uuid.uuid4())
        log.running[invocation_id] = function.name
        try:
            answer = await self._call(_invoke(invocation_id, function, value, metadata or {}, trace or new_trace()))
        finally:
            del log.running[invocation_id]
        return _outcome(answer)

    async def stop(self) -> None:
        """Ends thread and thread pool, and what functions left behind on the event loop. No call may be running."""
        await self._call(_cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        runtime.stop_threadpool_executor()

    async def _call(self, request: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(request, self._loop))


async def _cancel_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def _without_exit(request: Coroutine[Any, Any, Any]) -> Any:
    # sys.exit() in a function would end the worker's event loop, and every later call would hang.
    try:
        return await request
    except SystemExit as ended:
        return ended


async def _invoke(
    invocation_id: str,
    function: Function,
    value: protos.TypedData,
    metadata: Mapping[str, protos.TypedData],
    trace: TraceContext,
) -> Any:
    runtime.invocation_id_cv.set(invocation_id)
    log.log.info("Executing 'Functions.%s'", function.name)
    invocation = SimpleNamespace(
        invocation_id=invocation_id,
        function_id=function.id,
        input_data=[protos.ParameterBinding(name=function.trigger.name, data=value)],
        trigger_metadata=metadata,
        trace_context=SimpleNamespace(trace_parent=trace.parent, trace_state=trace.state, attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    answer = await _without_exit(runtime.invocation_request(_request(invocation_request=invocation)))
    _log_end(function, answer)
    return answer


def _log_end(function: Function, answer: Any) -> None:
    failure = _outcome(answer).failure
    if failure is None:
        log.log.info("Executed 'Functions.%s' (Succeeded)", function.name)
    else:
        log.log.error("Executed 'Functions.%s' (Failed)\n%s", function.name, failure)


def _outcome(answer: Any) -> Outcome:
    if isinstance(answer, SystemExit):
        return Outcome(failure=f"SystemExit: {answer.code}")
    if answer.result.status != protos.StatusResult.Success:
        return Outcome(failure=answer.result.exception.stack_trace or answer.result.exception.message)
    named = {binding.name: binding.data for binding in answer.output_data}
    values = named | {"$return": answer.return_value}
    return Outcome({name: value for name, value in values.items() if value is not None})


def _index_failure(error: protos.RpcException) -> str:
    # The words of Azure's host log
    return f"Worker failed to index functions\nResult: Failure\nException: {error.message}\nStack: {error.stack_trace}"


def _read_metadata(metadata: Any) -> Function:
    if metadata.retry_options is not None:
        raise HostError(f"Function '{metadata.name}': the local host does not run retry policies.")
    return read_function(metadata.name, metadata.function_id, metadata.raw_bindings)


def _request(**verb: Any) -> SimpleNamespace:
    return SimpleNamespace(request=SimpleNamespace(**verb), properties={"protos": protos, "host": "127.0.0.1"})
