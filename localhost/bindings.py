"""What a function is bound to: the runtime's binding JSON as typed values, and a refusal of what the host cannot do."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localhost.errors import HostError
from localhost.settings import resolve_settings

DEFAULT_CONNECTION = "AzureWebJobsStorage"
# https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Requests to a route; no methods means all."""

    name: str
    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Ticks of an NCRONTAB schedule."""

    name: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Messages of a queue; connection is a setting's name."""

    name: str
    queue: str
    connection: str
    binary: bool


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """Messages to a queue; connection is a setting's name."""

    name: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class HttpOutput:
    """The answer to a request, `$return` or an `Out` parameter."""

    name: str


Trigger = HttpTrigger | TimerTrigger | QueueTrigger
Output = QueueOutput | HttpOutput


@dataclass(frozen=True, slots=True)
class Function:
    """A function as indexed, its settings resolved."""

    id: str
    name: str
    trigger: Trigger
    outputs: tuple[Output, ...]

    @property
    def connections(self) -> frozenset[str]:
        """Names of the settings that hold the connection strings of its queues."""
        queues = [bound for bound in (self.trigger, *self.outputs) if isinstance(bound, QueueTrigger | QueueOutput)]
        return frozenset(queue.connection for queue in queues)


def read_function(name: str, function_id: str, raw_bindings: Iterable[str]) -> Function:
    """The function that the runtime indexed, with its settings resolved. HostError for what the host cannot run."""
    bindings = [_read_binding(name, raw) for raw in raw_bindings]
    triggers = [binding for binding in bindings if isinstance(binding, HttpTrigger | TimerTrigger | QueueTrigger)]
    outputs = tuple(binding for binding in bindings if isinstance(binding, QueueOutput | HttpOutput))
    if len(triggers) != 1:
        raise HostError(f"Function '{name}' must have exactly one trigger, it has {len(triggers)}.")
    return Function(function_id, name, triggers[0], outputs)


def _read_binding(function: str, raw: str) -> Trigger | Output:
    content = {key: _resolve(function, value) for key, value in json.loads(raw).items()}
    match content["type"]:
        case "httpTrigger":
            return _http_trigger(function, content)
        case "timerTrigger":
            return _timer_trigger(content)
        case "queueTrigger":
            binary = content.get("dataType") == "BINARY"
            return QueueTrigger(content["name"], *_queue_and_connection(function, content), binary=binary)
        case "queue" if content["direction"] == "OUT":
            return QueueOutput(content["name"], *_queue_and_connection(function, content))
        case "http":
            return HttpOutput(content["name"])
        case unknown:
            name = content["name"]
            raise HostError(f"Function '{function}': the local host does not know the binding '{name}' ({unknown}).")


def _resolve(function: str, value: Any) -> Any:
    return resolve_settings(value, f"Functions.{function}") if isinstance(value, str) else value


def _http_trigger(function: str, content: Mapping[str, Any]) -> HttpTrigger:
    methods = frozenset(str(method).upper() for method in content.get("methods") or ())
    route = content.get("route")
    level = str(content.get("authLevel", "FUNCTION")).upper()
    return HttpTrigger(content["name"], function if route is None else route, methods, level)


def _timer_trigger(content: Mapping[str, Any]) -> TimerTrigger:
    startup = content.get("runOnStartup") is True
    return TimerTrigger(content["name"], content["schedule"], startup, content.get("useMonitor") is not False)


def _queue_and_connection(function: str, content: Mapping[str, Any]) -> tuple[str, str]:
    queue = str(content["queueName"]).lower()
    if "{" in queue:
        raise HostError(f"Function '{function}': the local host does not know the binding expression '{queue}'.")
    if not QUEUE_NAME.fullmatch(queue):
        raise HostError(f"Function '{function}': '{queue}' is no valid queue name.")
    return queue, content.get("connection") or DEFAULT_CONNECTION
