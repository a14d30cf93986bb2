"""A server that answers with scripted bytes, for what no well-behaved server does."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Scripted(socketserver.ThreadingTCPServer):
    """Answers each request with the next bytes of `answers`, once there is none with OK; `None` keeps silent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answers: list[bytes | None] = []
        self.requests: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    server: Scripted

    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode("latin-1")).strip():
            lines.append(line)
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")), 0)
        self.server.requests.append("".join(lines) + "\r\n" + self.rfile.read(length).decode())
        answer = self.server.answers.pop(0) if self.server.answers else OK
        if answer is None:
            self.server.over.wait(10)
            return
        self.wfile.write(answer)


@contextmanager
def serving() -> Iterator[Scripted]:
    """The server on a free loopback port."""
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()
