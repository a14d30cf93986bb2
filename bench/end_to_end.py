"""A first sync of 5,000 people in mode 2, both roles and the doubles on this machine: writes per second; requests."""

import json
import random
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from doubles.demo_rows import group, guid, user
from doubles.stack import Layout, Stack, key_setting

PEOPLE, GROUPS, ACCOUNT, CUSTOMER = 5_000, 10, 11, "large"


def world(rng: random.Random) -> dict[str, Any]:
    """Two tenants, the MSP's and one customer's, and a DeskDirector with an empty account."""
    users = [user(rng, f"Person N{i}", f"p{i}@large.example", f"p{i}@large.example") for i in range(PEOPLE)]
    ids = [row["id"] for row in users]
    groups = [group(rng, f"Group {g}", ids[g::GROUPS]) for g in range(GROUPS)]
    roles = ["GroupMember.Read.All", "User.Read.All", "Organization.Read.All"]
    tenants = [
        {"id": guid(rng), "displayName": "MSP", "verifiedDomains": ["msp.example"], "roles": roles},
        {
            "id": guid(rng),
            "displayName": "Large",
            "verifiedDomains": ["large.example"],
            "roles": roles,
            "users": users,
            "groups": groups,
        },
    ]
    return {"tenants": tenants, "deskdirector": {"companies": [{"id": ACCOUNT, "name": "Large"}]}}


def measure(folder: Path) -> dict[str, Any]:
    """What a first and a second sync cost."""
    made = world(random.Random(20261124))
    (folder / "world.json").write_text(json.dumps(made))
    msp, customer = made["tenants"]
    layout = Layout(
        msp_tenant=msp["id"],
        msp_account=1,
        customers={CUSTOMER: customer["id"]},
        world=folder / "world.json",
        servorg={"DESKDIRECTOR_RATE": "10000"},
    )
    with Stack(folder / "stack", layout) as stack:
        at, key = stack.url(CUSTOMER), key_setting(CUSTOMER)
        about = ("--name", "Large", "--url", at, "--account", str(ACCOUNT), "--key-setting", key)
        stack.servorg_cli("customers", "add", CUSTOMER, *about).check_returncode()
        stack.servorg_cli("configure", CUSTOMER, "--mode", "2").check_returncode()
        stack.command(CUSTOMER, "update-entra-groups-table", {})
        stack.choose(CUSTOMER, [row["id"] for row in customer["groups"]])
        return {"people": PEOPLE, "groups": GROUPS, "first": _sync(stack), "second": _sync(stack)}


def _sync(stack: Stack) -> dict[str, Any]:
    stack.desk.forget_requests()
    stack.functions.forget_requests()
    stack.graph.forget_requests()
    began = time.monotonic()
    stack.servorg_cli("sync", CUSTOMER, "--wait").check_returncode()
    spent = time.monotonic() - began
    written = [*stack.desk.requests("PUT", "DELETE"), *stack.functions.requests("POST")]
    written += [row for row in stack.desk.requests("POST") if not row["path"].endswith("/find")]
    asked = Counter("organization" if "organization" in row["path"] else "group" for row in stack.graph.requests())
    return {
        "seconds": round(spent, 1),
        "writes": len(written),
        "writes/s": round(len(written) / spent),
        "graph": dict(asked),
    }


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name))))
