"""Small worlds: an MSP and a few empty tenants, and customers that a test fills with what it is about.

Each test makes a customer of its own, with a new account and new people and groups, in a tenant that it shares with
the others: only its own groups are chosen while it runs. So tests are independent, and one CustOrg serves many.
"""

import itertools
import json
import subprocess
import uuid
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doubles.programs import base_environment
from doubles.stack import SERVORG, Layout, Stack, custorg, key_setting
from tests.e2e.warm import commands

Json = dict[str, Any]
MSP, MSP_ACCOUNT = str(uuid.UUID(int=1, version=4)), 2
WEBHOOK_SECRET = "secret0of032letters0and0digits00"
_OF_QUEUES = "AzureFunctionsJobHost__extensions__queues__"  # which win over host.json, here as in Azure
OFTEN = {f"{_OF_QUEUES}maxPollingInterval": "00:00:00.500"}
"""A message that comes after a silence is seen within half a second, not two."""
SOON = {f"{_OF_QUEUES}visibilityTimeout": "00:00:01"}
"""What has failed is tried again after a second, not five: for tests of what comes after the last try."""
_serial = itertools.count(1)
_waiting = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sync --wait")


def tenant_id(short: str) -> str:
    """The tenant's id, the same in each run."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{short}.example"))


def tiny_layout(folder: Path, *tenants: str, **servorg: str) -> Layout:
    """An MSP and these tenants, all empty; `servorg` are settings of ServOrg."""
    rows = [
        {"id": tenant_id(one), "displayName": f"Tenant {one}", "verifiedDomains": [f"{one}.example", f"{one}.test"]}
        for one in tenants
    ]
    msp = {"id": MSP, "displayName": "Bluefern IT", "verifiedDomains": ["bluefern.example"]}
    desk = {"webhookSecret": WEBHOOK_SECRET, "companies": [{"id": MSP_ACCOUNT, "name": "Bluefern IT"}]}
    file = folder / "world.json"
    file.write_text(json.dumps({"tenants": [msp, *rows], "deskdirector": desk}), encoding="utf-8")
    customers = {one: tenant_id(one) for one in tenants}
    settings = {"LEASE_SECONDS": "10", "GRACE_DAYS_CONTACTS": "0", **OFTEN, **servorg}
    return Layout(msp_tenant=MSP, msp_account=MSP_ACCOUNT, customers=customers, world=file, servorg=settings)


@dataclass(frozen=True, slots=True)
class Told:
    """What a command line told: its exit status, the JSON on standard output (None without), the words beside it."""

    status: int
    told: Any
    words: str

    def __getitem__(self, name: str) -> Any:
        return self.told[name]

    def changes(self, status: str) -> list[tuple[str, str]]:
        """The changes in a status: kind, and the address that it is about, or the group's name."""
        rows = (row for row in self.told["changes"] if row["status"] == status)
        return [(row["kind"], row.get("address") or row["name"]) for row in rows]

    @property
    def skipped(self) -> set[tuple[str, str]]:
        """Who or what was left out, with the reason's code."""
        return {(row["subject"], row["reason"]) for row in self.told["skipped"]}


