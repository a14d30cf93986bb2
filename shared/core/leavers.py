"""Who is not desired in an account any more: contacts to deactivate, now or when their grace is over."""

from collections.abc import Collection
from dataclasses import dataclass, field

from shared.core.changes import DeactivateContact
from shared.core.grace import Policy, Waiting, grace_ends
from shared.core.match import Matched
from shared.core.model import AccountId, Address, Prune, Reason, Skipped


@dataclass(slots=True)
class Leavers:
    """The part of a plan that takes contacts out of an account; `marks` is since when (unix seconds) they leave."""

    removals: list[DeactivateContact] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    marks: dict[Address, float] = field(default_factory=dict)


def plan_leavers(account: AccountId, matched: Matched, policy: Policy, others: Collection[Matched] = ()) -> Leavers:
    """The active contacts that nobody desires any more and that `policy` may take away.

    While the account's groups were not all read, anybody could be in one of them, so nobody is a leaver. Who is desired
    in one of the `others`, the other accounts, is deactivated only after being added there.
    """
    leavers = Leavers()
    if matched.wanted.incomplete or policy.prune is Prune.OFF:
        return leavers
    contacts, links = matched.account.contacts, matched.links.contacts
    for key in sorted(matched.strangers & contacts.keys()):
        managed = key in links and links[key].managed
        if not contacts[key].active or not (managed or policy.prune is Prune.ALL):
            continue
        if key in policy.protected:
            leavers.skipped.append(Skipped(key, Reason.PROTECTED))
        else:
            _leave(leavers, matched, policy, DeactivateContact(account, key, _replacement(matched, key, others)))
    return leavers


def _replacement(matched: Matched, key: Address, others: Collection[Matched]) -> Address | None:
    """The contact's address under which the same person stays, in this account or in another one."""
    person = matched.successor(key) or key
    places = (other for other in (matched, *others) if person in other.wanted.people)
    return next((place.key(person) for place in places), None)


def _leave(leavers: Leavers, matched: Matched, policy: Policy, change: DeactivateContact) -> None:
    link = matched.links.contacts.get(change.address)
    began, ends = grace_ends(link.leaving_since if link else None, policy.grace_contacts, policy.now)
    if ends <= policy.now:
        leavers.removals.append(change)
    else:
        leavers.waiting.append(Waiting(change, ends))
        leavers.marks[change.address] = began
