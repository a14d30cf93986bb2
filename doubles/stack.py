"""The whole thing on this machine: Azurite, the doubles, a ServOrg, and a CustOrg for each customer's tenant.

Each app has its own storage account, settings file and port; each program its output in a file of `folder`.

    with Stack(folder, demo_layout()) as stack:
        stack.servorg_cli("customers", "add", "lindqvist", …, "--url", stack.url("lindqvist"))
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from doubles.azurite import Azurite, account_name
from doubles.demo import demo_world
from doubles.demo_desk import MSP_ACCOUNT
from doubles.double import Double
from doubles.identity import SECRET
from doubles.programs import ROOT, Program, base_environment

KEY = "localhost-key"
SERVORG = "servorg"
NEVER = "0 0 0 1 1 *"  # New Year's midnight: a timer that a test fires by hand only
SCHEDULES = (
    "SYNC_SCHEDULE",
    "GROUPS_SCHEDULE",
    "FORM_LISTS_SCHEDULE",
    "REPORT_SCHEDULE",
    "CATCH_UP_SCHEDULE",
    "REFRESH_SCHEDULE",
)
ADMIN = json.dumps({"name": "demo", "roles": ["SyncAdmin"]})
TIMEOUT = 240  # a command may take 230 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a stack is made of. `customers`: each customer's id with its tenant's; `world`: a file, None for the demo's.

    `servorg` and `custorg` are settings that replace the stack's own. `on_disk`: Azurite's data survives its restart.
    """

    msp_tenant: str
    msp_account: int
    customers: Mapping[str, str]
    world: Path | None = None
    servorg: Mapping[str, str] = field(default_factory=dict)
    custorg: Mapping[str, str] = field(default_factory=dict)
    on_disk: bool = False


