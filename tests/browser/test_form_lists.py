"""The form's lists from a page of the site, in Chromium: what its rules for other origins let through, and what not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from doubles.stack import Stack
from tests.e2e.worlds import MSP_ACCOUNT, tiny_layout

# As a portal would ask; what comes back is what the page could read, or the kind of error that the browser threw.
FETCH = """async ([url, method, parameters]) => {
  const query = method === "GET" ? "?" + new URLSearchParams(parameters) : "";
  const headers = method === "GET" ? {} : {"Content-Type": "application/json"};
  const body = method === "GET" ? undefined : JSON.stringify(parameters);
  try {
    const answer = await fetch(url + query, {method, headers, body});
    return [answer.status, await answer.json()];
  } catch (error) {
    return [0, error.name];
  }
}"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, tiny_layout(folder)) as running:
        url = "http://127.0.0.1:1"
        for account, name in enumerate(("Équipe Zürich", "<b>Bold & Co</b>"), start=50):
            about = ("--name", name, "--url", url, "--account", str(account))
            running.servorg_cli("customers", "add", f"c{account}", *about).check_returncode()
        running.desk.edit({"op": "add_contact", "id": 900, "company": MSP_ACCOUNT, "email": "ada@bluefern.example"})
        yield running


def page_at(chromium: Browser, origin: str) -> Page:
    """A page that a double really serves: Chromium lets no page of the wide web ask a loopback address."""
    page = chromium.new_page()
    page.goto(f"{origin}/_double/requests")
    return page


@pytest.fixture
def page(stack: Stack, chromium: Browser) -> Iterator[Page]:
    made = page_at(chromium, stack.desk.origin)
    yield made
    made.close()


def token(stack: Stack, **changes: Any) -> str:
    answer = requests.post(f"{stack.desk.origin}/_double/form-token", json={"contact": 900, **changes}, timeout=60)
    found: str = answer.json()["token"]
    return found


def ask(page: Page, stack: Stack, name: str, method: str, **parameters: str) -> list[Any]:
    url = f"{stack.servorg_url}/api/forms/{name}"
    told: list[Any] = page.evaluate(FETCH, [url, method, parameters])
    return told


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_the_site_gets_both_lists(page: Page, stack: Stack, method: str) -> None:
    key = token(stack)
    status, found = ask(page, stack, "accounts", method, term="equipe", access_token=key, ticketId="")
    modes = ask(page, stack, "sync-modes", method, access_token=key, custorg_account="c50")

    assert (status, found["value"]) == (200, [{"name": "Équipe Zürich", "identifier": "c50"}])
    assert [row["identifier"] for row in modes[1]["value"]] == ["1", "2", "3", "4", "5"]


def test_the_browser_asked_first_whether_it_may_post_json(page: Page, stack: Stack) -> None:
    seen: list[tuple[str, int | None]] = []
    page.on("response", lambda response: seen.append((response.request.method, response.status)))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    preflights: list[int] = []
    kinds: dict[str, str] = {}
    session.on("Network.requestWillBeSent", lambda told: kinds.update({told["requestId"]: told["request"]["method"]}))
    session.on(
        "Network.responseReceived",
        lambda told: preflights.append(told["response"]["status"]) if kinds[told["requestId"]] == "OPTIONS" else None,
    )
    status, _ = ask(page, stack, "accounts", "POST", access_token=token(stack, life=700))

    assert status == 200
    assert preflights == [204]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_the_site_can_read_what_was_wrong(page: Page, stack: Stack, method: str) -> None:
    status, told = ask(page, stack, "accounts", method, access_token=token(stack, life=-60))

    assert (status, told["error"]) == (401, "token_expired")
    assert "load the page anew" in told["errorDescription"].lower()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("other", ["another port", "another name"])
def test_a_page_of_another_origin_reads_nothing_even_with_a_good_token(
    chromium: Browser, stack: Stack, other: str, method: str
) -> None:
    at = stack.functions.origin if other == "another port" else stack.desk.origin.replace("127.0.0.1", "localhost")
    page = page_at(chromium, at)
    told = ask(page, stack, "accounts", method, access_token=token(stack))
    page.close()

    assert told == [0, "TypeError"]


def test_names_come_as_text_for_the_page_to_show(page: Page, stack: Stack) -> None:
    _, found = ask(page, stack, "accounts", "POST", term="bold", access_token=token(stack))

    assert json.dumps(found["value"]) == '[{"name": "<b>Bold & Co</b>", "identifier": "c51"}]'
