"""The report in words: one structure of sentences that the text and the mail both show."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.core.changes import Kind
from shared.core.report import FINE, Alike, News, Report, RunFacts, Verdict
from shared.core.words import PROGRAM, reason_words

NAME = 60
"""So many letters are left of a name at most, so many more of a sentence that came from outside."""
SENTENCE = 240
GIST = 90
EARLIER = 3
MINUTE, HOUR = 60, 3600  # seconds


class Tone(StrEnum):
    """How loud something is said."""

    BAD = "bad"
    WARN = "warn"
    GOOD = "good"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence, and whom or what it is about."""

    text: str
    names: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about something, and the command that does it, if one does."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know about a customer: its title, what belongs to it, and what to do."""

    title: str
    tone: Tone
    entries: tuple[Entry, ...] = ()
    steps: tuple[Step, ...] = ()


TONES: Mapping[Verdict, Tone] = {
    Verdict.FAILED: Tone.BAD,
    Verdict.PARTLY: Tone.WARN,
    Verdict.HELD: Tone.WARN,
    Verdict.OVERDUE: Tone.WARN,
    Verdict.NO_RUN: Tone.WARN,
    Verdict.AT_WORK: Tone.QUIET,
    Verdict.CANCELLED: Tone.QUIET,
    Verdict.CHANGED: Tone.GOOD,
    Verdict.UNCHANGED: Tone.GOOD,
}

_TRIED_AGAIN = frozenset({Verdict.FAILED, Verdict.PARTLY})
_DONE: Mapping[str, tuple[str, str]] = {
    Kind.CREATE_CONTACT: ("contact created", "contacts created"),
    Kind.ACTIVATE_CONTACT: ("contact activated", "contacts activated"),
    Kind.RENAME_GROUP: ("contact group renamed", "contact groups renamed"),
    Kind.CREATE_GROUP: ("contact group created", "contact groups created"),
    Kind.ADD_TO_GROUP: ("added to a group", "added to groups"),
    Kind.RAISE_ROLE: ("role raised", "roles raised"),
    Kind.LINK_SERVICE_GROUP: ("linked to a service group", "linked to service groups"),
    Kind.LOWER_ROLE: ("role lowered", "roles lowered"),
    Kind.REMOVE_FROM_GROUP: ("removed from a group", "removed from groups"),
    Kind.MOVE_SERVICE_GROUP: ("moved to another service group", "moved to other service groups"),
    Kind.CLEAR_SERVICE_GROUP: ("service group cleared", "service groups cleared"),
    Kind.DEACTIVATE_CONTACT: ("contact deactivated", "contacts deactivated"),
}


def subject(report: Report) -> str:
    """The mail's subject: the verdict in numbers. No name stands in it."""
    counted = Counter(news.verdict for news in report.customers)
    told = [
        f"{counted[verdict]} {'without a run' if verdict is Verdict.NO_RUN else verdict}"
        for verdict in Verdict
        if verdict not in FINE and counted[verdict]
    ]
    fine = sum(counted[verdict] for verdict in FINE)
    if fine or not told:
        told.append(f"{fine} fine")
    return f"Sync Entra Groups: {', '.join(told)}"


def headline(report: Report) -> str:
    """What one has to know first."""
    count = len(report.customers)
    if not count:
        return "There are no customers yet"
    if report.needy:
        return f"{report.needy} of {count} customers need{'s' * (report.needy == 1)} you"
    return "The customer needs nobody" if count == 1 else f"None of the {count} customers needs you"


def period(report: Report) -> str:
    """The hours that the report is about, and how many runs they had."""
    window, count = report.window, report.runs
    return f"{moment(window.since)} to {moment(window.until)} UTC, {many(count, 'run', 'runs')}"


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """A time that something took."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def many(count: int, one: str, several: str) -> str:
    """A number and what it counts."""
    return f"{count:,} {one if count == 1 else several}"


def cut(text: str, most: int = NAME) -> str:
    """The text on one line, at most so many letters of it."""
    line = " ".join(text[: 2 * most].split())
    return line if len(line) <= most and len(text) <= 2 * most else line[: most - 1] + "…"


def runs_of(news: News) -> str:
    """How the customer's runs of the window went, on one line."""
    if news.last is None:
        return _since(news.at_work) if news.at_work else "there was no run yet"
    last, ended = news.last, f"{news.last.status} {moment(news.last.at)} UTC"
    if not news.runs:
        return f"no run since: the last one {ended}"
    if sum(news.runs.values()) == 1:
        return f"{ended}, took {duration(last.seconds)}"
    each = ", ".join(f"{count} {status}" for status, count in news.runs.items())
    return f"{sum(news.runs.values())} runs ({each}) took {duration(news.seconds)}; the last: {ended}"


def _since(run: RunFacts) -> str:
    return f"{run.id} is {run.status} since {moment(run.at)} UTC"


def done(news: News) -> tuple[str, ...]:
    """What the runs of the window did, each kind with its number."""
    return tuple(many(count, *_DONE.get(kind, (f"time {kind}", f"times {kind}"))) for kind, count in news.done.items())


