"""What Application Insights is sent of a whole run by both roles: everything that joins, and nobody's name."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from doubles.ingestion import Ingestion
from doubles.stack import SERVORG, Layout, Stack, custorg
from shared.telemetry import COUNTERS, FIELDS, GAUGES, SPANS
from tests.e2e.polling import eventually
from tests.e2e.test_form_requests import FIELDS as FORM_FIELDS
from tests.e2e.test_form_requests import SETTINGS, Form
from tests.e2e.worlds import Customer, cli, new_customer, private_words, tiny_layout

ON = {
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
    "OTEL_TRACES_SAMPLER": "always_on",
    # These would go to Microsoft and not to the ingestion endpoint: not from a test.
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_BLRP_SCHEDULE_DELAY": "500",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
}
CONTACTS = r"/connector/contacts$"
Envelope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What came, and the words that must not have. `runs`: of the form, throttled and refused, held."""

    ingestion: Ingestion
    private: frozenset[str]
    runs: tuple[str, str, str]
    ticket: int
    customer: str

    def spans(self, kind: str, name: str, **facts: object) -> list[Envelope]:
        """The spans of this name that have these properties."""
        wanted = {key: str(value) for key, value in facts.items()}.items()
        named = [one for one in self.ingestion.envelopes(kind) if one["data"]["baseData"]["name"] == name]
        return [one for one in named if wanted <= one["data"]["baseData"]["properties"].items()]

    def metrics(self) -> dict[str, list[tuple[float, dict[str, str]]]]:
        """The values of each metric with their properties, in the order in which they came."""
        found: dict[str, list[tuple[float, dict[str, str]]]] = {}
        for data in (one["data"]["baseData"] for one in self.ingestion.envelopes("MetricData")):
            for point in data["metrics"]:
                found.setdefault(point["name"], []).append((point["value"], data.get("properties") or {}))
        return found

    def events(self, event: str) -> list[Envelope]:
        """The log lines of an event."""
        lines = self.ingestion.envelopes("MessageData")
        return [one for one in lines if f'"event": "{event}"' in one["data"]["baseData"]["message"]]


@pytest.fixture(scope="module")
def ingestion() -> Iterator[Ingestion]:
    with Ingestion() as serving:
        yield serving


