"""Small worlds for the planner's laws: a DeskDirector with its history, and a directory that changes from run to run.

Seven people, three Entra groups, four accounts and a handful of names, so that collisions are common. Every state is
one that runs and people could have made: it comes out of a story of earlier runs, carried out by the real code, with
work by hand between.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Literal, get_args

from hypothesis import settings
from hypothesis import strategies as st

from servorg.apply import Slice
from servorg.recording import record_draft, record_end
from servorg.records import ChangeRow, Run, new_run_id
from servorg.sync import Draft, Order, draw_up, look_up
from shared.core.changes import ClearServiceGroup, DeactivateContact, MoveServiceGroup, Removal
from shared.core.desired import Desired, desire
from shared.core.gates import Limits
from shared.core.grace import DAY, Policy
from shared.core.model import (
    Account,
    AccountId,
    Address,
    EntraGroup,
    EntraSide,
    EntraUser,
    GroupRole,
    Links,
    Prune,
    SyncMode,
    UnreadGroup,
)
from shared.core.plan import Plan
from tests.builders import (
    ACCOUNT,
    ACCOUNTS,
    CONTACTS,
    GROUPS,
    NOW,
    OWNERS,
    SERVICES,
    a_group,
    a_side,
    a_user,
    an_unread_group,
    mail,
)
from tests.fakes.desk import FakeDesk
from tests.fakes.entra import FakeEntra
from tests.fakes.ledger import FakeLedger
from tests.unit.core import by_hand
from tests.unit.core.by_hand import FOREIGN, NAMES, PEOPLE, Hand, do_by_hand, hands

CUSTOMER = "contoso"
FREE = Limits(10**6, 100, 10**6)
"""Limits that hold nothing: the laws about them have worlds of their own."""

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))
laws = settings(max_examples=EXAMPLES or 50, derandomize=not EXAMPLES, deadline=None)
"""The same examples each time; with LAW_EXAMPLES so many others, as the long fault suite does."""

type Look = dict[AccountId, tuple[dict[Address, tuple[bool, int | None]], list[tuple[str, dict[Address, GroupRole]]]]]
type Place = tuple[AccountId, str | int | None, Address]
"""A contact in a contact group (its id), with a service group (its number), or (None) in the account."""


def place(plan: Plan, change: Removal) -> Place:
    """What a removal takes away."""
    match change:
        case DeactivateContact():
            return change.account, None, change.address
        case MoveServiceGroup() | ClearServiceGroup():
            return change.account, change.lost, change.address
        case _:
            return change.account, plan.groups[change.account][change.group], change.address


class Killed(BaseException):
    """The host is gone: nothing after this happens."""


# The directory

VARIANTS: dict[str, Callable[[str, str], EntraUser]] = {
    "disabled": lambda name, _: a_user(name, enabled=False),
    "guest": lambda name, _: a_user(name, guest=True),
    "moved": lambda name, _: a_user(name, mail=mail(f"new-{name}"), proxy_addresses=(f"smtp:{mail(name)}",)),
    "renamed": lambda name, _: a_user(name, mail=mail(f"new-{name}")),
    "twin": lambda name, other: a_user(name, mail=mail(other)),
    "upn": lambda name, _: a_user(name, mail=None),
    "elsewhere": lambda name, _: a_user(name, mail=f"{name}@elsewhere.example"),
    "alias": lambda name, other: a_user(name, proxy_addresses=(f"smtp:{mail(other)}", f"SMTP:{mail(name)}")),
    "grabs": lambda name, other: a_user(
        name, mail=mail(f"new-{name}"), proxy_addresses=(f"smtp:{mail(other)}", f"smtp:{mail(name)}")
    ),
}
people = st.frozensets(st.sampled_from(PEOPLE), max_size=5)
variants = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(sorted(VARIANTS)), max_size=2)
States = Literal["read", "unread", "counted", "deleted", "unchosen"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One Entra group of a chapter: how it was read, its name (None: its usual one), its people and owners."""

    state: States
    name: str | None
    people: frozenset[str]
    owners: frozenset[str]