class Stack:
    """Runs a layout until `stop`. Every start that fails is a ProgramFailed with the program's output."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._layout = layout
        accounts = {account_name(app) for app in (SERVORG, *map(custorg, layout.customers))}
        data = folder / "azurite" if layout.on_disk else None
        self.azurite = Azurite(accounts, log=folder / "azurite.log", data=data)
        doubles = [sys.executable, "-m", "doubles", "--world", str(layout.world or "demo")]
        self._doubles = Program("doubles", doubles, log=folder / "doubles.log", environ={})
        self._apps: dict[str, Program] = {}
        self._urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_reason: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts everything and returns when all of it answers."""
        self.azurite.start()
        self._doubles.start()
        self.azurite.ready()
        addresses = json.loads(self._doubles.ready(r"^READY (\{.*\})$")[1])
        self.addresses: dict[str, str] = addresses
        self.graph = Double(addresses["graph"], edits="world")
        self.desk, self.functions = Double(addresses["deskdirector"]), Double(addresses["functions"])
        self.identity = Double(addresses["identity"])
        for customer in self._layout.customers:
            self.start_app(custorg(customer), self._custorg_settings(customer))
        self.start_app(SERVORG, self.servorg_settings())
        for name in self._apps:
            self._wait_for(name)

    def start_app(self, name: str, settings: Mapping[str, str]) -> None:
        """Starts one more host with these settings; `restart(name)` and `kill9(name)` know it from then on."""
        file = self.folder / f"{name}.settings.json"
        file.write_text(json.dumps({"IsEncrypted": False, "Values": dict(settings)}, indent=2), encoding="utf-8")
        command = [sys.executable, "-m", "localhost", "--port", "0", "--settings", str(file), "--http-keys"]
        self._apps[name] = Program(name, command, log=self.folder / f"{name}.log", environ={})
        self._apps[name].start()

    def url(self, customer: str) -> str:
        """The address of a customer's CustOrg, as `customers add --url` takes it."""
        return self._urls[custorg(customer)]

    @property
    def servorg_url(self) -> str:
        """ServOrg's address."""
        return self._urls[SERVORG]

    def output(self, name: str) -> str:
        """What an app (`servorg`, `custorg-ID`) has said since its start."""
        return self._apps[name].output

    def kill9(self, name: str) -> None:
        """Kills an app as a crash of its machine would."""
        self._apps[name].kill()

    def restart(self, name: str) -> None:
        """Ends an app that still runs, starts it again at its old address and waits for it."""
        app = self._apps[name]
        app.stop()
        app.command[app.command.index("--port") + 1] = self._urls[name].rpartition(":")[2]
        app.start()
        self._wait_for(name)

    def stop(self) -> None:
        """Ends everything: the apps first, which still write, then what they write to."""
        for program in (*self._apps.values(), self._doubles, self.azurite.program):
            program.stop()

    def fire(self, function: str, message: str = "", *, app: str = SERVORG) -> None:
        """Fires a timer or queue function by hand; it runs on after this has returned."""
        url = f"{self._urls[app]}/admin/functions/{function}"
        requests.post(
            url, json={"input": message}, headers={"x-functions-key": KEY}, timeout=TIMEOUT
        ).raise_for_status()

    def command(self, customer: str, name: str, body: Mapping[str, Any]) -> Any:
        """The answer of a CustOrg's command."""
        url = f"{self.url(customer)}/api/commands/{name}"
        answer = requests.post(url, json=body, headers={"x-functions-key": KEY}, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def groups(self, customer: str) -> list[dict[str, Any]]:
        """The rows of the customer's groups table, as its page shows them."""
        answer = requests.get(f"{self.url(customer)}/api/groups", timeout=TIMEOUT)
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()["groups"]
        return rows

    def choose(self, customer: str, groups: Iterable[str], *, sync: bool = True) -> None:
        """Marks groups by id, or unmarks them, as the customer's administrator does on the page."""
        origin = self.url(customer)
        with requests.Session() as session:
            for group in groups:
                url = f"{origin}/api/groups/{group}"
                answer = session.patch(url, json={"sync": sync}, headers={"Origin": origin}, timeout=TIMEOUT)
                answer.raise_for_status()

    def servorg_cli(
        self, *arguments: str, timeout: float = 300, capture: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`python -m servorg …` with ServOrg's settings; without `capture` its output goes where ours goes.

        It runs in the stack's folder, so that a developer's local.settings.json is not read.
        """
        return subprocess.run(
            [sys.executable, "-m", "servorg", *arguments],
            cwd=self.folder,
            env=base_environment() | {"PYTHONPATH": str(ROOT)} | self.servorg_settings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.PIPE if capture else None,
            text=True,
            timeout=timeout,
            check=False,
        )

    def servorg_settings(self) -> dict[str, str]:
        """ServOrg's settings, as its host and its command line get them."""
        desk = self.desk.state()
        keys = {key_setting(customer): KEY for customer in self._layout.customers}
        return {
            **self._common(SERVORG, self._layout.msp_tenant),
            "DESKDIRECTOR_URL": self.addresses["deskdirector"],
            "DESKDIRECTOR_FUNCTIONS_URL": self.addresses["functions"],
            "DESKDIRECTOR_API_KEY": desk["apiKey"],
            "DESKDIRECTOR_AGENT_ID": str(desk["agents"][0]["id"]),
            "DESKDIRECTOR_WEBHOOK_SECRET": desk["webhookSecret"],
            "DESKDIRECTOR_RATE": "1000",
            "SERVORG_ACCOUNT_ID": str(self._layout.msp_account),
            **keys,
            **self._layout.servorg,
        }

    def _custorg_settings(self, customer: str) -> dict[str, str]:
        return {**self._common(custorg(customer), self._layout.customers[customer]), **self._layout.custorg}

    def _common(self, app: str, tenant: str) -> dict[str, str]:
        return {
            "ROLE": app.partition("-")[0],
            "AzureWebJobsStorage": self.azurite.connection_string(account_name(app)),
            "TENANT_ID": tenant,
            "GRAPH_URL": self.addresses["graph"],
            "IDENTITY_ENDPOINT": f"{self.addresses['identity']}/{tenant}/msi/token",
            "IDENTITY_HEADER": SECRET,
            "DEV_PRINCIPAL": ADMIN,
            "PYTHON_THREADPOOL_THREAD_COUNT": "32",
            **dict.fromkeys(SCHEDULES, NEVER),
        }

    def _wait_for(self, name: str) -> None:
        self._urls[name] = self._apps[name].ready(r"^READY (http://\S+) ")[1].rstrip("/")


def custorg(customer: str) -> str:
    """What a customer's CustOrg is called in a stack."""
    return f"custorg-{customer}"


def key_setting(customer: str) -> str:
    """The ServOrg setting that holds the customer's function key, for `customers add --key-setting`."""
    return f"CUSTOMER_KEY_{account_name(customer).upper()}"


def demo_layout(**changes: Any) -> Layout:
    """The demo's MSP and three customers; `changes` are fields of Layout."""
    tenants = demo_world()["tenants"]
    customers = {tenant["short"]: tenant["id"] for tenant in tenants if "short" in tenant}
    return Layout(msp_tenant=tenants[0]["id"], msp_account=MSP_ACCOUNT, customers=customers, **changes)
