"""Microsoft Graph, read with the managed identity: msgraph-sdk's request builders, answers as raw bytes.

The SDK's typed models cost 2.4 s of CPU for a page of 999 users, raw bytes 2 ms (runtime.md §5). Its retry and redirect
middlewares are left out: the first ignores decimal Retry-After and the time that a command has, the second would leave
GRAPH_URL.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import ParametersNameDecodingHandler
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from custorg import graph_counts, graph_rows
from custorg.graph_requests import Ask, Build, asking, listing, own_link
from custorg.graph_rows import GROUP_FIELDS, NESTED_FIELDS, USER_FIELDS, Json
from custorg.identity import Credential, Identity
from custorg.ports import Counts, GroupHead, Organization, Page, People
from shared.errors import GraphError, GraphThrottled
from shared.graph_scope import scope_of
from shared.retry_after import BUSY, retry_after
from shared.telemetry import count as tally
from shared.telemetry import span

CALL_SECONDS = 60.0  # one request; a page of 999 takes under a second
GONE_WAIT = 5.0  # ruling 5: a 404 is asked again after so many seconds
LEAST_WAIT = 0.2
BACK_OFF = (1.0, 2.0, 4.0)  # for a busy Graph that says no time
DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
SEES_HIDDEN = "Member.Read.Hidden"
NESTED_HIDDEN = f"a group within it has a hidden membership: needs {SEES_HIDDEN}"
CAST = "graph.user"


class Graph:
    """One client per process and event loop. `until(deadline)` is the directory for one command."""

    def __init__(
        self,
        url: str,
        credential: Callable[[], Credential],
        *,
        transitive: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self.transitive = transitive
        self.sleep = sleep
        self.clock = clock
        self.identity = Identity(credential, scope_of(url))
        self.casts = False
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else it logs the address of each request
        # Ours to close: the SDK's transport, which it is wrapped in, does not pass that on.
        self._transport = httpx.AsyncHTTPTransport(http2=True)
        self._adapter = _adapter(url, self.identity, self._transport)
        self.client = GraphServiceClient(request_adapter=self._adapter)

    def until(self, deadline: float) -> "GraphDirectory":
        """The directory for calls that must be over when `clock()` is `deadline` (seconds)."""
        return GraphDirectory(self, deadline)

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()
        self.identity.close()

    async def get(self, ask: Ask, deadline: float) -> Json:
        """The answer's JSON. Waits while Graph is busy and time remains, else GraphThrottled; GraphError otherwise."""
        response = await self._ready(ask.build, deadline)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            await self.identity.renew()
            response = await self._ready(ask.build, deadline)
        if response.status_code in DENIED:
            raise await self._denied(ask, response)
        if response.status_code != HTTPStatus.OK:
            raise _refused(response)
        return read(response.content, graph_rows.parse)

    async def _ready(self, build: Build, deadline: float) -> httpx.Response:
        """The first answer that does not ask to wait."""
        attempt = 0
        while (response := await self._steadily(build, deadline)).status_code in BUSY:
            await self._wait(response, attempt, deadline)
            attempt += 1
        return response

    async def _steadily(self, build: Build, deadline: float) -> httpx.Response:
        """An answer; after a broken connection one more try, since reading may be repeated."""
        try:
            return await self._send(build, deadline)
        except httpx.RequestError:
            pass
        try:
            return await self._send(build, deadline)
        except httpx.RequestError as error:
            said = f"Graph could not be reached ({type(error).__name__})"
            raise GraphError(0, "noConnection", said) from None

    async def _send(self, build: Build, deadline: float) -> httpx.Response:
        try:
            async with asyncio.timeout(min(CALL_SECONDS, deadline - self.clock())):
                return await self._native(build())
        except TimeoutError:
            raise GraphError(0, "timeout", "Graph gave no answer in time") from None

    async def _native(self, information: RequestInformation) -> httpx.Response:
        information.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        with span("ask Graph") as note:
            handed: Any = await self._adapter.send_primitive_async(information, "bytes", None)
            response: httpx.Response = handed  # what NativeResponseHandler hands through
            note(status=response.status_code)
        tally("graph_calls", status=response.status_code)
        tally("graph_throttled", response.status_code in BUSY)
        return response

    async def _wait(self, response: httpx.Response, attempt: int, deadline: float) -> None:
        told = retry_after(response.headers.get("retry-after"), time.time())
        if told is None and attempt >= len(BACK_OFF):
            raise _refused(response)
        await self.pause(told, attempt, deadline)

    async def pause(self, told: float | None, attempt: int, deadline: float) -> None:
        """Waits as long as Graph said, else longer with each attempt; GraphThrottled when the time is too short."""
        wait = max(BACK_OFF[min(attempt, len(BACK_OFF) - 1)] if told is None else told, LEAST_WAIT)
        if self.clock() + wait >= deadline:
            raise GraphThrottled(wait)
        await self.sleep(wait)

    async def _denied(self, ask: Ask, response: httpx.Response) -> GraphError:
        refused = _refused(response)
        has = " although its token has it" if ask.permission in await self.identity.roles() else ""
        said = f"{refused}: the identity needs the application permission {ask.permission}{has}"
        return GraphError(refused.status, refused.code, said)


