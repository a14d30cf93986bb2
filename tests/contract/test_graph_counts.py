"""Counting by Graph's batches when Graph is busy, refuses, or answers nonsense."""

import pytest

from custorg.ports import Counts
from shared.errors import GraphError, GraphThrottled
from tests.contract.graph_rig import SDK_WARNINGS, rigged
from tests.doubles.graph_server import guid

pytestmark = SDK_WARNINGS
IT, SUB = guid("it"), guid("sub")


async def test_what_graph_is_too_busy_for_is_asked_again_alone_after_its_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="owners", status=429, headers={"Retry-After": "2.5"})
        counts = await rig.directory().sizes([IT, SUB])
        asked = [row["path"] for row in await rig.requests() if row["path"].endswith("/$batch")]

    assert counts == {IT: Counts(3, 1), SUB: Counts(3, 0)}
    assert rig.slept == [2.5]
    assert len(asked) == 2


async def test_a_wait_that_is_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="owners", status=503, headers={"Retry-After": "90"}, times=None)
        with pytest.raises(GraphThrottled) as raised:
            await rig.directory(seconds=20).sizes([IT])

    assert raised.value.retry_after == 90


async def test_a_busy_graph_that_says_no_time_is_given_more_of_it_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="owners", status=429, times=4)
        await rig.directory().sizes([IT])

    assert rig.slept == [1.0, 2.0, 4.0, 4.0]


async def test_a_count_that_graph_refuses_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="owners", status=403)
        counts = await rig.directory().sizes([IT])

    assert counts == {IT: Counts(3, None)}


@pytest.mark.parametrize(
    "patch",
    [
        {"responses": []},
        {"responses.0.body": {}},
        {"responses.0.body": {"@odata.count": "3"}},
        {"responses.0.id": "x"},
        {"responses": None},
    ],
)
async def test_a_batch_that_is_not_as_documented_is_an_error(monkeypatch: pytest.MonkeyPatch, patch: object) -> None:
    async with rigged(monkeypatch) as rig:
        await rig.fault(path="batch", patch=patch)
        with pytest.raises(GraphError, match="could not be read"):
            await rig.directory().sizes([IT])
