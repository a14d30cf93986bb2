"""Key Vault on a real socket, as far as reading secrets goes.

Written from its documents: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret and
https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses. Whoever asks without a token
is told by a 401 where to get one and for which resource: the vault's host without its first label. A client compares
that with the host that it asks; so this double's resource is `https://0.0.1:PORT` when it listens on 127.0.0.1.
"""

import json
import ssl
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TENANT = "8c4d1a2b-0000-4000-8000-000000000001"


class KeyVault:
    """A vault with these secrets; while a `with` block runs, it answers at `url`.

    A secret that is None may not be read. `asked` are the paths that were asked with a good token, in order.
    """

    def __init__(self, secrets: Mapping[str, str | None], tls: ssl.SSLContext) -> None:
        self.secrets = dict(secrets)
        self.asked: list[str] = []
        self.failing = 0
        """So many answers from now on are a 500."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """The vault's address."""
        return f"https://127.0.0.1:{self._server.server_port}"

    @property
    def resource(self) -> str:
        """What a token has to be for."""
        return f"https://0.0.1:{self._server.server_port}"

    @property
    def token(self) -> str:
        """The one token that is accepted."""
        return f"token for {self.resource}/.default"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vault = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = vault.answer(self.path, self.headers.get("Authorization", ""))
                sent = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json; charset=utf-8"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body for a request."""
        parts = urlsplit(path)
        if authorization != f"Bearer {self.token}":
            where = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{self.resource}"'
            said = _error("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
            return HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": where}, said
        self.asked.append(parts.path)
        if self.failing:
            self.failing -= 1
            return HTTPStatus.INTERNAL_SERVER_ERROR, {}, _error("InternalError", "Please try again.")
        steps = parts.path.strip("/").split("/")
        if steps[0] != "secrets" or "api-version" not in parse_qs(parts.query):
            return HTTPStatus.BAD_REQUEST, {}, _error("BadParameter", "The request has no api-version or no secret.")
        return self._secret(*steps[1:3])

    def _secret(self, name: str, version: str = "") -> tuple[int, dict[str, str], dict[str, Any]]:
        if name not in self.secrets:
            said = f"A secret with (name/id) {name} was not found in this key vault."
            return HTTPStatus.NOT_FOUND, {}, _error("SecretNotFound", said)
        value = self.secrets[name]
        if value is None:
            return HTTPStatus.FORBIDDEN, {}, _error("Forbidden", "Caller is not authorized to perform action.")
        shown = {"id": f"{self.url}/secrets/{name}/{version or '0' * 32}", "attributes": {"enabled": True}}
        return HTTPStatus.OK, {}, {**shown, "value": value + (f" {version}" if version else "")}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