class GraphDirectory:
    """`custorg.ports.Directory` over one Graph, for the time of one command."""

    def __init__(self, graph: Graph, deadline: float) -> None:
        self._graph = graph
        self._deadline = deadline

    async def organization(self) -> Organization:
        """The tenant; needs Organization.Read.All."""

        def build() -> RequestInformation:
            return asking(self._graph.client.organization, select=["id", "verifiedDomains"])

        answer = await self._get(Ask(build, "Organization.Read.All"))
        return read(answer, graph_rows.organization_of)

    async def head(self, group: str) -> GroupHead | None:
        """The group; None when Graph said twice, some seconds apart, that it is not there."""
        row = await self._found(group)
        if row is None:
            await self._graph.sleep(GONE_WAIT)
            row = await self._found(group)
        sees_hidden = await self._sees_hidden()
        return None if row is None else read(row, partial(graph_rows.head_of, sees_hidden=sees_hidden))

    async def page(self, group: str, which: People, next_link: str | None = None) -> Page:
        """A page, asked for without a cast so that it also tells what is no user.

        Assumption: Graph takes users' properties in the `$select` of the uncast list. Should it refuse the first page
        with 400, this and later groups are read with the cast to `microsoft.graph.user`.
        """
        if next_link is not None:
            return await self._page(group, which, next_link)
        try:
            return await self._page(group, which, None)
        except GraphError as error:
            if error.status != HTTPStatus.BAD_REQUEST or self._graph.casts:
                raise
        self._graph.casts = True
        return await self._page(group, which, None)

    async def groups(self) -> AsyncIterator[tuple[GroupHead, ...]]:
        """All groups, a page at a time."""
        heads = partial(_heads, sees_hidden=await self._sees_hidden())
        link: str | None = ""
        while link is not None:
            build = listing(self._graph.client.groups, link, GROUP_FIELDS)
            answer = await self._get(Ask(build, "GroupMember.Read.All"))
            yield read(answer, heads)
            link = own_link(answer.get("@odata.nextLink"), self._graph.url)

    async def sizes(self, groups: Sequence[str]) -> Mapping[str, Counts]:
        """The counts; those that Graph is too busy for are asked again, alone, while time remains."""
        found: dict[graph_counts.Question, int | None] = {}
        left = graph_counts.questions(groups, transitive=self._graph.transitive)
        for attempt in count():
            answer = await self._get(Ask(partial(graph_counts.batch, left), "GroupMember.Read.All"))
            heard = read(answer, partial(graph_counts.heard, asked=left))
            found |= heard.counts
            left = heard.busy
            if not left:
                break
            await self._graph.pause(heard.wait, attempt, self._deadline)
        return graph_counts.by_group(found, groups)

    async def _found(self, group: str) -> Json | None:
        try:
            return await self._get(Ask(lambda: self._head(group), "GroupMember.Read.All"))
        except GraphError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def _sees_hidden(self) -> bool:
        return SEES_HIDDEN in await self._graph.identity.roles()

    async def _page(self, group: str, which: People, link: str | None) -> Page:
        cast = f"/microsoft.{CAST}" in link or f"/{CAST}" in link if link else self._graph.casts
        builder = self._builder(group, which, cast=cast)
        transitive = self._graph.transitive and which == "people"
        fields = [*USER_FIELDS, *NESTED_FIELDS] if transitive and not cast else USER_FIELDS
        build = listing(builder, own_link(link, self._graph.url) or "", fields, counted=True)
        answer = await self._get(Ask(build, "GroupMember.Read.All"))
        page = read(answer, partial(graph_rows.page_of, cast=cast, transitive=transitive))
        own_link(page.next_link, self._graph.url)
        if not await self._sees_hidden():
            unseen = transitive and cast and link is None  # a list of users tells no group: they are asked for apart
            if page.hidden or (unseen and await self._hides_people(group)):
                raise GraphError(HTTPStatus.FORBIDDEN, "hiddenMembership", NESTED_HIDDEN)
        return page

    async def _hides_people(self, group: str) -> bool:
        """Whether a group within this one has a hidden membership, so that Graph leaves its people out."""
        nested = self._graph.client.groups.by_group_id(group).transitive_members.graph_group
        link: str | None = ""
        while link is not None:
            build = listing(nested, link, ["id", *NESTED_FIELDS], counted=True)
            answer = await self._get(Ask(build, "GroupMember.Read.All"))
            if read(answer, graph_rows.hides_people):
                return True
            link = own_link(answer.get("@odata.nextLink"), self._graph.url)
        return False

    def _builder(self, group: str, which: People, *, cast: bool) -> Any:
        one = self._graph.client.groups.by_group_id(group)
        if which == "owners":
            builder: Any = one.owners
        else:
            builder = one.transitive_members if self._graph.transitive else one.members
        return builder.graph_user if cast else builder

    def _head(self, group: str) -> RequestInformation:
        return asking(self._graph.client.groups.by_group_id(group), select=GROUP_FIELDS)

    async def _get(self, ask: Ask) -> Json:
        return await self._graph.get(ask, self._deadline)


