"""A dynamic list of the form with 2,000 customers: milliseconds from a request to its answer, with Azurite.

Each search is another one, by a person whose token is known; `first` is the first one of a new host, `new token` asks
DeskDirector whose it is, `after a change` comes after a customer was added.
"""

import itertools
import json
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from azure.data.tables import TableServiceClient

from doubles.azurite import account_name
from doubles.demo_rows import guid
from doubles.stack import SERVORG, Layout, Stack

CUSTOMERS, SEARCHES, ACCOUNT, CONTACT = 2_000, 200, 2, 21
_PER_BATCH = 100


def world(rng: random.Random) -> dict[str, Any]:
    """The MSP's tenant, and its account with one person in it."""
    tenants = [{"id": guid(rng), "displayName": "MSP", "verifiedDomains": ["msp.example"]}]
    person = {"id": CONTACT, "company": ACCOUNT, "email": "ada@msp.example"}
    return {"tenants": tenants, "deskdirector": {"companies": [{"id": ACCOUNT, "name": "MSP"}], "contacts": [person]}}


def fill(stack: Stack) -> None:
    """So many customers in their table, as `customers add` writes them."""
    stack.servorg_cli("customers", "list").check_returncode()  # which makes the table
    service = TableServiceClient.from_connection_string(stack.azurite.connection_string(account_name(SERVORG)))
    with service, service.get_table_client("customers") as table:
        for numbers in itertools.batched(range(CUSTOMERS), _PER_BATCH, strict=False):
            table.submit_transaction([("upsert", _row(number)) for number in numbers])


def _row(number: int) -> dict[str, str]:
    name = f"Customer {number:04} Équipe {number % 37} Zürich"
    facts = {"name": name, "url": "https://custorg.example", "account": str(100 + number), "key_setting": ""}
    return {"PartitionKey": "customers", "RowKey": f"c:customer-{number}", **facts}


def measure(folder: Path) -> dict[str, Any]:
    """Milliseconds of each kind of request."""
    made = world(random.Random(20261124))
    (folder / "world.json").write_text(json.dumps(made))
    msp = made["tenants"][0]["id"]
    layout = Layout(msp_tenant=msp, msp_account=ACCOUNT, customers={}, world=folder / "world.json")
    with Stack(folder / "stack", layout) as stack, requests.Session() as http:
        fill(stack)
        browser = _Browser(stack, http)
        first = browser.search("zurich", browser.token())
        key = browser.token()
        known = [browser.search(f"equipe {number % 37}", key) for number in range(SEARCHES)]
        fresh = [browser.search("zurich", browser.token()) for _ in range(9)]
        after = [browser.changed(number) for number in range(3)]
    return {
        "customers": CUSTOMERS,
        "searches": SEARCHES,
        "median": _milliseconds(statistics.median(known)),
        "95 %": _milliseconds(statistics.quantiles(known, n=20)[-1]),
        "first": _milliseconds(first),
        "new token": _milliseconds(statistics.median(fresh)),
        "after a change": _milliseconds(statistics.median(after)),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


class _Browser:
    """A person at the form."""

    def __init__(self, stack: Stack, http: requests.Session) -> None:
        self._stack, self._http = stack, http
        self._life = itertools.count(3_000)

    def token(self) -> str:
        """A token that nobody has seen yet."""
        order = {"contact": CONTACT, "life": next(self._life)}
        answer = requests.post(f"{self._stack.desk.origin}/_double/form-token", json=order, timeout=60)
        found: str = answer.json()["token"]
        return found

    def search(self, term: str, key: str) -> float:
        """Seconds until the whole answer was there."""
        body, origin = {"term": term, "access_token": key}, {"Origin": self._stack.desk.origin}
        began = time.perf_counter()
        answer = self._http.post(f"{self._stack.servorg_url}/api/forms/accounts", json=body, headers=origin, timeout=60)
        spent = time.perf_counter() - began
        answer.raise_for_status()
        if not answer.json()["value"]:
            raise ValueError("nothing was found")
        return spent

    def changed(self, number: int) -> float:
        """The slowest of the searches that first know a customer that was just added."""
        about = ("--name", f"Brand new {number}", "--url", "https://custorg.example", "--account", str(9_000 + number))
        self._stack.servorg_cli("customers", "add", f"new-{number}", *about).check_returncode()
        key, slowest, until = self.token(), 0.0, time.monotonic() + 6
        self.search("zurich", key)
        while time.monotonic() < until:
            slowest = max(slowest, self.search("zurich", key))
            time.sleep(0.05)
        return slowest


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name))))
