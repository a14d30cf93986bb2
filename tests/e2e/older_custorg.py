"""A CustOrg of an earlier version on a real socket: it refreshes its table, and knows no more than that."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

NAMES = ("get-entra-groups", "get-groups-and-members", "update-entra-groups-table", "reset-entra-groups-table")


class OlderCustOrg:
    """Answers at `url` for a tenant while a `with` block runs."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        """Status and body for a request."""
        if (method, path) == ("GET", "/api/commands"):
            offers = [{"name": one, "version": 1, "description": one, "request": {}, "answer": {}} for one in NAMES]
            return 200, {"version": 1, "commands": offers}
        if path.endswith("/update-entra-groups-table"):
            return 200, {"tenant": self._tenant, "groups": 3, "chosen": 1, "added": 0, "vanished": 0}
        return 404, {"error": "unknown_command", "message": "There is no such command."}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        older = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(*older.answer("GET", self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._send(*older.answer("POST", self.path))

            def _send(self, status: int, body: dict[str, Any]) -> None:
                sent = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler
