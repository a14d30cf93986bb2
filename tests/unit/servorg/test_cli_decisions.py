"""`approve`, `reject`, `cancel` and `poison`: what is told, and the exit statuses."""

from dataclasses import replace
from typing import Any

from servorg.cli.watch import Seen, phase
from servorg.messages import CustomerRefresh, Message, SyncJob, TicketEvent
from servorg.records import Run, RunStatus
from shared.core.gates import Limits
from tests.builders import ACCOUNT, a_group, a_side, an_unread_group, links, mail
from tests.fakes.entra import FakeEntra
from tests.unit.servorg.cli_rig import START, App

RUN = "contoso-20261124-105312-4f2a9c1b"


def holding() -> tuple[App, Any]:
    """An app with a held run: all three contacts would be deactivated."""
    app = App()
    for name in ("ann", "bob", "cid"):
        app.desk.add_contact(ACCOUNT, mail(name))
    app.ledger.write_links("contoso", ACCOUNT, links({"ann": {}, "bob": {}, "cid": {}}).contacts, {})
    app.limits = Limits(max_removals=1)
    return app, app.told("sync", "contoso", "--wait")


def active(app: App) -> int:
    return sum(contact.active for contact in app.desk.read(ACCOUNT).contacts.values())


def test_a_held_run_says_how_to_decide_about_it() -> None:
    app, run = holding()

    said = " ".join(app.run("sync", "contoso", "--wait").stdout.split())
    [newest] = [one for one in app.ledger.kept.values() if one.status is RunStatus.HELD]

    assert f"`approve {newest.id} {run['digest']}`" in said
    assert f"`reject {newest.id}`" in said


def test_an_approval_answers_at_once_with_what_it_queued() -> None:
    app, run = holding()

    done = app.run("approve", run["id"], run["digest"])

    assert (done.exit_code, done.stdout) == (0, f"queued {run['id']} with 3 changes that were held\n")
    assert active(app) == 3
    assert [run["id"] in text for text in app.queue.texts] == [True]


def test_an_approval_that_is_waited_for_exits_as_sync_does() -> None:
    app, run = holding()

    done = app.run("approve", run["id"], run["digest"], "--wait")

    assert done.exit_code == 0
    assert f"{run['id']}: succeeded" in done.stdout
    assert "applied: 3 deactivate contact" in done.stdout
    assert "was held because 3 removals in one run, 1 are allowed" in done.stdout
    assert active(app) == 0


def test_an_approval_of_what_cannot_be_read_now_exits_with_3() -> None:
    app, run = holding()
    app.entra = FakeEntra(a_side(a_group("it"), an_unread_group("hr")))

    done = app.run("approve", run["id"], run["digest"], "--wait")

    assert done.exit_code == 3
    assert "1 of the chosen groups could not be read completely" in " ".join(done.stdout.split())
    assert active(app) == 3


def test_an_approval_as_json_is_the_run() -> None:
    app, run = holding()

    queued = app.told("approve", run["id"], run["digest"])
    app.deliver()
    told = app.told("run", run["id"])

    assert (queued["id"], queued["status"]) == (run["id"], "queued")
    assert [change["status"] for change in queued["changes"]] == ["held"] * 3
    assert (told["status"], told["counts"]["approved"]) == ("succeeded", 3)
    assert app.told("runs", "contoso")[0]["id"] == run["id"]


def test_a_wrong_digest_exits_with_1_and_a_sentence() -> None:
    app, run = holding()

    refused = app.run("approve", run["id"], "0" * 16)

    assert (refused.exit_code, refused.stdout, app.queue.texts) == (1, "", [])
    assert refused.stderr.startswith(f"Error: run {run['id']} shows another digest than '0000000000000000'")
    assert app.told("run", run["id"]) == run


def test_an_approved_run_is_told_as_reading_until_its_changes_are_checked() -> None:
    told = {"planned": True, "approved": True}
    reading = Run(RUN, "contoso", status=RunStatus.RUNNING, options=told)
    applying = replace(reading, options={**told, "admitted": True}, counts={"changes": 3, "planned": 3})

    assert [phase(Seen(run, 100), 101) for run in (reading, applying)] == ["reading", "0 of 3 changes"]


def test_a_rejected_run_is_cancelled_and_lists_what_was_not_done() -> None:
    app, run = holding()

    done = app.run("reject", run["id"])
    told = app.told("run", run["id"])

    assert (done.exit_code, done.stdout.startswith(f"rejected {run['id']}; the next run shows the same")) == (0, True)
    assert (told["status"], told["reason"]) == ("cancelled", "rejected")
    assert {(change["status"], change["reason"]) for change in told["changes"]} == {("skipped", "rejected")}
    assert app.run("reject", run["id"]).exit_code == 1
    assert active(app) == 3


def test_a_queued_run_is_cancelled_and_one_that_is_over_is_not() -> None:
    app = App()
    run = app.told("sync", "contoso")

    done, told = app.run("cancel", run["id"]), app.told("run", run["id"])
    again = app.run("cancel", run["id"])

    assert (done.exit_code, done.stdout) == (0, f"cancelled {run['id']}\n")
    assert (told["status"], told["reason"]) == ("cancelled", "cancelled")
    assert (again.exit_code, again.stderr) == (
        1,
        f"Error: run {run['id']} is cancelled already, so there is nothing to cancel\n",
    )


