"""What people read each morning: what became of each customer's runs in some hours, as one value."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared.core.changes import Kind
from shared.core.model import Reason
from shared.core.report_rows import ChangeRow, RunRow
from shared.core.words import besides

NAMES = 10
"""So many of those that share a reason are named."""
KINDS = 10
"""So many reasons, or kinds of removal, are told of one customer; the rest is summed up."""
LONG = timedelta(hours=3)
"""A run that has not ended after so long is overdue: the first sync of 20,000 people takes about as long."""
OTHERS = "other reasons"
IN_DOUBT = "the answer was lost; the next run looks whether it was done"
_NEVER = datetime.min.replace(tzinfo=UTC)


class Verdict(StrEnum):
    """How a customer stands, in the order in which it is read: first those who need somebody."""

    FAILED = "failed"
    PARTLY = "partly"
    HELD = "held"
    OVERDUE = "overdue"
    NO_RUN = "no run"
    AT_WORK = "at work"
    CANCELLED = "cancelled"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


NEEDY = frozenset({Verdict.FAILED, Verdict.PARTLY, Verdict.HELD, Verdict.OVERDUE, Verdict.NO_RUN})
"""Somebody has to look at such a customer."""
FINE = frozenset({Verdict.CHANGED, Verdict.UNCHANGED})
_ORDER = tuple(Verdict)
_FAILURES = frozenset({Reason.UNREAD})  # left out of a plan like the others, yet a run is `partly` because of them
_OPEN = frozenset({"queued", "running"})
_DECIDED = {"failed": Verdict.FAILED, "partly": Verdict.PARTLY, "held": Verdict.HELD, "cancelled": Verdict.CANCELLED}


@dataclass(frozen=True, slots=True)
class Window:
    """The hours that a report is about, in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CustOrgFacts:
    """What is known of a customer's CustOrg: when its groups table was refreshed last, and why that failed since.

    `versions` are sentences about one that is older or newer than this ServOrg.
    """

    refreshed_at: datetime | None = None
    reason: str = ""
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnTheBooks:
    """A customer; `due`, if known, is when its schedule last wanted a run before the window's end."""

    id: str
    name: str
    due: datetime | None = None
    custorg: CustOrgFacts = field(default_factory=CustOrgFacts)


