"""A DeskDirector double on real sockets, asked by contract operation; each answer is checked against the contract."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests
from aiohttp import web

from doubles.deskdirector import make_deskdirector
from tests.contracts import check_answer, operations

Json = Any
TOKEN_OPERATIONS = {"ListGroupUsers", "SetGroupUser", "RemoveGroupUser", "GetCurrentUser", "GetCurrentAgent"}
KEY = "DdApi demo-key"
PLACE: dict[str, Any] = {"companyId": 12, "teamId": "65-A"}
ANSWERS = {"custorg_account": "contoso", "sync_mode": "2", "reason": "new office"}

FIELDS = [
    {"name": "Account", "identifier": "custorg_account", "type": "api_single_select", "required": True},
    {"name": "Mode", "identifier": "sync_mode", "type": "single_select", "required": True,
     "choices": [{"name": "Contacts only", "identifier": "1"}, {"name": "Contact groups", "identifier": "2"}]},
    {"name": "Why", "identifier": "reason", "type": "text", "required": False},
]  # fmt: skip


def a_seed() -> dict[str, Any]:
    """Two companies with some people; a fresh object each time."""
    return {
        "companies": [
            {"id": 12, "name": "Contoso", "tags": ["it-support-team", "west"]},
            {"id": 40, "name": "Fabrikam", "tags": ["west"]},
            {"id": 77, "name": "Gone Ltd", "isActive": False},
        ],
        "serviceGroups": [{"id": 3, "name": "Finance"}, {"id": 8, "name": "Sales"}],
        "contacts": [
            {"id": 101, "company": 12, "email": "jan@contoso.example", "firstName": "Jan", "lastName": "Novak"},
            {"id": 140, "company": 12, "email": "Eva@Contoso.example", "firstName": "Eva", "isActive": False},
            {"id": 141, "company": 40, "email": "jan@contoso.example", "firstName": "Jan"},
            {"id": 190, "company": 77, "email": "old@gone.example", "firstName": "Old"},
        ],
        "contactGroups": [
            {"id": "65-A", "company": 12, "name": "IT", "users": [{"id": 101, "role": "regular"}]},
            {"id": "97-A", "company": 40, "name": "IT"},
        ],
        "forms": [{"id": 21, "name": "Sync User Group", "fields": FIELDS}],
    }


def a_contact(**changes: Any) -> dict[str, Any]:
    """What creates a contact, but for these changes; None leaves a field out."""
    body = {"companyId": 12, "email": "new@contoso.example", "firstName": "New"} | changes
    return {name: value for name, value in body.items() if value is not None}


class Rig:
    """The running double. `deliveries` holds what reached the address `hook`, (headers, raw body) each."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._runners = loop, list[web.AppRunner]()
        self._http = requests.Session()
        self.deliveries: list[tuple[Any, bytes]] = []
        self.hook_status = 202
        site, functions = make_deskdirector(a_seed())
        hook = web.Application()
        hook.router.add_post("/hook", self._receive)
        self.site, self.functions = self._serve(site), self._serve(functions)
        self.hook = self._serve(hook) + "/hook"

    def reset(self, **changes: Any) -> None:
        """The first state again, but for these parts of the seed; no faults, no log."""
        self.admin("PUT", "state", a_seed() | changes)
        for port in (self.site, self.functions):
            self._http.delete(f"{port}/_double/faults", timeout=10)
            self._http.delete(f"{port}/_double/requests", timeout=10)
        self.deliveries.clear()
        self.hook_status = 202

    def ask(
        self, operation_id: str, status: int = 200, body: Json = None, *, action: str | None = None, **asked: Any
    ) -> Json:
        """The JSON that an operation answers, with that status and as the contract says.

        `asked`: `query`, `headers` (None takes one away), `dialect`; what else is named stands in the path.
        """
        answer, dialect = self.raw(operation_id, body, action=action, **asked), asked.get("dialect", "first")

        assert answer.status_code == status, answer.text
        found = answer.json() if answer.content else None
        called = action if operation_id == "CallAdvancedAction" else None
        check_answer(operation_id, status, found, dialect=dialect, action=called)
        return found

    def raw(
        self, operation_id: str, body: Json = None, *, action: str | None = None, **asked: Any
    ) -> requests.Response:
        """The answer as it comes, whatever it is."""
        operation = operations()[operation_id]
        places = {name: quote(str(value), safe="") for name, value in (asked | {"function": action}).items()}
        base = self.functions if operation.host == "functions" else self.site
        headers = {"dd-host": self.host} if operation.host == "functions" else {}
        headers["Authorization"] = self.token() if operation_id in TOKEN_OPERATIONS and not self._says(asked) else KEY
        headers = {name: text for name, text in (headers | asked.get("headers", {})).items() if text is not None}
        url = base + operation.path.format(**places)
        query = asked.get("query", {})
        return self._http.request(operation.method, url, json=body, params=query, headers=headers, timeout=10)

    def _says(self, asked: dict[str, Any]) -> bool:
        return "Authorization" in asked.get("headers", {})

    @property
    def host(self) -> str:
        """The site as dd-host names it."""
        return self.site.removeprefix("http://")

    def token(self, agent: int = 7) -> str:
        """The Authorization of that agent's fresh access token."""
        return f"DdAccessToken {self.ask('GetAgentUserKey', agentId=agent)['userKey']}"

    def admin(self, method: str, path: str, body: Json = None, *, status: int = 200) -> Json:
        """What an admin route of the site answers."""
        answer = self._http.request(method, f"{self.site}/_double/{path}", json=body, timeout=10)

        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text

    def edit(self, op: str, **fields: Any) -> Json:
        """What somebody does by hand in the site."""
        return self.admin("POST", "edit", {"op": op, **fields})

    def fault(self, port: str | None = None, **rule: Any) -> None:
        """One rule of misbehaviour, on the site or on the port that is given."""
        answer = self._http.post(f"{port or self.site}/_double/faults", json=rule, timeout=10)

        assert answer.status_code == 201

    def form_token(self, **whose: Any) -> str:
        """The Authorization with which a person's browser comes."""
        return f"DdAccessToken {self.admin('POST', 'form-token', whose)['token']}"

    def close(self) -> None:
        """Ends the servers."""
        self._http.close()
        for runner in self._runners:
            self._run(runner.cleanup())

    async def _receive(self, request: web.Request) -> web.Response:
        self.deliveries.append((request.headers.copy(), await request.read()))
        return web.Response(status=self.hook_status)

    def _serve(self, application: web.Application) -> str:
        runner = web.AppRunner(application)
        self._runners.append(runner)
        self._run(runner.setup())
        self._run(web.TCPSite(runner, "127.0.0.1", 0).start())
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


@contextmanager
def running() -> Iterator[Rig]:
    """The double in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    rig = Rig(loop)
    try:
        yield rig
    finally:
        rig.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


def users(desk: Rig, **place: Any) -> dict[int, str]:
    """Who is in a group, in the company's IT unless `place` says otherwise."""
    return {row["id"]: row["role"] for row in desk.ask("ListGroupUsers", **(PLACE | place))["results"]}
