"""Sync mode 4: which account each Entra group fills. Groups whose account is not certain fill none, and are told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.core.catalogue import Catalogue
from shared.core.census import AnyGroup, Census
from shared.core.model import AccountId, Address, EntraGroup, EntraGroupId, Reason, Skipped, slug


@dataclass(slots=True)
class Feed:
    """The people whom groups put into an account. `incomplete`: one of the groups was not read."""

    people: set[Address] = field(default_factory=set)
    groups: list[EntraGroupId] = field(default_factory=list)
    incomplete: bool = False


def feed_accounts(
    groups: Iterable[AnyGroup], census: Census, catalogue: Catalogue
) -> tuple[dict[AccountId, Feed], list[Skipped]]:
    """The accounts that the groups fill, and those that they filled once and nobody fills any more.

    While a chosen group was not read, or has no certain account (its tag is gone, or two groups have one), whatever it
    ever filled and whatever has its tag is left alone: nobody's absence there proves anything.
    """
    feeds: dict[AccountId, Feed] = {}
    skipped: list[Skipped] = []
    groups = sorted(groups, key=lambda g: g.id)
    unclear = {group.id for group in groups if not isinstance(group, EntraGroup)}
    tags = Counter(slug(group.name) for group in groups)
    for group in groups:
        found = account_of(group.name, tags, catalogue)
        if isinstance(found, Reason):
            unclear.add(group.id)
            told = group.name.strip() or isinstance(group, EntraGroup)
            skipped += [Skipped(group.name, found, group.id)] if told else []
            continue
        feed = feeds.setdefault(found, Feed())
        feed.groups.append(group.id)
        feed.incomplete |= group.id in unclear
        feed.people |= census.inside(group)
    doubtful = {account for account, fed_by in catalogue.fed.items() if not unclear.isdisjoint(fed_by)}
    doubtful.update(*(catalogue.tagged.get(slug(group.name), ()) for group in groups if group.id in unclear))
    for account in catalogue.fed.keys() - feeds.keys() - doubtful:
        feeds[account] = Feed()
    for account in feeds.keys() & doubtful:
        feeds[account].incomplete = True
    return feeds, skipped


def account_of(name: str, tags: Mapping[str, int], catalogue: Catalogue) -> AccountId | Reason:
    """The account that a group of this name fills, or why it has none; `tags` counts the chosen groups by slug."""
    tag = slug(name)
    if not tag:
        return Reason.NO_SLUG
    if tags[tag] > 1:
        return Reason.SLUG_TAKEN
    accounts = catalogue.tagged.get(tag, ())
    if len(accounts) != 1:
        return Reason.SEVERAL_ACCOUNTS if accounts else Reason.NO_ACCOUNT
    return Reason.FOREIGN_ACCOUNT if accounts[0] in catalogue.foreign else accounts[0]