drawn = st.builds(
    Drawn,
    st.sampled_from(("read", "read", "read", *get_args(States))),
    st.one_of(st.none(), st.none(), st.sampled_from(NAMES)),
    people,
    st.frozensets(st.sampled_from(PEOPLE), max_size=2),
)


def a_directory(groups: Sequence[Drawn], variants: dict[str, str]) -> EntraSide:
    """The side that three drawn groups and some unusual people make."""
    here: list[EntraGroup | UnreadGroup] = []
    deleted = []
    for usual, group in zip(NAMES, groups, strict=False):
        name = usual if group.name is None else group.name
        match group.state:
            case "read":
                here.append(a_group(name, group.people, group.owners, entra=usual))
            case "counted":
                here.append(an_unread_group(name, group.people, group.owners, entra=usual))
            case "unread":
                here.append(an_unread_group(name, entra=usual))
            case "deleted":
                deleted.append(usual)
            case _:
                pass
    inside = {one for group in here for one in group.people | group.owners}
    unusual = [VARIANTS[variants[name]](name, PEOPLE[PEOPLE.index(name) - 1]) for name in sorted(variants)]
    return a_side(*here, users=[user for user in unusual if user.id in inside], deleted=deleted)


# Runs


def _look(
    account: Account,
) -> tuple[dict[Address, tuple[bool, int | None]], list[tuple[str, dict[Address, GroupRole]]]]:
    names = {contact.id: key for key, contact in account.contacts.items()}
    groups = [(g.name, {names[one]: r for one, r in sorted((g.users or {}).items())}) for g in account.groups.values()]
    contacts = {key: (contact.active, contact.service_group) for key, contact in account.contacts.items()}
    return contacts, sorted(groups, key=lambda g: (g[0], str(g[1])))


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is done by hand, and then one run: after so many days, of this directory, with this configuration."""

    hands: tuple[Hand, ...]
    days: float
    side: EntraSide
    modes: tuple[SyncMode, ...]
    policy: Policy


MODES = [
    (CONTACTS,),
    (GROUPS,),
    (OWNERS,),
    (SERVICES,),
    (ACCOUNTS,),
    (CONTACTS, GROUPS),
    (GROUPS, OWNERS),
    (GROUPS, SERVICES),
    (CONTACTS, ACCOUNTS),
    (SERVICES, ACCOUNTS),
    (OWNERS, SERVICES, ACCOUNTS),
]
policies = st.builds(
    Policy,
    now=st.just(NOW),
    prune=st.sampled_from(Prune),
    protected=st.frozensets(st.sampled_from([mail(name) for name in PEOPLE]), max_size=1),
    grace_contacts=st.sampled_from((0, 0, 7)),
    grace_memberships=st.sampled_from((0, 0, 3)),
)
chapters = st.builds(
    Chapter,
    hands=st.lists(hands, max_size=3).map(tuple),
    days=st.sampled_from((0.0, 1.0, 4.0, 8.0)),
    side=st.builds(a_directory, st.tuples(drawn, drawn, drawn), variants),
    modes=st.sampled_from(MODES),
    policy=policies,
)
stories = st.lists(chapters, min_size=1, max_size=3)
"""Up to three chapters; a law is about the last one, after the others."""


def strictly(chapter: Chapter, prune: Prune) -> Chapter:
    """The chapter with this prune policy, nobody protected and no grace."""
    return replace(chapter, policy=Policy(NOW, prune))


class World:
    """One customer's DeskDirector and ledger, with the real code between them and a directory."""

    def __init__(self) -> None:
        self.desk = FakeDesk()
        for account in by_hand.ACCOUNTS:
            self.desk.add_account(account, *by_hand.TAGS[account])
        for name in by_hand.SERVICE_GROUPS:
            self.desk.add_service_group(name)
        self.ledger = FakeLedger()
        self.now = NOW
        self._numbers = count()

    def reach(self, story: Sequence[Chapter]) -> Chapter:
        """Lives through all chapters but the last one's run; that chapter, with its policy as of now."""
        for chapter in story[:-1]:
            self.run(self.enter(chapter))
        return self.enter(story[-1])

    def enter(self, chapter: Chapter) -> Chapter:
        """Does what the chapter does by hand, at its time."""
        self.now += chapter.days * DAY
        for hand in chapter.hands:
            do_by_hand(self.desk, hand)
        return replace(chapter, policy=replace(chapter.policy, now=self.now))

    def links(self, account: AccountId = ACCOUNT) -> Links:
        """What is managed in an account."""
        return self.ledger.links(CUSTOMER).get(account, Links())

    def read(self, account: AccountId = ACCOUNT) -> Account:
        """An account of DeskDirector as it is."""
        return self.desk.read(account)

    def look(self) -> Look:
        """All that people can see in DeskDirector, without ids but those of service groups."""
        return {account: _look(self.desk.read(account)) for account in by_hand.ACCOUNTS}

    def wanted(self, chapter: Chapter) -> Desired:
        """What the chapter desires now, with owners read only where its modes ask for them."""
        side = FakeEntra(chapter.side).read(owners=OWNERS in chapter.modes)
        return desire(side, chapter.modes, ACCOUNT, look_up(self._order(chapter), side, self.desk))

    def draft(self, chapter: Chapter) -> Draft:
        """What a run of the chapter would do."""
        return draw_up(self._order(chapter), FakeEntra(chapter.side), self.desk)

    def _order(self, chapter: Chapter) -> Order:
        known, foreign = self.ledger.links(CUSTOMER), frozenset({FOREIGN})
        return Order(ACCOUNT, chapter.modes, chapter.policy, FREE, known, precedence=("two",), foreign=foreign)

    def plan(self, chapter: Chapter) -> Plan:
        return self.draft(chapter).plan

    def run(self, chapter: Chapter) -> Plan:
        """A run of the chapter from its read to its record."""
        run, plan = self.begin(chapter)
        self.carry_on(run)
        return plan

    def begin(self, chapter: Chapter) -> tuple[Run, Plan]:
        """A run that has written what it is going to do, and has done nothing yet."""
        moment = datetime.fromtimestamp(self.now + next(self._numbers), UTC)
        run = Run(new_run_id(CUSTOMER, moment, Random(0)), CUSTOMER, chapter.modes)
        self.ledger.create_run(run)
        draft = self.draft(chapter)
        return record_draft(self.ledger, run, draft, moment), draft.plan

    def carry_on(self, run: Run, *, in_doubt: bool = False) -> None:
        """All that is left of the run, and its record."""
        while self._slice(run, in_doubt=in_doubt) is not None:
            in_doubt = False
        self.end(run)

    def end(self, run: Run, reason: str = "") -> None:
        """The run's record; with a reason, of a run that ends early."""
        record_end(self.ledger, run, datetime.fromtimestamp(self.now, UTC), reason)

    def kill(self, run: Run, after: int, *, done: bool, marking: bool, in_doubt: bool = False) -> None:
        """Carries on, but the host dies before a call or after it was `done`, its marks written one by one or not."""
        death = self.desk.fail(None, Killed("the host is gone"), after=after, done=done)
        try:
            while self._slice(run, marking=marking, in_doubt=in_doubt) is not None:
                in_doubt = False
        except Killed:
            pass
        death.times = 0

    def _slice(self, run: Run, *, in_doubt: bool = False, marking: bool = True) -> float | None:
        # each look at this clock takes longer than marks may wait, so every change has its mark at once
        ticks = count(0, 2 if marking else 0)
        piece = Slice(self.ledger.changes(run.id), self.desk, self._mark(marking=marking), lambda: float(next(ticks)))
        return piece.run(float("inf"), lambda: False, in_doubt=in_doubt)

    def _mark(self, *, marking: bool) -> Callable[[Sequence[ChangeRow]], None]:
        return self.ledger.mark if marking else lambda _: None
