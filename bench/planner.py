"""The planner's figures: CPU seconds and peak memory of desired state, plan and digest, beside diffsync's.

Each measurement runs in a process of its own: `python -m bench.planner same|empty|diffsync` prints one JSON line.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable

from bench.planner_world import ACCOUNT, account_that_differs, entra_side
from shared.core.desired import desire
from shared.core.grace import Policy
from shared.core.model import Account, EntraSide, Links, SyncMode
from shared.core.plan import make_plan

PEOPLE, GROUPS, DIFFERENT = 200_000, 30, 0.01


def planned(side: EntraSide, account: Account, links: Links) -> int:
    """How many changes the planner makes of this."""
    desired = desire(side, [SyncMode.CONTACT_GROUPS], ACCOUNT)
    plan = make_plan(desired, {ACCOUNT: account}, {ACCOUNT: links}, Policy(now=0.0))
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
    """Measures one of the three and prints it."""
    side = entra_side(PEOPLE, GROUPS)
    account, links = account_that_differs(side, DIFFERENT) if what != "empty" else (Account(ACCOUNT), Links())
    run = (lambda: diffed(side, account)) if what == "diffsync" else (lambda: planned(side, account, links))
    print(json.dumps({"what": what, **measure(run)}))


if __name__ == "__main__":
    main(sys.argv[1])
