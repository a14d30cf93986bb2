"""The command line over an app in memory: fakes outside, everything of ours between them real."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from click.testing import CliRunner, Result
from pydantic import BaseModel

from servorg.cli.main import cli
from servorg.cli.tools import Tools
from servorg.customer import Configuration, Customer, CustomerRefused, UnknownCustomer, admitted, changed
from servorg.doctor import Clinic
from servorg.form_check import Places
from servorg.jobs import Office, work
from servorg.messages import Message, SyncJob
from servorg.outlook import Site
from servorg.poison import Graveyard
from servorg.records import Run
from servorg.refresh import Refreshing
from servorg.reporting import Sources
from servorg.sync import Order
from shared.checks import Check, State
from shared.core.gates import Limits
from shared.core.grace import Policy
from shared.core.model import AccountId, Address, SyncMode, address
from shared.settings import ServOrgSettings
from shared.wire import EntraGroups, GroupRow, Health, HealthCheck, Offers, OutlookTold, TableReset, TableUpdated
from tests.builders import ACCOUNT, a_side
from tests.fakes.desk import FakeDesk
from tests.fakes.desk_look import FakeLook
from tests.fakes.desk_setup import FakeEvents, FakeSetup, FakeSubscriptions
from tests.fakes.entra import FakeEntra
from tests.fakes.ledger import FakeLedger
from tests.fakes.requests import FakeRequests
from tests.unit.servorg.form_settings import FORM_SETTINGS
from tests.unit.servorg.refresh_rig import FakeRefreshes

START = datetime(2026, 11, 24, 10, 53, 12, tzinfo=UTC)


class FakeBook:
    """`servorg.cli.tools.Book` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Customer] = {}
        self.configured: dict[str, Configuration] = {}
        self.guarded: dict[str, set[Address]] = {}

    def put(self, **fields: Any) -> Customer:
        wanted = admitted(**fields)
        if any(one.account == wanted.account and one.id != wanted.id for one in self.kept.values()):
            raise CustomerRefused(f"account {wanted.account} belongs to another customer already")
        self.kept[wanted.id] = wanted
        return wanted

    def get(self, customer: str) -> Customer:
        if customer not in self.kept:
            raise UnknownCustomer(customer)
        return self.kept[customer]

    def all(self) -> tuple[Customer, ...]:
        return tuple(self.kept[name] for name in sorted(self.kept))

    def remove(self, customer: str) -> None:
        self.get(customer)
        for kept in (self.kept, self.configured, self.guarded):
            kept.pop(customer, None)

    def protect(self, customer: str, text: str) -> Address:
        found = self._address(customer, text)
        self.guarded.setdefault(customer, set()).add(found)
        return found

    def unprotect(self, customer: str, text: str) -> Address:
        found = self._address(customer, text)
        self.guarded.get(customer, set()).discard(found)
        return found

    def protected(self, customer: str) -> tuple[Address, ...]:
        return tuple(sorted(self.guarded.get(customer, ())))

    def configuration(self, customer: str) -> Configuration:
        return self.configured.get(customer, Configuration())

    def configure(self, customer: str, fields: Mapping[str, Any]) -> Configuration:
        self.get(customer)
        self.configured[customer] = changed(self.configuration(customer), fields)
        return self.configured[customer]

    def foreign(self, _customer: str) -> frozenset[AccountId]:
        return frozenset()

    def _address(self, customer: str, text: str) -> Address:
        self.get(customer)
        found = address(text)
        if found is None:
            raise CustomerRefused(f"{text!r} is no mail address")
        return found


