"""The group picker when something goes wrong: nobody's choice is lost, and what to do is said."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from doubles.stack import Stack
from tests.browser.picker_rig import APP, Picker, another_app, row_of, switch_of
from tests.e2e.polling import eventually


@pytest.fixture(scope="module")
def platform(picker_stack: Stack) -> Iterator[str]:
    """The same table behind the platform's sign-in."""
    with another_app(picker_stack, EASY_AUTH="true") as url:
        yield url


def test_whoever_chooses_what_somebody_else_changed_meanwhile_is_shown_that_and_asked(
    picker: Picker, platform: str
) -> None:
    [group] = picker.groups("Finance")
    picker.choose([group])
    page = picker.open()
    picker.choose_as(platform, group, sync=False)
    picker.choose_as(platform, group, sync=True)

    switch_of(page, "Finance").click()

    expect(row_of(page, "Finance")).to_contain_text(re.compile("al@alpha.example.? chose it for the sync on"))
    expect(row_of(page, "Finance")).to_contain_text("Your choice was not saved.")
    expect(switch_of(page, "Finance")).to_be_checked()
    assert picker.chosen() == ["Finance"]

    page.get_by_role("button", name="Take it out anyway").click()

    expect(page.get_by_text("is taken out of the sync")).to_be_visible()
    assert picker.chosen() == []


def test_the_newer_choice_can_be_left_as_it_is(picker: Picker, platform: str) -> None:
    [group] = picker.groups("Finance")
    page = picker.open()
    for sync in (True, False):
        picker.choose_as(platform, group, sync=sync)
    switch_of(page, "Finance").click()

    page.get_by_role("button", name="Leave it as it is").click()

    expect(page.get_by_text("Your choice was not saved.")).to_have_count(1)  # for screen readers, it was said
    expect(switch_of(page, "Finance")).to_be_focused()
    expect(switch_of(page, "Finance")).not_to_be_checked()
    expect(row_of(page, "Finance")).to_contain_text("Taken out by al@alpha.example")


def test_two_who_choose_the_same_are_not_asked(picker: Picker, platform: str) -> None:
    [group] = picker.groups("Finance")
    page = picker.open()
    picker.choose_as(platform, group, sync=True)

    switch_of(page, "Finance").click()

    expect(row_of(page, "Finance")).to_contain_text("Chosen by al@alpha.example")
    expect(page.get_by_role("button", name="anyway")).to_have_count(0)
    expect(switch_of(page, "Finance")).to_be_checked()


def test_of_several_only_those_are_asked_about_that_somebody_changed(picker: Picker, platform: str) -> None:
    [finance, *_] = picker.groups("Finance", "Sales")
    page = picker.open()
    for sync in (True, False):
        picker.choose_as(platform, finance, sync=sync)

    page.get_by_label("Select all 2 shown").check()
    page.get_by_role("button", name="Choose for the sync").click()

    expect(row_of(page, "Finance")).to_contain_text("Your choice was not saved.")
    expect(switch_of(page, "Sales")).to_be_checked()
    assert picker.chosen() == ["Sales"]


def test_a_choice_that_could_not_be_saved_stays_on_the_page_until_it_is(picker: Picker) -> None:
    picker.groups("Finance")
    page = picker.open()
    picker.stack.kill9(APP)

    switch_of(page, "Finance").click()

    expect(row_of(page, "Finance")).to_contain_text("Not saved. The server could not be reached.")
    expect(page.get_by_role("alert").first).to_contain_text("Not saved.")
    expect(switch_of(page, "Finance")).to_be_checked()

    picker.stack.restart(APP)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("is chosen for the sync")).to_be_visible()
    expect(switch_of(page, "Finance")).to_be_focused()
    assert picker.chosen() == ["Finance"]


def test_several_choices_that_could_not_be_saved_are_tried_again_together(picker: Picker) -> None:
    picker.groups("Finance", "Sales")
    page = picker.open()
    page.route("**/api/groups/choices", lambda route: route.abort(), times=1)
    page.get_by_label("Select all 2 shown").check()
    page.get_by_role("button", name="Choose for the sync").click()
    expect(page.get_by_text("2 groups could not be saved.")).to_be_visible()

    page.get_by_role("button", name="Try all 2 again").click()

    expect(page.get_by_text("Saved: 2 groups are chosen")).to_be_visible()
    assert picker.chosen() == ["Finance", "Sales"]


@pytest.mark.parametrize("answered", [True, False])
def test_a_choice_that_is_changed_while_several_are_saved_is_not_lost(picker: Picker, *, answered: bool) -> None:
    ids = picker.groups("Finance", "Sales")
    picker.choose(ids)
    page = picker.open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/groups/choices", hold, times=1)
    page.get_by_label("Select all 2 shown").check()
    page.get_by_role("button", name="Take out of the sync").click()
    expect(switch_of(page, "Finance")).not_to_be_checked()
    switch_of(page, "Finance").click()

    if answered:
        held[0].continue_()
    else:
        held[0].abort()
        page.get_by_role("button", name="Try all 2 again").click()

    expect(page.get_by_text("Saved:").first).to_be_visible()
    expect(switch_of(page, "Finance")).to_be_checked()
    expect(switch_of(page, "Sales")).not_to_be_checked()
    eventually(picker.chosen, until=["Finance"].__eq__)


def test_a_choice_that_is_given_up_is_as_it_was(picker: Picker) -> None:
    picker.groups("Finance")
    page = picker.open()
    page.route("**/api/groups/*", lambda route: route.fulfill(status=502, body="<html>gateway</html>"))
    switch_of(page, "Finance").click()
    expect(row_of(page, "Finance")).to_contain_text("The server answered 502 without a reason.")

    page.get_by_role("button", name="Leave it out").click()

    expect(switch_of(page, "Finance")).not_to_be_checked()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_groups_that_could_not_be_loaded_are_loaded_by_another_try(picker: Picker) -> None:
    picker.groups("Finance")
    picker.page.route("**/api/groups", lambda route: route.abort())
    page = picker.open()

    expect(page.get_by_role("heading", name="The groups could not be loaded")).to_be_visible()

    page.unroute_all()
    page.get_by_role("button", name="Try again").click()

    expect(switch_of(page, "Finance")).to_be_visible()


def test_a_refresh_that_entra_refuses_says_what_is_missing(picker: Picker) -> None:
    picker.groups("Finance")
    page = picker.open()
    picker.stack.graph.fault(path=r"/groups\?", status=403)

    page.get_by_role("button", name="Refresh from Entra").click()

    expect(page.get_by_text("The list was not read").first).to_be_visible()
    expect(page.get_by_text("GroupMember.Read.All").first).to_be_visible()
    expect(switch_of(page, "Finance")).to_be_visible()


def test_a_count_that_entra_refuses_leaves_the_list_fresh(picker: Picker) -> None:
    picker.groups("Finance", fill=False)
    page = picker.open()
    picker.stack.graph.fault(path="batch", status=500, times=None)

    page.get_by_role("button", name="Refresh from Entra").click()

    expect(page.get_by_text("Not everybody was counted: Graph answered 500").first).to_be_visible()
    expect(row_of(page, "Finance")).to_contain_text("not counted yet")


def test_whoever_leaves_with_a_choice_that_is_not_saved_is_asked(picker: Picker) -> None:
    picker.groups("Finance")
    page = picker.open()
    page.route("**/api/groups/*", lambda route: route.abort())
    switch_of(page, "Finance").click()
    expect(row_of(page, "Finance")).to_contain_text("Not saved.")

    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)

    assert asked.value.type == "beforeunload"
    asked.value.accept()
