"""Every state of the group picker, judged by axe-core (best practices included), light and dark, wide and narrow."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.picker_rig import OTHER, READER, Picker, another_app, switch_of, violations

NARROW, WIDE = 380, 1280


@pytest.fixture(params=[("light", WIDE), ("dark", WIDE), ("light", NARROW)], ids=str)
def page(request: pytest.FixtureRequest, picker: Picker) -> Page:
    scheme, width = request.param
    return picker.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")


def test_the_list_and_what_is_done_on_it_is_accessible(picker: Picker, page: Page) -> None:
    ids = picker.groups("Empty", "Finance", "<b>" + "L" * 100, "Sales")
    picker.choose(ids[2:])
    picker.tell([2, 3], Finance=["contact", "contact-group-made", "service-group-missing"])
    picker.open(page)
    found = {"list": violations(page)}
    picker.choose(ids[3:], sync=False)  # so that the page's next choice meets another's
    picker.choose(ids[3:])
    for name in ("Finance", "Sales"):
        switch_of(page, name).click()
    expect(page.get_by_text("Saved:")).to_be_visible()
    page.get_by_label("Select Finance").check()
    found["saved, conflict, selection"] = violations(page)
    page.route("**/api/groups/*", lambda route: route.abort())
    switch_of(page, "Empty").click()
    expect(page.get_by_text("Not saved.").last).to_be_visible()
    found["failed"] = violations(page)
    page.get_by_role("button", name="Refresh from Entra").click()
    expect(page.get_by_text("The list was not read").last).to_be_visible()
    found["refresh failed"] = violations(page)
    page.get_by_role("button", name="Start over…").click()
    found["starting over"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_label("Search by name").fill("xyz")
    found["nothing found"] = violations(page)

    assert {state: told for state, told in found.items() if told} == {}


def test_a_page_without_a_list_is_accessible(picker: Picker, page: Page) -> None:
    picker.groups()
    picker.open(page)
    found = {"no groups": violations(page)}
    page.route("**/api/groups", lambda route: route.abort())
    picker.open(page)
    found["not loaded"] = violations(page)

    assert {state: told for state, told in found.items() if told} == {}


def test_a_page_with_warnings_and_one_that_is_being_read_are_accessible(picker: Picker, page: Page) -> None:
    ids = picker.groups(*(f"Group {number:02}" for number in range(51)), "Gone", fill=False)
    picker.choose(ids)
    picker.tell([2])
    picker.edit("delete_group", id=ids[-1], forGood=True)
    picker.command("update-entra-groups-table", {})
    picker.open(page)
    expect(page.get_by_text("a contact can be in 50 contact groups")).to_be_visible()
    page.get_by_role("button", name="Show groups with a warning").click()
    found = {"warnings": violations(page)}
    picker.stack.graph.fault(path="batch", delay=2)
    page.get_by_role("button", name="Refresh from Entra").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    found["being read"] = violations(page)

    assert {state: told for state, told in found.items() if told} == {}


@pytest.mark.parametrize(
    ("settings", "roles"),
    [({"EASY_AUTH": "true"}, OTHER), ({"EASY_AUTH": "true"}, READER), ({}, None)],
    ids=["no role", "reader", "no sign-in"],
)
def test_a_page_for_whoever_may_not_change_it_is_accessible(
    picker: Picker, settings: dict[str, str], roles: list[str] | None
) -> None:
    picker.groups("Finance")
    with another_app(picker.stack, **settings) as url:
        found = violations(picker.open(picker.new_page(roles=roles), url))

    assert found == []
