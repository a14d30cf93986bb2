"""The scripts of infra/, against a stand-in for `az` that remembers what was made."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
NAMED = ("--name", "contoso-sync", "--resource-group", "sync")
GRANT = ("custorg", *NAMED, "--location", "westeurope", "--admin", "kim@contoso.example")
# deployment.md §5
GRAPH_ROLES = {
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
}
HIDDEN = "658aa5d8-239f-45c4-aa12-864f4fc7e490"
OK = '{"status": "ok", "role": "custorg", "version": "0.1.0"}'


@dataclass(frozen=True, slots=True)
class Rig:
    """A folder with `az` and `curl` in front of PATH."""

    folder: Path

    def run(self, script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(
            [str(INFRA / script), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": path, "AZ_STATE": str(self.folder / "state.json"), "GRANT_PAUSE": "0", **environ},
        )

    def state(self) -> dict[str, Any]:
        file = self.folder / "state.json"
        state: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"changes": [], "roles": []}
        return state

    def change(self, **values: object) -> None:
        (self.folder / "state.json").write_text(json.dumps(self.state() | values))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    az = ROOT / "tests" / "infra" / "az.py"
    for name, line in {
        "az": f'exec {shlex.quote(sys.executable)} -I {shlex.quote(str(az))} "$@"',
        "curl": 'printf "%s" "$HEALTH"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    return Rig(tmp_path)


@pytest.mark.parametrize("script", ["grant-permissions", "offboard", "publish"])
def test_help_has_examples(rig: Rig, script: str) -> None:
    ran = rig.run(script, "--help")

    assert ran.returncode == 0
    assert f"infra/{script} " in ran.stdout.partition("Examples:")[2]


def test_a_customers_identity_gets_exactly_the_permissions_to_read(rig: Rig) -> None:
    ran = rig.run("grant-permissions", *GRANT)
    roles = rig.state()["roles"]

    assert ran.returncode == 0, ran.stderr
    assert {one["appRoleId"] for one in roles if one["principalId"] == "principal-1"} == set(GRAPH_ROLES.values())
    assert {one["resourceId"] for one in roles if one["principalId"] == "principal-1"} == {"graph-sp"}


def test_hidden_groups_are_read_only_when_asked_for(rig: Rig) -> None:
    ran = rig.run("grant-permissions", *GRANT, "--hidden-groups")

    assert ran.returncode == 0, ran.stderr
    assert HIDDEN in {one["appRoleId"] for one in rig.state()["roles"]}


def test_servorgs_identity_gets_no_permission_of_graph(rig: Rig) -> None:
    ran = rig.run("grant-permissions", "servorg", *GRANT[1:], "--mail-sender", "sync@msp.example")

    assert ran.returncode == 0, ran.stderr
    assert {one["resourceId"] for one in rig.state()["roles"]} == {"sp-1"}
    assert "grant-mailbox.ps1 -Mailbox sync@msp.example -ClientId client-1 -ObjectId principal-1" in ran.stdout


def test_the_registration_has_two_roles_trusts_the_identity_and_takes_nobody_without_a_role(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT, "--reader", "lee@contoso.example")
    state = rig.state()
    app = state["apps"]["Sync Entra Groups: contoso-sync"]
    roles = dict(app["roles"])
    given = {one["principalId"]: one["appRoleId"] for one in state["roles"] if one["resourceId"] == "sp-1"}

    assert app["reply"] == "https://contoso-sync.azurewebsites.net/.auth/login/aad/callback"
    assert state["required"] is True
    assert [(one["subject"], one["audiences"]) for one in state["trusts"]] == [
        ("principal-1", ["api://AzureADTokenExchange"])
    ]
    assert (state["consent"]["consentType"], state["consent"]["scope"]) == ("AllPrincipals", "openid profile email")
    assert given == {
        "id-of-kim@contoso.example": roles["SyncAdmin"],
        "id-of-lee@contoso.example": roles["SyncReader"],
    }


def test_a_second_run_makes_nothing(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    before = rig.state()
    ran = rig.run("grant-permissions", *GRANT)

    assert ran.returncode == 0, ran.stderr
    assert rig.state() == before
    assert "made:" not in ran.stdout


def test_what_somebody_took_away_is_granted_again_alone(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    roles = [one for one in rig.state()["roles"] if one["appRoleId"] != GRAPH_ROLES["User.Read.All"]]
    rig.change(roles=roles, changes=[])
    ran = rig.run("grant-permissions", *GRANT)

    assert rig.state()["changes"] == ["role"]
    assert "made: permission User.Read.All" in ran.stdout


def test_a_dry_run_says_what_it_would_make_and_makes_nothing(rig: Rig) -> None:
    ran = rig.run("grant-permissions", *GRANT, "--dry-run")

    assert ran.returncode == 0, ran.stderr
    assert rig.state()["changes"] == []
    assert [f"would make: permission {name}" in ran.stdout for name in GRAPH_ROLES] == [True] * len(GRAPH_ROLES)


def test_the_next_command_is_told_with_its_values(rig: Rig) -> None:
    ran = rig.run("grant-permissions", *GRANT)

    assert re.sub(r" \\\n +", " ", ran.stdout).splitlines()[-1].strip() == (
        "az deployment group create --resource-group sync --template-file infra/main.bicep"
        " --parameters infra/custorg.bicepparam --parameters name=contoso-sync signInClientId=app-1"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "servorg or custorg"),
        (("custorg", "--name", "Contoso!", "--resource-group", "sync"), "--name NAME is needed"),
        (("custorg", "--name", "contoso-sync"), "--resource-group GROUP is needed"),
        (("custorg", *NAMED, "--owner", "kim"), "no option --owner"),
        (("custorg", *NAMED), "--location REGION"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(rig: Rig, arguments: tuple[str, ...], said: str) -> None:
    ran = rig.run("grant-permissions", *arguments)

    assert ran.returncode == 64
    assert said in ran.stderr
    assert rig.state()["changes"] == []


def test_offboarding_removes_what_was_made_and_nothing_else(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    rig.change(changes=[])
    ran = rig.run("offboard", *NAMED, "--yes")

    assert ran.returncode == 0, ran.stderr
    assert [one.split(" ")[0:2] for one in rig.state()["changes"]] == [
        ["removed", "assignments"],
        ["removed", "apps"],
        ["removed", "groups"],
    ]
    assert rig.state()["changes"][1] == "removed apps app-1"


def test_offboarding_twice_says_that_nothing_is_left(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    rig.run("offboard", *NAMED, "--yes")
    ran = rig.run("offboard", *NAMED, "--yes")

    assert (ran.returncode, ran.stdout) == (0, "There is nothing of contoso-sync any more.\n")


@pytest.mark.parametrize("option", ["--dry-run", ""])
def test_offboarding_removes_nothing_unless_it_is_confirmed(rig: Rig, option: str) -> None:
    rig.run("grant-permissions", *GRANT)
    rig.change(changes=[])
    ran = rig.run("offboard", *NAMED, *filter(None, [option]))

    assert rig.state()["changes"] == []
    assert "/resources/a" in ran.stdout
    assert ran.returncode == (0 if option else 1)


def test_offboarding_refuses_a_group_with_resources_of_others(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    rig.change(changes=[], strange="/subscriptions/s/resourceGroups/sync/databases/theirs")
    ran = rig.run("offboard", *NAMED, "--yes")

    assert ran.returncode == 1
    assert "databases/theirs" in ran.stderr
    assert rig.state()["changes"] == []


def test_offboarding_refuses_a_group_that_was_not_made_for_it(rig: Rig) -> None:
    rig.run("grant-permissions", *GRANT)
    rig.change(changes=[], groups={"sync": {"deployment": ""}})
    ran = rig.run("offboard", *NAMED, "--yes")

    assert ran.returncode == 1
    assert "has no tag deployment=contoso-sync" in ran.stderr
    assert rig.state()["changes"] == []


def test_publishing_uploads_the_package_and_tells_the_customers_key_once_it_answers(rig: Rig) -> None:
    rig.change(keys={}, host="contoso-sync.azurewebsites.net")
    ran = rig.run("publish", "custorg", *NAMED, "--package", "app.zip", HEALTH=OK)

    assert ran.returncode == 0, ran.stderr
    assert rig.state()["changes"] == ["upload app.zip", "key"]
    assert "Function key for ServOrg, a secret: made-key" in ran.stdout


def test_publishing_keeps_a_key_that_is_there(rig: Rig) -> None:
    rig.change(keys={"servorg": "first-key"}, host="contoso-sync.azurewebsites.net")
    ran = rig.run("publish", "custorg", *NAMED, "--package", "app.zip", HEALTH=OK)

    assert rig.state()["changes"] == ["upload app.zip"]
    assert "first-key" in ran.stdout


@pytest.mark.parametrize(
    ("health", "said"),
    [("", "does not answer"), ('{"status": "faulty", "message": "…"}', "settings are to be corrected")],
)
def test_publishing_fails_when_the_app_does_not_work(rig: Rig, health: str, said: str) -> None:
    rig.change(keys={}, host="msp-sync.azurewebsites.net")
    ran = rig.run(
        "publish", "servorg", *NAMED, "--package", "app.zip", HEALTH=health, PUBLISH_TRIES="2", PUBLISH_PAUSE="0"
    )

    assert ran.returncode == 1
    assert said in ran.stderr
