"""The notes on tickets: short, without surprises in what others wrote, and always with what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core.report import Alike, News, RunFacts, Verdict
from shared.core.ticket_words import Asked, Refusal, Why, ended, refused, started, waiting

AT = datetime(2026, 11, 24, 10, 53, tzinfo=UTC)
RUN = "contoso-20261124-105312-4f2a9c1b"
ASKED = Asked("Contoso", (2, 5), (1,))
MODES = (
    'Sync mode: "Add contacts to Contact Group" and "Add Entra group owners and members to Contact Group". It replaces '
    '"Sync contacts only", also for the scheduled syncs from now on.'
)


def news(status: str = "succeeded", reason: str = "", seconds: float = 0, **fields: Any) -> News:
    facts = RunFacts(RUN, status, "0123456789abcdef", AT, seconds, reason)
    return News("contoso", "Contoso", Verdict.CHANGED, {status: 1}, last=facts, **fields)


def test_a_start_names_the_customer_the_modes_and_the_run() -> None:
    assert started(ASKED, RUN) == (
        f"The sync of Contoso has started. The result follows here.\n\n{MODES}\n\nRun: {RUN}"
    )


def test_what_waits_for_approval_says_that_nobody_has_to_send_it_again() -> None:
    note = waiting(Asked("Contoso", (1,)))

    assert note.startswith('The sync of Contoso ("Sync contacts only") waits for the approval of this ticket.')
    assert "nobody has to send the form again" in note


@pytest.mark.parametrize("why", Why)
def test_every_refusal_says_that_nothing_was_synced_and_what_to_do(why: Why) -> None:
    note = refused(Refusal(why))

    assert note.startswith("Nothing was synced. ")
    assert "lease send the form" in note
    assert note.endswith(".")


def test_what_somebody_wrote_is_shown_on_one_line_and_cut() -> None:
    note = refused(Refusal(Why.UNKNOWN_CUSTOMER, "Con\n\n\ttoso " + "x" * 200))

    assert "\n" not in note
    assert 'Answer: "Con toso xxxx' in note
    assert "x" * 60 not in note


def test_a_success_tells_numbers_what_was_left_out_and_the_first_names() -> None:
    names = "g0@contoso.example, g1@contoso.example, g2@contoso.example and 9 more"
    left = Alike("guest", "", 12, tuple(f"g{number}@contoso.example" for number in range(10)))
    note = ended(ASKED, news(seconds=75, done={"create contact": 1_200, "add to contact group": 1}, skipped=(left,)))

    assert note == "\n\n".join(
        (
            "The sync of Contoso succeeded.",
            MODES,
            "Done:\n- 1,200 contacts created, 1 added to a group",
            f"Skipped:\n- is a guest in the tenant; guests are not synced (12): {names}",
            f"Run: {RUN}, took 1 min 15 s",
        )
    )


def test_a_success_with_nothing_to_do_says_so() -> None:
    assert "\n\nThere was nothing to change.\n\n" in ended(ASKED, news())


def test_a_note_has_the_first_reasons_only() -> None:
    many = tuple(Alike(f"reason {number}", "deactivate contact", 1, ("a@contoso.example",)) for number in range(9))
    objections = tuple(f"objection {number}" for number in range(9))
    note = ended(ASKED, news("held", held=many, failed=many, skipped=many, waiting=many, objections=objections))

    assert (note.count("- because objection"), note.count("reason 4"), note.count("reason 5")) == (5, 4, 0)
    assert f"python -m servorg approve {RUN} 0123456789abcdef" in note


def test_a_failure_has_its_reason_and_the_command_that_tries_again() -> None:
    note = ended(ASKED, news("failed", reason="the CustOrg could not be reached"))

    assert "Failed:\n- the CustOrg could not be reached\n" in note
    assert "To try again now:\n    python -m servorg sync contoso --wait" in note
    assert "There was nothing to change" not in note


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_superseded_run_points_to_the_newer_one(status: str) -> None:
    note = ended(ASKED, news(status, reason="superseded by contoso-20261124-120000-00000001"))

    assert note.startswith("A newer run of Contoso took the place of this one")
    assert "python -m servorg run contoso-20261124-120000-00000001" in note
    assert "puts the cause right" not in note


def test_there_is_no_note_about_no_run() -> None:
    with pytest.raises(ValueError, match="no run"):
        ended(ASKED, News("contoso", "Contoso", Verdict.NO_RUN))


@pytest.mark.parametrize(
    ("status", "reason", "first", "last"),
    [
        ("failed", "silence", "The sync of Contoso failed.", "Then either send the form again, or sync with"),
        ("cancelled", "rejected", "An administrator rejected what the sync of Contoso held;", "send the form again to"),
        ("cancelled", "cancelled", "An administrator cancelled the sync of Contoso.", "send the form again to sync"),
    ],
)
def test_an_end_without_success_says_what_happened_and_what_becomes_of_the_ticket(
    status: str, reason: str, first: str, last: str
) -> None:
    note = ended(Asked("Contoso", (1,)), news(status, reason))

    assert note.startswith(first)
    assert last in note
    assert "This ticket stays open" in note
