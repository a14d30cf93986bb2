"""What the stacks of these tests are made of."""

import json
from dataclasses import replace
from pathlib import Path

from doubles.demo import demo_world
from doubles.stack import Layout, demo_layout

CUSTOMER = "lindqvist"


def small_layout(folder: Path, **changes: str) -> Layout:
    """The demo's MSP and its smallest customer; `changes` are settings of ServOrg."""
    world = demo_world()
    world["tenants"] = [tenant for tenant in world["tenants"] if tenant.get("short", CUSTOMER) == CUSTOMER]
    file = folder / "world.json"
    file.write_text(json.dumps(world), encoding="utf-8")
    layout = demo_layout(world=file, servorg=changes)
    return replace(layout, customers={CUSTOMER: layout.customers[CUSTOMER]})
