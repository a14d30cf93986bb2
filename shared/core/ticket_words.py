"""The notes that a form's ticket gets, as whoever sent the form reads them: what happens, and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.core.model import SyncMode
from shared.core.report import Alike, News, RunFacts
from shared.core.report_words import Point, cut, duration, points
from shared.core.words import MODES, PROGRAM

MOST = 5
"""So many reasons of a kind stand in a note, and so many objections."""
NAMES = 3
SUPERSEDED, REJECTED = "superseded by ", "rejected"
"""The reasons of runs that a newer one or a person ended: the first is followed by the newer run."""


class Why(StrEnum):
    """Why a request can't be done as it was sent."""

    OTHER_ACCOUNT = "other account"
    NO_CUSTOMER = "no customer"
    UNKNOWN_CUSTOMER = "unknown customer"
    SEVERAL_CUSTOMERS = "several customers"
    NO_MODE = "no mode"
    UNKNOWN_MODE = "unknown mode"
    TOO_OLD = "too old"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused, and the answer or ticket fact that it is about."""

    why: Why
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a ticket asked for: the customer's name, the modes, and those of `before` if they were others.

    `mirror`: the customer's `prune` is `all`, so what these modes describe loses what was given by hand.
    """

    name: str
    modes: tuple[int, ...]
    before: tuple[int, ...] = ()
    mirror: bool = False


_AGAIN = "Please send the form again"
_REFUSED = {
    Why.OTHER_ACCOUNT: "The ticket belongs to another account than the one that this form is for. Please send the form "
    "as a contact of the account that runs the sync (SERVORG_ACCOUNT_ID)",
    Why.NO_CUSTOMER: f"No customer was chosen. {_AGAIN} and choose one, or write its name",
    Why.UNKNOWN_CUSTOMER: f"No customer of the sync has this id or name. {_AGAIN} and choose the customer from the "
    f"list, or write the name that `{PROGRAM} customers list` shows. A new customer is added first, with `{PROGRAM} "
    "customers add`",
    Why.SEVERAL_CUSTOMERS: f"More than one customer is meant. {_AGAIN} for each of them, with the customer's id where "
    "names are alike",
    Why.NO_MODE: f"No sync mode was chosen. {_AGAIN} and choose one or several",
    Why.UNKNOWN_MODE: f"There is no such sync mode. {_AGAIN} and choose from the list, or write one of: "
    + "; ".join(f"{mode:d} {label}" for mode, label in MODES.items()),
    Why.TOO_OLD: "This ticket is older than what the sync remembers (RETENTION_DAYS), so its form may have been done "
    f"long ago, and is not done once more. {_AGAIN}, as a new ticket, if the sync is wanted now",
}


def refused(refusal: Refusal) -> str:
    """The note on a ticket whose request is not done."""
    about = f' Answer: "{cut(refusal.subject)}".' if refusal.subject else ""
    return f"Nothing was synced.{about} {_REFUSED[refusal.why]}."


def waiting(asked: Asked) -> str:
    """The note on a ticket that needs an approval first."""
    return (
        f"The sync of {cut(asked.name)} ({_labels(asked.modes)}) waits for the approval of this ticket. It starts by "
        "itself once the ticket is approved; nobody has to send the form again. If it is declined or closed, nothing "
        "is synced."
    )


def started(asked: Asked, run: str) -> str:
    """The note on a ticket whose run is queued."""
    return _paragraphs(
        f"The sync of {cut(asked.name)} has started. The result follows here.", _modes(asked), f"Run: {run}"
    )


def ended(asked: Asked, news: News) -> str:
    """The note on a ticket whose run is over or held: the result, the reasons, what to do.

    `news` is of this run alone; ValueError when it is of none that is over or held.
    """
    run = news.last
    if run is None:
        raise ValueError("there is no run to tell of")
    known = map(_point, points(_few(_closed(news, run) if run.status == "cancelled" else news)))
    nothing = ["There was nothing to change."] if run.status == "succeeded" and not news.done else []
    took = f", took {duration(run.seconds)}" if run.seconds else ""
    lead = _lead(cut(asked.name), run)
    return _paragraphs(lead, _modes(asked), *nothing, *known, *_todo(run), f"Run: {run.id}{took}")


def _lead(name: str, run: RunFacts) -> str:
    leads = {
        "succeeded": f"The sync of {name} succeeded.",
        "partly": f"The sync of {name} was done in part: something failed.",
        "held": f"The sync of {name} is held: changes wait for a person to decide.",
        "failed": f"The sync of {name} failed.",
    }
    if run.reason.startswith(SUPERSEDED):
        return f"A newer run of {name} took the place of this one, which changes nothing any more."
    if run.reason == REJECTED:
        return f"An administrator rejected what the sync of {name} held; nothing of that was done."
    return leads.get(run.status, f"An administrator cancelled the sync of {name}.")


def _todo(run: RunFacts) -> Iterator[str]:
    """What becomes of the ticket, and who does what."""
    if run.reason.startswith(SUPERSEDED):
        newer = run.reason.removeprefix(SUPERSEDED)
        yield f"To see what became of it:\n    {PROGRAM} run {newer}"
        yield "This ticket stays open; close it when it is settled."
    elif run.status == "held":
        yield (
            "An administrator of the sync looks at it and decides, with the commands above on ServOrg's command line. "
            "This ticket stays open: once the changes are approved and done it is told so and closed."
        )
    elif run.status in {"failed", "partly"}:
        yield (
            "An administrator of the sync puts the cause right. Then either send the form again, or sync with the "
            "command above. This ticket stays open; close it when it is settled."
        )
    elif run.status == "cancelled":
        yield "This ticket stays open: send the form again to sync, or close the ticket."


_MIRROR = "This customer is a strict mirror: what was given by hand in DeskDirector is taken away too."


def _modes(asked: Asked) -> str:
    mode = f"Sync mode: {_labels(asked.modes)}."
    if asked.before:
        mode += f" It replaces {_labels(asked.before)}, also for the scheduled syncs from now on."
    return f"{mode} {_MIRROR}" if asked.mirror else mode


def _labels(modes: Iterable[int]) -> str:
    return " and ".join(f'"{MODES[SyncMode(mode)]}"' for mode in modes)


def _point(point: Point) -> str:
    entries = (f"- {entry.text}: {entry.names}" if entry.names else f"- {entry.text}" for entry in point.entries)
    steps = (f"{step.text}:\n    {step.command}" for step in point.steps)
    return "\n".join((f"{point.title}:", *entries, *steps))


def _closed(news: News, run: RunFacts) -> News:
    """Of a cancelled run only what it did: that the rest has the run's own reason is said already."""
    return replace(news, last=replace(run, reason=""), skipped=())


def _few(news: News) -> News:
    """The first reasons and names only: a note is no report."""
    return replace(
        news,
        objections=news.objections[:MOST],
        failed=_shortened(news.failed),
        held=_shortened(news.held),
        waiting=_shortened(news.waiting),
        skipped=_shortened(news.skipped),
    )


def _shortened(alikes: tuple[Alike, ...]) -> tuple[Alike, ...]:
    return tuple(replace(one, names=one.names[:NAMES]) for one in alikes[:MOST])


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(parts)
