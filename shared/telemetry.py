"""Traces and metrics as OpenTelemetry; off, and then free of cost, unless Azure's switch for it is set.

With the switch, Azure's worker itself configures the export to Application Insights. What is told there is in the three
tables below and nowhere else; docs/telemetry.md explains it to whoever watches.
"""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from opentelemetry.context import Context

SWITCH = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"
"""https://learn.microsoft.com/azure/azure-functions/opentelemetry-howto"""
SCOPE = "sync-entra-groups"

SPANS = {
    # What a queue brought is a request of its own: the host tells none for storage queues (Azure/azure-sdk#8789).
    "look at ticket": ("CONSUMER", ""),
    "refresh customer": ("CONSUMER", ""),
    "sync job": ("CONSUMER", ""),
    # The host has a span for each HTTP request and timer.
    "receive event": ("INTERNAL", ""),
    "run command": ("INTERNAL", ""),
    "ask CustOrg": ("CLIENT", "CustOrg"),
    "ask DeskDirector": ("CLIENT", "DeskDirector"),
    "ask Graph": ("CLIENT", "Microsoft Graph"),
}
"""Each name with its kind and, for a call to somebody else, whom it calls."""

COUNTERS = {
    "runs": "runs that ended or are held, by status",
    "changes": "changes of these runs, by status",
    "deskdirector_calls": "requests to DeskDirector, by status",
    "deskdirector_throttled": "answers by which DeskDirector asked to wait",
    "graph_calls": "requests to Microsoft Graph, by status",
    "graph_throttled": "answers by which Microsoft Graph asked to wait",
}
GAUGES = {
    "held_oldest_seconds": "age of the oldest held run",
    "queue_messages": "messages in a queue, delayed ones and those at work included",
    "queue_oldest_seconds": "age of the oldest message that could be taken now",
    "poison_messages": "messages that failed for good",
    "custorg_stale_seconds": "age of a customer's last successful refresh",
    "succeeded_seconds": "age of a customer's last run that succeeded",
}
FIELDS = frozenset(
    {
        *("command", "customer", "error", "kind", "method", "queue", "run", "status", "ticket", "tickets", "tries"),
    }
)
"""What may stand on a span or a metric. No addresses, no names: values that could be some are not told."""

_HARMLESS = re.compile(r"[\w.:/-]{1,200}")

type Fact = str | int | float | bool | None


class Note(Protocol):
    """Adds facts to the span that is open."""

    def __call__(self, **facts: Fact) -> None: ...


@cache
def is_on() -> bool:
    """Whether this process tells anything."""
    return os.environ.get(SWITCH, "").strip().lower() in {"1", "t", "true", "y", "yes"}


def span(name: str, parent: str | None = None, **facts: Fact) -> AbstractContextManager[Note]:
    """Measures the `with`. `parent` is another process's `traceparent()`; without it, what is open here goes on.

    An error that passes marks the span with its type; its text is not told.
    """
    return _Span(name, parent, facts) if is_on() else nullcontext(_ignore)


def traceparent() -> str | None:
    """What is open here, for a message or a header (https://www.w3.org/TR/trace-context/); None when nothing is."""
    if not is_on():
        return None
    carrier: dict[str, str] = {}
    _propagator().inject(carrier)
    return carrier.get("traceparent")


def count(name: str, amount: int = 1, **facts: Fact) -> None:
    """Adds to one of COUNTERS."""
    if is_on() and amount:
        _counter(name).add(amount, _told(facts))


def gauge(name: str, value: float | None, **facts: Fact) -> None:
    """Sets one of GAUGES; None says nothing."""
    if is_on() and value is not None:
        _gauge(name).set(value, _told(facts))


class _Span:
    """The span of a `with`. Not a generator: an error is to be seen and not caught."""

    def __init__(self, name: str, parent: str | None, facts: Mapping[str, Fact]) -> None:
        from opentelemetry import trace

        kind, whom = SPANS[name]
        told = _told(facts) | ({"peer.service": whom} if whom else {})
        self._open = trace.get_tracer(SCOPE).start_as_current_span(
            name,
            context=_context(parent),
            kind=trace.SpanKind[kind],
            attributes=told,
            record_exception=False,  # an error's text may name somebody
            set_status_on_exception=False,
        )

    def __enter__(self) -> Note:
        self._span = self._open.__enter__()
        return self._note

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            from opentelemetry.trace import StatusCode

            self._note(error=kind.__name__)
            self._span.set_status(StatusCode.ERROR)
        self._open.__exit__(None, None, None)

    def _note(self, **facts: Fact) -> None:
        self._span.set_attributes(_told(facts))


def _ignore(**_facts: Fact) -> None:
    """The Note of a span that is not told."""


def _told(facts: Mapping[str, Fact]) -> dict[str, str | int | float | bool]:
    known = {name: value for name, value in facts.items() if name in FIELDS and value is not None}
    return {name: value if not isinstance(value, str) else _harmless(value) for name, value in known.items()}


def _harmless(value: str) -> str:
    return value if _HARMLESS.fullmatch(value) else "…"


def _context(parent: str | None) -> Context | None:
    return _propagator().extract({"traceparent": parent}) if parent else None


@cache
def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


@cache
def _counter(name: str) -> Any:
    from opentelemetry import metrics

    return metrics.get_meter(SCOPE).create_counter(name, description=COUNTERS[name])


@cache
def _gauge(name: str) -> Any:
    from opentelemetry import metrics

    return metrics.get_meter(SCOPE).create_gauge(name, description=GAUGES[name])
