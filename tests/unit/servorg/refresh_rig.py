"""Two customers, their CustOrgs, DeskDirector and the queue of refreshes, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from custorg.commands import offers
from servorg.customer import Configuration, Customer, UnknownCustomer
from servorg.messages import CustomerRefresh
from servorg.outlook import Site
from servorg.refresh import Refresh, Refreshing, refresh
from shared.core.model import AccountId, Links
from shared.errors import CustOrgRefused
from shared.wire import EntraGroups, GroupRow, Offers, OutlookTold, TableUpdated, TellOutlook
from tests.fakes.desk import FakeDesk

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
CONTOSO, FABRIKAM = "contoso", "fabrikam"


def group(number: int, name: str, **other: Any) -> GroupRow:
    """A row of a groups table."""
    return GroupRow(id=f"11111111-0000-4000-8000-{number:012d}", name=name, **other)


def offering(*without: str, version: int = 1, more: tuple[str, ...] = ()) -> Offers:
    """What today's CustOrg offers without these commands, and with others."""
    today = offers()
    kept = [one for one in today.commands if one.name not in without]
    others = [today.commands[0].model_copy(update={"name": name}) for name in more]
    return Offers(version=version, commands=(*kept, *others))


@dataclass(slots=True)
class FakeCustOrg:
    """A CustOrg: its table, its offers, and what it was told. `errors` are raised by command, or by `offers`."""

    rows: tuple[GroupRow, ...] = ()
    offered: Offers = field(default_factory=offering)
    errors: dict[str, BaseException] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: list[TellOutlook] = field(default_factory=list)

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        self._note(name)
        if name not in {one.name for one in self.offered.commands}:
            raise CustOrgRefused("the CustOrg answered: There is no such command. (unknown_command)")
        if isinstance(asked, TellOutlook):
            self.told.append(asked)
        count = len(self.rows)
        answers: dict[type[BaseModel], dict[str, Any]] = {
            TableUpdated: {"groups": count, "chosen": sum(row.sync for row in self.rows), "added": 0, "vanished": 0},
            EntraGroups: {"groups": self.rows},
            OutlookTold: {"groups": count},
        }
        return answer(tenant="t", **answers[answer])

    def offers(self) -> Offers:
        self._note("offers")
        return self.offered

    def _note(self, name: str) -> None:
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]

    @property
    def says(self) -> dict[str, tuple[str, ...]]:
        """What was told of each group, by the end of its id."""
        return {one.id[-1]: one.says for told in self.told for one in told.groups}


class FakeRefreshes:
    """`servorg.refresh.Refreshes` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Refresh] = {}

    def get(self, customer: str) -> Refresh | None:
        return self.rows.get(customer)

    def put(self, customer: str, refresh: Refresh) -> None:
        self.rows[customer] = refresh


class Night:
    """Everything that refreshes of two customers touch."""

    def __init__(self, *modes: int) -> None:
        self.customers = {
            CONTOSO: Customer(CONTOSO, "Contoso", "https://c.example", 12),
            FABRIKAM: Customer(FABRIKAM, "Fabrikam", "https://f.example", 40),
        }
        self.modes = modes or (1,)
        self.custorgs = {CONTOSO: FakeCustOrg(), FABRIKAM: FakeCustOrg()}
        self.desk, self.refreshes = FakeDesk(), FakeRefreshes()
        self.links: dict[str, dict[AccountId, Links]] = {}
        self.sent: list[tuple[CustomerRefresh, float]] = []
        self.now = NOW

    # servorg.refresh.Book

    def get(self, customer: str) -> Customer:
        if customer not in self.customers:
            raise UnknownCustomer(customer)
        return self.customers[customer]

    def all(self) -> list[Customer]:
        return list(self.customers.values())

    def configuration(self, _customer: str) -> Configuration:
        return Configuration(modes=self.modes)

    def foreign(self, customer: str) -> frozenset[AccountId]:
        return frozenset(AccountId(one.account) for one in self.all() if one.id != customer)

    # servorg.refresh.Queue

    def send(self, text: str, delay: float = 0) -> None:
        self.sent.append((CustomerRefresh.from_json(text), delay))

    def parts(self, **other: Callable[..., Any]) -> Refreshing:
        """What refreshes get."""
        site = Site(self.desk.list_service_groups, self.desk.tagged_accounts, self.desk.list_groups)
        made = Refreshing(
            book=self,
            kept=self.refreshes,
            custorg=lambda customer: self.custorgs[customer],
            site=site,
            links=lambda customer: self.links.get(customer, {}),
            queue=self,
            now=lambda: self.now,
        )
        return replace(made, **other)  # type: ignore[arg-type]

    def refresh(self, customer: str = CONTOSO, tries: int = 1) -> Refresh:
        """One delivery of a customer's message; what is kept then."""
        refresh(self.parts(), CustomerRefresh(customer, tries))
        return self.refreshes.rows[customer]
