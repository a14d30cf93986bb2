"""`make demo`: a first sync of three made-up customers on this machine, a second one, and what a leaver brings about.

Nothing to configure and no account anywhere. On a terminal it stays open until Ctrl-C, so that one may go on by hand;
with no terminal on standard input, or with CI set, it ends by itself. Status 0 when every sync ended as it should.
"""

import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from doubles.demo import CUSTOMERS, FIRST
from doubles.demo_desk import ACCOUNTS
from doubles.programs import ROOT, ProgramFailed
from doubles.stack import SERVORG, Stack, custorg, demo_layout, key_setting

FOLDER = ROOT / ".local/demo"
ENVIRONMENT = FOLDER / "env"
RATE = "1000"
SUCCEEDED, HELD = 0, 3  # exit status of `sync --wait`
INTERRUPTED = 130  # what a shell says for Ctrl-C
MODES = {"lindqvist": 2, "harbour": 2, "norrland": 1}
TOLD = {1: "contacts only", 2: "contacts and contact groups"}
SMALL = "lindqvist"
SIDELINE = re.compile(r"Project \d\d")  # sixty groups with one person in all of them: more than DeskDirector takes
JOINER = {
    "displayName": "Juno Joiner",
    "givenName": "Juno",
    "surname": "Joiner",
    "mail": "juno@lindqvist.example",
    "userPrincipalName": "juno@lindqvist.example",
    "proxyAddresses": ["SMTP:juno@lindqvist.example"],
}
Json = dict[str, Any]


class DemoFailed(Exception):
    """A step did not do what it should; the text says which, and what the program said."""


