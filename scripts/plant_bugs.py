"""Plants bugs into a copy of the planner, one at a time, and expects its tests to fail: `python -m scripts.plant_bugs`.

A bug that no test sees, or whose line is not in the code any more, ends this with status 1.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("shared", "servorg", "tests", "pyproject.toml")
_OF_SERVORG = ("apply", "apply_doubts", "recording", "sync", "runs", "service_groups", "accounts_of_groups")
USE_CASES = [f"tests/unit/servorg/test_{name}.py" for name in _OF_SERVORG]
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Bug:
    """What is wrong, in which file, and the text that becomes another."""

    what: str
    file: str
    right: str
    wrong: str


BUGS = (
    Bug(
        "contacts are deactivated though a group was not read",
        "shared/core/leavers.py",
        "if matched.wanted.incomplete or policy.prune is Prune.OFF:",
        "if policy.prune is Prune.OFF:",
    ),
    Bug(
        "a group that was not read loses its people",
        "shared/core/memberships.py",
        "if policy.prune is not Prune.OFF and not target.left_alone:",
        "if policy.prune is not Prune.OFF:",
    ),
    Bug(
        "prune=off deactivates",
        "shared/core/leavers.py",
        "if matched.wanted.incomplete or policy.prune is Prune.OFF:",
        "if matched.wanted.incomplete:",
    ),
    Bug(
        "strangers are taken out of groups",
        "shared/core/memberships.py",
        "if not (given and given.managed) and view.policy.prune is not Prune.ALL:",
        "if given and not given.managed and view.policy.prune is not Prune.ALL:",
    ),
    Bug(
        "one contact is two people by their proxy addresses",
        "shared/core/match.py",
        "if own not in proxied and contact not in taken:",
        "if own not in proxied:",
    ),
    Bug(
        "a person changes over to another of his contacts",
        "shared/core/match.py",
        "return link is None or not link.managed or people[own].id not in link.entra_ids",
        "return True",
    ),
    Bug(
        "an account with the tag of a group that is not certain is emptied",
        "shared/core/feeds.py",
        "for group in groups if group.id in unclear))",
        "for group in ()))",
    ),
    Bug("contacts have no grace", "shared/core/leavers.py", "if ends <= policy.now:", "if began <= policy.now:"),
    Bug(
        "a grace begins anew with every run",
        "shared/core/grace.py",
        "began = now if since is None else min(since, now)",
        "began = now",
    ),
    Bug(
        "whoever comes back stays marked as leaving",
        "shared/core/match.py",
        "            and link.leaving_since is None\n",
        "",
    ),
    Bug(
        "whom runs once gave up is not theirs again when he comes back",
        "shared/core/match.py",
        "            and link.managed\n",
        "",
    ),
    Bug(
        "another user under the same address is not noted",
        "shared/core/match.py",
        "            and link.entra_ids == (user.id,)\n",
        "",
    ),
    Bug(
        "who shares an address with another user is not noted",
        "shared/core/match.py",
        "            and person not in twins\n",
        "",
    ),
    Bug(
        "an inactive contact is not activated",
        "shared/core/match.py",
        "            and contact.active\n",
        "",
    ),
    Bug(
        "a service group that was found is not noted as given",
        "shared/core/match.py",
        "contact.service_group == link.service_group == service_group",
        "contact.service_group == service_group",
    ),
    Bug(
        "a contact without the service group that its link names does not get it again",
        "shared/core/match.py",
        "contact.service_group == link.service_group == service_group",
        "link.service_group == service_group",
    ),
    Bug(
        "newcomers count in the share of removals",
        "shared/core/plan.py",
        "return growth, len(people) - len(growth)",
        "return growth, len(people)",
    ),
    Bug(
        "a small share is always let through", "shared/core/gates.py", "> share * scope.of", "> share * scope.of + ALL"
    ),
    Bug(
        "an emptied group is not seen",
        "shared/core/memberships.py",
        "GroupPlan(emptied=not view.wanted)",
        "GroupPlan()",
    ),
    Bug(
        "the day's earlier removals are forgotten",
        "shared/core/gates.py",
        "if removed_today + count > limits",
        "if count > limits",
    ),
    Bug(
        "the digest does not tell roles apart",
        "shared/core/changes.py",
        '_FIELDS = {cls: attrgetter("kind", *cls.__slots__)',
        '_FIELDS = {cls: attrgetter("kind", *(n for n in cls.__slots__ if n != "role"))',
    ),
    Bug(
        "removals come before additions",
        "shared/core/plan.py",
        "return (*self.growth, *self.removals)",
        "return (*self.removals, *self.growth)",
    ),
    Bug(
        "a membership that somebody else took away stays managed",
        "shared/core/links.py",
        "memberships.items() if g not in stale.get(key, ())}",
        "memberships.items()}",
    ),
    Bug(
        "protected contacts are deactivated",
        "shared/core/leavers.py",
        "if key in policy.protected:",
        "if key in policy.protected and policy.prune is Prune.ALL:",
    ),
    Bug(
        "protected people lose their memberships",
        "shared/core/memberships.py",
        "    if key in view.policy.protected:",
        "    if key in view.policy.protected and view.roles:",
    ),
    Bug(
        "of several twins one is remembered",
        "shared/core/census.py",
        "tuple(sorted((*census.twins.get(found, ()), second.id)))",
        "(second.id,)",
    ),
    Bug(
        "a group whose name is taken loses its people",
        "shared/core/desired.py",
        "*(EntraGroupId(s.detail) for s in unnamed)",
        "",
    ),
    Bug(
        "the contact group of an unread group is given away",
        "shared/core/match.py",
        "(desired.keys() | left_alone) & links.keys()",
        "desired.keys() & links.keys()",
    ),
    Bug(
        "roles that were raised by hand are lowered",
        "shared/core/memberships.py",
        "given.managed and given.role is have",
        "given.managed",
    ),
    Bug(
        "a found role does not return",
        "shared/core/memberships.py",
        "return Given(role if view.roles and not lowering else given.role, given.before)",
        "return Given(role if view.roles and not lowering else given.role)",
    ),
    Bug(
        "contact groups that were found are renamed",
        "shared/core/plan.py",
        " or link is None or not link.made:",
        " or link is None:",
    ),
    Bug(
        "a removal does not wait for what replaces it",
        "servorg/apply.py",
        "if statuses - {ChangeStatus.APPLIED}:",
        "if statuses == {ChangeStatus.PLANNED}:",
    ),
    Bug(
        "a group in doubt may be another one of its name",
        "servorg/apply.py",
        "for group in found if group.id not in change.besides]",
        "for group in found]",
    ),
    Bug(
        "large removals are believed at once",
        "servorg/sync.py",
        "review(plan, order.limits.halved(), order.removed_today)",
        "review(plan, order.limits, order.removed_today)",
    ),
    Bug(
        "held removals are applied",
        "servorg/recording.py",
        "removals = ChangeStatus.HELD if held else ChangeStatus.PLANNED",
        "removals = growth",
    ),
    Bug(
        "a service group that is not clear any more is taken from its people",
        "shared/core/service_plan.py",
        "view.matched.wanted.incomplete or have in view.spared.get(key, ())",
        "view.matched.wanted.incomplete",
    ),
    Bug(
        "another customer's account is filled",
        "shared/core/feeds.py",
        "return Reason.FOREIGN_ACCOUNT if accounts[0] in catalogue.foreign else accounts[0]",
        "return accounts[0]",
    ),
    Bug(
        "whoever moves to another account is deactivated in the first before being added there",
        "shared/core/leavers.py",
        "for other in (matched, *others) if person",
        "for other in (matched,) if person",
    ),
)


def main() -> int:
    """Plants every bug; the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy(copy)
        if _failing(copy):
            _tell("the tests fail without any bug")
            return 1
        missed = [bug for bug in BUGS if not _is_caught(copy, bug)]
    _tell(f"{len(BUGS) - len(missed)} of {len(BUGS)} planted bugs were caught")
    return 1 if missed else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(copy: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)


def _is_caught(copy: Path, bug: Bug) -> bool:
    """Plants the bug, looks, and takes it out again."""
    file = copy / bug.file
    right = file.read_text(encoding="utf-8")
    if right.count(bug.right) != 1:
        _tell(f"✗ {bug.what}: its line is not in {bug.file} any more")
        return False
    file.write_text(right.replace(bug.right, bug.wrong), encoding="utf-8")
    started = time.monotonic()
    failing = _failing(copy)
    file.write_text(right, encoding="utf-8")
    spent = time.monotonic() - started
    _tell(f"{'✓' if failing else '✗'} {bug.what} ({spent:.1f} s): {failing or 'NO TEST FAILED'}")
    return bool(failing)


def _failing(copy: Path) -> str:
    """The first test that fails in the copy."""
    command = [sys.executable, "-m", "pytest", "tests/unit/core", *USE_CASES, "-q", "-x", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)
    failing = re.search(r"^(?:FAILED|ERROR) \S+?::(\w+)", ran.stdout, re.MULTILINE)
    if failing:
        return failing[1]
    return "pytest itself failed" if ran.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
