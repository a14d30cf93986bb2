"""The planner's figures: CPU seconds and peak memory of desired state, plan and digest, beside diffsync's.

Each measurement runs in a process of its own: `python -m bench.planner CASE` prints one JSON line, where CASE is
`same`, `empty` (sync mode 2), `every-mode`, `every-mode-empty`, `every-account`, `every-account-empty` or `diffsync`.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from bench.planner_world import ACCOUNT, World, contact_groups, entra_side, every_mode
from shared.core.desired import desire
from shared.core.grace import Policy
from shared.core.model import Account, EntraSide
from shared.core.plan import make_plan
from shared.cycles import no_search_for_cycles

PEOPLE, GROUPS, DIFFERENT = 200_000, 30, 0.01
SOME = 3
"""So many of the groups have an account of their own."""


CASES: Mapping[str, tuple[Callable[[EntraSide, float], World], float]] = {
    "same": (contact_groups, DIFFERENT),
    "empty": (contact_groups, 1),
    "every-mode": (partial(every_mode, accounts=SOME), DIFFERENT),
    "every-mode-empty": (partial(every_mode, accounts=SOME), 1),
    "every-account": (partial(every_mode, accounts=GROUPS), DIFFERENT),
    "every-account-empty": (partial(every_mode, accounts=GROUPS), 1),
    "diffsync": (contact_groups, DIFFERENT),
}


def planned(world: World) -> int:
    """How many changes the planner makes of this, called as a run calls it."""
    desired = desire(world.side, world.modes, ACCOUNT, world.catalogue)
    with no_search_for_cycles():
        plan = make_plan(desired, world.current, world.links, Policy(now=0.0))
    return len(plan.changes) if plan.digest else 0


def diffed(side: EntraSide, account: Account) -> int:
    """How many differences diffsync finds between the same two sides: one model for each contact and membership.

    A contact is a row of the group "". Its rules (who counts, links, grace, digest) diffsync does not have.
    """
    from diffsync import Adapter, DiffSyncModel

    class Row(DiffSyncModel):
        _modelname = "row"
        _identifiers = ("group", "address")
        group: str
        address: str

    class Rows(Adapter):
        row = Row
        top_level = ["row"]  # noqa: RUF012 diffsync wants a list

    desired, current = Rows(), Rows()
    for person in side.users.values():
        desired.add(Row(group="", address=person.upn))
    for group in side.groups:
        for user in group.people:
            desired.add(Row(group=group.name, address=side.users[user].upn))
    for key in account.contacts:
        current.add(Row(group="", address=key))
    addresses = {contact.id: key for key, contact in account.contacts.items()}
    for contact_group in account.groups.values():
        for contact in contact_group.users or ():
            current.add(Row(group=contact_group.name, address=addresses[contact]))
    return len(desired.diff_to(current))


def measure(run: Callable[[], int]) -> dict[str, float]:
    """CPU seconds and peak MiB of one call, with what it answered."""
    gc.collect()
    began = time.process_time()
    answer = run()
    spent = time.process_time() - began
    return {
        "cpu": round(spent, 3),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "answer": answer,
    }


def main(what: str) -> None:
    """Measures one of the cases and prints it."""
    make, share = CASES[what]
    world = make(entra_side(PEOPLE, GROUPS), share)
    run = (lambda: diffed(world.side, world.current[ACCOUNT])) if what == "diffsync" else (lambda: planned(world))
    print(json.dumps({"what": what, **measure(run)}))


if __name__ == "__main__":
    main(sys.argv[1])
