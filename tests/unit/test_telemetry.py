"""Spans, metrics and what keeps names out of them, on the real SDK with an exporter in memory."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from servorg.messages import SyncJob, TicketEvent
from servorg.records import Run, RunStatus
from servorg.watching import tell_end
from shared import telemetry
from shared.telemetry import FIELDS, SWITCH, count, gauge, span, traceparent
from shared.telemetry_guard import OnlyOurs, harmless

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WHOM = "ada.lovelace@contoso.example"
USE = """
import sys
from servorg.messages import SyncJob
from shared.telemetry import count, gauge, span, traceparent
with span("sync job", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", run="r") as note:
    note(status=200)
    count("runs", status="held")
    gauge("queue_messages", 1, queue="events")
    assert traceparent() is None
    assert "trace" not in SyncJob("r", "c").to_json()
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """A process has one provider: configured as Azure's worker does it, and guarded afterwards."""
    found, provider = InMemorySpanExporter(), TracerProvider(ALWAYS_ON)  # as OTEL_TRACES_SAMPLER says
    provider.add_span_processor(SimpleSpanProcessor(found))
    provider.add_span_processor(OnlyOurs())
    trace.set_tracer_provider(provider)
    return found


@pytest.fixture(scope="module")
def reader() -> InMemoryMetricReader:
    found = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([found]))
    return found


@pytest.fixture
def told(exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """With telemetry on; what was exported since the test began."""
    monkeypatch.setenv(SWITCH, "True")
    telemetry.is_on.cache_clear()
    exporter.clear()
    yield exporter
    monkeypatch.undo()
    telemetry.is_on.cache_clear()


def test_switched_off_it_tells_nothing_and_loads_nothing() -> None:
    ended = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, timeout=60, check=False)

    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_a_span_goes_on_with_the_trace_that_a_message_brought(told: InMemorySpanExporter) -> None:
    with span("sync job", PARENT, run="r1", customer="contoso", tries=2) as note:
        inside = traceparent()
        note(status="held")
    [done] = told.get_finished_spans()

    assert done.context
    assert done.parent
    assert f"{done.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{done.parent.span_id:016x}" == PARENT.split("-")[2]
    assert inside == f"00-{done.context.trace_id:032x}-{done.context.span_id:016x}-01"
    assert done.attributes == {"run": "r1", "customer": "contoso", "tries": 2, "status": "held"}


@pytest.mark.parametrize("parent", [None, "", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "ä" * 90])
def test_without_a_trace_in_the_message_a_new_one_begins(told: InMemorySpanExporter, parent: str | None) -> None:
    with span("sync job", parent, run="r1"):
        pass
    [done] = told.get_finished_spans()

    assert done.parent is None


def test_a_message_brings_the_open_trace_and_keeps_one_that_it_has(told: InMemorySpanExporter) -> None:
    with span("receive event"):
        job, event = SyncJob("r1", "contoso"), TicketEvent(501)
        sent = SyncJob.from_json(job.to_json()), TicketEvent.from_json(event.to_json())
        passed_on = SyncJob.from_json(SyncJob("r1", "contoso", trace=PARENT).to_json())
        here = traceparent()

    assert [one.trace for one in sent] == [here, here]
    assert passed_on.trace == PARENT
    assert len(told.get_finished_spans()) == 1


def test_an_error_passes_and_leaves_its_type_only(told: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match=WHOM), span("sync job", run="r1"):
        raise ValueError(WHOM)
    [done] = told.get_finished_spans()

    assert done.attributes == {"run": "r1", "error": "ValueError"}
    assert (done.status.is_ok, done.status.description, done.events) == (False, None, ())


def test_what_could_be_a_name_or_an_address_is_not_told(told: InMemorySpanExporter) -> None:
    with span("sync job", run=WHOM, customer="Ada Lovelace", status="a" * 201, kind=None, command="get-it") as note:
        note(name="Ada", tries=2)
    [done] = told.get_finished_spans()

    assert done.attributes == {"run": "…", "customer": "…", "status": "…", "command": "get-it", "tries": 2}
    assert "name" not in FIELDS


