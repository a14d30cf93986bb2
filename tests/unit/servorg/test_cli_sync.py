"""`sync`: queueing, watching, and the exit statuses."""

from dataclasses import replace

import pytest

from servorg.cli.sync import exit_status
from servorg.cli.watch import Seen, phase
from servorg.records import Run, RunStatus
from shared.core.gates import Limits
from shared.errors import CustOrgRefused, DeskRejected
from tests.builders import ACCOUNT, a_group, a_side, links, mail
from tests.fakes.entra import FakeEntra
from tests.unit.servorg.cli_rig import START, App

RUN = Run("contoso-20261124-105312-00000000", "contoso", (1,), queued_at=START)


def with_people(*names: str) -> App:
    app = App()
    app.entra = FakeEntra(a_side(a_group("it", names)))
    return app


def test_a_queued_run_has_its_row_and_its_message() -> None:
    app = with_people("ann")

    queued = app.run("sync", "contoso")
    (run,) = app.ledger.kept.values()

    assert (queued.exit_code, queued.stdout) == (0, f"queued {run.id}\n")
    assert (run.status, run.trigger, run.modes) == (RunStatus.QUEUED, "command line", (1,))
    assert [run.id in text for text in app.queue.texts] == [True]


def test_modes_of_the_command_hold_for_its_run() -> None:
    app = App()

    app.run("sync", "contoso", "--mode", "5", "--mode", "2")

    assert [run.modes for run in app.ledger.kept.values()] == [(2, 5)]
    assert app.book.configuration("contoso").modes == (1,)


def test_waiting_shows_progress_and_the_summary_of_a_run_that_succeeded() -> None:
    app = with_people("ann", "bob")

    done = app.run("sync", "contoso", "--wait")
    (run,) = app.ledger.kept.values()

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{run.id}: queued",
        f"{run.id}: succeeded",
        f"{run.id} succeeded in 0 s",
        "  applied: 2 create contact",
    ]
    assert app.queue.is_empty()


def test_waiting_with_json_tells_the_ended_run_only() -> None:
    app = with_people("ann")

    done = app.run("sync", "contoso", "--wait", "--json")
    told = app.told("run", next(iter(app.ledger.kept)))

    assert done.stdout.startswith("{")
    assert (told["status"], told["changes"][0]["status"]) == ("succeeded", "applied")
    assert told["counts"]["applied"] == 1
    assert "queued" in done.stderr


def test_a_held_run_exits_with_3_and_says_what_to_do() -> None:
    app = App()
    for name in ("ann", "bob", "cid"):
        app.desk.add_contact(ACCOUNT, mail(name))
    app.ledger.write_links("contoso", ACCOUNT, links({"ann": {}, "bob": {}, "cid": {}}).contacts, {})
    app.limits = Limits(max_removals=1)

    done = app.run("sync", "contoso", "--wait")

    assert done.exit_code == 3
    assert "held because 3 removals in one run, 1 are allowed" in done.stdout
    assert "`configure contoso --max-removals N`" in " ".join(done.stdout.split())


def test_a_run_with_failed_changes_exits_with_4_and_names_them() -> None:
    app = with_people("ann", "bob")
    app.desk.fail("create_contact", DeskRejected(422, "DeskDirector refuses the address"), times=1)

    done = app.run("sync", "contoso", "--wait")

    assert done.exit_code == 4
    assert "failed: create contact ann@contoso.example — DeskDirector refuses the" in done.stdout


def test_a_failed_run_exits_with_1_and_its_reason() -> None:
    app = App()
    app.entra.then(CustOrgRefused("the CustOrg answered: no"))

    done = app.run("sync", "contoso", "--wait")

    assert done.exit_code == 1
    assert "the CustOrg answered: no" in done.stdout


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ("succeeded", 0),
        ("succeeded held", 3),
        ("held partly succeeded", 4),
        ("partly held failed", 1),
        ("cancelled succeeded", 1),
        ("", 0),
    ],
)
def test_of_several_runs_the_worst_one_decides(statuses: str, status: int) -> None:
    runs = [replace(RUN, status=RunStatus(text)) for text in statuses.split()]

    assert exit_status(runs) == status


