"""DeskDirector's event and our subscription to it: made, replaced, ended. There is one at most."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from shared.errors import SyncError
from shared.settings import Url

EVENT_PATH = "/api/events/deskdirector"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_URL: TypeAdapter[str] = TypeAdapter(Url)


class EventRefused(SyncError):
    """The event cannot be subscribed to, or the subscription cannot be ended; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event (once called workflow) of the site; `type` is empty where the site does not tell it with the event."""

    id: str
    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What ends a subscription; the action is empty when the site did not tell it."""

    action: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that we made: the event, where it is delivered to, and what ends it."""

    event: str
    name: str
    type: str
    url: str
    receipt: Receipt
    since: datetime


class EventSite(Protocol):
    """The site's events. Raises DeskError; a list is complete or an error."""

    def events(self, of_type: str = "") -> tuple[Event, ...]:
        """All events, or those of one type."""
        ...

    def event_types(self) -> tuple[str, ...]:
        """The types that an event may have."""
        ...

    def subscribe(self, event: Event, url: str) -> Receipt:
        """Has the site deliver the event to this address. DeskInDoubt when the answer was lost."""
        ...

    def unsubscribe(self, event: str, receipt: Receipt) -> bool:
        """Ends a subscription; False when there was none any more."""
        ...


class SubscriptionBook(Protocol):
    """Where our subscription is noted."""

    def read(self) -> Subscription | None:
        """The one that is noted."""
        ...

    def write(self, subscription: Subscription) -> None:
        """Notes it, in place of another."""
        ...

    def remove(self) -> None:
        """Forgets it."""
        ...


def event_address(text: str) -> str:
    """Where DeskDirector delivers to, from an address or a host name; ValueError says what is wrong with it."""
    given = text.strip()
    if "://" not in given:
        given = f"{'http' if given.startswith(_LOOPBACK) else 'https'}://{given}"
    try:
        url = _URL.validate_python(given)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    return url if urlsplit(url).path else url + EVENT_PATH


def find_event(site: EventSite, wanted: str) -> Event:
    """The site's event of this id with its type. EventRefused when there is none, or its type is not told."""
    found = next((one for one in site.events() if one.id == wanted), None)
    if found is None:
        raise EventRefused(f"DeskDirector has no event {wanted!r}; `events list` shows the ids that EVENT_ID may have")
    if found.type:
        return found
    for kind in site.event_types():
        if any(one.id == wanted for one in site.events(kind)):
            return Event(found.id, found.name, kind)
    raise EventRefused(f"DeskDirector does not tell the type of event {wanted!r}; give it with --type")


def subscribe(
    site: EventSite, book: SubscriptionBook, event: Event, url: str, now: Callable[[], datetime]
) -> tuple[Subscription, Subscription | None]:
    """The new subscription, and the one that it replaces. So it may be repeated: one is left."""
    old = book.read()
    if old is not None and old.receipt.action:
        site.unsubscribe(old.event, old.receipt)
        book.remove()
    made = Subscription(event.id, event.name, event.type, url, site.subscribe(event, url), now())
    book.write(made)
    return made, old


def end(site: EventSite, book: SubscriptionBook) -> Subscription | None:
    """Ends our subscription; None when there is none. EventRefused when the site never told how to end it."""
    known = book.read()
    if known is None:
        return None
    if not known.receipt.action:
        raise EventRefused(
            f"DeskDirector never told how to end the subscription of event {known.name!r}; delete its webhook in the "
            "Admin Portal (Advanced > Events), then run `events unsubscribe --forget`"
        )
    site.unsubscribe(known.event, known.receipt)
    book.remove()
    return known
