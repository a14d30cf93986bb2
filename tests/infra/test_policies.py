"""infra/ by tools of others: checkov's policies, shellcheck's rules."""

import re
from pathlib import Path

from tests.infra.policies import policy_faults, script_faults

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"


def test_every_finding_of_checkov_is_mended_or_skipped_with_its_reason() -> None:
    assert policy_faults(INFRA) == []


def test_every_skip_has_a_reason_beside_it() -> None:
    skips = [
        line for path in INFRA.rglob("*.bicep") for line in path.read_text().splitlines() if "checkov:skip" in line
    ]

    assert skips
    assert [line for line in skips if not re.search(r"// checkov:skip=CKV_AZURE_\d+: \w.{10,}", line)] == []


def test_the_scripts_are_in_order() -> None:
    scripts = [
        path for path in INFRA.iterdir() if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
    ]

    assert {path.name for path in scripts} == {"grant-permissions", "offboard", "publish"}
    assert script_faults([*scripts, ROOT / "scripts" / "setup", ROOT / "scripts" / "step"]) == ""
