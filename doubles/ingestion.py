"""Application Insights' ingestion on a local port: keeps what was sent, as it came, and accepts all of it.

    with Ingestion() as ingestion:
        … APPLICATIONINSIGHTS_CONNECTION_STRING=ingestion.connection_string …
        ingestion.envelopes("RequestData")

https://learn.microsoft.com/azure/azure-monitor/app/app-insights-overview has no page on the protocol; what is answered
here is what azure-monitor-opentelemetry-exporter 1.0.0b58 reads.
"""

import gzip
import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TRACK = "/v2.1/track"
LIVE = "/QuickPulseService.svc/"
KEY = "00000000-0000-4000-8000-00000000c0de"


class Ingestion:
    """Serves in threads of this process until the `with` ends."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def connection_string(self) -> str:
        """What an app is to be told."""
        url = f"http://127.0.0.1:{self._server.server_port}/"
        return f"InstrumentationKey={KEY};IngestionEndpoint={url};LiveEndpoint={url}"

    @property
    def text(self) -> str:
        """All that came, unzipped and with every JSON escape read: what a person would find in the workspace."""
        bodies = list(self._server.bodies)
        return "\n".join(json.dumps(json.loads(body), ensure_ascii=False) for body in bodies)

    def envelopes(self, kind: str) -> list[dict[str, Any]]:
        """The envelopes of one base type, such as `RequestData`."""
        found = [one for body in list(self._server.bodies) for one in json.loads(body)]
        return [one for one in found if one["data"]["baseType"] == kind]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bodies: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path.startswith(LIVE):
            self._answer(HTTPStatus.OK, {}, {"x-ms-qps-subscribed": "false"})
        elif self.path == TRACK:
            unzipped = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            self.server.bodies.append(unzipped)
            count = len(json.loads(unzipped))
            self._answer(HTTPStatus.OK, {"itemsReceived": count, "itemsAccepted": count, "errors": []}, {})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {}, {})

    def log_message(self, *_words: Any) -> None:
        """Nothing: tests read what came."""

    def _answer(self, status: int, body: object, headers: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (*headers.items(), ("Content-Type", "application/json"), ("Content-Length", len(content))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)
