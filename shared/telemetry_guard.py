"""Keeps from Application Insights what libraries tell by themselves: addresses, names and row keys stand in URLs.

Loaded only when telemetry is on. Azure's worker has configured the export before the app is imported, so this takes
effect on what is there, before the first function runs.
"""

import logging
import os
import re
import sys
from importlib.metadata import entry_points
from typing import Any, override

from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanContext, TraceFlags

from shared.telemetry import SCOPE

OURS = frozenset({"custorg", "servorg", "shared"})
LOGGER_NAME = "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"
_PRIVATE = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|[^\s@\"']+@[^\s@\"']+")  # a JWT, an address
_PLAIN = vars(logging.makeLogRecord({})).keys()
_CONTEXT = "_context"


def apply() -> None:
    """Guards spans and logs of this process. What the libraries' own instrumentation would measure is not measured."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.add_span_processor(OnlyOurs())
    for handler in logging.getLogger(os.environ.get(LOGGER_NAME, "")).handlers:
        if isinstance(handler, LoggingHandler):
            handler.addFilter(harmless)
    settings.tracing_enabled = False
    for found in entry_points(group="opentelemetry_instrumentor"):
        if found.module in sys.modules:
            _end(found.load()())


class OnlyOurs(SpanProcessor):
    """Takes every span of somebody else out of the export, when it starts.

    As https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-filter does it: exporters pass over what is not
    sampled. There it is done at the span's end, which would be too late for exporters that were there before.
    """

    @override
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        scope = span.instrumentation_scope
        if scope is not None and scope.name == SCOPE:
            return
        was = span.get_span_context()
        setattr(span, _CONTEXT, SpanContext(was.trace_id, was.span_id, was.is_remote, TraceFlags(), was.trace_state))

    @override
    def on_end(self, span: ReadableSpan) -> None:
        """Nothing: it is decided at the start."""


def harmless(record: logging.LogRecord) -> logging.LogRecord | bool:
    """The record as it may be told, False for one that is not: a library's, unless it warns.

    Of a library's warning its constant text is told, without the values; of an error only the type.
    """
    ours = record.name.partition(".")[0] in OURS
    if not ours and record.levelno < logging.WARNING:
        return False
    plain = {name: value for name, value in vars(record).items() if name in _PLAIN}
    text = record.getMessage() if ours else _of_a_library(record)
    nothing = dict.fromkeys(("args", "exc_info", "exc_text", "stack_info"))
    return logging.makeLogRecord(plain | nothing | {"msg": _PRIVATE.sub("…", text)})


def _of_a_library(record: logging.LogRecord) -> str:
    kind = record.exc_info[0] if record.exc_info else None
    words = (record.name, str(record.msg) if record.args else f"line {record.lineno}", kind.__name__ if kind else "")
    return " ".join(filter(None, words))


def _end(instrumentor: Any) -> None:  # the library has no annotations there
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
