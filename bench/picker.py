"""The group picker with 5,000 groups in Chromium: from opening it to the first rows, and from a letter to the new list.

Over the local host, Azurite and the Graph double; what is measured ends when a frame with the rows was painted.
"""

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from doubles.stack import Layout, Stack

GROUPS, CHOSEN = 5_000, 40
MSP = "0b0b0b0b-0000-4000-8000-00000000000b"
TENANT, CUSTOMER = "0a0a0a0a-0000-4000-8000-00000000000a", "bench"
WORDS = ("Finance", "Sales", "Warehouse", "Dispatch", "Support", "Project", "Field", "Service", "North", "Board")
LOADS, TYPED = 7, "field service 12"
# Runs before the page's own scripts; a timer set in an animation frame runs after that frame was painted.
WATCH = """
window.painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
window.letters = [];
document.addEventListener("DOMContentLoaded", () => {
  const rows = document.getElementById("rows");
  const watch = new MutationObserver(async () => { watch.disconnect(); window.firstRows = await window.painted(); });
  watch.observe(rows, { childList: true });
  document.getElementById("search").addEventListener("input", async (event) => {
    window.letters.push(await window.painted() - event.timeStamp);
  });
});
"""


def layout(folder: Path) -> Layout:
    """An MSP and a tenant with many groups and nobody in them."""
    groups = [
        {"id": f"{number:08x}-0000-4000-8000-00000000000b", "displayName": name(number)} for number in range(GROUPS)
    ]
    msp = {"id": f"{1:08x}-0000-4000-8000-00000000000c", "displayName": "MSP", "verifiedDomains": ["msp.example"]}
    tenant = {"id": TENANT, "displayName": "Bench", "verifiedDomains": ["bench.example"], "groups": groups}
    desk = {"webhookSecret": "secret0of032letters0and0digits00", "companies": [{"id": 2, "name": "MSP"}]}
    file = folder / "world.json"
    file.write_text(json.dumps({"tenants": [msp, tenant], "deskdirector": desk}), encoding="utf-8")
    return Layout(msp_tenant=MSP, msp_account=2, customers={CUSTOMER: TENANT}, world=file)


def name(number: int) -> str:
    """A group's name, of two words and its number."""
    return f"{WORDS[number % len(WORDS)]} {WORDS[number // 7 % len(WORDS)]} {number}"


def fill(stack: Stack) -> None:
    """Every group in the table, some chosen, and ServOrg's word on each."""
    stack.command(CUSTOMER, "reset-entra-groups-table", {"confirm": "reset"})
    rows = stack.groups(CUSTOMER)
    says = ["contact", "contact-group-made", "service-group-missing"]
    told = {"modes": [2, 3], "account": "Bench", "groups": [{"id": row["id"], "says": says} for row in rows]}
    stack.command(CUSTOMER, "tell-group-outlook", told)
    choices = {"choices": [{"id": row["id"], "sync": True} for row in rows[:CHOSEN]]}
    url = stack.url(CUSTOMER)
    requests.post(f"{url}/api/groups/choices", json=choices, headers={"Origin": url}, timeout=60).raise_for_status()


def loaded(browser: Browser, url: str) -> tuple[Page, float]:
    """The page in a fresh browser profile, and the milliseconds until its first rows were painted."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(WATCH)
    page.goto(f"{url}/api/picker")
    page.get_by_role("switch").first.wait_for()
    page.evaluate("window.painted()")
    first: float = page.evaluate("window.firstRows")
    return page, first


def typed(page: Page) -> list[float]:
    """Milliseconds from each letter to the list that it finds."""
    page.get_by_label("Search by name").click()
    for letter in TYPED:
        page.keyboard.press("Space" if letter == " " else letter)
        page.wait_for_timeout(150)
    found: list[float] = page.evaluate("window.letters")
    return found


def measure(url: str) -> dict[str, Any]:
    """Medians, and the slowest of each."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        firsts: list[float] = []
        letters: list[float] = []
        for _ in range(LOADS):
            page, first = loaded(browser, url)
            firsts.append(first)
            letters += typed(page)
            page.context.close()
        browser.close()
    told = {"first rows, ms": firsts, "letter to list, ms": letters}
    return {what: {"median": round(statistics.median(one)), "slowest": round(max(one))} for what, one in told.items()}


def main() -> int:
    """Prints the figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="bench-picker-") as made:
        folder = Path(made)
        with Stack(folder, layout(folder)) as stack:
            fill(stack)
            print(json.dumps({"groups": GROUPS, **measure(stack.url(CUSTOMER))}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