@dataclass(slots=True)
class Customer:
    """A customer in ServOrg's books, its account in DeskDirector, and its own people and groups in a tenant."""

    stack: Stack
    id: str
    tenant: str
    account: int
    mode: tuple[int, ...] = (2,)
    mails: dict[str, str] = field(default_factory=dict)

    # The directory

    def person(self, name: str, **properties: Any) -> str:
        """A new person with an address of this customer's; the id in Entra."""
        mail = f"{name.lower().replace(' ', '.')}.{self.id}@{self.tenant}.example"
        made = {"displayName": name, "givenName": name.split(maxsplit=1)[0], "mail": mail, "userPrincipalName": mail}
        [row] = self._entra("add_user", set={**made, "proxyAddresses": [f"SMTP:{mail}"], **properties})
        self.mails[row["id"]] = (properties.get("mail", mail) or "").strip().lower()
        found: str = row["id"]
        return found

    def people(self, *names: str) -> list[str]:
        """Ordinary new people."""
        return [self.person(name) for name in names]

    def crowd(self, group: str, size: int) -> None:
        """Puts so many further people into a group."""
        order = {"tenant": tenant_id(self.tenant), "op": "add_user"}
        names = [f"crowd{number}.{self.id}@{self.tenant}.example" for number in range(size)]
        added = self.stack.graph.edit(
            *({**order, "set": {"displayName": mail, "mail": mail, "userPrincipalName": mail}} for mail in names)
        )
        self.join(group, *(row["id"] for row in added))

    def group(self, name: str, people: Iterable[str] = (), *, chosen: bool = True, **properties: Any) -> str:
        """A new group with these people in it, chosen for the sync; the id in Entra."""
        made = {"displayName": name, "members": list(people), **properties}
        [row] = self._entra("add_group", set=made)
        if chosen:
            self.choose(row["id"])
        found: str = row["id"]
        return found

    def join(self, group: str, *people: str) -> None:
        """Puts people into a group."""
        self._entra("add_to_group", group=group, ids=people)

    def leave(self, group: str, *people: str) -> None:
        """Takes people out of a group."""
        self._entra("remove_from_group", group=group, ids=people)

    def own(self, group: str, *people: str) -> None:
        """Makes these people the owners of a group, and nobody else."""
        rows = next(row for row in self.stack.graph.world()["tenants"] if row["id"] == tenant_id(self.tenant))["groups"]
        now = next(row["owners"] for row in rows if row["id"] == group)
        self._entra("remove_owner", group=group, ids=[one for one in now if one not in people])
        self._entra("add_owner", group=group, ids=people)

    def update(self, kind: str, thing: str, **properties: Any) -> None:
        """Changes properties of a user or a group."""
        self._entra(f"update_{kind}", id=thing, set=properties)

    def delete_person(self, person: str) -> None:
        """Deletes a user in Entra."""
        self._entra("delete_user", id=person)

    def delete_group(self, group: str) -> None:
        """Deletes a group in Entra."""
        self._entra("delete_group", id=group)

    def choose(self, *groups: str, sync: bool = True) -> None:
        """Marks groups, or unmarks them, on the customer's page."""
        self.stack.command(self.tenant, "update-entra-groups-table", {})
        self.stack.choose(self.tenant, groups, sync=sync)

    def _entra(self, operation: str, **order: Any) -> Any:
        return self.stack.graph.edit({"tenant": tenant_id(self.tenant), "op": operation, **order})

    # The account

    def contact(self, email: str, **fields: Any) -> int:
        """A contact that somebody made by hand; its id."""
        [row] = self.stack.desk.edit({"op": "add_contact", "company": self.account, "email": email, **fields})
        found: int = row["id"]
        return found

    def contact_group(self, name: str) -> str:
        """A contact group that somebody made by hand; its id."""
        [row] = self.stack.desk.edit({"op": "add_group", "company": self.account, "name": name})
        found: str = row["id"]
        return found

    def contacts(self) -> dict[str, bool]:
        """Every contact of the account, and whether it is active; AssertionError when two have one address."""
        rows = [row for row in self.stack.desk.state()["contacts"] if row["company"] == self.account]
        found = {row["email"].lower(): row["isActive"] for row in rows}

        assert len(found) == len(rows), rows

        return found

    def active(self) -> set[str]:
        """The addresses of the active contacts."""
        return {address for address, active in self.contacts().items() if active}

    def groups(self) -> dict[str, dict[str, str]]:
        """Who is in which contact group of the account, in which role; AssertionError when two have one name."""
        state = self.stack.desk.state()
        emails = {row["id"]: row["email"].lower() for row in state["contacts"]}
        rows = [row for row in state["contactGroups"] if row["company"] == self.account]
        found = {row["name"]: {emails[one["id"]]: one["role"] for one in row["users"]} for row in rows}

        assert len(found) == len(rows), rows

        return found

    def links(self) -> dict[str, int]:
        """The service group of each contact of the account that has one."""
        rows = [row for row in self.stack.desk.state()["contacts"] if row["company"] == self.account]
        return {row["email"].lower(): row["serviceGroup"] for row in rows if row["serviceGroup"]}

    def mail(self, *people: str) -> set[str]:
        """The addresses of these people."""
        return {self.mails[one] for one in people}

    # The command line

    def sync(self, *options: str, wait: bool = True) -> Told:
        """`sync … --json`, by default with `--wait`."""
        return cli(self.stack, "sync", self.id, *self._modes(options), *["--wait"] * wait, "--json")

    def sync_behind(self, *options: str) -> Future[Told]:
        """`sync … --wait` while the test goes on."""
        return _waiting.submit(self.sync, *options)

    def plan(self, *options: str) -> Told:
        """`plan … --json`."""
        return cli(self.stack, "plan", self.id, *self._modes(options), "--json")

    def configure(self, *options: str) -> None:
        """`configure …`."""
        done = command(self.stack, "configure", self.id, *options)

        assert done.returncode == 0, done.stderr

    def runs(self) -> list[Json]:
        """`runs … --json`: newest first."""
        rows: list[Json] = cli(self.stack, "runs", self.id, "--json").told
        return rows

    def run(self, run: str) -> Told:
        """`run … --json`."""
        return cli(self.stack, "run", run, "--json")

    def writes(self) -> list[str]:
        """The requests since the last `forget` that change something in DeskDirector; no contact or group is spared."""
        searches = ("/find", "/userkey", "/listServiceGroups")
        rows = [*self.stack.desk.requests("POST", "PUT", "PATCH", "DELETE"), *self.stack.functions.requests("POST")]
        return [f"{row['method']} {row['path']}" for row in rows if not row["path"].endswith(searches)]

    def forget(self) -> None:
        """Empties the doubles' logs of requests, so that `writes` tells what comes from here on."""
        for double in (self.stack.desk, self.stack.functions, self.stack.graph):
            double.forget_requests()

    def _modes(self, options: tuple[str, ...]) -> tuple[str, ...]:
        if "--mode" in options:
            return options
        return (*itertools.chain.from_iterable(("--mode", str(mode)) for mode in self.mode), *options)


