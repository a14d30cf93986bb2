"""The stack itself: the parts come up, know each other, and can be killed."""

import pytest
import requests

from doubles.stack import SERVORG, Stack, custorg
from tests.e2e.layouts import CUSTOMER
from tests.e2e.polling import eventually

TIMEOUT = 60


def test_both_roles_come_up_and_say_that_they_are_well(stack: Stack) -> None:
    roles = {}
    for url in (stack.servorg_url, stack.url(CUSTOMER)):
        health = requests.get(f"{url}/api/health", timeout=TIMEOUT).json()
        roles[health["role"]] = health["status"]

    assert roles == {"servorg": "ok", "custorg": "ok"}


def test_groups_are_chosen_as_on_the_customers_page(stack: Stack) -> None:
    stack.command(CUSTOMER, "update-entra-groups-table", {})
    first, second, *_ = sorted(row["id"] for row in stack.groups(CUSTOMER))
    stack.choose(CUSTOMER, [first, second])
    stack.choose(CUSTOMER, [second], sync=False)

    assert [row["id"] for row in stack.groups(CUSTOMER) if row["sync"]] == [first]


def test_a_timer_fired_by_hand_sees_what_was_edited_in_the_directory(stack: Stack) -> None:
    tenant = stack.graph.world()["tenants"][1]["id"]
    [group] = stack.graph.edit({"tenant": tenant, "op": "add_group", "set": {"displayName": "Night Shift"}})
    stack.fire("refresh_groups", app=custorg(CUSTOMER))
    rows = eventually(lambda: stack.groups(CUSTOMER), until=lambda rows: group["id"] in [row["id"] for row in rows])

    assert [row["name"] for row in rows if row["id"] == group["id"]] == ["Night Shift"]


def test_a_command_without_the_function_key_is_refused(stack: Stack) -> None:
    answer = requests.get(f"{stack.url(CUSTOMER)}/api/commands", timeout=TIMEOUT)

    assert answer.status_code == 401


@pytest.mark.parametrize("app", [SERVORG, custorg(CUSTOMER)])
def test_a_killed_host_comes_back_at_its_old_address(stack: Stack, app: str) -> None:
    url = stack.servorg_url if app == SERVORG else stack.url(CUSTOMER)
    stack.kill9(app)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/api/health", timeout=TIMEOUT)
    stack.restart(app)

    assert requests.get(f"{url}/api/health", timeout=TIMEOUT).ok
