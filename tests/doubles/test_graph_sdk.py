"""Microsoft's own typed client reads the Graph double, and finds nothing that its models don't know."""

import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import AdditionalDataHolder, Parsable

from tests.doubles.graph_server import Served, guid, serving

with warnings.catch_warnings():
    # The client's modules warn of one another when they are imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from msgraph.generated.groups.delta.delta_request_builder import DeltaRequestBuilder
    from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
    from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
        GraphUserRequestBuilder,
    )
    from msgraph.generated.models.device import Device
    from msgraph.generated.models.group import Group
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.org_contact import OrgContact
    from msgraph.generated.models.service_principal import ServicePrincipal
    from msgraph.generated.models.user import User
    from msgraph.generated.users.item.member_of.graph_group.graph_group_request_builder import GraphGroupRequestBuilder
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # ships without types

pytestmark = pytest.mark.filterwarnings("ignore:(GetQueryParameters|This class) is deprecated:DeprecationWarning")
KINDS = {User, Group, Device, ServicePrincipal, OrgContact}
# What the models leave aside by nature: they have no field for it.
BY_NATURE = {"@odata.context", "@removed", "members@delta"}


class Token(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


@asynccontextmanager
async def a_client(at: Served) -> AsyncIterator[GraphServiceClient]:
    # Kiota wraps the transport and does not pass its closing on.
    transport = httpx.AsyncHTTPTransport()
    async with aclosing(transport), httpx.AsyncClient(transport=transport) as http:
        client = GraphClientFactory.create_with_default_middleware(client=http)
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(at.token())), client)
        adapter.base_url = at.graph
        yield GraphServiceClient(request_adapter=adapter)


def leftovers(model: object) -> Iterator[str]:
    """Everything in `additional_data`, at any depth."""
    if isinstance(model, AdditionalDataHolder):
        yield from model.additional_data
    if isinstance(model, list):
        for one in model:
            yield from leftovers(one)
    elif isinstance(model, Parsable):
        for value in vars(model).values():
            yield from leftovers(value)


async def test_groups_and_their_people_are_read_with_nothing_left_over() -> None:
    async with serving() as at, a_client(at) as client:
        groups = await client.groups.get()
        it = await client.groups.by_group_id(guid("it")).get()
        members = await client.groups.by_group_id(guid("it")).members.get()
        everyone = await client.groups.by_group_id(guid("it")).transitive_members.get()
        owners = await client.groups.by_group_id(guid("it")).owners.get()
    assert groups
    assert it
    assert members
    assert members.value
    assert everyone
    assert everyone.value
    assert owners

    assert it.display_name == "It"
    assert {type(one) for one in members.value} == KINDS
    assert len(everyone.value) == 7
    assert set(leftovers([groups, it, members, everyone, owners])) <= BY_NATURE


async def test_users_and_organization_are_read_with_nothing_left_over() -> None:
    async with serving() as at, a_client(at) as client:
        users = await client.users.get()
        ann = await client.users.by_user_id(guid("ann")).get()
        organization = await client.organization.get()
    assert ann
    assert organization
    assert organization.value
    assert organization.value[0].verified_domains

    assert ann.mail == "ann@here.example"
    assert [one.name for one in organization.value[0].verified_domains] == ["here.example", "here.onmicrosoft.example"]
    assert set(leftovers([users, ann, organization])) <= BY_NATURE


async def test_a_cast_with_count_and_pages_is_read_through_the_clients_builders() -> None:
    query = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters(count=True, top=2, select=["id", "mail"])
    wanted = RequestConfiguration(query_parameters=query)
    wanted.headers.add("ConsistencyLevel", "eventual")
    async with serving() as at, a_client(at) as client:
        builder = client.groups.by_group_id(guid("it")).transitive_members.graph_user
        first = await builder.get(wanted)
        assert first
        assert first.odata_next_link
        later = RequestConfiguration[GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters]()
        later.headers.add("ConsistencyLevel", "eventual")
        second = await builder.with_url(first.odata_next_link).get(later)
        counted = await builder.count.get(later)  # the builder's own parameters are not used
    assert second

    assert (first.odata_count, counted) == (3, 3)
    assert {one.id for one in [*(first.value or ()), *(second.value or ())]} == {guid(n) for n in ("ann", "bob", "cas")}
    assert set(leftovers([first, second])) <= BY_NATURE