def read[S, T](answer: S, parser: Callable[[S], T]) -> T:
    """What `parser` makes of an answer, or GraphError when it is not as Graph's documentation says."""
    try:
        return parser(answer)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = f"Graph's answer could not be read ({type(error).__name__})"
        raise GraphError(HTTPStatus.OK, "unreadable", said) from None


def _adapter(url: str, identity: Identity, transport: httpx.AsyncHTTPTransport) -> GraphRequestAdapter:
    host = urlsplit(url).hostname or ""
    credential: Any = identity  # kiota awaits what is awaitable and asks for get_token only
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[scope_of(url)], allowed_hosts=[host])
    http = httpx.AsyncClient(transport=transport, timeout=CALL_SECONDS)
    client = KiotaClientFactory.create_with_custom_middleware([ParametersNameDecodingHandler()], client=http)
    adapter = GraphRequestAdapter(provider, client=client)
    adapter.base_url = url
    return adapter


def _heads(answer: Json, *, sees_hidden: bool) -> tuple[GroupHead, ...]:
    return tuple(graph_rows.head_of(row, sees_hidden=sees_hidden) for row in answer["value"])


def _refused(response: httpx.Response) -> GraphError:
    code = graph_rows.error_code(response.content)
    return GraphError(response.status_code, code, f"Graph answered {response.status_code} ({code})")
