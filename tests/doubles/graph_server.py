"""A small directory served on real sockets, for the tests of the Graph and identity doubles."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from doubles.graph import make_graph
from doubles.identity import make_identity
from doubles.tokens import issue
from doubles.world import World

Json = dict[str, Any]
TENANT = "0a0a0a0a-0000-4000-8000-00000000000a"
OTHER = "0b0b0b0b-0000-4000-8000-00000000000b"
SPACE = uuid.UUID("1d0e6f3a-54f0-4c29-8d52-63e3a7a4c001")


def guid(name: str) -> str:
    """The id of whoever has this name in these tests."""
    return str(uuid.uuid5(SPACE, name))


def a_user(name: str, **properties: Any) -> Json:
    address = f"{name}@here.example"
    plain = {"displayName": name.title(), "givenName": name.title(), "mail": address, "userPrincipalName": address}
    return {"id": guid(name), **plain, **properties}


def a_group(name: str, members: str = "", owners: str = "", **properties: Any) -> Json:
    links = {"members": [guid(one) for one in members.split()], "owners": [guid(one) for one in owners.split()]}
    return {"id": guid(name), "displayName": name.title(), **links, **properties}


def a_directory() -> Json:
    """`it` holds ann, bob, three things and `sub`, which holds cas and `it` again; ola owns it from outside."""
    unified: Json = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}
    return {
        "id": TENANT,
        "displayName": "Here",
        "verifiedDomains": ["here.example", "here.onmicrosoft.example"],
        "users": [
            a_user("ann", proxyAddresses=["SMTP:ann@here.example", "smtp:anna@here.example"]),
            a_user("bob", mail=None),
            a_user("cas", accountEnabled=False),
            a_user("gus", userType="Guest", userPrincipalName="gus_there.example#EXT#@here.onmicrosoft.example"),
            a_user("ola"),
        ],
        "groups": [
            a_group("it", "ann bob sub pc app mate", "ola", description="Computers"),
            a_group("sub", "cas it"),
            a_group("hid", "ann gus", visibility="HiddenMembership", **unified),
            a_group("uni", "ann", **unified),
            a_group("nil"),
        ],
        "devices": [{"id": guid("pc"), "displayName": "PC"}],
        "servicePrincipals": [{"id": guid("app"), "displayName": "App"}],
        "contacts": [{"id": guid("mate"), "displayName": "Mate", "mail": "mate@there.example"}],
    }


def a_world(**directory: Any) -> Json:
    """Two tenants; what is named replaces that of the first."""
    other = {"id": OTHER, "displayName": "There", "users": [a_user("zed")], "groups": []}
    return {"tenants": [{**a_directory(), **directory}, other]}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str
    json: Json

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.json["value"]]


@dataclass(frozen=True, slots=True)
class Served:
    world: World
    origin: str
    identity: str
    http: aiohttp.ClientSession

    @property
    def graph(self) -> str:
        return f"{self.origin}/v1.0"

    def token(self, tenant: str = TENANT) -> str:
        return issue(self.world, self.world.tenant(tenant))[0]

    async def ask(self, url: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """A request to Graph by path or whole URL, as the first tenant's identity; blanks in `url` may stay."""
        whole = url if url.startswith("http") else self.graph + url
        sent = {"Authorization": f"Bearer {self.token()}"} | {one.replace("_", "-"): v for one, v in headers.items()}
        async with self.http.request(method, whole.replace(" ", "%20"), json=body, headers=sent) as response:
            text = await response.text()
            parsed = await response.json(content_type=None) if text.startswith("{") else {}
            return Answer(response.status, dict(response.headers), text, parsed)

    async def eventually(self, url: str) -> Answer:
        return await self.ask(url, ConsistencyLevel="eventual")

    async def admin(self, method: str, path: str, body: Any = None) -> Any:
        """A request under /_double of the Graph double; its JSON."""
        async with self.http.request(method, f"{self.origin}/_double/{path}", json=body) as response:
            text = await response.text()
            return await response.json() if text else response.status

    async def edit(self, op: str, **order: Any) -> Any:
        return await self.admin("POST", "world", {"tenant": TENANT, "op": op, **order})


@asynccontextmanager
async def serving(row: Json | None = None) -> AsyncIterator[Served]:
    """Both doubles over one world, on free ports of the loopback address."""
    world = World(row or a_world())
    runners = [web.AppRunner(app, access_log=None) for app in (make_graph(world), make_identity(world))]
    try:
        origins = [await _listen(runner) for runner in runners]
        async with aiohttp.ClientSession() as http:
            yield Served(world, origins[0], origins[1], http)
    finally:
        for runner in runners:
            await runner.cleanup()


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
