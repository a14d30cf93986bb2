"""`runs` and `run`."""

from dataclasses import replace

from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus
from shared.core.changes import AddToGroup, CreateContact, to_json
from tests.builders import ACCOUNT, REGULAR, group_id, mail
from tests.unit.servorg.cli_rig import START, App

RUN = Run(
    "contoso-20261124-105312-4f2a9c1b",
    "contoso",
    (1, 2),
    RunStatus.PARTLY,
    "0123456789abcdef",
    queued_at=START,
    started_at=START,
    ended_at=START,
    trigger="timer",
    objections=("3 removals in one run, 2 are allowed",),
    skipped=(("gast@contoso.example", "guest", "user-1"),),
    counts={"changes": 2, "applied": 1, "failed": 1, "removed": 0},
)
ROWS = [
    ChangeRow(
        RUN.id, 0, "create contact", ChangeStatus.APPLIED, change=to_json(CreateContact(ACCOUNT, mail("ann"), "A", "B"))
    ),
    ChangeRow(
        RUN.id,
        1,
        "add to contact group",
        ChangeStatus.FAILED,
        "too many contact groups",
        to_json(AddToGroup(ACCOUNT, group_id("it"), "x" * 100, mail("ann"), REGULAR)),
        contact_id=7,
        group_id="7-A",
    ),
]


def with_runs(*runs: Run) -> App:
    app = App()
    for run in runs:
        app.ledger.create_run(run)
    app.ledger.write_changes(RUN.id, ROWS)
    return app


def test_a_run_as_json_is_what_scripts_rely_on() -> None:
    told = with_runs(RUN).told("run", RUN.id)

    assert told.pop("changes")[1] == {
        "number": 1,
        "kind": "add to contact group",
        "status": "failed",
        "reason": "too many contact groups",
        "words": "is in 50 contact groups already, which is DeskDirector's limit",
        "at": None,
        "contactId": 7,
        "groupId": "7-A",
        "account": ACCOUNT,
        "group": "entra-it",
        "name": "x" * 100,
        "address": "ann@contoso.example",
        "role": "regular",
    }
    assert told == {
        "id": RUN.id,
        "customer": "contoso",
        "modes": [1, 2],
        "status": "partly",
        "digest": "0123456789abcdef",
        "queuedAt": "2026-11-24T10:53:12+00:00",
        "startedAt": "2026-11-24T10:53:12+00:00",
        "endedAt": "2026-11-24T10:53:12+00:00",
        "trigger": "timer",
        "reason": "",
        "objections": ["3 removals in one run, 2 are allowed"],
        "counts": {"changes": 2, "applied": 1, "failed": 1, "removed": 0},
        "skipped": [
            {
                "subject": "gast@contoso.example",
                "reason": "guest",
                "words": "is a guest in the tenant; guests are not synced",
                "detail": "user-1",
            }
        ],
    }


def test_a_run_is_shown_with_its_changes_and_their_reasons() -> None:
    shown = with_runs(RUN).run("run", RUN.id).stdout

    assert "applied: create contact ann@contoso.example" in shown
    assert "is in 50 contact groups already" in " ".join(shown.split())
    assert "is a guest in the tenant; guests are not synced (1): gast@contoso.example" in " ".join(shown.split())
    assert "held because 3 removals" in shown
    assert "x" * 50 not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_run_that_has_not_started_has_no_times() -> None:
    told = with_runs(Run(RUN.id, "contoso")).told("run", RUN.id)

    assert (told["status"], told["startedAt"], told["endedAt"]) == ("queued", None, None)


def test_an_unknown_run_is_told_in_one_sentence() -> None:
    refused = App().run("run", "\x1b[2J")

    assert (refused.exit_code, refused.stderr) == (1, "Error: there is no run '\\x1b[2J'\n")


def test_runs_are_listed_newest_first_without_their_changes() -> None:
    newer = replace(RUN, id="contoso-20261125-105312-4f2a9c1b")
    other = replace(RUN, id="fabrikam-20261126-105312-4f2a9c1b", customer="fabrikam")
    app = with_runs(RUN, newer, other)

    told = app.told("runs", "contoso")

    assert [run["id"] for run in told] == [newer.id, RUN.id]
    assert "changes" not in told[0]
    assert [run["id"] for run in app.told("runs", "--limit", "2")] == [other.id, newer.id]


def test_the_table_of_runs_has_whole_ids_on_80_columns() -> None:
    said = replace(RUN, reason="[b]" + "because " * 40)

    listed = with_runs(said).run("runs").stdout

    assert RUN.id in listed
    assert "1 of 2" in listed
    assert "[b]because" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_no_runs_are_said_to_be_none() -> None:
    assert App().run("runs").stdout == "There are no runs yet.\n"
    assert App().told("runs", "contoso") == []


def test_runs_of_a_removed_customer_can_still_be_seen() -> None:
    app = with_runs(RUN)
    app.run("customers", "remove", "contoso")

    assert [run["id"] for run in app.told("runs", "contoso")] == [RUN.id]


def test_groups_that_could_not_be_read_are_told_with_the_cause() -> None:
    app = App()
    why = "the identity needs the application permission User.Read.All to read people"
    unread = tuple((name, "group not read", why) for name in ("IT", "Sales"))
    app.ledger.create_run(replace(RUN, skipped=(*unread, ("HR", "group not read", "Graph answered 500"))))
    lines = app.run("run", RUN.id).stdout.replace("\n    ", " ").splitlines()
    reason = "  is a group that could not be read completely; nobody is removed because of it"

    assert f"{reason}: {why} (2): IT, Sales" in lines
    assert f"{reason}: Graph answered 500 (1): HR" in lines
