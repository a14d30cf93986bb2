"""W3C trace context, as the host hands it to an invocation: https://www.w3.org/TR/trace-context/."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """`parent` is version, trace id, span id and flags; `state` is what others added."""

    parent: str
    state: str = ""


def new_trace() -> TraceContext:
    """A trace of its own, not sampled."""
    return TraceContext(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00")


def trace_of(headers: Mapping[str, str]) -> TraceContext:
    """The trace of a request: the caller's when it told one, with a span of the host's own in it, else a new one."""
    told = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if told is None:
        return new_trace()
    return TraceContext(f"00-{told[1]}-{secrets.token_hex(8)}-{told[2]}", headers.get("tracestate", ""))