@dataclass(frozen=True, slots=True)
class Alike:
    """So many that share a reason, a kind of change or both (an empty text is neither); the first of them by name."""

    reason: str
    kind: str
    count: int
    names: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run without its changes: `at` is when it ended, or else began; `seconds` how long it took."""

    id: str
    status: str
    digest: str
    at: datetime
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class News:
    """What became of one customer.

    `runs` are those of the window by status, `seconds` is what they took together and `done` what they did, by kind.
    `last` is the run that the verdict is about, and all that is failed, held, waiting or skipped is of it; `at_work`
    is one that has not ended: the newest of those that should have, else a newer one. `earlier` are older ones of the
    window that failed.
    """

    id: str
    name: str
    verdict: Verdict
    runs: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0
    done: Mapping[str, int] = field(default_factory=dict)
    last: RunFacts | None = None
    at_work: RunFacts | None = None
    earlier: tuple[RunFacts, ...] = ()
    objections: tuple[str, ...] = ()
    failed: tuple[Alike, ...] = ()
    held: tuple[Alike, ...] = ()
    waiting: tuple[Alike, ...] = ()
    skipped: tuple[Alike, ...] = ()
    custorg: CustOrgFacts = field(default_factory=CustOrgFacts)


@dataclass(frozen=True, slots=True)
class Report:
    """All customers, those who need somebody first."""

    window: Window
    customers: tuple[News, ...]

    @property
    def needy(self) -> int:
        """How many customers need somebody."""
        return sum(news.verdict in NEEDY for news in self.customers)

    @property
    def runs(self) -> int:
        """How many runs there were in the window."""
        return sum(sum(news.runs.values()) for news in self.customers)


def make_report(window: Window, customers: Iterable[News]) -> Report:
    """The report about these customers, in the order in which it is read."""
    return Report(window, tuple(sorted(customers, key=lambda news: (_ORDER.index(news.verdict), news.name, news.id))))


def touched(run: RunRow) -> datetime:
    """The latest time that is known of a run."""
    return run.ended_at or run.started_at or run.queued_at or _NEVER


def told_about[Row: RunRow](runs: Sequence[Row], window: Window) -> list[Row]:
    """Those of a customer's runs (newest first) whose changes the report needs: the window's, or else the last one."""
    return [run for run in runs if touched(run) >= window.since] or list(runs[:1])


def news_of(
    customer: OnTheBooks, runs: Sequence[RunRow], changes: Mapping[str, Sequence[ChangeRow]], window: Window
) -> News:
    """What became of a customer. `runs` are newest first; `changes` are those of the runs of `told_about`, by run."""
    here = [run for run in runs if touched(run) >= window.since]
    done = _done((row for run in here for row in changes.get(run.id, ())), window)
    decided = next((run for run in here or runs[:1] if run.status not in _OPEN), None)
    newest = runs[0] if runs else None
    endless = next((run for run in runs if run.status in _OPEN and window.until - touched(run) > LONG), None)
    rows = changes.get(decided.id, ()) if decided else ()
    return News(
        id=customer.id,
        name=customer.name,
        verdict=Verdict.OVERDUE if endless else _verdict(customer, newest, decided, window, changed=bool(done)),
        runs=Counter(str(run.status) for run in here),
        seconds=sum(_seconds(run) for run in here),
        done=done,
        last=_facts(decided) if decided else None,
        at_work=_at_work(endless or newest),
        earlier=tuple(_facts(run) for run in here if run.status == "failed" and run is not decided),
        objections=tuple(decided.objections) if decided and decided.status == "held" else (),
        failed=_failed(decided, rows),
        held=_alike(("", row) for row in rows if row.status == "held"),
        waiting=_alike((_day(row.reason), row) for row in rows if row.status == "waiting"),
        skipped=_skipped(decided, rows),
        custorg=customer.custorg,
    )


def _verdict(
    customer: OnTheBooks, newest: RunRow | None, decided: RunRow | None, window: Window, *, changed: bool
) -> Verdict:
    if newest and newest.status in _OPEN and decided is None:
        return Verdict.AT_WORK
    if decided is None:
        return Verdict.NO_RUN
    was_due = customer.due is None or customer.due >= window.since
    if was_due and touched(decided) < window.since and decided.status != "held":
        return Verdict.NO_RUN
    return _DECIDED.get(decided.status, Verdict.CHANGED if changed else Verdict.UNCHANGED)


def _at_work(run: RunRow | None) -> RunFacts | None:
    return _facts(run) if run and run.status in _OPEN else None


def _facts(run: RunRow) -> RunFacts:
    return RunFacts(run.id, str(run.status), run.digest, touched(run), _seconds(run), run.reason)


def _seconds(run: RunRow) -> float:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else 0


def _done(rows: Iterable[ChangeRow], window: Window) -> Mapping[str, int]:
    """How many changes were applied, by kind in the order of a plan; an approved run may have done some days before."""
    applied = (row for row in rows if row.status == "applied" and (row.at is None or row.at >= window.since))
    counted = Counter(str(row.kind) for row in applied)
    return {str(kind): counted[kind] for kind in Kind if kind in counted}


def _subject(row: ChangeRow) -> str:
    """Whom or what a change is about: an address, or else a group's name."""
    return str(row.change.get("address") or row.change.get("name") or "")


def _kind(row: ChangeRow) -> str:
    """The kind of a change, with the group if it is about somebody in one."""
    of_group = "address" in row.change and "name" in row.change
    return f"{row.kind} '{row.change['name']}'" if of_group else str(row.kind)


def _day(reason: str) -> str:
    """What a change in grace waits for, to the day: the ledger has `waits until DAY TIME UTC`."""
    return reason.removesuffix(" UTC").rpartition(" ")[0]


def _failed(run: RunRow | None, rows: Sequence[ChangeRow]) -> tuple[Alike, ...]:
    """The groups that were not read, and what was not done, by reason."""
    unread = [(f"{reason}: {detail}", subject) for subject, reason, detail in _left_out(run) if reason in _FAILURES]
    missed = [(row.reason or IN_DOUBT, row) for row in rows if row.status in {"failed", "in doubt"}]
    return _alike([*unread, *missed])


def _skipped(run: RunRow | None, rows: Sequence[ChangeRow]) -> tuple[Alike, ...]:
    left_out = [(reason, _named(*one)) for one in _left_out(run) if (reason := one[1]) not in _FAILURES]
    return _alike([*left_out, *((row.reason, row) for row in rows if row.status == "skipped")])


def _named(subject: str, reason: str, detail: str) -> str:
    more = besides(subject, reason, detail)
    return f"{subject} ({more})" if more else subject


def _left_out(run: RunRow | None) -> Sequence[tuple[str, str, str]]:
    return run.skipped if run else ()


def _alike(pairs: Iterable[tuple[str, str | ChangeRow]]) -> tuple[Alike, ...]:
    """Subjects or changes by their reason and kind, in first order; beyond ten the last one stands for the rest."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for reason, what in pairs:
        subject, kind = (what, "") if isinstance(what, str) else (_subject(what), _kind(what))
        found[reason, kind].append(subject)
    told = [Alike(reason, kind, len(names), tuple(sorted(names)[:NAMES])) for (reason, kind), names in found.items()]
    if len(told) <= KINDS:
        return tuple(told)
    rest = told[KINDS - 1 :]
    kind = "changes" if rest[-1].kind else ""
    return (*told[: KINDS - 1], Alike(OTHERS, kind, sum(one.count for one in rest), ()))