async def test_what_stands_above_a_user_and_a_group_is_read_with_nothing_left_over() -> None:
    query = GraphGroupRequestBuilder.GraphGroupRequestBuilderGetQueryParameters(
        count=True, select=["id", "displayName"]
    )
    wanted = RequestConfiguration(query_parameters=query)
    wanted.headers.add("ConsistencyLevel", "eventual")
    async with serving() as at, a_client(at) as client:
        cas, ola = client.users.by_user_id(guid("cas")), client.users.by_user_id(guid("ola"))
        direct = await cas.member_of.get()
        cast = await cas.member_of.graph_group.get(wanted)
        everything = await cas.transitive_member_of.get()
        above = await client.groups.by_group_id(guid("sub")).member_of.get()
        owned = await ola.owned_objects.get()
    answers = [direct, cast, everything, above, owned]

    assert [sorted(one.id or "" for one in (answer and answer.value) or ()) for answer in answers] == [
        [guid("sub")],
        [guid("sub")],
        sorted([guid("sub"), guid("it")]),
        [guid("it")],
        [guid("it")],
    ]
    assert {type(one) for answer in answers for one in (answer and answer.value) or ()} == {Group}
    assert set(leftovers(answers)) <= BY_NATURE


async def test_a_user_is_found_by_a_proxy_address_through_the_clients_builders() -> None:
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        count=True,
        select=["id", "proxyAddresses"],
        filter="mail eq 'anna@here.example' or proxyAddresses/any(p:p eq 'smtp:anna@here.example')",
    )
    wanted = RequestConfiguration(query_parameters=query)
    wanted.headers.add("ConsistencyLevel", "eventual")
    async with serving() as at, a_client(at) as client:
        found = await client.users.get(wanted)
    assert found

    assert [(one.id, one.proxy_addresses) for one in found.value or ()] == [
        (guid("ann"), ["SMTP:ann@here.example", "smtp:anna@here.example"])
    ]
    assert found.odata_count == 1


async def test_delta_is_read_and_leaves_only_what_the_models_have_no_field_for() -> None:
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["displayName", "members"])
    async with serving() as at, a_client(at) as client:
        first = await client.groups.delta.get(RequestConfiguration(query_parameters=query))
        assert first
        assert first.odata_delta_link
        await at.edit("delete_group", id=guid("nil"))
        await at.edit("remove_from_group", group=guid("it"), ids=[guid("ann")])
        second = await client.groups.delta.with_url(first.odata_delta_link).get()
        users = await client.users.delta.get()
    assert second
    assert second.value

    left = {one.id: one.additional_data for one in second.value}
    assert left[guid("nil")] == {"@removed": {"reason": "deleted"}}
    assert left[guid("it")]["members@delta"][0]["id"] == uuid.UUID(guid("ann"))  # kiota guesses types
    assert set(leftovers([first, second, users])) <= BY_NATURE


async def test_an_error_arrives_as_the_clients_own() -> None:
    query = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(select=["nonsense"])
    async with serving() as at, a_client(at) as client:
        with pytest.raises(ODataError) as refused:
            await client.groups.get(RequestConfiguration(query_parameters=query))

    assert refused.value.response_status_code == 400
    assert refused.value.error
    assert refused.value.error.code == "BadRequest"
    assert refused.value.error.inner_error
    assert refused.value.error.inner_error.request_id


async def test_the_clients_own_retry_gets_over_throttling_in_whole_seconds() -> None:
    async with serving() as at, a_client(at) as client:
        await at.admin("POST", "faults", {"path": "/users", "status": 429, "headers": {"Retry-After": "1"}})
        users = await client.users.get()
        log = await at.admin("GET", "requests")

    assert users
    assert [row["status"] for row in log] == [429, 200]