def test_cancelling_a_run_at_work_says_that_it_is_about_to_stop() -> None:
    app = App()
    run = app.told("sync", "contoso")
    app.ledger.update_run(run["id"], status=RunStatus.RUNNING)
    app.ledger.take_lease("contoso", run["id"], "holder", app.office.now(), 120)

    said = " ".join(app.run("cancel", run["id"]).stdout.split())

    assert said == f"cancelled {run['id']}; its job stops within about a second"
    assert app.told("runs")[0]["endedAt"] is None


def test_a_watched_run_that_is_cancelled_exits_with_1() -> None:
    app = App()

    def cancel() -> None:
        if app.queue.texts:
            app.queue.texts.clear()
            app.run("cancel", next(iter(app.ledger.kept)))

    app.meanwhile = cancel
    done = app.run("sync", "contoso", "--wait")

    assert done.exit_code == 1
    assert "cancelled" in done.stdout


def test_poison_is_listed_as_scripts_rely_on() -> None:
    app = App()
    run = app.told("sync", "contoso")
    app.ledger.update_run(run["id"], status=RunStatus.FAILED, reason="the CustOrg could not be reached")
    app.queue.failed = [
        Message("m1", SyncJob(run["id"], "contoso").to_json(), START),
        Message("m2", "no json", None),
    ]

    unreadable, told = app.told("poison", "list")
    shown = app.run("poison", "list").stdout

    assert told == {
        "message": "m1",
        "customer": "contoso",
        "run": run["id"],
        "reason": "the CustOrg could not be reached",
        "ticket": None,
        "insertedAt": "2026-11-24T10:53:12+00:00",
    }
    assert (unreadable["message"], unreadable["customer"]) == ("m2", None)
    assert unreadable["reason"].startswith("cannot be read: ")
    assert "the CustOrg could not be reached" in " ".join(shown.split())
    assert App().run("poison", "list").stdout == "Nothing failed for good.\n"
    assert App().told("poison", "list") == []


def test_a_replay_starts_a_new_run_and_the_message_leaves_the_list() -> None:
    app = App()
    run = app.told("sync", "contoso", "--mode", "2")
    app.queue.texts.clear()
    app.queue.failed = [Message("m1", SyncJob(run["id"], "contoso").to_json(), START)]

    new = app.told("poison", "replay", "m1")

    assert (new["customer"], new["modes"], new["status"]) == ("contoso", [2], "queued")
    assert new["id"] != run["id"]
    assert app.told("poison", "list") == []
    assert app.run("poison", "replay", "m1").stderr == "Error: `poison list` shows no message 'm1'\n"


def test_a_look_at_a_ticket_that_failed_is_listed_replayed_and_dropped_like_a_job() -> None:
    app = App()
    text = TicketEvent(501).to_json()
    app.events.failed = [Message("e1", text, START), Message("e2", text, START)]

    listed = app.told("poison", "list")
    said, dropped = app.run("poison", "replay", "e1").stdout, app.run("poison", "drop", "e2").stdout

    assert [(row["message"], row["customer"], row["ticket"]) for row in listed] == [
        ("e2", None, 501),
        ("e1", None, 501),
    ]
    assert (said, dropped) == ("queued another look at ticket 501\n", "dropped e2\n")
    assert (app.events.texts, app.events.failed) == ([text], [])
    app.events.failed = [Message("e1", text, START)]
    assert app.told("poison", "replay", "e1") == {"ticket": 501}


def test_a_refresh_that_failed_is_listed_and_replayed_too() -> None:
    app = App()
    app.refresh_queue.failed = [Message("r1", CustomerRefresh("contoso").to_json(), START)]

    [listed] = app.told("poison", "list")
    said = app.run("poison", "replay", "r1").stdout
    app.refresh_queue.failed = [Message("r1", CustomerRefresh("contoso").to_json(), START)]

    assert (listed["customer"], listed["run"], listed["ticket"]) == ("contoso", None, None)
    assert said == "queued another refresh of the groups of contoso\n"
    assert app.told("poison", "replay", "r1") == {"customer": "contoso"}
    assert len(app.refresh_queue.texts) == 2


def test_a_replay_for_a_customer_that_is_gone_exits_with_1() -> None:
    app = App()
    app.queue.failed = [
        Message("m1", SyncJob("gone-20260101-000000-00000000", "gone").to_json(), START),
        Message("m2", "no json", START),
    ]

    gone, unreadable = app.run("poison", "replay", "m1"), app.run("poison", "replay", "m2")

    assert (gone.exit_code, gone.stderr) == (1, "Error: there is no customer 'gone'\n")
    assert (unreadable.exit_code, "can't be read" in unreadable.stderr) == (1, True)
    assert len(app.queue.failed) == 2


def test_an_unreadable_message_can_be_dropped() -> None:
    app = App()
    app.queue.failed = [Message("m1", "no json", START)]

    assert app.run("poison", "drop", "m1").stdout == "dropped m1\n"
    assert app.run("poison", "drop", "m1").exit_code == 1