class FakeQueue:
    """The queue of jobs. `delivered` messages have left it; `stuck` ones never do; `failed` ones are poison."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.stuck: list[str] = []
        self.failed: list[Message] = []

    def send(self, text: str, delay: float = 0) -> None:
        assert delay >= 0
        self.texts.append(text)

    def is_empty(self) -> bool:
        return not self.texts and not self.stuck

    def waiting_for(self, run: str) -> bool:
        return any(run in text for text in [*self.texts, *self.stuck])

    def poison(self) -> tuple[Message, ...]:
        return tuple(self.failed)

    def remove_poison(self, message: str) -> bool:
        found = [one for one in self.failed if one.id == message]
        self.failed = [one for one in self.failed if one.id != message]
        return bool(found)


class FakeCustOrg:
    """`servorg.cli.tools.Remote`: answers by what was asked, and remembers it. `error` is raised instead, when set."""

    def __init__(self) -> None:
        self.groups: tuple[GroupRow, ...] = ()
        self.offered = Offers(version=1, commands=())
        self.asked: list[tuple[str, BaseModel]] = []
        self.health: tuple[HealthCheck, ...] = (
            HealthCheck(name="User.Read.All", state="ok", said="people can be read"),
        )
        self.error: BaseException | None = None
        self.offer_error: BaseException | None = None

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        if self.error:
            raise self.error
        self.asked.append((name, asked))
        count, chosen = len(self.groups), sum(row.sync for row in self.groups)
        answers: dict[type[BaseModel], dict[str, Any]] = {
            EntraGroups: {"groups": self.groups, "refreshed_at": "2026-11-24T01:00:00Z"},
            TableUpdated: {"groups": count, "chosen": chosen, "added": 1, "vanished": 2},
            TableReset: {"groups": count, "dropped": chosen},
            OutlookTold: {"groups": count},
            Health: {"app": "0.1.0", "checks": self.health},
        }
        return answer(tenant="tenant-of-contoso", **answers[answer])

    def offers(self) -> Offers:
        if self.offer_error:
            raise self.offer_error
        return self.offered


class FakeMailer:
    """`servorg.cli.tools.Mail`: keeps what was sent. `error` is raised instead, when set."""

    recipients = ("desk@msp.example", "boss@msp.example")

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.error: BaseException | None = None

    def send(self, subject: str, html: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((subject, html))


class FakeFormLists:
    """`servorg.cli.tools.Lists`: remembers what was published."""

    def __init__(self, book: FakeBook) -> None:
        self._book = book
        self.published: list[str] = []

    def publish(self, name: str) -> int:
        self.published.append(name)
        return len(self._book.all()) if name == "accounts" else 5


class App:
    """One customer `contoso` in mode 1. Whenever the command line sleeps, time goes on and `meanwhile` happens."""

    def __init__(self) -> None:
        self.book = FakeBook()
        self.book.put(id="contoso", name="Contoso", url="https://custorg.example", account=ACCOUNT)
        self.ledger = FakeLedger()
        self.desk = FakeDesk()
        self.desk.add_account(ACCOUNT)
        self.entra = FakeEntra(a_side())
        self.queue = FakeQueue()
        self.events = FakeQueue()
        self.refresh_queue = FakeQueue()
        self.requests = FakeRequests()
        self.custorg = FakeCustOrg()
        self.mailer = FakeMailer()
        self.form_lists = FakeFormLists(self.book)
        self.refreshes = FakeRefreshes()
        self.settings = FORM_SETTINGS
        self.read_settings: Callable[[], ServOrgSettings] = lambda: self.settings
        self.look = FakeLook()
        self.storage = [Check("table", State.OK, "a row was written, read and deleted")]
        self.mail_checks = [Check("token", State.OK, "there is a token for Microsoft Graph")]
        self.setup, self.site_events, self.subscriptions = FakeSetup(), FakeEvents(), FakeSubscriptions()
        self.sync_schedule = "0 30 2 * * *"
        self.limits = Limits()
        self.grace = 0
        self.seconds = 0.0
        self.interactive = False
        self.meanwhile: Callable[[], None] = self.deliver

    @property
    def tools(self) -> Tools:
        """The app as commands get it."""
        return Tools(
            customers=lambda: self.book,
            office=lambda: self.office,
            jobs=lambda: self.queue,
            events=lambda: self.events,
            refreshes=lambda: self.refresh_queue,
            requests=lambda: self.requests,
            custorg=lambda _: self.custorg,
            limits=lambda configuration: replace(
                self.limits, max_removals=configuration.max_removals or self.limits.max_removals
            ),
            report_sources=lambda: Sources(
                self.ledger, self.book.all, lambda one: self.book.configuration(one).schedule or self.sync_schedule
            ),
            mailer=lambda: self.mailer,
            interactive=lambda: self.interactive,
            form_lists=lambda: self.form_lists,
            refreshing=lambda: self.refreshing,
            places=lambda: self.places,
            clinic=lambda: self.clinic,
            clock=lambda: self.seconds,
            sleep=self._sleep,
        )

    @property
    def places(self) -> Places:
        """Where the form's checks look."""
        return Places(self.settings, self.setup, self.site_events, self.subscriptions)

    @property
    def clinic(self) -> Clinic:
        """Where `doctor` looks."""
        return Clinic(
            settings=self.read_settings,
            storage=lambda: self.storage,
            mail=lambda: self.mail_checks,
            look=lambda: self.look,
            places=lambda: self.places,
            customers=lambda: self.book,
            custorg=lambda _: self.custorg,
            services=self.desk.list_service_groups,
            tagged=self.desk.tagged_accounts,
        )

    @property
    def refreshing(self) -> Refreshing:
        """What refreshes work with."""
        return Refreshing(
            book=self.book,
            kept=self.refreshes,
            custorg=lambda _: self.custorg,
            site=Site(self.desk.list_service_groups, self.desk.tagged_accounts, self.desk.list_groups),
            links=self.ledger.links,
            queue=self.queue,
            now=lambda: START + timedelta(seconds=self.seconds),
        )

    @property
    def graveyard(self) -> Graveyard:
        """What failed for good, of all queues."""
        return Graveyard(self.ledger, self.queue, self.events, self.refresh_queue, self.requests)

    @property
    def office(self) -> Office:
        """The app as jobs get it."""
        return Office(
            ledger=self.ledger,
            jobs=self.queue,
            desk=lambda: self.desk,
            order=self._order,
            source=lambda _: self.entra,
            claim=lambda *_: None,
            now=lambda: START + timedelta(seconds=self.seconds),
            clock=lambda: self.seconds,
            lease_seconds=120,
            random=Random(1),
        )

    def _order(self, run: Run) -> Order:
        modes = tuple(SyncMode(mode) for mode in run.modes)
        now = (START + timedelta(seconds=self.seconds)).timestamp()
        policy = Policy(now=now, grace_contacts=self.grace)
        account = AccountId(self.book.get(run.customer).account)
        return Order(account, modes, policy, self.limits, self.ledger.links(run.customer))

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.meanwhile()

    def deliver(self) -> None:
        """The host takes the oldest message, if there is one."""
        if self.queue.texts:
            work(self.office, SyncJob.from_json(self.queue.texts.pop(0)), 1)

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        """A command with these arguments, on 80 columns."""
        self.seconds += 1  # each command starts at a time of its own, so runs sort by it
        runner = CliRunner(env={"COLUMNS": "80", "FORCE_COLOR": None, "TTY_COMPATIBLE": None})
        return runner.invoke(cli, arguments, obj=self.tools, prog_name="servorg", input=answer)

    def told(self, *arguments: str) -> Any:
        """What a command tells as JSON."""
        return json.loads(self.run(*arguments, "--json").stdout)
