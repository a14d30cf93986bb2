"""What a form asks for, in each shape of an answer."""

import pytest

from servorg.customer import Customer
from servorg.form_answers import Wanted, is_ours, wanted
from servorg.helpdesk import FieldAnswer, FormAnswers, Picked
from shared.core.ticket_words import Refusal, Why

CUSTOMERS = [
    Customer("contoso", "Contoso Ltd", "https://a.example", 1),
    Customer("cafe", "Café Zürich", "https://b.example", 2),
    Customer("north", "Twins", "https://c.example", 3),
    Customer("south", "TWINS", "https://d.example", 4),
    Customer("twins", "Another", "https://e.example", 5),
]
OTHER_CUSTOMER, OTHER_MODE = Picked("custorg_account_other", "Other"), Picked("sync_mode_other", "Other")


def picked(*identifiers: str) -> FieldAnswer:
    return FieldAnswer(tuple(Picked(one, f"the name of {one}") for one in identifiers))


def asked(customer: FieldAnswer | str = "contoso", mode: FieldAnswer | str = "1") -> Wanted | Refusal:
    fields = {
        "custorg_account": picked(customer) if isinstance(customer, str) else customer,
        "sync_mode": picked(mode) if isinstance(mode, str) else mode,
    }
    return wanted(FormAnswers(fields), CUSTOMERS)


def test_a_form_is_ours_when_it_has_both_fields() -> None:
    both = {"custorg_account": FieldAnswer(), "sync_mode": FieldAnswer(), "more": FieldAnswer()}

    assert is_ours(FormAnswers(both))
    assert not is_ours(FormAnswers({"sync_mode": FieldAnswer()}))
    assert not is_ours(FormAnswers())


def test_customer_and_modes_are_taken_by_identifier() -> None:
    assert asked("cafe", picked("5", "2", "5")) == Wanted("cafe", (2, 5))
    assert asked(picked("contoso", "contoso"), picked("4")) == Wanted("contoso", (4,))


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("contoso", "contoso"),
        (" CONTOSO ", "contoso"),
        ("contoso ltd", "contoso"),
        ("ContosoLtd", "contoso"),
        ("cafe zurich", "cafe"),
        ("CAFÉ  ZÜRICH", "cafe"),
        ("Cafe\u0301 Zu\u0308rich", "cafe"),
        ("twins", "twins"),
    ],
)
@pytest.mark.parametrize("pick", [OTHER_CUSTOMER, Picked("api_error"), None])
def test_free_text_is_a_customers_id_or_name_without_case_accents_and_blanks(
    pick: Picked | None, text: str, customer: str
) -> None:
    answer = FieldAnswer((pick,) if pick else (), text)

    assert asked(answer) == Wanted(customer, (1,))


def test_free_text_may_stand_in_the_name_of_other() -> None:
    assert asked(FieldAnswer((Picked("custorg_account_other", "Contoso Ltd"),))) == Wanted("contoso", (1,))


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (picked("gone"), Refusal(Why.UNKNOWN_CUSTOMER, "gone")),
        (picked("Contoso Ltd"), Refusal(Why.UNKNOWN_CUSTOMER, "Contoso Ltd")),
        (picked("contoso", "gone"), Refusal(Why.UNKNOWN_CUSTOMER, "gone")),
        (picked("contoso", "cafe"), Refusal(Why.SEVERAL_CUSTOMERS, "cafe, contoso")),
        (FieldAnswer((OTHER_CUSTOMER,), "Contosso"), Refusal(Why.UNKNOWN_CUSTOMER, "Contosso")),
        (FieldAnswer((OTHER_CUSTOMER,), "\u0301"), Refusal(Why.UNKNOWN_CUSTOMER, "\u0301")),
        (FieldAnswer((OTHER_CUSTOMER,), "  "), Refusal(Why.NO_CUSTOMER)),
        (FieldAnswer((OTHER_CUSTOMER,)), Refusal(Why.NO_CUSTOMER)),
        (FieldAnswer((Picked("api_error", ""),)), Refusal(Why.NO_CUSTOMER)),
        (FieldAnswer(), Refusal(Why.NO_CUSTOMER)),
    ],
)
def test_an_unclear_customer_is_refused_with_what_was_answered(answer: FieldAnswer, refusal: Refusal) -> None:
    assert asked(answer) == refusal


def test_a_name_of_two_customers_is_refused_and_names_their_ids() -> None:
    two = [one for one in CUSTOMERS if one.id != "twins"]
    fields = {"custorg_account": FieldAnswer((OTHER_CUSTOMER,), "Twins"), "sync_mode": picked("1")}

    assert wanted(FormAnswers(fields), two) == Refusal(Why.SEVERAL_CUSTOMERS, "north, south")


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("Sync contacts only", (1,)),
        ("add contacts to contactgroup", (2,)),
        ("LINK CONTACTS TO SERVICE GROUP", (3,)),
        ("Sync Entra groups as Accounts", (4,)),
        ("Add Entra group owners and members to Contact Group", (5,)),
        ("3", (3,)),
        ("Mode 3", (3,)),
        ("3; Sync contacts only", (1, 3)),
        ("1,2\n5;", (1, 2, 5)),
    ],
)
@pytest.mark.parametrize("pick", [OTHER_MODE, Picked("api_error"), None])
def test_free_text_is_a_modes_number_or_label(pick: Picked | None, text: str, modes: tuple[int, ...]) -> None:
    assert asked(mode=FieldAnswer((pick,) if pick else (), text)) == Wanted("contoso", modes)


def test_a_choice_and_free_text_are_united() -> None:
    assert asked(mode=FieldAnswer((Picked("2"), OTHER_MODE), "Sync contacts only")) == Wanted("contoso", (1, 2))


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (picked("6"), Refusal(Why.UNKNOWN_MODE, "6")),
        (picked("0"), Refusal(Why.UNKNOWN_MODE, "0")),
        (picked("²"), Refusal(Why.UNKNOWN_MODE, "²")),
        (picked("1", "x"), Refusal(Why.UNKNOWN_MODE, "x")),
        (FieldAnswer((OTHER_MODE,), "everything"), Refusal(Why.UNKNOWN_MODE, "everything")),
        (FieldAnswer((OTHER_MODE,), ";"), Refusal(Why.NO_MODE)),
        (FieldAnswer((OTHER_MODE,)), Refusal(Why.NO_MODE)),
        (FieldAnswer(), Refusal(Why.NO_MODE)),
    ],
)
def test_an_unclear_mode_is_refused(answer: FieldAnswer, refusal: Refusal) -> None:
    assert asked(mode=answer) == refusal
