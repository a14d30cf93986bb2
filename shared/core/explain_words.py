"""An explanation in sentences, as headed paragraphs."""

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.core import words
from shared.core.explanation import Explanation, Ground, InDesk, InEntra, InGroup, Managed, Mention, Why, grounds
from shared.core.model import Address, Reason, Skipped

type Paragraph = tuple[str, list[str]]

GROUNDS: dict[Ground, str] = {
    Ground.COUNTS: "{about} counts: is enabled, no guest, in a verified domain and in a chosen group.",
    Ground.NOT_YET: "{about} has no active contact now, and no record says why: the next run makes one.",
    Ground.LEFT_OUT: "{about} {reason}.",
    Ground.NO_GROUP: "{about} is in no chosen group, so is not synced.",
    Ground.NOT_SEEN: "{about} was seen in no chosen group, but not everything could be looked at (see below).",
    Ground.OWNER_ONLY: "{about} owns a chosen group and is in none; owners count in sync mode 5 only.",
    Ground.NOT_IN_ENTRA: "Nobody in Entra has the address {about}, so whoever had it counts as having left.",
    Ground.PROTECTED: "{about} is protected, so nothing is taken away.",
    Ground.IN_GRACE: "{about} is in grace: a removal {reason} (run {run}).",
    Ground.HELD: "A change of {about} is held in run {run} until a person decides.",
    Ground.FAILED: "A change of {about} failed in run {run}: {reason}.",
}

_NOTHING_GIVEN = (
    "No run gave anything to this address, so nothing is taken from it unless the customer has `--prune all`."
)


def paragraphs(about: Explanation) -> list[Paragraph]:
    """Headings with their sentences, in the order in which they answer why somebody is where he is."""
    return [
        ("What applies", applying(about)),
        ("In Entra", list(_directory(about))),
        ("In DeskDirector", list(_contacts(about))),
        ("What runs gave", [_managed(one) for one in about.links] or [_NOTHING_GIVEN]),
        ("What runs did", list(_history(about))),
    ]


def unknown(about: Explanation) -> str:
    """The sentence for an address that nobody knows."""
    asked = {
        "Entra": not about.directory_problem,
        "the links and runs": True,
        "DeskDirector": not about.desk_problem,
    }
    places = [place for place, reached in asked.items() if reached]
    where = places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"
    problems = [f"the CustOrg could not be asked: {about.directory_problem}"] * bool(about.directory_problem)
    problems += [f"DeskDirector could not be asked: {about.desk_problem}"] * bool(about.desk_problem)
    said = f"{about.asked} is not known to {where} of {about.customer}"
    also = "; it is among the protected addresses" if about.protected else ""
    return "; ".join([f"{said}{also}", *problems])


def applying(about: Explanation) -> list[str]:
    """Every rule that decides where the person is, then what the last run left out because of one."""
    applied = grounds(about)
    told = {(why.about, why.reason) for why in applied}
    left = [skip for skip in about.history.skipped if (skip.subject, str(skip.reason)) not in told]
    return [
        *map(ground, applied),
        *(_skipped(skip, about) for skip in left if not (skip.reason is Reason.PROTECTED and about.protected)),
    ]


def ground(why: Why) -> str:
    """A rule and whom it is about, in a sentence."""
    return GROUNDS[why.ground].format(about=why.about, reason=words.reason_words(why.reason), run=why.run)


def _skipped(skip: Skipped, about: Explanation) -> str:
    return f"{skip.subject} {words.REASONS[skip.reason]} (run {about.history.last})."


def _directory(about: Explanation) -> Iterator[str]:
    if about.directory is None:
        yield f"The CustOrg could not be asked: {about.directory_problem}. All else comes from the records."
        return
    if not about.directory.people:
        yield "Nobody has this address as mail address, user principal name or proxy address."
    for person in about.directory.people:
        yield _person(person, about.asked)
        yield from map(_group, person.groups)
    if about.directory.people and not about.directory.transitive:
        yield "People of nested groups don't count here (TRANSITIVE_MEMBERS is false in the CustOrg's settings)."
    if about.directory.capped:
        yield "There are too many groups above the person's own to look at all: there may be further chosen ones."
    for name in about.directory.hidden:
        yield f"{name} has a hidden membership that the CustOrg may not read: who is in it is not known."


def _person(person: InEntra, asked: Address) -> str:
    user = person.user
    state = ", ".join([*["guest"] * user.guest, "enabled" if user.enabled else "disabled"])
    known = f"; the contact's address is {user.address}" if user.address and user.address != asked else ""
    return f"{user.upn or user.id} ({state}) has it as {person.found}{known}."


def _group(group: InGroup) -> str:
    if not group.path:
        return f"Owns {group.name}, and is not in it."
    way = f" by way of {' > '.join(below)}" if (below := group.path[1:]) else ""
    return f"In {group.name}{way}{', and owns it' * group.owner}."


def _contacts(about: Explanation) -> Iterator[str]:
    if about.desk_problem:
        yield f"DeskDirector could not be asked: {about.desk_problem}."
    elif not about.contacts:
        yield "There is no contact of this address."
    for one in about.contacts:
        yield _contact(one)


def _contact(one: InDesk) -> str:
    state = "active" if one.contact.active else "inactive"
    roles = [f"in {name} as {role}" for name, role in sorted(one.roles.items())]
    services = [f"linked to service group {one.service_group or one.contact.service_group}"]
    more = "; ".join([*roles, *services[: one.contact.service_group is not None]])
    said = f"{one.contact.address} is contact {one.contact.id} of account {one.account}, {state}"
    return f"{said}: {more}." if more else f"{said}."


def _managed(one: Managed) -> str:
    link = one.link
    given = [f"{one.names.get(group) or group} as {gift.role}" for group, gift in sorted(link.memberships.items())]
    parts = [
        f"{one.address} in account {one.account} is {'' if link.managed else 'not '}managed by the sync",
        *[f"contact groups: {', '.join(given)}"] * bool(given),
        *[f"service group {link.service_group}"] * (link.service_group is not None),
        *[f"leaving since {_day(link.leaving_since)}"] * (link.leaving_since is not None),
    ]
    return "; ".join(parts) + "."


def _day(seconds: float | None) -> str:
    return f"{datetime.fromtimestamp(seconds or 0, UTC):%Y-%m-%d %H:%M} UTC"


def _history(about: Explanation) -> Iterator[str]:
    history = about.history
    count = "1 run" if history.runs == 1 else f"{history.runs} runs"
    looked = f"looked through {count} since {history.since:%Y-%m-%d}"
    yield (
        f"{len(history.mentions)} changes name this person ({looked})."
        if history.mentions
        else (f"No change names this person ({looked}).")
    )
    yield from map(mention, history.mentions)


def mention(one: Mention) -> str:
    """A change of a run, with what became of it."""
    reason = f" — {words.reason_words(one.reason)}" if one.reason else ""
    at = f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if one.at else "no time"
    return f"{at}, run {one.run}: {one.status}: {words.change(one.change)}{reason}"
