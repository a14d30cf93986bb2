"""A CustOrg looks at itself: what is right, what is missing by name, and what to do about it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custorg.checkup import GRANT, GROUPS, HIDDEN, NEEDED, ORGANIZATION, USERS, Patient, examine
from custorg.commands import COMMANDS, Here
from custorg.ports import GroupHead, Organization, Wish
from custorg.reading import Limits
from shared.checks import Check, State
from shared.errors import GraphError, GraphThrottled
from shared.version import APP_VERSION
from shared.wire import CheckHealth
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import GRAPH_URL, TENANT, FakeDirectory, FakeGroup, guid
from tests.fakes.persons import FakePersons
from tests.fakes.probes import FakeProbes

NOW = "2026-11-24T10:00:00+00:00"
ALL = ("table", "token", *NEEDED, "tenant", "choices", HIDDEN, "chosen group")


class Site:
    """A CustOrg with the group `it`, which is chosen, and `hid`, which hides its people."""

    def __init__(self) -> None:
        self.directory = FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hid", ["bob"], hidden=True))
        self.persons = FakePersons(*self.directory.by_id.values())
        self.choices, self.probes = FakeChoices(), FakeProbes()

    async def filled(self) -> "Site":
        self.choices.refresh({head.id: head async for page in self.directory.groups() for head in page}, NOW)
        self.choose("it")
        return self

    def choose(self, name: str) -> None:
        self.choices.choose(Wish(guid(name), sync=True), by="jo", now=NOW)

    async def look(self, seconds: float = 20) -> dict[str, Check]:
        patient = Patient(TENANT, self.directory, self.persons, self.choices, self.probes)
        return {check.name: check async for check in examine(patient, seconds)}


@pytest.fixture
async def site() -> Site:
    return await Site().filled()


def refused() -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", "Graph answered 403 (Authorization_RequestDenied)")


def states(found: dict[str, Check], state: State) -> set[str]:
    return {name for name, check in found.items() if check.state is state}


async def test_a_right_custorg_has_nothing_wrong(site: Site) -> None:
    found = await site.look()

    assert tuple(found) == ALL
    assert states(found, State.OK) == set(ALL)
    assert [check.todo for check in found.values()] == [""] * len(ALL)


@pytest.mark.parametrize("permission", NEEDED)
async def test_a_permission_that_is_missing_is_named_with_its_command_and_the_lag_of_tokens(
    site: Site, permission: str
) -> None:
    site.probes.named = frozenset(NEEDED) - {permission}
    if permission == USERS:
        site.persons.errors["find",] = refused()
    else:
        site.directory.errors["organization" if permission == ORGANIZATION else "groups",] = [refused()] * 2
    found = await site.look()

    assert states(found, State.BAD) == {permission}
    assert "token does not have it" in found[permission].said
    assert GRANT in found[permission].todo
    assert f"grants {permission}" in found[permission].todo
    assert "for up to a day" in found[permission].todo


async def test_a_permission_that_the_token_has_and_graph_refuses_is_told_so(site: Site) -> None:
    site.directory.errors["groups",] = [refused()]
    found = await site.look()

    assert found[GROUPS].state is State.BAD
    assert "the token has it" in found[GROUPS].todo


async def test_a_broader_permission_is_as_good(site: Site) -> None:
    site.probes.named = frozenset({"Directory.Read.All"})
    found = await site.look()

    assert states(found, State.BAD) == set()
    assert found[GROUPS].said.endswith("by a broader permission than GroupMember.Read.All")


async def test_without_a_token_no_permission_is_told(site: Site) -> None:
    site.probes.error = GraphError(401, "noToken", "the managed identity gave no token")
    found = await site.look()

    assert states(found, State.BAD) == {"token"}
    assert states(found, State.WARN) == set(NEEDED)
    assert "managed identity" in found["token"].todo


async def test_another_tenant_than_the_settings_is_wrong(site: Site) -> None:
    site.directory.tenant = "other"
    found = await site.look()

    assert states(found, State.BAD) == {"tenant"}
    assert found["tenant"].todo.startswith("set TENANT_ID to other")


async def test_a_chosen_group_that_hides_its_people_needs_a_permission(site: Site) -> None:
    site.choose("hid")
    found = await site.look()
    site.probes.named = frozenset({*NEEDED, HIDDEN})

    assert states(found, State.BAD) == {HIDDEN}
    assert "--hidden-groups" in found[HIDDEN].todo
    assert (await site.look())[HIDDEN].state is State.OK


async def test_people_without_properties_are_a_missing_permission(site: Site) -> None:
    site.directory.nameless.add("ann")
    found = await site.look()

    assert states(found, State.BAD) == {"chosen group"}
    assert USERS in found["chosen group"].todo


async def test_a_chosen_group_that_was_deleted_since_is_to_be_looked_at(site: Site) -> None:
    del site.directory.by_id[guid("it")]
    found = await site.look()

    assert states(found, State.WARN) == {"chosen group"}


async def test_nothing_chosen_and_nothing_read_are_to_be_looked_at() -> None:
    empty = Site()
    unread = await empty.look()
    await empty.filled()
    empty.choices.choose(Wish(guid("it"), sync=False), by="jo", now=NOW)
    unchosen = await empty.look()

    assert (states(unread, State.WARN), states(unchosen, State.WARN)) == ({"choices"}, {"choices"})
    assert "/api/picker" in unchosen["choices"].todo


async def test_a_group_that_vanished_is_told(site: Site) -> None:
    del site.directory.by_id[guid("it")]
    await site.filled()
    found = await site.look()

    assert "1 of them are not in Entra any more" in found["choices"].said


async def test_storage_that_is_wrong_leaves_the_choices_out(site: Site) -> None:
    site.probes.storage_checks = [Check("table", State.BAD, "no", "do")]
    found = await site.look()

    assert (states(found, State.BAD), "choices" in found) == ({"table"}, False)


async def test_a_busy_graph_is_no_fault_and_a_silent_one_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_address: str) -> tuple[()]:
        await asyncio.sleep(30)
        return ()

    site.directory.errors["organization",] = [GraphThrottled(9)]
    monkeypatch.setattr(site.persons, "find", silent)
    found = await site.look(0.1)

    assert (found[ORGANIZATION].state, found[USERS].state) == (State.WARN, State.BAD)
    assert "within 0.1 s" in found[USERS].said
    assert found[GROUPS].state is State.OK


async def test_an_error_of_graph_is_told_and_the_next_check_goes_on(site: Site) -> None:
    site.directory.errors["organization",] = [GraphError(500, "x", "Graph answered 500 (x)")] * 2
    found = await site.look()

    assert (found[ORGANIZATION].said, found[ORGANIZATION].state) == ("Graph answered 500 (x)", State.BAD)
    assert found[USERS].state is State.OK


async def test_the_command_answers_states_and_permissions_and_nothing_of_people(site: Site) -> None:
    here = Here(
        TENANT, GRAPH_URL, site.directory, site.choices, NOW, lambda: 0.0, Limits(), site.persons, probes=site.probes
    )
    answer = await COMMANDS["check-health"].run(here, CheckHealth())
    told = answer.model_dump_json()

    assert (answer.model_dump()["tenant"], answer.model_dump()["app"]) == (TENANT, APP_VERSION)
    assert tuple(one["name"] for one in answer.model_dump()["checks"]) == ALL
    assert not [word for word in ("ann", "bob", '"it"', "hid", guid("it")) if word in told.replace("hidden", "")]


async def test_a_tenant_whose_groups_take_too_long_is_only_to_be_looked_at(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    async def slow() -> AsyncIterator[tuple[GroupHead, ...]]:
        nonlocal reads
        reads += 1
        if reads > 1:  # the first one proves the permission
            await asyncio.sleep(30)
        yield (GroupHead(guid("it"), "it", "security"),)

    monkeypatch.setattr(site.directory, "groups", slow)
    found = await site.look(0.2)

    assert found[HIDDEN].state is State.WARN
    assert states(found, State.BAD) == set()


async def test_a_group_that_graph_does_not_tell_of_is_an_error_that_says_so(site: Site) -> None:
    site.directory.errors["page", guid("it"), "owners"] = [GraphError(500, "x", "Graph answered 500 (x)")]
    found = await site.look()

    assert (found["chosen group"].state, found["chosen group"].said) == (State.BAD, "Graph answered 500 (x)")


async def test_a_tenant_without_a_domain_is_wrong(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bare() -> Organization:
        return Organization(TENANT, ())

    monkeypatch.setattr(site.directory, "organization", bare)

    assert (await site.look())["tenant"].said == "the tenant has no verified domain"
