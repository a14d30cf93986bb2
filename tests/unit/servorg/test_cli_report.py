"""`report`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from servorg.mail import MailNotSent
from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus
from shared.core.changes import RemoveFromGroup, to_json
from shared.errors import SettingsError
from tests.builders import ACCOUNT, REGULAR, group_id, mail
from tests.unit.servorg.cli_rig import START, App

AT = START - timedelta(hours=8)
RUN = Run(
    f"contoso-{AT:%Y%m%d-%H%M%S}-4f2a9c1b",
    "contoso",
    (2,),
    RunStatus.HELD,
    "9f86d081884c7d65",
    queued_at=AT,
    started_at=AT,
    ended_at=AT + timedelta(seconds=12),
    objections=("26 removals in one run, 25 are allowed",),
    skipped=(("gast@contoso.example", "guest", "user-1"),),
    counts={"changes": 1, "held": 1},
)
REMOVAL = to_json(RemoveFromGroup(ACCOUNT, group_id("it"), "IT \x1b[2J [b]", mail("ann"), REGULAR))


def with_run(run: Run = RUN) -> App:
    app = App()
    app.ledger.create_run(run)
    app.ledger.write_changes(
        run.id, [ChangeRow(run.id, 0, "remove from contact group", ChangeStatus.HELD, "", REMOVAL)]
    )
    return app


def test_the_report_is_text_on_80_columns_with_commands_in_one_piece() -> None:
    shown = with_run().run("report").stdout

    assert shown.startswith("1 of 1 customers needs you\n")
    assert "\n\nHELD  Contoso (contoso)\n" in shown
    assert "- remove from contact group 'IT \\x1b[2J [b]' (1): ann@contoso.example" in shown
    assert f"\n    python -m servorg approve {RUN.id} {RUN.digest}\n" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_long_command_is_left_to_the_terminal_to_wrap() -> None:
    app = App()
    name = "a" * 50
    app.book.put(id=name, name="A", url="https://a.example", account=77)
    run = replace(RUN, id=RUN.id.replace("contoso", name), customer=name)
    app.ledger.create_run(run)

    assert f"    python -m servorg approve {run.id} {run.digest}\n" in app.run("report").stdout


def test_the_report_as_json_has_the_same_facts() -> None:
    told = with_run().told("report")
    [customer] = told["customers"]

    assert told["subject"] == "Sync Entra Groups: 1 held"
    assert told["needSomebody"] == 1
    assert (told["since"], told["until"]) == ("2026-11-23T10:53:13+00:00", "2026-11-24T10:53:13+00:00")
    assert customer.items() >= {"customer": "contoso", "verdict": "held", "needsSomebody": True, "seconds": 12}.items()
    assert customer["last"] == {
        "id": RUN.id,
        "status": "held",
        "digest": RUN.digest,
        "at": "2026-11-24T02:53:24+00:00",
        "seconds": 12,
        "reason": "",
    }
    assert customer["held"][0]["names"] == ["ann@contoso.example"]
    assert customer["skipped"] == [
        {
            "reason": "guest",
            "kind": "",
            "count": 1,
            "names": ["gast@contoso.example"],
            "words": "is a guest in the tenant; guests are not synced",
        }
    ]


@pytest.mark.parametrize(("since", "runs"), [("2026-11-24", 1), ("2026-11-24T05:00", 0), ("2026-11-01 00:00", 1)])
def test_since_says_from_when_on(since: str, runs: int) -> None:
    [customer] = with_run(replace(RUN, status=RunStatus.SUCCEEDED)).told("report", "--since", since)["customers"]

    assert sum(customer["runs"].values()) == runs


def test_a_test_mail_says_that_it_is_one_and_who_gets_it() -> None:
    app = with_run()
    done = app.run("report", "--send-test")
    [(subject, html)] = app.mailer.sent

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "Microsoft Graph accepted the report for desk@msp.example, boss@msp.example\n"
    assert subject == "Test: Sync Entra Groups: 1 held"
    assert "Contoso" in html


def test_nothing_is_mailed_without_being_asked_for() -> None:
    app = with_run()
    app.run("report")

    assert app.mailer.sent == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MailNotSent("Microsoft Graph answered 403: no"), "Error: Microsoft Graph answered 403: no\n"),
        (SettingsError(["MAIL_SENDER is missing"]), "Error: the settings are not right: MAIL_SENDER is missing\n"),
    ],
)
def test_a_mail_that_was_not_sent_is_one_sentence(error: Exception, said: str) -> None:
    app = with_run()
    app.mailer.error = error
    refused = app.run("report", "--send-test")

    assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", said)


@pytest.mark.parametrize(
    "words",
    [("--since", "2026-12-24"), ("--since", "yesterday"), ("--send-test", "--json"),
     ("--send-test", "--since", "2026-11-01")],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert with_run().run("report", *words).exit_code == 64
