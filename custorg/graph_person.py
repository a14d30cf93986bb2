"""Microsoft Graph asked about one person: who has an address, and which groups stand above.

Groups are read without a cast, so Graph answers from the directory and not from the index of its advanced queries.
"""

from http import HTTPStatus
from typing import Any

from custorg import graph_rows
from custorg.graph import Graph, read
from custorg.graph_requests import Ask, listing, own_link
from custorg.graph_rows import USER_FIELDS, Json
from custorg.ports import GroupName
from shared.errors import GraphError
from shared.wire import Person

NAMES = ["id", "displayName"]
READS_USERS, READS_GROUPS = "User.Read.All", "GroupMember.Read.All"
NEEDS_GROUPS = f"the identity needs the application permission {READS_GROUPS} to read groups"


class GraphPersons:
    """`custorg.ports.Persons` over one Graph, for calls that must be over when its clock is `deadline` (seconds)."""

    def __init__(self, graph: Graph, deadline: float) -> None:
        self._graph = graph
        self._deadline = deadline

    @property
    def transitive(self) -> bool:
        """As TRANSITIVE_MEMBERS says."""
        return self._graph.transitive

    async def find(self, address: str) -> tuple[Person, ...]:
        """Asked as an advanced query, since not every tenant takes an `or` of these properties otherwise.

        https://learn.microsoft.com/graph/aad-advanced-queries
        """
        users = self._graph.client.users
        answers = await self._pages(users, READS_USERS, USER_FIELDS, counted=True, filter=has_address(address))
        people = tuple(person for answer in answers for person in read(answer, graph_rows.people_of))
        if not all(person.upn for person in people):
            said = f"the identity needs the application permission {READS_USERS} to read people"
            raise GraphError(HTTPStatus.FORBIDDEN, "noUserProperties", said)
        return people

    async def groups_of(self, user: str) -> tuple[GroupName, ...]:
        """Assumption: Graph answers an application that may read all users and groups.

        Its page names Directory.Read.All; what an application may not read there comes without its properties
        (https://learn.microsoft.com/graph/permissions-overview, "Limited information").
        """
        return await self._groups(self._graph.client.users.by_user_id(user).member_of, READS_USERS)

    async def groups_owned(self, user: str) -> tuple[GroupName, ...]:
        """As the port says; the same assumption."""
        return await self._groups(self._graph.client.users.by_user_id(user).owned_objects, READS_USERS)

    async def groups_above(self, group: str) -> tuple[GroupName, ...]:
        """As the port says."""
        return await self._groups(self._graph.client.groups.by_group_id(group).member_of, READS_GROUPS)

    async def _groups(self, builder: Any, permission: str) -> tuple[GroupName, ...]:
        answers = await self._pages(builder, permission, NAMES)
        groups = tuple(group for answer in answers for group in read(answer, graph_rows.groups_of))
        if not all(group.name for group in groups):
            raise GraphError(HTTPStatus.FORBIDDEN, "noGroupProperties", NEEDS_GROUPS)
        return groups

    async def _pages(
        self, builder: Any, permission: str, select: list[str], *, counted: bool = False, **options: object
    ) -> list[Json]:
        """Every page of a list. An endless one ends with the command's time."""
        answers: list[Json] = []
        link: str | None = ""
        while link is not None:
            build = listing(builder, link, select, counted=counted, **options)
            answers.append(await self._graph.get(Ask(build, permission), self._deadline))
            link = own_link(answers[-1].get("@odata.nextLink"), self._graph.url)
        return answers


def has_address(address: str) -> str:
    """The `$filter` for users who have the address; a quote in it is doubled, as OData wants it.

    Graph's pages don't say that the prefix of a proxy address is compared without case, so both spellings are asked.
    """
    text = address.replace("'", "''")
    proxies = (f"proxyAddresses/any(p:p eq '{kind}:{text}')" for kind in ("SMTP", "smtp"))
    return " or ".join((f"mail eq '{text}'", f"userPrincipalName eq '{text}'", *proxies))
