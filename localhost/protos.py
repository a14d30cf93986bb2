"""The messages that azure-functions-runtime exchanges with its host, as plain records.

The runtime imports no protobuf: it uses whatever object it is given as `protos`, here this module. Names and fields are
those of azure-functions-language-worker-protobuf (FunctionRpc.proto); only what the runtime touches is here.
"""

from enum import Enum
from types import SimpleNamespace
from typing import Any


class TypedData:
    """A value with its kind: TypedData(string="x"), one keyword exactly."""

    def __init__(self, **value: Any) -> None:
        ((self.kind, self.value),) = value.items()
        setattr(self, self.kind, self.value)

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """The field that is set."""
        return self.kind


class ParameterBinding(SimpleNamespace):
    """A value by its binding's name."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """The field that is set: this host shares no memory with its worker."""
        return "data"


class StatusResult(SimpleNamespace):
    """Whether a request was fulfilled, and the exception if not."""

    Success = "Success"
    Failure = "Failure"


class BindingInfo(SimpleNamespace):
    """A binding; the directions carry the numbers that azure-functions' decorators use."""

    out = 1
    inout = 2
    undefined = 0


class RpcHttpCookie(SimpleNamespace):
    """A cookie that a function sets; absent attributes are None."""

    SameSite = Enum("SameSite", {"None": "", "Lax": "Lax", "Strict": "Strict", "ExplicitNone": "None"})


class RpcHttp(SimpleNamespace):
    """A request or an answer."""


class RpcException(SimpleNamespace):
    """What a function or the app's import raised: message and stack_trace."""


InvocationResponse = SimpleNamespace
WorkerInitResponse = WorkerMetadata = FunctionMetadataResponse = SimpleNamespace
RpcFunctionMetadata = RpcRetryOptions = SimpleNamespace
NullableString = NullableBool = NullableDouble = NullableTimestamp = Timestamp = SimpleNamespace
