"""What the form's two lists show, and how they are searched."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servorg.form_asked import Asked
from servorg.form_lists import (
    ACCOUNTS,
    SYNC_MODES,
    Entry,
    Form,
    Item,
    accounts,
    customer_items,
    mode_items,
    mode_version,
    plain,
    search,
    sync_modes,
    version_of,
)
from shared.errors import CommandRefused

CUSTOMERS = {
    "contoso": "Contoso Ltd",
    "zurich": "Équipe Zürich",
    "lodz": "Łódź Sp. z o.o.",
    "north": "North Contoso",
    "delhi": "दिल्ली कार्यालय",
    "athens": "ΑΘΗΝΑ Όμιλος",
    "seoul": "서울 지사",
    "fabrikam-2": "Fabrikam (2024)",
}
MODES = [
    "Sync contacts only (recommended for the first sync)",
    "Add contacts to Contact Group",
    "Link contacts to Service Group",
    "Sync Entra groups as Accounts",
    "Add Entra group owners and members to Contact Group",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class Published:
    def __init__(self, customers: Mapping[str, str]) -> None:
        lists = {ACCOUNTS: customer_items(customers.items()), SYNC_MODES: mode_items()}
        self._lists = {name: tuple(map(Entry.of, items)) for name, items in lists.items()}

    def shown(self, name: str) -> tuple[Entry, ...]:
        return self._lists[name]


def the_form(customers: Mapping[str, str] = CUSTOMERS, **configured: tuple[int, ...]) -> Form:
    return Form(lambda _: None, Published(customers), lambda customer: configured.get(customer, (1,)))


def found(term: str, customers: Mapping[str, str] = CUSTOMERS) -> list[str]:
    items = search(Published(customers).shown(ACCOUNTS), term)
    return [item.identifier for item in items]


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer["value"]]


def identifiers(answer: Any) -> list[str]:
    return [row["identifier"] for row in answer["value"]]


@pytest.mark.parametrize(
    ("term", "ids"),
    [
        ("contoso", ["contoso", "north"]),
        ("CONTOSO ltd", ["contoso"]),
        ("ltd contoso", ["contoso"]),
        ("equipe zur", ["zurich"]),
        ("ZÜRICH", ["zurich"]),
        ("lodz", ["lodz"]),
        ("ŁÓDŹ", ["lodz"]),
        ("αθηνα ομιλος", ["athens"]),
        ("दिल्ली", ["delhi"]),
        ("서울", ["seoul"]),
        ("fabrikam-2", ["fabrikam-2"]),
        ("(2024)", ["fabrikam-2"]),
        (".*", []),
        ("' or 1 eq 1", []),
        ("contoso absent", []),
        ("\ud800", []),
    ],
)
def test_every_word_must_occur_without_case_and_accents_in_any_script(term: str, ids: list[str]) -> None:
    assert found(term) == ids


def test_without_a_term_all_are_shown_by_name() -> None:
    assert found("") == found("  \t") == sorted(CUSTOMERS, key=lambda one: plain(CUSTOMERS[one]))


def test_what_begins_with_the_term_comes_before_what_has_it_later() -> None:
    customers = {"a": "Alpha Best", "b": "Best", "c": "Cabestan", "d": "Bestow"}

    assert found("best", customers) == ["b", "d", "a", "c"]


def test_at_most_30_are_shown_and_the_term_reaches_the_others() -> None:
    customers = {f"c{number}": f"Customer {number:04}" for number in range(2_000)}

    assert found("", customers) == [f"c{number}" for number in range(30)]
    assert found("1999", customers) == ["c1999"]


@given(texts)
def test_a_name_is_found_by_itself_however_it_is_written(name: str) -> None:
    items = customer_items([("x1", name)])
    entries = tuple(map(Entry.of, items))
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]

    for term in (items[0].name, *forms, name.upper(), name.lower(), name.swapcase()):
        if len(name) < 20:  # a longer one may have been cut, and then its end is not found
            assert search(entries, term) == items


@given(texts, st.lists(texts, max_size=4))
def test_the_order_of_the_words_does_not_matter(name: str, words: list[str]) -> None:
    entries = (Entry.of(Item(name, "x")),)

    assert search(entries, " ".join(words)) == search(entries, " ".join(reversed(words)))


@given(texts)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9-]{0,49}", fullmatch=True), texts, max_size=8))
def test_every_item_fits_and_no_two_look_alike_of_equal_names(customers: dict[str, str]) -> None:
    items = customer_items(customers.items())

    assert {item.identifier for item in items} == customers.keys()
    assert all(len(item.name.encode("utf-16-le")) <= 200 and len(item.identifier) <= 50 for item in items)
    assert all(item.name.strip() for item in items)


def test_equal_names_are_told_apart_by_the_customers_id() -> None:
    items = customer_items([("a", "Contoso"), ("b", "CONTOSO"), ("c", "Other")])

    assert [item.name for item in items] == ["Contoso (a)", "CONTOSO (b)", "Other"]


def test_long_names_are_cut_where_a_browser_counts_100() -> None:
    [first, second, third] = customer_items([("a", "x" * 200), ("b", "x" * 199), ("c", "😀" * 60)])

    assert (first.name, second.name) == (f"{'x' * 95}… (a)", f"{'x' * 95}… (b)")
    assert third.name == f"{'😀' * 49}…"


def test_the_modes_are_the_guides_and_contacts_only_comes_first_and_recommended() -> None:
    answer = sync_modes(the_form(), Asked())

    assert names(answer) == MODES
    assert identifiers(answer) == ["1", "2", "3", "4", "5"]


def test_modes_are_searched_too_and_the_question_is_repeated() -> None:
    answer = sync_modes(the_form(), Asked.model_validate({"term": "GROUP owners", "ticketId": 3032}))

    assert names(answer) == [MODES[4]]
    assert answer["request"] == {"term": "GROUP owners", "ticketId": 3032}


@pytest.mark.parametrize(
    ("answer", "marked"),
    [
        ("contoso", [1, 3]),
        (["contoso"], [1, 3]),
        ({"name": "Contoso Ltd", "identifier": "contoso"}, [1, 3]),
        ([{"name": "Contoso Ltd", "identifier": "contoso", "selected": True}], [1, 3]),
        ('{"identifier": "contoso"}', [1, 3]),
        ("unheard-of", []),
        ("custorg_account_other", []),
        (None, []),
        (7, []),
        (["contoso", "north"], []),
    ],
)
def test_the_modes_of_the_customer_that_was_chosen_before_are_marked(answer: Any, marked: list[int]) -> None:
    form = the_form(contoso=(2, 4), north=(3,))
    shown = names(sync_modes(form, Asked.model_validate({"custorg_account": answer})))

    assert [place for place, name in enumerate(shown) if name.endswith(" (configured now)")] == marked


def test_a_customer_in_the_usual_mode_gets_the_plain_list() -> None:
    assert names(sync_modes(the_form(contoso=(1,)), Asked.model_validate({"x": "contoso"}))) == MODES


def test_nothing_is_shown_to_whoever_is_not_admitted() -> None:
    def refuse(token: str) -> None:
        raise CommandRefused(403, "foreign_account", token)

    form = Form(refuse, Published(CUSTOMERS), lambda _: (1,))
    for ask in (accounts, sync_modes):
        with pytest.raises(CommandRefused, match="the-token"):
            ask(form, Asked.model_validate({"access_token": "the-token"}))


def test_other_words_for_modes_are_another_version() -> None:
    first, *others = mode_items()

    assert mode_version() == version_of(mode_items())
    assert (
        len({version_of(items) for items in (mode_items(), others, [replace(first, name="Other words"), *others])}) == 3
    )
