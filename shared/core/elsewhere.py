"""Who gets a contact and has one in somebody else's account already: told, and never a reason to leave anybody out."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shared.core.changes import CreateContact
from shared.core.model import AccountId, Address, Reason, Skipped
from shared.core.plan import Plan, in_order

type Elsewhere = Mapping[Address, Mapping[AccountId, str]]
"""The accounts in which each address has a contact, with their names."""


def newcomers(plan: Plan) -> frozenset[Address]:
    """The addresses of the contacts that the plan makes."""
    return frozenset(change.address for change in plan.growth if isinstance(change, CreateContact))


def tell_elsewhere(plan: Plan, found: Elsewhere, own: Collection[AccountId]) -> Plan:
    """The plan with a word about each of `found` in another account than those that the run fills (`own`)."""
    others = {key: {a: accounts[a] for a in accounts if a not in own} for key, accounts in found.items()}
    told = [Skipped(key, Reason.IN_OTHER_ACCOUNT, _named(places)) for key, places in others.items() if places]
    return replace(plan, skipped=in_order({*plan.skipped, *told}))


def _named(accounts: Mapping[AccountId, str]) -> str:
    return ", ".join(f"account {account} {accounts[account]}".rstrip() for account in sorted(accounts))
