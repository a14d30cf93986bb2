"""Who may see the group picker and change what is on it, and what its answers allow a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from doubles.stack import Stack
from tests.browser.picker_rig import ADMIN, OTHER, READER, Picker, another_app, call, names_shown, signed_in, switch_of

SIGN_IN = "/.auth/login/aad?post_login_redirect_uri=/api/picker"


@pytest.fixture(scope="module")
def platform(picker_stack: Stack) -> Iterator[str]:
    """An app behind the platform's sign-in."""
    with another_app(picker_stack, EASY_AUTH="true") as url:
        yield url


@pytest.fixture(scope="module")
def closed(picker_stack: Stack) -> Iterator[str]:
    """An app without any sign-in."""
    with another_app(picker_stack) as url:
        yield url


def test_a_reader_sees_everything_and_changes_nothing(picker: Picker, platform: str) -> None:
    picker.groups("Finance")
    page = picker.open(picker.new_page(roles=READER), platform)

    expect(page.get_by_text("To change choices you need the app role SyncAdmin.")).to_be_visible()
    expect(page.get_by_text("al@alpha.example · may look")).to_be_visible()
    expect(switch_of(page, "Finance")).to_be_disabled()
    for name in ("Refresh from Entra", "Start over…"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    assert names_shown(page) == ["Finance"]


def test_somebody_without_a_role_is_told_whom_to_ask(picker: Picker, platform: str) -> None:
    page = picker.open(picker.new_page(roles=OTHER), platform)

    expect(page.get_by_role("heading", name="You may not see the groups")).to_be_visible()
    expect(page.get_by_text("Ask whoever administers this app")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in again")).to_have_attribute("href", SIGN_IN)


def test_whoever_is_not_signed_in_is_sent_to_sign_in(platform: str) -> None:
    answer = call("GET", f"{platform}/api/picker")

    assert (answer.status_code, answer.headers["Location"]) == (302, SIGN_IN)
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_app_without_a_sign_in_says_so(picker: Picker, closed: str) -> None:
    page = picker.open(url=closed)

    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(page.get_by_text("This app has no sign-in configured")).to_be_visible()
    assert call("GET", f"{closed}/api/picker").status_code == 401


def test_a_sign_in_that_ended_loses_no_choice(picker: Picker, platform: str) -> None:
    picker.groups("Finance")
    page = picker.open(picker.new_page(roles=ADMIN), platform)
    page.set_extra_http_headers({"X-MS-CLIENT-PRINCIPAL": ""})

    switch_of(page, "Finance").click()

    expect(page.get_by_text("Not saved. Nobody is signed in.").first).to_be_visible()
    expect(switch_of(page, "Finance")).to_be_checked()

    page.set_extra_http_headers(signed_in("al@alpha.example", ADMIN))
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("is chosen for the sync")).to_be_visible()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/groups/x", {"sync": True}),
        ("POST", "/api/groups/choices", {"choices": []}),
        ("POST", "/api/groups/refresh", {}),
        ("POST", "/api/groups/counts", {"before": "2026"}),
        ("POST", "/api/groups/reset", {"confirm": "reset"}),
    ],
)
def test_every_change_needs_somebody_who_may_and_his_own_page(
    platform: str, method: str, path: str, body: object
) -> None:
    own, foreign = {"Origin": platform}, {"Origin": "https://evil.example"}
    cases = [own, own | signed_in("al", READER), foreign | signed_in("al", ADMIN), signed_in("al", ADMIN)]
    answers = [call(method, platform + path, json=body, headers=headers) for headers in cases]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (401, "unauthorized"), (403, "forbidden"), (403, "origin"), (403, "origin"),
    ]  # fmt: skip


def test_the_page_allows_a_browser_its_own_files_and_nothing_else(picker: Picker) -> None:
    headers = call("GET", f"{picker.url}/api/picker").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_files_of_the_page_may_be_kept_for_ever(picker: Picker) -> None:
    found = []
    picker.page.on("response", lambda answer: found.append((answer.url, answer.status)))
    picker.open()
    files = [url for url, _ in found if url.endswith((".js", ".css", ".svg"))]
    answers = [call("GET", url) for url in files]
    again = call("GET", files[0], headers={"If-None-Match": answers[0].headers["ETag"]})

    assert len(files) >= 9
    assert {status for _, status in found} == {200}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["x", "index.html", "app.js", "0123456789abcdef/app.js", "%2e%2e%2fpages.py"])
def test_what_is_neither_page_nor_file_is_404(picker: Picker, path: str) -> None:
    answer = call("GET", f"{picker.url}/api/picker/{path}")

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
