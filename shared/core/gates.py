"""May a plan be applied unattended? Objections are values; nothing here raises or stops anything."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.core.grace import Scope
from shared.core.plan import Plan

SHARE_FROM = 10
"""Fewer things than these are judged by their number alone, but for a group that would be emptied."""
EMPTIED_FROM = 2
"""Taking the only person out of a group empties it too, and is judged by its number alone."""
ALL = 100.0


class Rule(StrEnum):
    """What an objection is about."""

    REMOVALS = "removals in a run"
    SHARE = "share of removals"
    DAY = "removals in a day"
    ADDITIONS = "additions in a run"
    READS_DISAGREE = "two reads disagree"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a run; `max_removal_share` is in per cent, `max_additions` None means no limit."""

    max_removals: int = 25
    max_removal_share: float = 20.0
    max_removals_per_day: int = 100
    max_additions: int | None = None

    def halved(self) -> "Limits":
        """From here on a removal is read twice before it is believed. A freed share stays free."""
        share = self.max_removal_share if self.max_removal_share >= ALL else self.max_removal_share / 2
        return replace(
            self,
            max_removals=self.max_removals // 2,
            max_removal_share=share,
            max_removals_per_day=self.max_removals_per_day // 2,
        )


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to apply unattended: `count` of `of` things in `subject`, where `limit` is allowed."""

    rule: Rule
    count: float
    limit: float
    subject: str = ""
    of: int = 0


def review(plan: Plan, limits: Limits, removed_today: int) -> tuple[Objection, ...]:
    """Everything that speaks against applying `plan`; `removed_today` counts the last 24 hours' unattended removals.

    An objection to removals holds all of them; one to additions holds the whole plan.
    """
    return (*_additions(plan, limits), *_removals(plan, limits, removed_today))


def objects_to_additions(objections: tuple[Objection, ...]) -> bool:
    """Whether the additions wait for a person too."""
    return any(objection.rule is Rule.ADDITIONS for objection in objections)


def _additions(plan: Plan, limits: Limits) -> Iterator[Objection]:
    count = len(plan.growth)
    if limits.max_additions is not None and count > limits.max_additions:
        yield Objection(Rule.ADDITIONS, count, limits.max_additions)


def _removals(plan: Plan, limits: Limits, removed_today: int) -> Iterator[Objection]:
    count = len(plan.removals)
    if not count:
        return
    if count > limits.max_removals:
        yield Objection(Rule.REMOVALS, count, limits.max_removals)
    if removed_today + count > limits.max_removals_per_day:
        yield Objection(Rule.DAY, removed_today + count, limits.max_removals_per_day)
    for scope in plan.scopes:
        if _too_large(scope, limits.max_removal_share):
            yield Objection(Rule.SHARE, scope.removals, limits.max_removal_share, scope.name, scope.of)


def _too_large(scope: Scope, share: float) -> bool:
    if share >= ALL or not scope.removals:
        return False
    emptied = scope.emptied and scope.removals >= EMPTIED_FROM and scope.removals == scope.of
    return emptied or (scope.of >= SHARE_FROM and scope.removals * ALL > share * scope.of)