class Demo:
    """One showing: the stack, and the console that it is told on."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console

    def say(self, text: str) -> None:
        """A line for the spectator; rich's markup is read."""
        self._console.print(text, highlight=False, soft_wrap=True)

    def operator(self, *arguments: str, good: tuple[int, ...] = (0,)) -> str:
        """What `python -m servorg …` prints; DemoFailed when it ends with another status than the `good` ones."""
        done = self._stack.servorg_cli(*arguments)
        if done.returncode not in good:
            raise DemoFailed(
                f"`servorg {shlex.join(arguments)}` ended with {done.returncode}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def sync(self, customer: str) -> int:
        """A sync with its progress on this terminal; its exit status."""
        return self._stack.servorg_cli("sync", customer, "--wait", capture=False).returncode

    def sync_quietly(self, customer: str) -> int:
        """The same without a word."""
        return self._stack.servorg_cli("sync", customer, "--wait").returncode

    def prepare(self, customer: str, name: str) -> None:
        """What an operator and the customer's administrator do once for each customer."""
        url, account = self._stack.url(customer), str(ACCOUNTS[customer])
        about = ("--name", name, "--url", url, "--account", account, "--key-setting", key_setting(customer))
        self.operator("customers", "add", customer, *about)
        self.operator("configure", customer, "--mode", str(MODES[customer]))
        self.operator("groups", customer, "--refresh")
        chosen = [row["id"] for row in self._stack.groups(customer) if not SIDELINE.fullmatch(row["name"])]
        self._stack.choose(customer, chosen)
        self.say(f"  {len(chosen)} groups chosen, to become {TOLD[MODES[customer]]}.")

    def plan(self, customer: str) -> None:
        """The dry run, in numbers."""
        run: Json = json.loads(self.operator("plan", customer, "--json", good=(0, 2)))
        self.say(f"  The plan: {numbers(run)}.")

    def writes(self) -> int:
        """How many requests since the last look asked DeskDirector for a change."""
        log = self._stack.desk.requests() + self._stack.functions.requests()
        return sum(row["method"] != "GET" and not row["path"].endswith("/find") for row in log)

    def look_away(self) -> None:
        """Forgets the requests that DeskDirector got so far."""
        self._stack.desk.forget_requests()
        self._stack.functions.forget_requests()


def main() -> int:
    """The showing; the exit status."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    console = Console()
    try:
        with alone_in(FOLDER), Stack(FOLDER, demo_layout(servorg={"DESKDIRECTOR_RATE": RATE})) as stack:
            return show(Demo(stack, console), stack, console)
    except (ProgramFailed, DemoFailed) as failure:
        console.print(f"[red]The demo failed.[/] {escape(str(failure))}", highlight=False, soft_wrap=True)
        console.print(f"What each program said stands in {FOLDER.relative_to(ROOT)}/*.log.", highlight=False)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Empties the folder for this demo; DemoFailed when another one runs there."""
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed("Another demo runs in this folder; end it first.") from None
        shutil.rmtree(folder, ignore_errors=True)
        yield


def show(demo: Demo, stack: Stack, console: Console) -> int:
    """Every act, then the summary; stays open on a terminal."""
    write_environment(stack.servorg_settings())
    demo.say(
        "[bold]Three customers, an MSP, Microsoft Graph and DeskDirector, all made up, run on this machine now.[/]"
    )
    demo.say(f"DeskDirector usually gets 2 requests a second (DESKDIRECTOR_RATE); here it gets {RATE}.")
    succeeded = [first_sync(demo, customer, name) for customer, name, _people in CUSTOMERS]
    good = all(succeeded) and second_sync(demo) and leaver_and_joiner(demo, stack)
    summarise(stack, console)
    tell_how_to_go_on(demo, stack)
    if good and sys.stdin.isatty() and not os.environ.get("CI"):
        demo.say("\n[bold]Everything stays up until Ctrl-C.[/]")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0 if good else 1


def first_sync(demo: Demo, customer: str, name: str) -> bool:
    """Whether the customer's first sync succeeded."""
    demo.say(f"\n[bold]{name}[/]")
    demo.prepare(customer, name)
    demo.plan(customer)
    return demo.sync(customer) == SUCCEEDED


def second_sync(demo: Demo) -> bool:
    """Whether a second sync of everybody found nothing to do."""
    demo.say("\n[bold]The same once more[/]")
    demo.look_away()
    statuses = [demo.sync_quietly(customer) for customer, _name, _people in CUSTOMERS]
    written = demo.writes()
    demo.say(f"  Nothing changed in Entra, and DeskDirector was asked for {written or 'no'} changes.")
    return statuses == [SUCCEEDED] * len(statuses) and not written


def leaver_and_joiner(demo: Demo, stack: Stack) -> bool:
    """Whether a sync after one person left and another came ended well, or was held for a person."""
    tenant = next(tenant for tenant in stack.graph.world()["tenants"] if tenant["displayName"] == CUSTOMERS[0][1])
    team = next(row for row in tenant["groups"] if row["displayName"] == "IT Support Team")
    leaver = leaver_of(tenant, team)
    demo.say(f"\n[bold]{escape(leaver['displayName'])} leaves {CUSTOMERS[0][1]}, {JOINER['displayName']} comes[/]")
    [joiner] = stack.graph.edit({"tenant": tenant["id"], "op": "add_user", "set": JOINER})
    stack.graph.edit(
        {"tenant": tenant["id"], "op": "add_to_group", "group": team["id"], "ids": [joiner["id"]]},
        {"tenant": tenant["id"], "op": "delete_user", "id": leaver["id"]},
    )
    status = demo.sync(SMALL)
    demo.say("Who left loses memberships at once, the contact after a grace of 7 days (GRACE_DAYS_CONTACTS).")
    if status == HELD:
        demo.say("The removals wait for a person: `approve` or `reject` them, as shown above.")
    return status in {SUCCEEDED, HELD}


def leaver_of(tenant: Json, group: Json) -> Json:
    """One of the group's ordinary people, who is in few others."""
    usual = [row for row in tenant["users"] if row["id"] in group["members"] and row["givenName"] in FIRST]
    busy = Counter(person for row in tenant["groups"] for person in row["members"])
    return min(usual, key=lambda row: (busy[row["id"]], row["id"]))


def numbers(run: Json) -> str:
    """A run's changes by kind and status: `create contact 28 planned; …`."""
    counts = Counter((change["kind"], change["status"]) for change in run["changes"])
    return "; ".join(f"{kind} {count:,} {status}" for (kind, status), count in counts.items()) or "nothing to change"


def summarise(stack: Stack, console: Console) -> None:
    """A table of what DeskDirector holds now."""
    state = stack.desk.state()
    table = Table("account", "active contacts", "contact groups", "memberships", title="DeskDirector now")
    for company in state["companies"]:
        groups = [group for group in state["contactGroups"] if group["company"] == company["id"]]
        active = sum(row["company"] == company["id"] and row.get("isActive", True) for row in state["contacts"])
        users = sum(len(group["users"]) for group in groups)
        table.add_row(escape(company["name"]), f"{active:,}", f"{len(groups):,}", f"{users:,}")
    console.print()
    console.print(table)


def tell_how_to_go_on(demo: Demo, stack: Stack) -> None:
    """Addresses, and commands to copy."""
    logs = FOLDER.relative_to(ROOT)
    demo.say("The page of each customer's administrators, where groups are chosen:")
    for customer, name, _people in CUSTOMERS:
        demo.say(f"  {stack.url(customer)}/api/picker  {name} (its output: {logs / custorg(customer)}.log)")
    demo.say(f"ServOrg is {stack.servorg_url}, its output {logs / SERVORG}.log. To go on by hand, in another terminal:")
    demo.say(f"  source {ENVIRONMENT.relative_to(ROOT)}")
    for command in (f"runs {SMALL}", f"plan {SMALL}", "report", "--help"):
        demo.say(f"  .venv/bin/python -m servorg {command}")


def write_environment(settings: Mapping[str, str]) -> None:
    """The settings as a file that a shell can source."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
    ENVIRONMENT.write_text("".join(lines), encoding="utf-8")


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
