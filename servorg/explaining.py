"""Why a person is, or is not, where he is: asked of the CustOrg, the records and DeskDirector. Writes nothing."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel

from servorg.ports import DeskReader
from servorg.recording import PLANNED
from servorg.records import ChangeRow, Ledger, Run
from shared.core.changes import from_json
from shared.core.explanation import (
    Directory,
    Explanation,
    History,
    InDesk,
    InEntra,
    InGroup,
    Managed,
    Mention,
    found_by,
    names_of,
)
from shared.core.model import (
    AccountId,
    Address,
    Contact,
    EntraGroupId,
    EntraUser,
    EntraUserId,
    GroupRole,
    Links,
    Reason,
    Skipped,
    SyncMode,
    address,
)
from shared.errors import DeskError, GraphThrottled, SettingsError, SyncError
from shared.wire import ExplainPerson, Offers, PersonExplained, PersonFound

MOST_RUNS = 50
MOST_DAYS = 90
COMMAND = "explain-person"
OLDER = f"this customer's CustOrg is older and does not offer the command {COMMAND}; update it to see Entra here"


class Informant(Protocol):
    """A customer's CustOrg; SourceError when there is no answer."""

    def offers(self) -> Offers: ...

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Question:
    """An address and the customer that it is asked about, as the books have it."""

    customer: str
    account: AccountId
    modes: tuple[SyncMode, ...]
    protected: AbstractSet[Address]
    asked: Address


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask. `custorg` and `desk` may raise SettingsError; then that side could not be asked."""

    ledger: Ledger
    custorg: Callable[[str], Informant]
    desk: Callable[[], DeskReader]
    now: datetime


def explain(question: Question, sources: Sources) -> Explanation:
    """Everything that is known, of at most MOST_RUNS runs of MOST_DAYS days.

    A CustOrg or DeskDirector that can't be asked is a problem in the answer; storage that can't is an AzureError.
    """
    directory, directory_problem = _ask(question, sources)
    links = sources.ledger.links(question.customer)
    ids, names = _identity(question.asked, directory, links)
    managed = _managed(names, links)
    groups = _groups(directory, managed)
    contacts, desk_problem = _contacts(question, sources, names, links)
    return Explanation(
        customer=question.customer,
        asked=question.asked,
        addresses=names,
        modes=question.modes,
        protected=tuple(name for name in names if name in question.protected),
        links=managed,
        history=_history(question.customer, sources, names, ids, groups),
        directory=directory,
        directory_problem=directory_problem,
        contacts=contacts,
        desk_problem=desk_problem,
    )


# The directory


def _ask(question: Question, sources: Sources) -> tuple[Directory | None, str]:
    try:
        custorg = sources.custorg(question.customer)
        if COMMAND not in {offer.name for offer in custorg.offers().commands}:
            return None, OLDER
        told = custorg.command(COMMAND, ExplainPerson(address=question.asked), PersonExplained)
    except GraphThrottled as error:
        return None, f"Microsoft Graph throttles it; ask again in {error.retry_after:g} s"
    except SyncError as error:
        return None, str(error)
    return _directory(told, question.asked), ""


def _directory(told: PersonExplained, asked: Address) -> Directory:
    return Directory(
        people=tuple(_person(person, asked) for person in told.people),
        domains=frozenset(domain.lower() for domain in told.domains),
        transitive=told.transitive,
        capped=told.capped,
        hidden=told.hidden,
    )


def _person(told: PersonFound, asked: Address) -> InEntra:
    user = EntraUser(
        id=EntraUserId(told.id),
        upn=told.upn,
        mail=told.mail or None,
        proxy_addresses=told.proxies,
        enabled=told.enabled,
        guest=told.guest,
    )
    groups = (InGroup(EntraGroupId(group.id), group.name, group.path, group.owner) for group in told.groups)
    return InEntra(user, found_by(user, asked), tuple(groups))


# The records


def _identity(
    asked: Address, directory: Directory | None, links: Mapping[AccountId, Links]
) -> tuple[set[EntraUserId], tuple[Address, ...]]:
    """Who is meant: ids in Entra, and every address under which runs may have known the person, the asked one first."""
    people = directory.people if directory else ()
    contacts = [(key, link) for one in links.values() for key, link in one.contacts.items()]
    ids = {person.user.id for person in people} | {i for key, link in contacts if key == asked for i in link.entra_ids}
    names = [asked, *(name for person in people for name in names_of(person.user))]
    return ids, tuple(dict.fromkeys([*names, *(key for key, link in contacts if ids & set(link.entra_ids))]))


def _managed(names: Collection[Address], links: Mapping[AccountId, Links]) -> tuple[Managed, ...]:
    return tuple(
        Managed(account, name, one.contacts[name], {group: link.name for group, link in one.groups.items()})
        for account, one in links.items()
        for name in names
        if name in one.contacts
    )


def _groups(directory: Directory | None, managed: Collection[Managed]) -> dict[EntraGroupId, str]:
    """The names of the groups that the person is in, or that gave something."""
    given = {group: one.names.get(group, "") for one in managed for group in one.link.memberships}
    people = directory.people if directory else ()
    return given | {group.id: group.name for person in people for group in person.groups}


def _history(
    customer: str,
    sources: Sources,
    names: Collection[Address],
    ids: Collection[EntraUserId],
    groups: Mapping[EntraGroupId, str],
) -> History:
    since = sources.now - timedelta(days=MOST_DAYS)
    found = [run for run in sources.ledger.runs(customer, MOST_RUNS) if (run.queued_at or sources.now) >= since]
    read = [run for run in found if run.options.get(PLANNED)]
    mentions = tuple(one for run in read for one in _mentions(sources.ledger, run, names))
    if not read:
        return History(len(found), since)
    skipped = [Skipped(subject, Reason(code), detail) for subject, code, detail in read[0].skipped if code in Reason]
    own = [skip for skip in skipped if address(skip.subject) in names or skip.detail in ids]
    theirs = [skip for skip in skipped if skip.detail in groups or skip.subject in groups.values()]
    return History(len(found), since, mentions, read[0].id, (*own, *(s for s in theirs if s not in own)), tuple(own))


def _mentions(ledger: Ledger, run: Run, names: Collection[Address]) -> list[Mention]:
    rows = ledger.changes(run.id) if run.counts.get("changes", 1) else []
    return [_mention(run, row) for row in rows if {row.change.get("address"), row.change.get("replaced_by")} & {*names}]


def _mention(run: Run, row: ChangeRow) -> Mention:
    at = row.at or run.ended_at or run.started_at
    return Mention(run.id, run.status, run.digest, at, from_json(row.change), row.status, row.reason)


# DeskDirector


def _contacts(
    question: Question,
    sources: Sources,
    names: Collection[Address],
    links: Mapping[AccountId, Links],
) -> tuple[tuple[InDesk, ...], str]:
    accounts = dict.fromkeys([question.account, *(a for a, one in links.items() if one.contacts.keys() & {*names})])
    try:
        desk = sources.desk()
        found = [_in_account(desk, account, names, links.get(account, Links())) for account in accounts]
    except (DeskError, SettingsError) as error:
        return (), str(error)
    return tuple(one for contacts in found for one in contacts), ""


def _in_account(desk: DeskReader, account: AccountId, names: Collection[Address], links: Links) -> list[InDesk]:
    """The account's contacts of these names, with the contact groups among those that the sync ever filled."""
    contacts = [found for name in names if (found := desk.find_contact(account, name))]
    filled = {link.contact_group for link in links.groups.values()}
    roles = _roles(desk, account, filled) if contacts and filled else []
    return [_in_desk(desk, account, contact, roles) for contact in contacts]


def _roles(desk: DeskReader, account: AccountId, filled: Collection[str]) -> list[tuple[str, Mapping[int, GroupRole]]]:
    read = desk.account(account, lambda group: group.id in filled)
    return [(group.name, dict(group.users.items())) for group in read.groups.values() if group.users]


def _in_desk(
    desk: DeskReader, account: AccountId, contact: Contact, roles: Collection[tuple[str, Mapping[int, GroupRole]]]
) -> InDesk:
    linked = contact.service_group
    services = desk.list_service_groups() if linked is not None else {}
    name = next((name for name, numbers in services.items() if linked in numbers), "")
    return InDesk(account, contact, {group: users[contact.id] for group, users in roles if contact.id in users}, name)
