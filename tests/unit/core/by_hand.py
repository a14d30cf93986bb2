"""What people do by hand in DeskDirector between two runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from hypothesis import strategies as st

from shared.core.model import AccountId, ContactGroupId, GroupRole, slug
from tests.builders import ACCOUNT, mail
from tests.fakes.desk import FakeDesk

PEOPLE = ("ann", "bob", "cid", "dan", "eve", "fay", "gus")
NAMES = ("One", "Two", "Three", "one ", "TWO", "x" * 101, "")
TEAM, OTHER, FOREIGN = AccountId(21), AccountId(22), AccountId(24)
ACCOUNTS = (ACCOUNT, TEAM, OTHER, FOREIGN)
"""The customer's own account, two that groups may fill, and one that belongs to another customer."""
TAGS = {ACCOUNT: (), TEAM: ("one",), OTHER: ("two",), FOREIGN: ("three",)}
SERVICE_GROUPS = ("ONE", "Two")
type Deed = Literal[
    "contact", "flip", "put", "take", "group", "drop", "rename", "link", "unlink", "service", "retire", "respell", "tag"
]


@dataclass(frozen=True, slots=True)
class Hand:
    """A thing done by hand, to a person's contact, or to the account, contact group or service group in this place."""

    deed: Deed
    person: str
    place: int
    role: GroupRole
    name: str


hands = st.builds(
    Hand,
    st.sampled_from(get_args(Deed.__value__)),
    st.sampled_from(PEOPLE),
    st.integers(0, 2),
    st.sampled_from(GroupRole),
    st.sampled_from(NAMES[:4]),
)


def _nth[K: (ContactGroupId, int)](things: Mapping[K, object], place: int) -> K | None:
    return sorted(things)[place] if place < len(things) else None


def do_by_hand(desk: FakeDesk, hand: Hand) -> None:
    """Does it when it can be done."""
    _to_a_contact(desk, hand)
    _to_a_contact_group(desk, hand)
    _to_the_site(desk, hand)


def _to_a_contact(desk: FakeDesk, hand: Hand) -> None:
    where = (ACCOUNT, ACCOUNT, TEAM)[hand.place]
    contact = desk.read(where).contacts.get(mail(hand.person))
    service = _nth(desk.service_groups, hand.place)
    match hand.deed:
        case "contact" if contact is None:
            desk.add_contact(where, mail(hand.person))
        case "flip" if contact:
            desk.edit_contact(contact.id, active=not contact.active)
        case "link" if contact and service:
            desk.edit_contact(contact.id, service_group=service)
        case "unlink" if contact:
            desk.edit_contact(contact.id, service_group=None)
        case _:
            pass


def _to_a_contact_group(desk: FakeDesk, hand: Hand) -> None:
    place = desk.accounts[ACCOUNT]
    contact = desk.read(ACCOUNT).contacts.get(mail(hand.person))
    group = _nth(place.groups, hand.place)
    match hand.deed:
        case "put" if contact and group and contact.active:
            desk.put(group, contact.id, hand.role)
        case "take" if contact and group:
            desk.take(group, contact.id)
        case "group":
            desk.add_group(ACCOUNT, hand.name)
        case "drop" if group:
            del place.groups[group], place.users[group]
        case "rename" if group:
            place.groups[group] = hand.name
        case _:
            pass


def _to_the_site(desk: FakeDesk, hand: Hand) -> None:
    service, account = _nth(desk.service_groups, hand.place), desk.accounts[ACCOUNTS[hand.place]]
    match hand.deed:
        case "service":
            desk.add_service_group(hand.name)
        case "retire" if service:
            del desk.service_groups[service]
        case "respell" if service:
            desk.service_groups[service] = hand.name
        case "tag":
            account.tags = tuple({*account.tags} ^ {slug(hand.name)})
        case _:
            pass
