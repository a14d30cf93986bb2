"""The demo's world, and all doubles started by their command line."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from doubles.demo import demo_world
from doubles.demo_desk import ACCOUNTS
from doubles.deskdirector import make_deskdirector
from doubles.world import World
from tests.doubles.graph_server import TENANT, a_world, guid

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return demo_world()


def customers(demo: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["short"]: row for row in demo["tenants"] if "short" in row}


def test_the_demo_is_the_same_at_every_call(demo: dict[str, Any]) -> None:
    assert demo_world() == demo
    assert demo_world(8) != demo


def test_the_customers_have_the_sizes_that_the_demo_promises(demo: dict[str, Any]) -> None:
    chosen = demo["notes"]["chosen"]
    sizes = {short: (len(row["users"]), len(chosen[row["id"]])) for short, row in customers(demo).items()}

    assert 25 <= sizes["lindqvist"][0] <= 50
    assert 800 <= sizes["harbour"][0] <= 850
    assert 5000 <= sizes["norrland"][0] <= 5050
    assert [count for _, count in sizes.values()] == [4, 12, 30]


def test_ids_and_principal_names_are_unique_and_domains_invented(demo: dict[str, Any]) -> None:
    things = [one for row in demo["tenants"] for kind in ("users", "groups") for one in row.get(kind, ())]
    names = [one["userPrincipalName"].lower() for row in demo["tenants"] for one in row["users"]]
    domains = {one["mail"].rpartition("@")[2] for one in things if one.get("mail")}

    assert len({one["id"] for one in things}) == len(things)
    assert len(set(names)) == len(names)
    assert all(domain.strip().lower().endswith(".example") for domain in domains)


@pytest.mark.parametrize("short", ACCOUNTS)
def test_each_customer_has_every_kind_of_surprise(demo: dict[str, Any], short: str) -> None:
    row = customers(demo)[short]
    users, groups = row["users"], row["groups"]
    mails = [one["mail"] for one in users if one["mail"]]
    names = [one["displayName"] for one in groups]
    by_id = {one["id"]: one for one in groups}

    assert any(one.get("userType") == "Guest" for one in users)
    assert any(one.get("accountEnabled") is False for one in users)
    assert any(one["mail"] is None for one in users)
    assert any(one.rpartition("@")[2] not in row["verifiedDomains"] for one in mails)
    assert len({one.strip().lower() for one in mails}) < len(mails)
    assert max(len(one["displayName"]) for one in users) == 256
    assert max(map(len, names)) > 100
    assert len({name.lower() for name in names}) < len(names)
    assert any(one.get("visibility") == "HiddenMembership" for one in groups)
    assert any(not one["members"] for one in groups)
    assert any(set(one["owners"]) - set(one["members"]) for one in groups if one["owners"])
    assert any(one in by_id and g["id"] in by_id[one]["members"] for g in groups for one in g["members"])
    assert sum(users[0]["id"] in one["members"] for one in groups) > 50


def test_every_member_and_owner_exists(demo: dict[str, Any]) -> None:
    for row in World(demo).tenants.values():
        linked = {one for groups in row.edges.values() for ids in groups.values() for one in ids}

        assert linked <= row.things.keys()


def test_the_demos_deskdirector_is_a_seed_that_the_double_takes(demo: dict[str, Any]) -> None:
    seed = demo["deskdirector"]

    assert len(make_deskdirector(seed)) == 2
    assert {one["id"] for one in seed["companies"]} > set(ACCOUNTS.values())
    assert any(one.get("isActive") is False for one in seed["contacts"])


async def test_the_command_serves_a_worlds_file_and_ends_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(a_world()))
    command = (sys.executable, "-m", "doubles", "--world", str(path))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        word, _, urls = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().partition(" ")
        at = json.loads(urls)
        async with aiohttp.ClientSession() as http:
            query = "resource=https://graph.microsoft.com&api-version=2019-08-01"
            header = {"X-IDENTITY-HEADER": "local-secret"}
            async with http.get(f"{at['identity']}/{TENANT}/msi/token?{query}", headers=header) as answer:
                token = (await answer.json())["access_token"]
            async with http.get(f"{at['graph']}/groups", headers={"Authorization": f"Bearer {token}"}) as answer:
                ids = [row["id"] for row in (await answer.json())["value"]]
    finally:
        process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(process.wait(), 10)

    assert (word, at.keys()) == ("READY", {"graph", "identity", "deskdirector", "functions"})
    assert guid("it") in ids
    assert status == 0