def test_all_customers_are_queued_and_told_as_a_list() -> None:
    app = App()
    app.book.put(id="fabrikam", name="Fabrikam", url="https://fabrikam.example", account=77)
    app.desk.add_account(77)

    told = app.told("sync", "--all", "--wait")

    assert [(run["customer"], run["status"]) for run in told] == [("contoso", "succeeded"), ("fabrikam", "succeeded")]


def test_all_of_no_customers_is_nothing_to_do() -> None:
    app = App()
    app.run("customers", "remove", "contoso")

    assert app.run("sync", "--all", "--wait").exit_code == 0
    assert app.run("sync", "--all").stdout == "There are no customers.\n"


@pytest.mark.parametrize("arguments", [("sync",), ("sync", "contoso", "--all")])
def test_one_customer_or_all_has_to_be_named(arguments: tuple[str, ...]) -> None:
    assert App().run(*arguments).exit_code == 64


def test_ctrl_c_stops_watching_and_leaves_the_run_alone() -> None:
    app = with_people("ann")

    def interrupt() -> None:
        raise KeyboardInterrupt

    app.meanwhile = interrupt
    stopped = app.run("sync", "contoso", "--wait")
    (run,) = app.ledger.kept.values()

    assert stopped.exit_code == 130
    assert f"goes on: `python -m servorg run {run.id}`" in stopped.stderr
    assert (run.status, len(app.queue.texts)) == (RunStatus.QUEUED, 1)


def test_it_returns_only_when_no_message_of_the_run_can_be_seen() -> None:
    app = with_people("ann")

    def deliver_and_leave_one() -> None:
        app.deliver()
        (run,) = app.ledger.kept
        app.queue.stuck = [run] if app.seconds < 8 else ["another"]

    app.meanwhile = deliver_and_leave_one
    app.run("sync", "contoso", "--wait")

    assert 9.5 <= app.seconds < 11


def test_a_message_that_stays_is_waited_for_15_seconds_at_most() -> None:
    app = with_people("ann")

    def deliver_and_leave_one() -> None:
        app.deliver()
        app.queue.stuck = list(app.ledger.kept)

    app.meanwhile = deliver_and_leave_one
    done = app.run("sync", "contoso", "--wait")

    assert done.exit_code == 0
    assert 15 <= app.seconds < 18


def test_plain_progress_tells_news_only() -> None:
    app = with_people("ann")
    app.meanwhile = lambda: app.deliver() if app.seconds > 60 else None

    said = app.run("sync", "contoso", "--wait").stdout.splitlines()

    assert [line.partition(": ")[2] for line in said[:3]] == [
        "queued",
        "queued; is the function app running?",
        "succeeded",
    ]


READ = replace(RUN, status=RunStatus.RUNNING, options={"planned": True})


@pytest.mark.parametrize(
    ("run", "behind", "waited", "said"),
    [
        (RUN, "", 1, "queued"),
        (RUN, "contoso-1", 1, "waits for contoso-1, which is at work"),
        (replace(RUN, reason="no answer"), "", 1, "waits to be tried again: no answer"),
        (replace(RUN, status=RunStatus.RUNNING), "", 1, "reading"),
        (replace(RUN, status=RunStatus.RUNNING), "", 40, "reading; Microsoft Graph or DeskDirector may have asked"),
        (replace(READ, counts={"changes": 9, "planned": 3, "in doubt": 1, "held": 2}), "", 1, "3 of 7 changes"),
        (replace(READ, counts={"changes": 9, "waiting": 9}), "", 1, "0 of 0 changes"),
        (replace(READ, counts={"changes": 2}), "", 11, "2 of 2 changes; DeskDirector may have asked to wait"),
        (replace(RUN, status=RunStatus.HELD), "", 11, "held"),
    ],
)
def test_each_phase_has_its_words(run: Run, behind: str, waited: float, said: str) -> None:
    assert phase(Seen(run, 100, behind), 100 + waited).startswith(said)


def test_a_run_behind_another_says_so() -> None:
    app = with_people("ann")
    other = replace(RUN, id="contoso-20261124-105200-00000000", status=RunStatus.RUNNING)
    app.ledger.create_run(other)
    app.meanwhile = lambda: app.deliver() if app.seconds > 5 else None

    said = app.run("sync", "contoso", "--wait").stdout

    assert f"waits for {other.id}" in said


def test_a_queued_run_as_json_is_a_run() -> None:
    told = App().told("sync", "contoso")

    assert (told["customer"], told["status"], told["changes"]) == ("contoso", "queued", [])
