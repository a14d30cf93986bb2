"""What every ledger promises: the one in memory, and the one in tables (with Azurite)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from servorg.ledger import TableLedger
from servorg.records import (
    HANDED,
    ChangeRow,
    ChangeStatus,
    LeaseBusy,
    LeaseTaken,
    Ledger,
    Run,
    RunStatus,
    UnknownRun,
    new_run_id,
)
from shared.core.model import (
    NO_CONTACT_GROUP,
    AccountId,
    Address,
    ContactGroupId,
    ContactLink,
    EntraGroupId,
    EntraUserId,
    Given,
    GroupLink,
    GroupRole,
    Links,
)
from shared.settings import StorageSettings
from shared.tables import Tables
from tests.fakes.ledger import FakeLedger

NOW = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
RANDOM = Random(7)
HOSTILE = "o'brien+a/b\\c#d?e%41=é\u0085\ud800@example.com"


@pytest.fixture(params=["memory", "tables"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return FakeLedger()
    storage = request.getfixturevalue("azurite").connection_string
    return TableLedger(Tables(StorageSettings.read({"AzureWebJobsStorage": storage})))


@pytest.fixture
def customer() -> str:
    """A customer of this test alone: Azurite is shared."""
    return f"customer-{RANDOM.getrandbits(40):x}"


def a_run(customer: str, at: datetime = NOW, status: RunStatus = RunStatus.QUEUED) -> Run:
    return Run(new_run_id(customer, at, RANDOM), customer, (2, 5), status, queued_at=at)


def some_changes(run: str, count: int) -> list[ChangeRow]:
    return [ChangeRow(run, i, "CreateContact", change={"address": f"p{i}@example.com"}) for i in range(count)]


# runs


def test_a_run_comes_back_as_it_was_written(ledger: Ledger, customer: str) -> None:
    run = replace(
        a_run(customer),
        status=RunStatus.HELD,
        digest="d1",
        started_at=NOW,
        ended_at=NOW + timedelta(minutes=3),
        reason="25 removals",
        trigger="timer",
        objections=("too many",),
        skipped=((HOSTILE, "guest", ""), ("b", "disabled", "x")),
        counts={"planned": 3, "removed": 1},
        options={"modes": [1], "nested": {"limit": None}},
    )

    ledger.create_run(run)

    assert ledger.run(run.id) == run


def test_a_run_that_is_there_is_not_made_anew(ledger: Ledger, customer: str) -> None:
    run = a_run(customer)
    ledger.create_run(run)
    ledger.update_run(run.id, status=RunStatus.HELD, digest="4f2a")

    ledger.create_run(run)

    found = ledger.run(run.id)
    assert found is not None
    assert (found.status, found.digest) == (RunStatus.HELD, "4f2a")
    assert [one.id for one in ledger.runs(customer, 5)] == [run.id]


def test_a_run_that_nobody_wrote_is_none(ledger: Ledger, customer: str) -> None:
    assert ledger.run(a_run(customer).id) is None
    assert ledger.run("no id/of a run") is None


@pytest.mark.parametrize("count", [5_000, 60_000])
def test_however_much_is_skipped_none_of_it_is_lost(ledger: Ledger, customer: str, count: int) -> None:
    skipped = tuple((f"{Random(i).getrandbits(128):x}@example.com", "guest", f"group {i}") for i in range(count))
    run = a_run(customer)
    ledger.create_run(run)

    ledger.update_run(run.id, skipped=skipped)
    ledger.update_run(run.id, status=RunStatus.SUCCEEDED)

    assert ledger.run(run.id) == replace(run, skipped=skipped, status=RunStatus.SUCCEEDED)
    assert ledger.runs(customer, 1) == [ledger.run(run.id)]
    assert ledger.changes(run.id) == []


def test_a_shorter_value_replaces_a_longer_one_entirely(ledger: Ledger, customer: str) -> None:
    run = replace(a_run(customer), objections=tuple(f"{Random(i).random()}" for i in range(10_000)))
    ledger.create_run(run)

    ledger.update_run(run.id, objections=("one",))

    assert ledger.run(run.id) == replace(run, objections=("one",))


def test_an_update_changes_what_it_names_and_nothing_else(ledger: Ledger, customer: str) -> None:
    run = replace(a_run(customer), reason="why", counts={"planned": 2})
    ledger.create_run(run)

    ledger.update_run(run.id, status=RunStatus.RUNNING, started_at=NOW, reason="")

    assert ledger.run(run.id) == replace(run, status=RunStatus.RUNNING, started_at=NOW, reason="")


@pytest.mark.parametrize("unknown", ["nobody-20261124-105312-4f2a9c1b", "nonsense"])
def test_a_run_that_is_not_there_cannot_be_updated(ledger: Ledger, unknown: str) -> None:
    with pytest.raises(UnknownRun):
        ledger.update_run(unknown, reason="x")
    with pytest.raises(UnknownRun):
        ledger.update_run_if(unknown, RunStatus.HELD, reason="x")


def test_of_two_decisions_about_a_held_run_one_counts(ledger: Ledger, customer: str) -> None:
    run = a_run(customer, status=RunStatus.HELD)
    ledger.create_run(run)

    with ThreadPoolExecutor(8) as threads:
        decided = list(
            threads.map(
                lambda i: ledger.update_run_if(run.id, RunStatus.HELD, status=RunStatus.CANCELLED, reason=str(i)),
                range(8),
            )
        )

    found = ledger.run(run.id)
    assert decided.count(True) == 1
    assert found is not None
    assert found.reason == str(decided.index(True))


def test_runs_are_listed_newest_first(ledger: Ledger, customer: str) -> None:
    times = [NOW + timedelta(seconds=s) for s in (0, 86_400, -1, 0.1, 0.2, 3_600)]
    for at in times:
        ledger.create_run(a_run(customer, at))

    assert [run.queued_at for run in ledger.runs(customer, 10)] == sorted(times, reverse=True)
    assert [run.queued_at for run in ledger.runs(customer, 2)] == sorted(times, reverse=True)[:2]


def test_runs_of_all_customers_are_listed_newest_first(ledger: Ledger, customer: str) -> None:
    ahead = timedelta(days=RANDOM.randrange(400, 20_000))
    made = [a_run(f"{customer}-{i % 3}", NOW + ahead + timedelta(seconds=i)) for i in range(9)]
    for run in made:
        ledger.create_run(run)
    ledger.take_lease(f"{customer}-0", made[0].id, "a", NOW, 60)

    assert ledger.runs(None, 7) == made[::-1][:7]


# removals of the last day


def test_removals_of_runs_that_ended_since_or_are_not_over_are_counted(ledger: Ledger, customer: str) -> None:
    ends = {1: NOW - timedelta(hours=25), 10: NOW - timedelta(hours=24), 100: NOW, 1_000: None}
    for removed, ended_at in ends.items():
        at = NOW - timedelta(days=2, seconds=removed)
        ledger.create_run(replace(a_run(customer, at), ended_at=ended_at, counts={"removed": removed, "applied": 7}))
    ledger.create_run(replace(a_run(f"{customer}-b"), counts={"removed": 5}))

    assert ledger.removals_since(customer, NOW - timedelta(hours=24)) == 1_110


def test_removals_count_while_their_run_is_at_work(ledger: Ledger, customer: str) -> None:
    run = a_run(customer)
    ledger.create_run(run)
    ledger.update_run(run.id, status=RunStatus.RUNNING, counts={"removed": 3})
    ledger.update_run(run.id, counts={"removed": 8})

    assert ledger.removals_since(customer, NOW) == 8


# changes


def test_changes_come_back_in_their_order(ledger: Ledger, customer: str) -> None:
    run = a_run(customer).id
    rows = some_changes(run, 250)

    ledger.write_changes(run, reversed(rows))

    assert ledger.changes(run) == rows


def test_writing_changes_again_leaves_exactly_the_new_ones(ledger: Ledger, customer: str) -> None:
    run = a_run(customer).id
    ledger.write_changes(run, some_changes(run, 205))
    fewer = [replace(row, kind="RemoveMembership") for row in some_changes(run, 3)]

    ledger.write_changes(run, fewer)
    ledger.write_changes(run, fewer)

    assert ledger.changes(run) == fewer


def test_a_mark_keeps_what_the_change_is(ledger: Ledger, customer: str) -> None:
    run = a_run(customer).id
    rows = some_changes(run, 130)
    ledger.write_changes(run, rows)
    marks = [
        replace(row, status=ChangeStatus.APPLIED, reason="r", contact_id=2**40 + row.number, tries=2, at=NOW)
        for row in rows[:120]
    ]

    ledger.mark(replace(mark, kind="?", change={}) for mark in marks)
    ledger.mark([replace(marks[0], status=ChangeStatus.IN_DOUBT, group_id="g1", contact_id=None)])

    expected = [
        replace(marks[0], status=ChangeStatus.IN_DOUBT, group_id="g1", contact_id=None),
        *marks[1:],
        *rows[120:],
    ]
    assert ledger.changes(run) == expected


def test_a_change_of_any_size_and_spelling_is_kept(ledger: Ledger, customer: str) -> None:
    run = a_run(customer).id
    names = [f"{HOSTILE}{Random(i).random()}" for i in range(3_000)]
    rows = [ChangeRow(run, 1, "CreateGroup", reason="é" * 9, change={"names": names, "none": None})]

    ledger.write_changes(run, rows)

    assert ledger.changes(run) == rows


# links

CONTACT = ContactLink(
    (EntraUserId("u1"), EntraUserId("u2")),
    {
        EntraGroupId("g1"): Given(GroupRole.MANAGER, GroupRole.REGULAR, 1_764_000_000.5),
        EntraGroupId("g2"): Given(GroupRole.REGULAR, managed=False),
    },
    leaving_since=1_764_000_000.0,
)
GROUP = GroupLink(ContactGroupId("cg-1"), "Sales <b> é", made=True)


def test_links_come_back_by_account_whatever_is_in_an_address(ledger: Ledger, customer: str) -> None:
    first = Links(
        {Address(HOSTILE): CONTACT, Address("b@x.de"): ContactLink(managed=False)}, {EntraGroupId("g1"): GROUP}
    )
    second = Links({Address(HOSTILE): ContactLink()}, {})
    for account, links in ((AccountId(12), first), (AccountId(3), second)):
        ledger.write_links(customer, account, links.contacts, links.groups)
    ledger.write_links(f"{customer}-b", AccountId(12), {Address("c@x.de"): CONTACT}, {})

    assert ledger.links(customer) == {AccountId(3): second, AccountId(12): first}


def test_service_groups_and_accounts_of_groups_come_back_in_links(ledger: Ledger, customer: str) -> None:
    links = Links(
        {
            Address("a@x.de"): ContactLink(service_group=7),
            Address("b@x.de"): ContactLink(managed=False, service_group=0),
        },
        {
            EntraGroupId("filled"): GroupLink(NO_CONTACT_GROUP, ""),
            EntraGroupId("served"): GroupLink(NO_CONTACT_GROUP, "", service_group=7),
            EntraGroupId("both"): GroupLink(ContactGroupId("cg-1"), "Both", made=True, service_group=7),
        },
    )

    ledger.write_links(customer, AccountId(21), links.contacts, links.groups)
    ledger.write_links(customer, AccountId(21), {Address("b@x.de"): ContactLink()}, {})

    expected = {**links.contacts, Address("b@x.de"): ContactLink()}
    assert ledger.links(customer) == {AccountId(21): Links(expected, links.groups)}
    assert [group for group, link in ledger.links(customer)[AccountId(21)].groups.items() if link.fills] == ["filled"]


def test_a_link_is_replaced_whole_and_none_deletes_it(ledger: Ledger, customer: str) -> None:
    a, b, c = Address("a@x.de"), Address("b@x.de"), Address("c@x.de")
    account, group = AccountId(1), EntraGroupId("g1")
    ledger.write_links(customer, account, {a: CONTACT, b: CONTACT, c: CONTACT}, {group: GROUP})

    ledger.write_links(customer, account, {a: ContactLink(), b: None}, {group: None})

    assert ledger.links(customer) == {account: Links({a: ContactLink(), c: CONTACT}, {})}


def test_deleting_links_that_are_gone_does_not_stop_the_others(ledger: Ledger, customer: str) -> None:
    gone = dict.fromkeys((Address(f"gone{i}@x.de") for i in range(5)), None)
    account, kept = AccountId(1), Address("kept@x.de")
    ledger.write_links(customer, account, {Address("gone3@x.de"): CONTACT}, {})

    ledger.write_links(customer, account, {**gone, kept: CONTACT}, {EntraGroupId("g"): None})

    assert ledger.links(customer) == {account: Links({kept: CONTACT}, {})}


def test_a_link_with_thousands_of_memberships_is_kept(ledger: Ledger, customer: str) -> None:
    given = {EntraGroupId(f"{Random(i).getrandbits(128):x}"): Given(GroupRole.REGULAR) for i in range(5_000)}
    links = Links({Address("a@x.de"): ContactLink(memberships=given)}, {})

    ledger.write_links(customer, AccountId(1), links.contacts, links.groups)

    assert ledger.links(customer) == {AccountId(1): links}


# leases


def test_a_customer_is_taken_once_at_a_time(ledger: Ledger, customer: str) -> None:
    until = NOW + timedelta(seconds=120)

    assert ledger.take_lease(customer, "r1", "a", NOW, 120) == LeaseTaken(customer, "r1", "a", until)
    assert ledger.take_lease(customer, "r2", "b", until - timedelta(seconds=1), 120) == LeaseBusy("r1", until)
    assert ledger.take_lease(customer, "r1", "b", NOW, 120) == LeaseBusy("r1", until)
    assert isinstance(ledger.take_lease(f"{customer}-b", "r2", "b", NOW, 120), LeaseTaken)


def test_whoever_has_the_lease_may_take_it_again(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    later = NOW + timedelta(seconds=60)

    again = ledger.take_lease(customer, "r1", "a", later, 120)

    assert again == LeaseTaken(customer, "r1", "a", later + timedelta(seconds=120))


def test_a_lease_that_ran_out_is_taken_over_and_tells_whose_it_was(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    late = NOW + timedelta(seconds=120)

    taken = ledger.take_lease(customer, "r2", "b", late, 10)

    assert taken == LeaseTaken(customer, "r2", "b", late + timedelta(seconds=10), previous="r1")
    assert not ledger.renew_lease(customer, "r1", "a", late, 120)


def test_a_renewed_lease_lasts_longer(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    later = NOW + timedelta(seconds=100)

    renewed = ledger.renew_lease(customer, "r1", "a", later, 120)

    assert renewed
    assert ledger.take_lease(customer, "r2", "b", later, 120) == LeaseBusy("r1", later + timedelta(seconds=120))


def test_a_lease_that_ran_out_and_nobody_took_can_be_renewed(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)

    assert ledger.renew_lease(customer, "r1", "a", NOW + timedelta(seconds=500), 120)


def test_a_released_lease_is_free_and_cannot_be_renewed(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)

    ledger.release_lease(customer, "r1", "a")

    assert not ledger.renew_lease(customer, "r1", "a", NOW, 120)
    assert ledger.take_lease(customer, "r2", "b", NOW, 120) == LeaseTaken(
        customer, "r2", "b", NOW + timedelta(seconds=120)
    )


def test_nobody_releases_the_lease_of_another(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)

    ledger.release_lease(customer, "r1", "b")
    ledger.release_lease(customer, "r2", "a")
    ledger.release_lease(f"{customer}-b", "r1", "a")

    assert isinstance(ledger.take_lease(customer, "r2", "b", NOW, 120), LeaseBusy)


def test_a_lease_that_was_handed_on_waits_for_whoever_knows_its_word(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    until = NOW + timedelta(seconds=300)

    assert ledger.hand_lease("r1", "a", LeaseTaken(customer, "r1", "word", until))
    assert ledger.take_lease(customer, "r2", "b", NOW, 120, handed="word") == LeaseBusy("r1", until)
    assert ledger.take_lease(customer, "r1", "b", NOW, 120, handed="other") == LeaseBusy("r1", until)
    ledger.release_lease(customer, "r1", "a")
    taken = ledger.take_lease(customer, "r1", "b", NOW, 120, handed="word")
    assert taken == LeaseTaken(customer, "r1", "b", NOW + timedelta(seconds=120))
    assert isinstance(ledger.take_lease(customer, "r1", "c", NOW, 120, handed="word"), LeaseBusy)


def test_nobody_hands_on_the_lease_of_another(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    heir = LeaseTaken(customer, "r2", "word", NOW + timedelta(seconds=300))

    assert not ledger.hand_lease("r1", "b", heir)
    assert not ledger.hand_lease("r2", "a", heir)
    assert ledger.renew_lease(customer, "r1", "a", NOW, 120)


@pytest.mark.parametrize("left_behind", [False, True])
def test_of_many_who_take_a_customer_at_once_one_gets_it(ledger: Ledger, customer: str, left_behind: bool) -> None:
    if left_behind:
        ledger.take_lease(customer, "r0", "z", NOW - timedelta(hours=1), 120)
    together = threading.Barrier(8)

    def take(i: int) -> LeaseTaken | LeaseBusy:
        together.wait(10)
        return ledger.take_lease(customer, f"r{i + 1}", f"h{i}", NOW, 120)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(take, range(8)))

    taken = [answer for answer in answers if isinstance(answer, LeaseTaken)]
    assert len(taken) == 1
    assert {answer.run for answer in answers} == {taken[0].run}


def test_a_lease_tells_who_finds_it_taken_whether_it_is_only_kept_for_a_message(ledger: Ledger, customer: str) -> None:
    ledger.take_lease(customer, "r1", "a", NOW, 120)
    at_work = ledger.take_lease(customer, "r2", "b", NOW, 120)
    ledger.hand_lease("r1", "a", LeaseTaken(customer, "r1", f"{HANDED}word", NOW + timedelta(seconds=120)))
    kept = ledger.take_lease(customer, "r2", "b", NOW, 120)

    assert isinstance(at_work, LeaseBusy)
    assert isinstance(kept, LeaseBusy)
    assert (at_work.waits, kept.waits) == (False, True)
