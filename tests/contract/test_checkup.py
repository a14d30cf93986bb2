"""A CustOrg's look at its permissions, over the Graph and identity doubles, which enforce them."""

from collections.abc import AsyncIterator

import pytest

from custorg.checkup import GROUPS, HIDDEN, NEEDED, ORGANIZATION, USERS, Patient, examine
from custorg.graph_person import GraphPersons
from custorg.ports import Wish
from shared.checks import Check, State
from shared.wire import GroupRow
from tests.contract.graph_rig import SDK_WARNINGS, Rig, rigged
from tests.doubles.graph_server import TENANT, guid
from tests.fakes.choices import FakeChoices

pytestmark = SDK_WARNINGS
NOW = "2026-11-24T10:00:00+00:00"


class OfGraph:
    """The probes of an app whose storage is right."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    async def roles(self) -> frozenset[str]:
        return await self._rig.graph.identity.roles()

    def storage(self) -> list[Check]:
        return []


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    async with rigged(monkeypatch) as made:
        yield made


async def looked(rig: Rig, *roles: str, chosen: str = "it") -> dict[str, Check]:
    rig.served.world.tenant(TENANT).roles = roles
    choices, directory = FakeChoices(), rig.directory()
    await rig.graph.identity.renew()
    choices.kept = {guid(name): GroupRow(id=guid(name), name=name) for name in ("it", "hid")}
    choices.refreshed = NOW
    choices.choose(Wish(guid(chosen), sync=True), by="jo", now=NOW)
    patient = Patient(TENANT, directory, GraphPersons(rig.graph, rig.graph.clock() + 60), choices, OfGraph(rig))
    return {check.name: check async for check in examine(patient)}


def bad(found: dict[str, Check]) -> set[str]:
    return {name for name, check in found.items() if check.state is State.BAD}


async def test_with_every_permission_all_is_right(rig: Rig) -> None:
    found = await looked(rig, *NEEDED)

    assert {name: check.state for name, check in found.items() if check.state is not State.OK} == {}


@pytest.mark.parametrize("missing", NEEDED)
async def test_each_missing_permission_is_found_by_name(rig: Rig, missing: str) -> None:
    found = await looked(rig, *(set(NEEDED) - {missing}))

    assert bad(found) == {missing}
    assert f"grants {missing}" in found[missing].todo


async def test_all_missing_permissions_are_told_at_once(rig: Rig) -> None:
    assert bad(await looked(rig, "Mail.Send")) == {ORGANIZATION, GROUPS, USERS}


async def test_a_broader_permission_serves(rig: Rig) -> None:
    found = await looked(rig, "Directory.Read.All")

    assert bad(found) == set()
    assert all("broader" in found[permission].said for permission in NEEDED)


async def test_a_chosen_group_that_hides_its_people_is_found_though_the_table_does_not_say_so(rig: Rig) -> None:
    without = await looked(rig, *NEEDED, chosen="hid")
    having = await looked(rig, *NEEDED, HIDDEN, chosen="hid")

    assert (bad(without), bad(having)) == ({HIDDEN}, set())


async def test_an_endpoint_that_gives_no_token_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "other")

    assert bad(await looked(rig, *NEEDED)) == {"token"}
