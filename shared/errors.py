"""What can go wrong, and who acts on it.

SyncError
├─ SettingsError          the operator: lists every missing or wrong setting at once
├─ CommandRefused         the caller of an HTTP route or command: not signed in, unknown, malformed
├─ SourceError            nobody: what was not read completely justifies no removal
│   ├─ GraphError         this group only: it contributes nothing, the run is `partly`
│   ├─ GraphThrottled     the queue: ask again when `retry_after` is over
│   ├─ CustOrgRefused     the operator: the CustOrg answered, and the answer is no
│   └─ CustOrgUnreachable the queue: redeliver
└─ DeskError
    ├─ DeskRejected       this change only: 4xx, recorded as failed, the run goes on
    ├─ DeskInDoubt        this change only: the answer to a create was lost; look it up, then create
    ├─ DeskForbidden      the operator: 401 or 403 after a fresh token end the run
    ├─ DeskThrottled      the queue: go on when `retry_after` is over
    └─ DeskUnavailable    5xx or no connection: a read is redelivered, a change tried again at the slice's end
"""


class SyncError(Exception):
    """Anything this project raises on purpose; its text is fit for an operator and names no person."""


class SettingsError(SyncError):
    """Settings are missing, out of range or contradict each other; `faults` names every one."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class CommandRefused(SyncError):
    """A request that is answered with an HTTP `status` and `{"error": code, "message"}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class SourceError(SyncError):
    """The Entra side could not be read."""


class GraphError(SourceError):
    """Graph refused a request; `status` is its HTTP status, `code` Graph's own error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class GraphThrottled(SourceError):
    """Graph, or a CustOrg on its behalf, asks to wait `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"throttled for {retry_after:g} s")
        self.retry_after = retry_after


class CustOrgRefused(SourceError):
    """A CustOrg answered with an error; asking again in the same run gives the same."""


class CustOrgUnreachable(SourceError):
    """No usable answer came from the CustOrg: no connection, or a gateway's 5xx."""


class DeskError(SyncError):
    """DeskDirector did not do what was asked."""


class DeskRejected(DeskError):
    """A 4xx answer; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DeskInDoubt(DeskError):
    """The answer to a create was lost: it may or may not have been done."""


class DeskForbidden(DeskError):
    """401 or 403, also with a fresh token."""


class DeskThrottled(DeskError):
    """429, or any answer with Retry-After, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"DeskDirector asks to wait {retry_after:g} s")
        self.retry_after = retry_after


class DeskUnavailable(DeskError):
    """A 5xx answer, or no connection; `status` is None when there was no answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