@pytest.mark.parametrize("scope", ["opentelemetry.instrumentation.requests", "com.microsoft.com:kiota", ""])
def test_spans_of_libraries_are_not_exported_and_ours_in_them_are(told: InMemorySpanExporter, scope: str) -> None:
    with trace.get_tracer(scope).start_as_current_span(f"GET /users/{WHOM}"), span("ask Graph"):
        pass

    assert [done.name for done in told.get_finished_spans()] == ["ask Graph"]


def test_the_guard_works_with_the_exporter_that_azures_worker_adds_before_it() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(ALWAYS_ON)  # as OTEL_TRACES_SAMPLER says
    provider.add_span_processor(BatchSpanProcessor(exporter))
    provider.add_span_processor(OnlyOurs())
    with provider.get_tracer("azure.core").start_as_current_span("GET"):
        provider.get_tracer(telemetry.SCOPE).start_span("ask Graph").end()
    provider.force_flush()

    assert [done.name for done in exporter.get_finished_spans()] == ["ask Graph"]


def test_only_metrics_of_the_tables_can_be_told(told: InMemorySpanExporter, reader: InMemoryMetricReader) -> None:
    count("graph_throttled", amount=False)
    gauge("succeeded_seconds", None, customer="contoso")

    with pytest.raises(KeyError):
        count("people")
    assert not reader.get_metrics_data()
    assert told.get_finished_spans() == ()


def measured(reader: InMemoryMetricReader) -> dict[str, dict[str, float]]:
    """Each metric's values by status or queue."""
    data: Any = reader.get_metrics_data()
    metrics = [metric for one in data.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]
    return {metric.name: {_by(point): point.value for point in metric.data.data_points} for metric in metrics}


def _by(point: Any) -> str:
    return str(point.attributes.get("status") or point.attributes.get("queue"))


def test_a_run_counts_what_is_held_when_it_is_held_and_the_rest_at_its_end(
    told: InMemorySpanExporter, reader: InMemoryMetricReader
) -> None:
    run = Run("r1", "contoso", status=RunStatus.HELD, counts={"applied": 4, "held": 3, "changes": 7, "removed": 0})
    tell_end(run)
    tell_end(replace(run, status=RunStatus.PARTLY, counts={"applied": 5, "failed": 1, "in doubt": 1, "changes": 7}))
    gauge("queue_messages", 9, queue="events")
    found = measured(reader)

    assert found["runs"] == {"held": 1, "partly": 1}
    assert found["changes"] == {"held": 3, "applied": 5, "failed": 1, "in_doubt": 1}
    assert found["queue_messages"] == {"events": 9}
    assert told.get_finished_spans() == ()


def record(name: str, message: str, *values: object, level: int = logging.WARNING) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "somewhere.py", 7, message, values, None)
    made.extra = WHOM
    return made


def text(made: logging.LogRecord | bool) -> str:
    assert isinstance(made, logging.LogRecord)
    assert not hasattr(made, "extra")
    return made.getMessage()


def test_our_lines_are_told_with_addresses_and_tokens_blanked() -> None:
    made = harmless(
        record("servorg.jobs", "%s", f'{{"event": "x", "reason": "{WHOM} eyJhbGciOi.eyJz.c2ln"}}', level=20)
    )

    assert text(made) == '{"event": "x", "reason": "… …"}'


def test_of_a_library_only_warnings_are_told_without_their_values() -> None:
    assert harmless(record("azure.core", "GET %s", WHOM, level=logging.INFO)) is False
    assert text(harmless(record("urllib3", "Retrying %s", WHOM))) == "urllib3 Retrying %s"
    assert text(harmless(record("asyncio", f"lost: {WHOM}"))) == "asyncio line 7"


def test_of_an_exception_only_the_type_is_told() -> None:
    made = record("azure.functions", f"failed {WHOM}", level=logging.ERROR)
    made.exc_info = (ValueError, ValueError(WHOM), None)
    seen = harmless(made)

    assert text(seen) == "azure.functions line 7 ValueError"
    assert isinstance(seen, logging.LogRecord)
    assert seen.exc_info is None
    assert made.exc_info is not None  # other handlers have their record as it was
