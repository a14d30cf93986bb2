"""The sentences that people read."""

import pytest

from shared.core import words
from shared.core.changes import CreateGroup
from shared.core.gates import Objection, Rule
from shared.core.model import Reason, SyncMode
from tests.builders import ACCOUNT, group_id
from tests.unit.core.test_changes import CHANGES


def test_every_reason_and_every_mode_has_its_words() -> None:
    assert words.REASONS.keys() == set(Reason)
    assert words.MODES.keys() == set(SyncMode)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        (Objection(Rule.REMOVALS, 26, 25), "26 removals in one run, 25 are allowed"),
        (Objection(Rule.SHARE, 3, 12.5, "IT", 10), "3 of 10 would be removed from IT, 12.5 % are allowed"),
        (Objection(Rule.DAY, 101, 100), "101 removals in 24 hours, 100 are allowed"),
        (Objection(Rule.ADDITIONS, 5, 0), "5 additions in one run, 0 are allowed"),
        (Objection(Rule.READS_DISAGREE, 2, 0), "two reads of the directory disagree about 2 removals"),
    ],
)
def test_an_objection_is_a_sentence_with_its_numbers(about: Objection, sentence: str) -> None:
    said = words.objection(about)

    assert said == sentence


@pytest.mark.parametrize(
    ("reason", "detail", "more"),
    [
        (Reason.IN_OTHER_ACCOUNT, "account 40 Fabrikam", "account 40 Fabrikam"),
        (Reason.SEVERAL_SERVICE_GROUPS, "Gold, Silver", "Gold, Silver"),
        (Reason.NO_ACCOUNT, "entra-it", "tag it-support-team"),
        (Reason.GUEST, "user-1", ""),
        ("a sentence", "", ""),
    ],
)
def test_what_one_has_to_know_besides_a_reason_is_told(reason: str, detail: str, more: str) -> None:
    said = words.besides("IT Support Team", reason, detail)

    assert said == more


def test_every_change_is_one_line_that_names_what_it_is_about() -> None:
    said = [words.change(change) for change in CHANGES]

    assert said == [
        "create contact jan@contoso.example",
        "activate contact jan@contoso.example",
        "rename contact group 'IT' to 'IT support'",
        "create contact group 'IT'",
        "create contact group 'IT'",
        "add jan@contoso.example to 'IT' as manager",
        "raise jan@contoso.example in 'IT' from regular to manager",
        "lower jan@contoso.example in 'IT' from manager to guest",
        "remove jan@contoso.example from 'IT'",
        "remove jan@contoso.example from 'IT'",
        "link jan@contoso.example to service group 'IT'",
        "move jan@contoso.example to service group 'IT'",
        "clear the service group of jan@contoso.example",
        "clear the service group of jan@contoso.example",
        "deactivate contact jan@contoso.example",
        "deactivate contact jan@contoso.example",
    ]


def test_a_name_with_a_line_break_stays_on_its_line() -> None:
    said = words.change(CreateGroup(ACCOUNT, group_id("it"), "a\nb"))

    assert "\n" not in said
