"""The group picker, as an administrator uses it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.picker_rig import UNIFIED, Picker, names_shown, row_of, switch_of
from tests.e2e.polling import eventually

LONG = "L" * 101
HOSTILE = ["<b>Bold</b> & \"quoted\" 'it'", "<img src=x onerror=alert(1)>", "\u202eevil", "مجموعة الدعم", LONG]


def saved(page: Page, text: str) -> None:
    """Waits until the page says that a change is saved."""
    expect(page.get_by_text(re.compile(rf"^Saved: .*{text}"))).to_be_visible()


def test_the_list_tells_what_is_known_of_each_group(picker: Picker) -> None:
    picker.groups("Empty", "Finance", "Sales", **UNIFIED)
    picker.tell([2, 3], Finance=["contact", "contact-group-made", "service-group-missing"])
    page = picker.open()

    expect(page.get_by_text("0 of 3 groups chosen")).to_be_visible()
    expect(page.get_by_text("in the account Harbour & Vale")).to_be_visible()
    expect(page.get_by_text("each group becomes a contact group; contacts are linked to")).to_be_visible()
    expect(row_of(page, "Finance")).to_contain_text("Microsoft 365")
    expect(row_of(page, "Finance")).to_contain_text("1 person")
    expect(row_of(page, "Finance")).to_contain_text("no owner")
    expect(row_of(page, "Finance")).to_contain_text("A contact group of this name will be created.")
    expect(row_of(page, "Finance")).to_contain_text("There is no service group of this name")
    expect(row_of(page, "Finance")).to_contain_text("Never chosen")
    expect(row_of(page, "Sales")).to_contain_text("2 people")
    expect(row_of(page, "Sales")).to_contain_text("Not known yet")
    expect(row_of(page, "Empty")).to_contain_text("Nobody is in this group.")


def test_names_are_text_whatever_they_are(picker: Picker) -> None:
    picker.groups(*HOSTILE)
    page = picker.open()

    assert sorted(names_shown(page)) == sorted(HOSTILE)
    assert page.locator("#rows b, #rows img").count() == 0
    expect(page.get_by_text(HOSTILE[0], exact=True)).to_be_visible()
    expect(row_of(page, LONG)).to_contain_text("longer than the 100 letters")


def test_groups_of_one_name_are_told_apart_by_their_ids(picker: Picker) -> None:
    one, other = picker.groups("Sales", "Sales")
    page = picker.open()

    page.get_by_role("switch", name=f"Sync Sales, id {other[:8]}").click()

    saved(page, "Sales")
    assert {row["id"]: row["sync"] for row in picker.table()} == {one: False, other: True}


def test_typing_finds_words_in_any_order_without_case_and_accents(picker: Picker) -> None:
    picker.groups("IT Support Team", "Support Zürich", "Finance")
    page = picker.open()

    page.get_by_label("Search by name").press_sequentially("ZURICH sup")

    assert names_shown(page) == ["Support Zürich"]
    expect(page.get_by_text("1 of 3 groups", exact=True)).to_be_visible()

    page.get_by_label("Search by name").fill("nothing like it")

    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()

    page.get_by_role("button", name="Clear search and filters").click()

    assert len(names_shown(page)) == 3
    expect(page.get_by_label("Search by name")).to_be_focused()


def test_kinds_and_choices_filter_the_list_and_it_can_be_sorted(picker: Picker) -> None:
    ids = picker.groups("Aa", "Bb", fill=False)
    picker.group("Unified", **UNIFIED)
    picker.group("Dynamic", groupTypes=["DynamicMembership"])
    picker.group("List", mailEnabled=True, securityEnabled=False)
    picker.group("Mail", mailEnabled=True, securityEnabled=True)
    picker.command("update-entra-groups-table", {})
    picker.choose(ids[1:])
    page = picker.open()
    kinds = {}
    for kind in ("Security", "Microsoft 365", "Mail-enabled security", "Distribution", "Dynamic"):
        page.get_by_label("Kind").select_option(kind)
        kinds[kind] = names_shown(page)
    page.get_by_label("Kind").select_option("All kinds")
    page.get_by_label("Show", exact=True).select_option("Chosen groups")
    chosen = names_shown(page)
    page.get_by_label("Show", exact=True).select_option("All groups")
    page.get_by_label("Sort by").select_option("Most people first")

    assert kinds == {
        "Security": ["Aa", "Bb"], "Microsoft 365": ["Unified"], "Mail-enabled security": ["Mail"],
        "Distribution": ["List"], "Dynamic": ["Dynamic"],
    }  # fmt: skip
    assert chosen == ["Bb"]
    assert names_shown(page)[:2] == ["Bb", "Aa"]


def test_a_choice_is_saved_told_with_who_and_when_and_kept(picker: Picker) -> None:
    picker.groups("Finance", "Sales")
    page = picker.open()

    switch_of(page, "Finance").click()

    saved(page, "Finance.? is chosen for the sync")
    expect(row_of(page, "Finance")).to_contain_text("Chosen by demo")
    expect(page.get_by_text("1 of 2 groups chosen")).to_be_visible()
    assert picker.chosen() == ["Finance"]

    page.reload()

    expect(switch_of(page, "Finance")).to_be_checked()
    expect(switch_of(page, "Sales")).not_to_be_checked()


def test_undo_takes_the_last_change_back(picker: Picker) -> None:
    picker.groups("Finance")
    page = picker.open()
    switch_of(page, "Finance").click()
    saved(page, "Finance")

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Undone: the group is as it was.")).to_be_visible()
    expect(switch_of(page, "Finance")).not_to_be_checked()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    assert picker.chosen() == []


def test_several_groups_are_chosen_at_once_and_undone_at_once(picker: Picker) -> None:
    picker.groups("Sales North", "Sales South", "Finance", "Sales East")
    page = picker.open()
    page.get_by_label("Search by name").fill("sales")

    page.get_by_label("Select all 3 shown").check()
    page.get_by_label("Select Sales East").uncheck()
    page.get_by_role("button", name="Choose for the sync").click()

    saved(page, "2 groups are chosen")
    assert picker.chosen() == ["Sales North", "Sales South"]

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Undone: 2 groups are as they were.")).to_be_visible()
    assert picker.chosen() == []


def test_selected_groups_that_are_not_shown_are_told(picker: Picker) -> None:
    picker.groups("Finance", "Sales")
    page = picker.open()

    page.get_by_label("Select Finance").check()
    page.get_by_label("Search by name").fill("sales")

    expect(page.get_by_text("1 selected (1 of them not shown)")).to_be_visible()


def test_everything_can_be_done_with_the_keyboard(picker: Picker) -> None:
    picker.groups("Finance", "Sales")
    page = picker.open()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the groups")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Select Finance")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    saved(page, "Finance")
    expect(switch_of(page, "Finance")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Dismiss")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Undone")).to_be_visible()
    expect(page.get_by_label("Search by name")).to_be_focused()


def test_a_refresh_shows_new_groups_their_people_and_what_vanished(picker: Picker) -> None:
    [old, _] = picker.groups("Old", "Kept")
    picker.choose([old])
    page = picker.open()
    picker.edit("delete_group", id=old, forGood=True)
    picker.group("New", [])

    page.get_by_role("button", name="Refresh from Entra").click()

    expect(page.get_by_text("The list and its counts are fresh.").first).to_be_visible()
    expect(row_of(page, "New")).to_contain_text("0 people")
    expect(row_of(page, "Old")).to_contain_text("Not in Entra any more")

    page.get_by_role("button", name="Show groups with a warning").click()

    assert names_shown(page) == ["New", "Old"]


def test_a_refresh_tells_how_far_it_is(picker: Picker) -> None:
    picker.groups("Finance", fill=False)
    page = picker.open()
    picker.stack.graph.fault(path="batch", delay=1)

    page.get_by_role("button", name="Refresh from Entra").click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("The list and its counts are fresh.").first).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_starting_over_wants_a_word_and_says_what_is_lost(picker: Picker) -> None:
    ids = picker.groups("Finance", "Sales", "Board")
    picker.choose(ids[:2])
    page = picker.open()

    page.get_by_role("button", name="Start over…").click()
    go = page.get_by_role("button", name="Drop all choices")

    expect(page.get_by_text("This drops 2 choices for good")).to_be_visible()
    expect(go).to_be_disabled()

    page.get_by_label("Type reset to confirm").fill("RESET")

    expect(go).to_be_disabled()
    assert len(picker.chosen()) == 2

    page.get_by_label("Type reset to confirm").fill("reset")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Started over; 2 choices were dropped.").first).to_be_visible()
    expect(page.get_by_text("0 of 3 groups chosen")).to_be_visible()
    assert eventually(picker.chosen, until=lambda names: not names) == []


def test_starting_over_can_be_cancelled(picker: Picker) -> None:
    picker.choose(picker.groups("Finance"))
    page = picker.open()
    page.get_by_role("button", name="Start over…").click()
    page.get_by_label("Type reset to confirm").fill("reset")

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Start over…")).to_be_focused()
    assert picker.chosen() == ["Finance"]


def test_a_tenant_without_groups_is_told_as_such(picker: Picker) -> None:
    picker.groups()
    page = picker.open()

    expect(page.get_by_role("heading", name="There are no groups")).to_be_visible()


@pytest.mark.parametrize(("modes", "warned"), [([1, 3], False), ([5], True)])
def test_too_many_chosen_groups_are_told_where_contact_groups_are_made(
    picker: Picker, modes: list[int], warned: bool
) -> None:
    ids = picker.groups(*(f"Group {number}" for number in range(51)), fill=False)
    picker.choose(ids)
    picker.tell(modes)
    page = picker.open()

    expect(page.get_by_text("51 of 51 groups chosen")).to_be_visible()
    expect(page.get_by_text("a contact can be in 50 contact groups")).to_have_count(int(warned))


def test_long_lists_grow_as_they_are_scrolled_and_tell_their_length(picker: Picker) -> None:
    picker.groups(*(f"Group {number:03}" for number in range(260)), fill=False)
    page = picker.open()
    table, last = page.get_by_role("table", name="Groups"), switch_of(page, "Group 259")

    expect(table).to_have_attribute("aria-rowcount", "261")
    assert last.count() == 0

    def scrolled() -> int:
        page.keyboard.press("End")
        return last.count()

    assert eventually(scrolled, until=bool, within=20) == 1
    expect(row_of(page, "Group 259")).to_have_attribute("aria-rowindex", "261")


def test_a_long_list_can_be_lengthened_by_its_button(picker: Picker) -> None:
    picker.groups(*(f"Group {number:03}" for number in range(260)), fill=False)
    picker.page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} }")
    page = picker.open()

    page.get_by_role("button", name="Show 100 more of 260 groups").press("Enter")

    expect(page.get_by_label("Select Group 040")).to_be_focused()
    assert len(names_shown(page)) == 140


def test_nothing_is_cut_off_on_a_narrow_screen(picker: Picker) -> None:
    picker.groups(*HOSTILE, "Finance")
    page = picker.open(picker.new_page(viewport={"width": 380, "height": 800}))
    switch_of(page, "Finance").click()
    saved(page, "Finance")
    page.get_by_label("Select Finance").check()

    assert page.evaluate("document.documentElement.scrollWidth") == 380
    expect(page.get_by_role("button", name="Take out of the sync")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
