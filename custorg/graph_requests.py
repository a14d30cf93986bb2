"""Requests to Graph from msgraph-sdk's builders: what each one asks for, and which next links may be followed."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kiota_abstractions.request_information import RequestInformation

from custorg.links import is_own_link
from shared.errors import GraphError

PAGE = 999  # the most that Graph gives at once

type Build = Callable[[], RequestInformation]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: how to build it (anew for each try), and the application permission that it needs."""

    build: Build
    permission: str


def asking(builder: Any, **options: object) -> RequestInformation:
    """A GET by one of the SDK's builders; `options` are OData's, without their `$`."""
    information: RequestInformation = builder.to_get_request_information()
    information.query_parameters.update({f"%24{name}": value for name, value in options.items()})
    return information


def listing(builder: Any, link: str, select: list[str], *, counted: bool = False, **options: object) -> Build:
    """How to ask for a page of a list: the first one, or the one behind `link`. `counted`: as an advanced query."""

    def build() -> RequestInformation:
        first: dict[str, object] = {"select": select, "top": PAGE, **options} | ({"count": True} if counted else {})
        information = asking(builder.with_url(link)) if link else asking(builder, **first)
        if counted:
            # Also behind next links: https://learn.microsoft.com/graph/paging
            information.headers.add("ConsistencyLevel", "eventual")
        return information

    return build


def own_link(link: Any, url: str) -> str | None:
    """The next link, None at the end; GraphError when it leads away from `url`."""
    if link and not is_own_link(str(link), url):
        raise GraphError(HTTPStatus.OK, "foreignLink", "Graph's next link leads to another place than GRAPH_URL")
    return link or None