@pytest.fixture(scope="module")
def layout(ingestion: Ingestion) -> Callable[[Path], Layout]:
    on = {**ON, "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string}

    def make(folder: Path) -> Layout:
        servorg = {**SETTINGS, **on, "OTEL_SERVICE_NAME": "ServOrg", "MAX_REMOVALS": "1"}
        return replace(tiny_layout(folder, "alpha", **servorg), custorg={**on, "OTEL_SERVICE_NAME": "CustOrg"})

    return make


@pytest.fixture(scope="module")
def seen(stack: Stack, ingestion: Ingestion) -> Seen:
    """A form's run, one that is throttled and refused, one that is held, a look for one person, and the timer."""
    [made] = stack.desk.edit({"op": "add_form", "name": "Sync User Group", "fields": FORM_FIELDS})
    form, customer = Form(stack, made["id"]), new_customer(stack)
    people = customer.people("Quirina Zybertson", "Xaverius Okonjwe", "Wilhelmine Vraatz", "Yngvar Ulfheim")
    group = customer.group("Pottering Dungeon", people)
    ticket = form.send(customer.id, ["2"])
    form.closed(ticket)
    _run_in_trouble(customer)
    customer.leave(group, *people[:3])
    held = customer.sync()
    cli(stack, "explain", customer.id, customer.mails[people[0]])
    stack.fire("run_sync_job", json.dumps({"run": "a-run-called-somebody", "customer": customer.id}))
    stack.fire("enqueue_scheduled_jobs")
    both = ("there is no run 'a-run-called-somebody'", '"event": "service looked at"')
    eventually(lambda: stack.output(SERVORG), until=lambda said: all(one in said for one in both))

    assert (held.status, held["status"]) == (3, "held")

    third, second, first = (run["id"] for run in customer.runs())
    for app in (SERVORG, custorg("alpha")):
        stack.restart(app)  # what it had not sent yet, it sends at its end
    return Seen(ingestion, frozenset(_words(stack)), (first, second, third), ticket, customer.id)


def _run_in_trouble(customer: Customer) -> None:
    customer.group("Zeppelin Quartet", customer.people("Jorunn Pfannkuch", "Ottokar Quilling"))
    customer.stack.desk.fault(path=CONTACTS, method="POST", status=429, headers={"Retry-After": "1"})
    customer.stack.desk.fault(path=CONTACTS, method="POST", status=400, body={"message": "not so"}, after=1)
    customer.stack.graph.fault(path="/groups/", status=429, headers={"Retry-After": "0"})
    run = customer.sync()

    assert (run.status, run["status"]) == (4, "partly")


def _words(stack: Stack) -> Iterator[str]:
    """Addresses and names of the world, and each word of a name."""
    for words in private_words(stack):
        yield from (words, *(word for word in words.split() if len(word) > 4))


def _operation(envelopes: list[Envelope]) -> set[str]:
    return {one["tags"]["ai.operation.id"] for one in envelopes}


def test_nobodys_name_or_address_is_sent(seen: Seen) -> None:
    text = seen.ingestion.text.lower()
    told = sorted(word for word in seen.private if word in text)

    assert "zybertson" in seen.private
    assert told == []
    assert "@" not in text
    assert "$filter" not in text
    assert "partitionkey" not in text


def test_one_operation_joins_the_delivery_the_job_the_command_and_graph(seen: Seen) -> None:
    [job] = seen.spans("RequestData", "sync job", run=seen.runs[0])
    [operation] = _operation([job])
    joined = {
        (one["data"]["baseData"]["name"], one["tags"]["ai.cloud.role"])
        for kind in ("RequestData", "RemoteDependencyData")
        for one in seen.ingestion.envelopes(kind)
        if one["tags"]["ai.operation.id"] == operation
    }
    lines = [one for one in seen.events("run finished") if seen.runs[0] in one["data"]["baseData"]["message"]]

    assert {name for name, role in joined if role == "ServOrg"} == {
        *("receive event", "look at ticket", "sync job", "ask CustOrg", "ask DeskDirector"),
    }
    assert {name for name, role in joined if role == "CustOrg"} == {"run command", "ask Graph"}
    [delivery] = seen.spans("RemoteDependencyData", "receive event")

    assert delivery["tags"]["ai.operation.parentId"]  # the host's span of the request, which this host does not export
    assert _operation([delivery]) == {operation}
    assert _operation(lines) == {operation}


def test_what_goes_wrong_is_seen_on_its_span_without_its_words(seen: Seen) -> None:
    [throttled, *_] = seen.spans("RemoteDependencyData", "ask DeskDirector", status=429)
    refused = seen.spans("RemoteDependencyData", "ask DeskDirector", status=400)
    slices = seen.spans("RequestData", "sync job", run=seen.runs[1])

    assert refused
    assert seen.spans("RemoteDependencyData", "ask Graph", status=429)
    assert _operation(slices) == _operation([throttled])
    assert len(slices) == 2
    assert seen.spans("RequestData", "sync job", error="ValueError")
    assert "called-somebody" not in seen.ingestion.text.replace('"run": "a-run-called-somebody"', "")
    assert seen.ingestion.envelopes("ExceptionData") == []


def test_only_spans_and_metrics_of_the_tables_are_sent(seen: Seen) -> None:
    kinds = [one for kind in ("RequestData", "RemoteDependencyData") for one in seen.ingestion.envelopes(kind)]
    spans = {one["data"]["baseData"]["name"] for one in kinds}
    facts = {name for one in kinds for name in one["data"]["baseData"]["properties"]}
    ours = {name for name in seen.metrics() if re.fullmatch("[a-z_]+", name)}

    assert spans <= SPANS.keys()
    assert facts <= FIELDS | {"peer.service"}
    assert ours <= COUNTERS.keys() | GAUGES.keys()


def test_metrics_tell_what_the_runs_did_and_what_waits(seen: Seen) -> None:
    metrics = seen.metrics()
    ended = {facts["status"] for _, facts in metrics["runs"]}
    changes = {facts["status"] for _, facts in metrics["changes"]}
    queues = {facts["queue"]: value for value, facts in metrics["poison_messages"]}
    looked = seen.events("service looked at")[-1]

    assert ended == {"succeeded", "partly", "held"}
    assert {"applied", "failed", "held"} <= changes
    assert queues == {"sync-jobs": 0, "events": 0, "customer-refreshes": 0}
    assert metrics["held_oldest_seconds"][-1][0] > 0
    assert sum(value for value, _ in metrics["deskdirector_throttled"]) == 1
    assert sum(value for value, _ in metrics["graph_throttled"]) == 1
    assert '"held": 1' in looked["data"]["baseData"]["message"]
