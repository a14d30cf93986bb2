"""The picker as a test uses it: groups of its own in the tenant, the page in Chromium, and what stands in the table."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from doubles.programs import ROOT, Program
from doubles.stack import Stack
from tests.e2e.worlds import tenant_id

Json = dict[str, Any]
TENANT, APP = "alpha", "custorg-alpha"
ADMIN, READER, OTHER = ["SyncAdmin"], ["SyncReader"], ["Other"]
MOST_PEOPLE = 9
UNIFIED: Json = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}
# Chromium tells of each answer that is none; the tests know where they want one.
EXPECTED = re.compile(r"Failed to load resource")


class Picker:
    """The rig: `page` is an administrator's, on the app that trusts this machine."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.stack = stack
        self.complaints: list[str] = []
        self.page = self.new_page()

    @property
    def url(self) -> str:
        return self.stack.url(TENANT)

    def new_page(self, *, roles: list[str] | None = None, **options: Any) -> Page:
        """A page in a browser of its own; with `roles`, headers as the platform sets them for somebody signed in."""
        if roles is not None:
            options["extra_http_headers"] = signed_in("al@alpha.example", roles)
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "UTC"} | options
        context = self._browser.new_context(**options)
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def open(self, page: Page | None = None, url: str = "") -> Page:
        """Opens the page, and returns when it shows groups or says why not."""
        page = page or self.page
        page.goto(f"{url or self.url}/api/picker")
        expect(page.get_by_text("Loading the groups…")).to_be_hidden()
        return page

    # The tenant and the table

    def groups(self, *names: str, fill: bool = True, **properties: Any) -> list[str]:
        """The tenant's groups are these and no others, each with one person more, up to nine; their ids."""
        tenant = next(row for row in self.stack.graph.world()["tenants"] if row["id"] == tenant_id(TENANT))
        self._edit_all("delete_group", [{"id": group["id"], "forGood": True} for group in tenant["groups"]])
        people = self._people(MOST_PEOPLE, [row["id"] for row in tenant["users"]])
        rows = [
            {"displayName": name, "members": people[: min(count, MOST_PEOPLE)], **properties}
            for count, name in enumerate(names)
        ]
        ids = self._edit_all("add_group", [{"set": row} for row in rows])
        self.command("reset-entra-groups-table", {"confirm": "reset"})
        if fill:
            self.command("update-entra-groups-table", {})
        return ids

    def group(self, name: str, people: list[str] | None = None, **properties: Any) -> str:
        """One more group in Entra; its id."""
        found: str = self.edit("add_group", set={"displayName": name, "members": people or [], **properties})
        return found

    def edit(self, operation: str, **order: Any) -> str:
        [done] = self._edit_all(operation, [order])
        return done

    def command(self, name: str, body: Json) -> Any:
        return self.stack.command(TENANT, name, body)

    def tell(self, modes: list[int], **codes: list[str]) -> None:
        """Tells the outlook, by the groups' names."""
        by_name = {row["name"]: row["id"] for row in self.table()}
        groups = [{"id": by_name[name], "says": says} for name, says in codes.items()]
        self.command("tell-group-outlook", {"modes": modes, "account": "Harbour & Vale", "groups": groups})

    def table(self) -> list[Json]:
        return self.stack.groups(TENANT)

    def chosen(self) -> list[str]:
        """The names of the groups that are chosen in the table."""
        return [row["name"] for row in self.table() if row["sync"]]

    def choose(self, groups: list[str], *, sync: bool = True) -> None:
        """The developer chooses these groups, or takes them out, elsewhere."""
        choices = [{"id": group, "sync": sync} for group in groups]
        answer = call("POST", f"{self.url}/api/groups/choices", json={"choices": choices}, headers={"Origin": self.url})

        assert answer.status_code == 200, answer.text

    def choose_as(self, url: str, group: str, *, sync: bool, roles: list[str] | None = None) -> requests.Response:
        """Somebody else, who is signed in by the platform, chooses."""
        headers = {"Origin": url, **signed_in("al@alpha.example", roles or ADMIN)}
        return requests.patch(f"{url}/api/groups/{group}", json={"sync": sync}, headers=headers, timeout=30)

    def _people(self, count: int, there: list[str]) -> list[str]:
        names = [f"p{number}@alpha.example" for number in range(len(there), count)]
        rows = [{"displayName": name, "mail": name, "userPrincipalName": name} for name in names]
        return there + self._edit_all("add_user", [{"set": row} for row in rows])

    def _edit_all(self, operation: str, orders: list[Json]) -> list[str]:
        done = self.stack.graph.edit(*({"tenant": tenant_id(TENANT), "op": operation, **order} for order in orders))
        return [row["id"] for row in done]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.text):
            self.complaints.append(message.text)


@contextmanager
def open_rig(browser: Browser, stack: Stack) -> Iterator[Picker]:
    rig = Picker(browser, stack)
    try:
        yield rig
    finally:
        rig.close()
        stack.graph.clear_faults()


@contextmanager
def another_app(stack: Stack, **settings: str) -> Iterator[str]:
    """The address of one more host over the same table, with these settings in place of the developer's principal."""
    values = json.loads((stack.folder / f"{APP}.settings.json").read_text())["Values"]
    del values["DEV_PRINCIPAL"]
    file = stack.folder / "another.settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values | settings}))
    command = [sys.executable, "-m", "localhost", "--port", "0", "--settings", str(file), "--http-keys"]
    program = Program("another app", command, log=stack.folder / "another.log", environ={})
    program.start()
    try:
        yield program.ready(r"^READY (http://\S+) ")[1].rstrip("/")
    finally:
        program.stop()


def signed_in(name: str, roles: list[str]) -> dict[str, str]:
    """The header that the platform sets for whoever is signed in."""
    claims = [{"typ": "preferred_username", "val": name}, *({"typ": "roles", "val": role} for role in roles)]
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}


def row_of(page: Page, name: str) -> Locator:
    """The row of a group."""
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


def switch_of(page: Page, name: str) -> Locator:
    """The switch of a group."""
    return page.get_by_role("switch", name=f"Sync {name}", exact=True)


def names_shown(page: Page) -> list[str]:
    """The groups in the order in which they are listed."""
    labels = [one.get_attribute("aria-label") or "" for one in page.get_by_role("switch").all()]
    return [label.removeprefix("Sync ") for label in labels]


@cache
def axe_source() -> str:
    file = ROOT / "node_modules" / "axe-core" / "axe.min.js"

    assert file.exists(), "axe-core is missing: `npm ci` installs it."

    return file.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds, best practices included: the rule, and where."""
    page.evaluate(axe_source())
    found: list[Json] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((told) => told.violations)"
    )
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def call(method: str, url: str, **options: Any) -> requests.Response:
    return requests.request(method, url, timeout=30, allow_redirects=False, **options)
