"""Customers of one DeskDirector whose jobs interleave: nothing of the one ever reaches what belongs to the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from servorg.jobs import enqueue, work
from servorg.records import Run, RunStatus
from servorg.sync import Order
from shared.core.changes import from_json
from shared.core.model import AccountId, Prune
from shared.errors import DeskInDoubt, DeskThrottled, DeskUnavailable
from tests.builders import ACCOUNT, a_group, a_side, mail
from tests.fakes.entra import FakeEntra
from tests.fakes.scripts import Called
from tests.unit.core.worlds import FREE, laws
from tests.unit.servorg.office import FakeOffice

OWN = {"contoso": ACCOUNT, "fabrikam": AccountId(13)}
TAGS = {AccountId(21): "one", AccountId(22): "two"}
PLACES = (*OWN.values(), *TAGS)
PEOPLE, NAMES = ("ann", "bob", "cid", "dan", "eve", "fay"), ("One", "Two", "All")
MODES = [(1,), (2,), (5,), (3,), (4,), (2, 3), (1, 4), (3, 4), (2, 3, 4)]
TROUBLES = [
    ("create_contact", DeskInDoubt("the answer was lost"), True),
    ("create_group", DeskInDoubt("the answer was lost"), True),
    ("create_group", DeskThrottled(3), False),
    ("set_group_user", DeskUnavailable("broken", 503), False),
    ("deactivate_contact", DeskUnavailable("broken", 503), False),
]
type Trouble = tuple[str, Exception, bool]
"""The name of a call, what it raises, and whether its work is done all the same."""


class Site(FakeOffice):
    """Two customers in one office, with the same addresses, group names and Entra ids: a mix-up is never far.

    A slice lasts two or three changes, so the customers' jobs take turns; `called` is what each of them called.
    """

    def __init__(self) -> None:
        super().__init__(limits=FREE)
        self.seconds = count(0.0, 15.0)
        self.claims |= {account: customer for customer, account in OWN.items()}
        for account in PLACES:
            self.desk.add_account(account, *filter(None, [TAGS.get(account)]))
        for name in NAMES[:2]:
            self.desk.add_service_group(name)
        self.directories = {customer: FakeEntra(a_side()) for customer in OWN}
        self.called: dict[str, list[Called]] = {customer: [] for customer in OWN}
        self.office = self.replacing(source=self.directories.__getitem__)

    def _order(self, run: Run) -> Order:
        foreign = self.claims.keys() - self.accounts_of(run.customer)
        return replace(super()._order(run), account=OWN[run.customer], foreign=foreign)

    def accounts_of(self, customer: str) -> set[AccountId]:
        """The accounts that are this customer's."""
        return {account for account, owner in self.claims.items() if owner == customer}

    def queue(self, customer: str, groups: Mapping[str, Iterable[str]], *modes: int) -> Run:
        """A new run of the customer, whose directory has these groups from now on."""
        self.directories[customer].side = a_side(*(a_group(name, people) for name, people in groups.items()))
        self.now += timedelta(seconds=1)
        return enqueue(self.office, customer, modes, "timer")

    def deliver_one(self, place: int) -> None:
        """Delivers one of the waiting messages, if there are any, and notes for its customer what it called."""
        if not self.jobs.sent:
            return
        job, delay = self.jobs.sent.pop(place % len(self.jobs.sent))
        self.now += timedelta(seconds=delay)
        before = len(self.desk.calls)
        work(self.office, job, 1)
        self.called[job.customer] += self.desk.calls[before:]

    def deliver_all(self) -> None:
        """Delivers until nothing is queued."""
        while self.jobs.sent:
            self.deliver_one(0)

    def homes(self) -> dict[object, AccountId]:
        """The account to which each id of an account, a contact and a contact group belongs."""
        places = self.desk.accounts.items()
        return {one: account for account, place in places for one in (account, *place.contacts, *place.groups)}

    def strays(self, customer: str) -> list[Called]:
        """The customer's calls that name something of another customer, or things of two accounts."""
        homes, ours = self.homes(), self.accounts_of(customer)
        named = [({homes[one] for one in call.arguments if one in homes}, call) for call in self.called[customer]]
        return [call for places, call in named if len(places) > 1 or not places <= ours]

    def remembered(self, customer: str) -> set[tuple[AccountId, AccountId | None]]:
        """Each account of the customer's links and changes, with the account to which an id in them belongs."""
        homes = self.homes()
        links = self.ledger.links(customer).items()
        groups = [(account, link.contact_group) for account, known in links for link in known.groups.values()]
        rows = [row for run in self.ledger.runs(customer, 100) for row in self.ledger.changes(run.id)]
        changes = [(from_json(row.change).account, one) for row in rows for one in (row.contact_id, row.group_id)]
        return {(account, homes.get(one)) for account, one in (*groups, *changes) if one}


@dataclass(frozen=True, slots=True)
class Turn:
    """A new run of a customer with this directory, a trouble if any, and which of the waiting messages come then."""

    customer: str
    groups: Mapping[str, frozenset[str]]
    modes: tuple[int, ...]
    trouble: Trouble | None
    picks: tuple[int, ...]


turns = st.builds(
    Turn,
    st.sampled_from(sorted(OWN)),
    st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(PEOPLE)), min_size=1),
    st.sampled_from(MODES),
    st.sampled_from([None, *TROUBLES]),
    st.lists(st.integers(0, 3), max_size=6).map(tuple),
)
found = st.dictionaries(st.tuples(st.sampled_from(PLACES), st.sampled_from(PEOPLE)), st.booleans(), max_size=5)


@laws
@given(found, st.lists(turns, min_size=4, max_size=8), st.sampled_from(Prune))
def test_no_id_of_one_customer_ever_reaches_a_call_for_another_ones_account(
    found: dict[tuple[AccountId, str], bool], story: list[Turn], prune: Prune
) -> None:
    site = Site()
    site.policy["prune"] = prune
    for (account, name), active in found.items():
        site.desk.add_contact(account, mail(name), active=active)

    for turn in story:
        site.queue(turn.customer, turn.groups, *turn.modes)
        if turn.trouble:
            name, error, done = turn.trouble
            site.desk.fail(name, error, done=done)
        for pick in turn.picks:
            site.deliver_one(pick)
    site.deliver_all()

    assert [run.id for run in site.ledger.runs(None, 100) if not run.over] == []
    for customer in OWN:
        assert site.strays(customer) == []
        assert {account for account, _ in site.remembered(customer)} <= site.accounts_of(customer)
        assert [one for one in site.remembered(customer) if one[0] != one[1]] == []


def test_two_customers_jobs_take_turns_and_each_fills_its_own_accounts() -> None:
    site = Site()
    runs = [
        site.queue("contoso", {"One": ["ann", "bob"]}, 2, 3, 4),
        site.queue("fabrikam", {"One": ["bob", "cid"], "Two": ["cid"]}, 2, 3, 4),
    ]

    site.deliver_one(0)
    site.deliver_one(0)
    during = {site.run(run.id).status for run in runs}
    site.deliver_all()

    assert during == {RunStatus.RUNNING}
    assert {site.run(run.id).status for run in runs} == {RunStatus.SUCCEEDED}
    assert [site.active(account) for account in PLACES] == [{"ann", "bob"}, {"bob", "cid"}, {"ann", "bob"}, {"cid"}]
    assert {customer: len(site.remembered(customer)) for customer in OWN} == {"contoso": 2, "fabrikam": 2}
