"""What the tests of the transport share."""

import pytest

from servorg.desk_http import Access, Call, DeskHttp, Patience
from servorg.dialect import Dialect
from shared.errors import DeskError

KEY = "s3cr3t-key"
READ = Call(method="GET", path="/read")
CREATE = Call(method="POST", path="/create", body={"a": 1}, create=True)


class Waits:
    count = 0

    def wait(self) -> None:
        self.count += 1


def a_client(url: str, waits: Waits, **patience: float) -> DeskHttp:
    access = Access(url, url, KEY, 7)
    return DeskHttp(access, Dialect(), waits, patience=Patience(**{"retry": 0.2} | patience), clock=lambda: 0.0)


def an_answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return head.encode() + b"\r\n\r\n" + body


def refused_with(http: DeskHttp, call: Call = READ) -> DeskError:
    with pytest.raises(DeskError) as caught:
        http.ask(call)
    return caught.value