def gist(news: News) -> str:
    """What matters most about a customer, on one line."""
    if news.verdict is Verdict.OVERDUE and news.at_work:
        return f"a run has not ended since {moment(news.at_work.at)} UTC"
    if news.verdict is Verdict.AT_WORK and news.at_work:
        return f"{news.at_work.status} since {moment(news.at_work.at)} UTC"
    if news.verdict is Verdict.NO_RUN:
        return runs_of(news)
    told = [cut(reason_words(news.last.reason), GIST)] if news.last and news.last.reason else []
    told += _number((one for one in news.failed if not one.kind), "group not read", "groups not read")
    told += _number((one for one in news.failed if one.kind), "change failed", "changes failed")
    told += _number(news.held, "change waits for a person", "changes wait for a person")
    told += [*done(news), *_number(news.waiting, "in grace", "in grace")]
    return ", ".join(told) or "nothing to do"


def _number(group: Iterable[Alike], one: str, several: str) -> list[str]:
    """How many these are together, in words; nothing when there are none."""
    count = sum(alike.count for alike in group)
    return [many(count, one, several)] if count else []


def points(news: News) -> Iterator[Point]:
    """What there is to know about a customer, the loudest first."""
    yield from _needs(news)
    if news.done:
        yield Point("Done", Tone.GOOD, (Entry(", ".join(done(news))),))
    for title, group in (("Waiting", news.waiting), ("Skipped", news.skipped)):
        if group:
            yield Point(title, Tone.QUIET, tuple(map(_entry, group)))
    if news.earlier:
        yield Point("Failed earlier", Tone.QUIET, tuple(map(_earlier, news.earlier[:EARLIER])))


def _needs(news: News) -> Iterator[Point]:
    yield from _needs_of_runs(news)
    if news.custorg.reason:
        yield _not_refreshed(news)
    if news.custorg.versions:
        yield Point("Versions", Tone.QUIET, tuple(map(Entry, news.custorg.versions)))


def _not_refreshed(news: News) -> Point:
    """The groups table of the customer is as old as it says."""
    at = news.custorg.refreshed_at
    last = f"it was refreshed last {moment(at)} UTC" if at else "it was never refreshed"
    step = Step("To try it again now", f"{PROGRAM} groups {news.id} --refresh")
    return Point("Groups not refreshed", Tone.WARN, (Entry(cut(news.custorg.reason, SENTENCE)), Entry(last)), (step,))


def _needs_of_runs(news: News) -> Iterator[Point]:
    if news.verdict in {Verdict.NO_RUN, Verdict.OVERDUE}:
        yield _missing(news)
    if news.last is None:
        return
    if news.failed or news.last.reason or news.last.status in _TRIED_AGAIN:
        yield _failure(news, news.last)
    if news.last.status == "held":
        yield _held(news, news.last)
    if news.at_work and news.verdict is not Verdict.OVERDUE:
        yield Point("At work", Tone.QUIET, (Entry(_since(news.at_work)),))


def _missing(news: News) -> Point:
    """A run that should have been, or should have ended."""
    if news.verdict is Verdict.OVERDUE and news.at_work:
        look = Step("To see what it is at", f"{PROGRAM} run {news.at_work.id}")
        stop = Step(
            "If its host is gone and it is not taken up, stop it and sync again", f"{PROGRAM} cancel {news.at_work.id}"
        )
        why = (Entry(cut(news.at_work.reason, SENTENCE)),) if news.at_work.reason else ()
        return Point("A run does not end", Tone.WARN, why, (look, stop))
    told = Entry("A run was due, and there was none. Is the function app running, and its schedule right?")
    return Point("No run", Tone.WARN, (told,), (Step("To run it now", f"{PROGRAM} sync {news.id} --wait"),))


def _failure(news: News, last: RunFacts) -> Point:
    reason = (Entry(cut(reason_words(last.reason), SENTENCE)),) if last.reason else ()
    entries = (*reason, *map(_entry, news.failed))
    if last.status not in _TRIED_AGAIN:
        return Point("Failed", Tone.WARN, entries) if news.failed else Point("Reason", Tone.QUIET, entries)
    look = Step("The next run tries again. To see every change", f"{PROGRAM} run {last.id}")
    again = Step("To try again now", f"{PROGRAM} sync {news.id} --wait")
    return Point("Failed", TONES[Verdict(last.status)], entries, (look, again))


def _held(news: News, last: RunFacts) -> Point:
    because = (Entry(f"because {cut(objection, SENTENCE)}") for objection in news.objections)
    count = sum(alike.count for alike in news.held)
    steps = (
        Step("To see all that waits", f"{PROGRAM} run {last.id}"),
        Step("If it is right", f"{PROGRAM} approve {last.id} {last.digest}"),
        Step("If it is not, put it right in Entra, and", f"{PROGRAM} reject {last.id}"),
    )
    title = f"Held: {many(count, 'change waits', 'changes wait')} for a person"
    return Point(title, Tone.WARN, (*because, *map(_entry, news.held)), steps)


def _entry(alike: Alike) -> Entry:
    """Those that share something: what it is, how many, and the first of them."""
    kind, reason = cut(alike.kind, SENTENCE), cut(reason_words(alike.reason), SENTENCE)
    names = ", ".join(map(cut, alike.names))
    more = f" and {alike.more:,} more" if names and alike.more else ""
    return Entry(f"{' — '.join(filter(None, (reason, kind)))} ({alike.count:,})", f"{names}{more}")


def _earlier(run: RunFacts) -> Entry:
    return Entry(f"{moment(run.at)} UTC", cut(reason_words(run.reason), SENTENCE))