def new_customer(stack: Stack, tenant: str = "alpha", *, mode: tuple[int, ...] = (2,), url: str = "") -> Customer:
    """A customer with an empty account of its own; no group of the tenant is chosen any more."""
    stack.choose(tenant, [row["id"] for row in stack.groups(tenant) if row["sync"]], sync=False)
    name = f"{tenant}-{next(_serial)}"
    [row] = stack.desk.edit({"op": "add_company", "name": f"Customer {name}"})
    customer = Customer(stack, name, tenant, row["id"], mode)
    add_customer(customer, url=url or stack.url(tenant), key=key_setting(tenant))
    return customer


def add_customer(customer: Customer, *, url: str, key: str) -> None:
    """`customers add`, also to replace the customer's URL or key."""
    facts = ("--name", f"Customer {customer.id}", "--account", str(customer.account))
    done = command(customer.stack, "customers", "add", customer.id, *facts, "--url", url, "--key-setting", key)

    assert done.returncode == 0, done.stderr


def command(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m servorg …` as `Stack.servorg_cli` runs it, without the seconds that its start takes."""
    return commands().run(arguments, folder=stack.folder, environ=base_environment() | stack.servorg_settings())


def cli(stack: Stack, *arguments: str) -> Told:
    """What `python -m servorg …` tells; standard output is read as JSON when it is some."""
    done = command(stack, *arguments)
    is_json = done.stdout.startswith(("{", "["))
    return Told(
        done.returncode, json.loads(done.stdout) if is_json else None, done.stdout * (not is_json) + done.stderr
    )


def host_logs(stack: Stack) -> dict[str, str]:
    """All that the hosts of both roles have said, killed ones included, by the name of the app."""
    files = [stack.folder / f"{SERVORG}.log", *stack.folder.glob(f"{custorg('*')}.log")]
    return {file.stem: file.read_text(encoding="utf-8", errors="replace") for file in files}


def told_of_people(stack: Stack) -> dict[str, list[str]]:
    """Addresses and names of the world that stand in a host's log, by app; empty lists when all is well."""
    private = private_words(stack)
    return {name: sorted(word for word in private if word in log.lower()) for name, log in host_logs(stack).items()}


def private_words(stack: Stack) -> set[str]:
    """Every address and name of people and groups on both sides, lower case."""
    words: set[str] = set()
    for tenant in stack.graph.world()["tenants"]:
        for one in (*tenant["users"], *tenant["groups"]):
            words |= {one.get(name) or "" for name in ("displayName", "mail", "userPrincipalName")}
    for one in (*stack.desk.state()["contacts"], *stack.desk.state()["contactGroups"]):
        words |= {one.get("email", ""), one["name"]}
    return {word.strip().lower() for word in words if len(word.strip()) > 3}
