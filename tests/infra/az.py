"""A stand-in for `az` on PATH: remembers what is made in $AZ_STATE, notes each change, refuses what it does not know.

It answers what the scripts of infra/ ask; their `--query` is not computed but answered, per command, as it would be.
"""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATE = Path(os.environ["AZ_STATE"])
TENANT = "11111111-1111-1111-1111-111111111111"
FIRST: dict[str, Any] = {
    "groups": {},
    "identities": {},
    "apps": {},
    "sps": {},
    "trusts": [],
    "roles": [],
    "keys": {},
    "changes": [],
}


def main() -> int:
    """Answers one call; 1 for a call that it does not know."""
    state = json.loads(STATE.read_text()) if STATE.exists() else FIRST
    words = " ".join(sys.argv[1:])
    for pattern, answer in ANSWERS.items():
        if re.match(pattern, words, re.DOTALL):
            asked = options(sys.argv[1:])
            said = answer(state, asked)
            STATE.write_text(json.dumps(state))
            sys.stdout.write(f"{said}\n" if said and asked.get("--output") != "none" else "")
            return 0
    sys.stderr.write(f"this az does not know: {words}\n")
    return 1


def options(words: list[str]) -> dict[str, str]:
    """The options by name; one without a value is empty."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return {name: "" if value.startswith("--") else value for name, value in pairs if name.startswith("--")}


def change(state: dict[str, Any], what: str) -> str:
    """Notes a change."""
    state["changes"].append(what)
    return ""


def make_group(state: dict[str, Any], asked: dict[str, str]) -> str:
    deployment = next(word.partition("=")[2] for word in sys.argv if word.startswith("deployment="))
    state["groups"][asked["--name"]] = {"deployment": deployment}
    return change(state, "group")


def find_identity(state: dict[str, Any], asked: dict[str, str]) -> str:
    found: dict[str, str] = next(
        (one for name, one in state["identities"].items() if f"'{name}'" in asked["--query"]), {}
    )
    return str(found.get("clientId" if "clientId" in asked["--query"] else "principalId", ""))


def make_identity(state: dict[str, Any], asked: dict[str, str]) -> str:
    state["identities"][asked["--name"]] = {"principalId": "principal-1", "clientId": "client-1"}
    return change(state, "identity")


def find_app(state: dict[str, Any], asked: dict[str, str]) -> str:
    return str(state["apps"].get(asked["--filter"].split("'")[1], {}).get("appId", ""))


def make_app(state: dict[str, Any], asked: dict[str, str]) -> str:
    roles = [(role["value"], role["id"]) for role in json.loads(asked["--app-roles"])]
    state["apps"][asked["--display-name"]] = {"appId": "app-1", "roles": roles, "reply": asked["--web-redirect-uris"]}
    return change(state, "app")


def find_sp(state: dict[str, Any], asked: dict[str, str]) -> str:
    return str(state["sps"].get(asked["--filter"].split("'")[1], ""))


def make_sp(state: dict[str, Any], asked: dict[str, str]) -> str:
    state["sps"][asked["--id"]] = "sp-1"
    return change(state, "sp")


def show_sp(state: dict[str, Any], asked: dict[str, str]) -> str:
    if asked.get("--query") == "appRoleAssignmentRequired":
        return str("required" in state).lower()
    return "graph-sp"


def require_role(state: dict[str, Any], _asked: dict[str, str]) -> str:
    state["required"] = True
    return change(state, "required")


def make_trust(state: dict[str, Any], asked: dict[str, str]) -> str:
    state["trusts"].append(json.loads(asked["--parameters"]))
    return change(state, "trust")


def find_trust(state: dict[str, Any], asked: dict[str, str]) -> str:
    return next((one["name"] for one in state["trusts"] if f"'{one['subject']}'" in asked["--query"]), "")


def rest(state: dict[str, Any], asked: dict[str, str]) -> str:
    """Reads or makes an app role's assignment; or has the vault read again."""
    if "configreferences" in asked["--url"]:
        return change(state, "vault read")
    if "oauth2PermissionGrants" in asked["--url"]:
        return consent(state, asked)
    if asked["--method"] == "GET":
        names = re.findall(r"=='([^']+)'", asked["--query"])
        held = [
            one
            for one in state["roles"]
            if [one["resourceId"], one["appRoleId"]] == names and f"/{one['principalId']}/" in asked["--url"]
        ]
        return "assignment" if held else ""
    state["roles"].append(json.loads(asked["--body"]))
    return change(state, "role")


def consent(state: dict[str, Any], asked: dict[str, str]) -> str:
    if asked["--method"] == "GET":
        return "consent" if "consent" in state else ""
    state["consent"] = json.loads(asked["--body"])
    return change(state, "consent")


def removed(kind: str) -> Callable[[dict[str, Any], dict[str, str]], str]:
    def remove(state: dict[str, Any], asked: dict[str, str]) -> str:
        state[kind] = {}
        return change(state, f"removed {kind} {asked.get('--ids', asked.get('--id', asked.get('--name', '')))}")

    return remove


def make_key(state: dict[str, Any], asked: dict[str, str]) -> str:
    state["keys"][asked["--key-name"]] = "made-key"
    return change(state, "key")


ANSWERS: dict[str, Callable[[dict[str, Any], dict[str, str]], str]] = {
    "account show": lambda _state, _asked: TENANT,
    "group exists": lambda state, asked: str(asked["--name"] in state["groups"]).lower(),
    "group create": make_group,
    "group show": lambda state, asked: state["groups"][asked["--name"]]["deployment"],
    "group delete": removed("groups"),
    "identity list": find_identity,
    "identity create": make_identity,
    "resource list .*!=": lambda state, _asked: state.get("strange", ""),
    "resource list": lambda _state, _asked: "/resources/a\n/resources/b",
    "role assignment list": lambda _state, _asked: "/assignments/a\n/assignments/b",
    "role assignment delete": removed("assignments"),
    "ad app list": find_app,
    "ad app create": make_app,
    "ad app delete": removed("apps"),
    "ad app federated-credential list": find_trust,
    "ad app federated-credential create": make_trust,
    "ad sp list": find_sp,
    "ad sp create": make_sp,
    "ad sp show": show_sp,
    "ad sp update": require_role,
    "ad user show": lambda _state, asked: f"id-of-{asked['--id']}",
    "rest": rest,
    "functionapp deployment source config-zip": lambda state, asked: change(state, f"upload {asked['--src']}"),
    "functionapp show .*--query id": lambda _state, _asked: "/subscriptions/s/sites/app",
    "functionapp show": lambda state, _asked: state["host"],
    "functionapp keys list": lambda state, _asked: state["keys"].get("servorg", ""),
    "functionapp keys set": make_key,
}

if __name__ == "__main__":
    sys.exit(main())
