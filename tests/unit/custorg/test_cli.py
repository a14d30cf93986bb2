"""`python -m custorg doctor`, as far as it needs nobody else."""

import json
from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner

from custorg import cli as program
from custorg.cli import cli
from shared.checks import Check, State
from tests.fakes.directory import TENANT

RIGHT = {"ROLE": "custorg", "AzureWebJobsStorage": "UseDevelopmentStorage=true", "TENANT_ID": TENANT}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """What is looked at, besides the settings."""
    found = [Check("table", State.OK, "a row was written")]

    async def examined() -> AsyncIterator[Check]:
        for check in found:
            yield check

    monkeypatch.setattr(program, "_examined", examined)
    return found


def run(*options: str, **changes: str) -> tuple[int, str]:
    runner = CliRunner(env={"COLUMNS": "80", **RIGHT, **changes})
    done = runner.invoke(cli, ["doctor", *options])
    return done.exit_code, done.stdout


def test_what_is_right_is_told_in_words(made: list[Check]) -> None:
    status, told = run()

    assert (status, len(made)) == (0, 1)
    assert "ok     table: a row was written" in told
    assert told.endswith("0 wrong, 0 to look at, 2 ok\n")


def test_what_is_wrong_is_told_with_what_to_do_and_in_the_exit_status(made: list[Check]) -> None:
    made.append(Check("token", State.BAD, "no token", "turn it on"))
    status, told = run()

    assert status == 1
    assert "wrong  token: no token" in told
    assert "→ turn it on" in told


def test_json_has_the_same_facts(made: list[Check]) -> None:
    made.append(Check("token", State.WARN, "no token", "turn it on"))
    status, told = run("--json")

    assert status == 0
    assert json.loads(told)[-1] == {
        "part": "CustOrg", "check": "token", "state": "look", "said": "no token", "todo": "turn it on",
    }  # fmt: skip


def test_every_wrong_setting_is_named_and_nothing_else_is_looked_at(made: list[Check]) -> None:
    status, told = run("--json", TENANT_ID="x", ROLE="other")
    rows = json.loads(told)

    assert (status, len(made)) == (1, 1)
    assert [row["check"] for row in rows] == ["settings"] * 2
    assert {row["said"].split(":")[0] for row in rows} == {"TENANT_ID", "ROLE"}


def test_a_servorg_is_sent_to_its_own_doctor(made: list[Check]) -> None:
    status, told = run(ROLE="servorg")

    assert (status, len(made)) == (0, 1)
    assert "python -m servorg doctor" in told
