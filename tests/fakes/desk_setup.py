"""What somebody set up in DeskDirector for the form, in memory: the ports `Setup`, `EventSite`, `SubscriptionBook`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from servorg.form_check import FIELDS, AccountFacts, FormFields
from servorg.subscriptions import Event, Receipt, Subscription

EVENT = Event("sync-user-group", "Sync User Group", "ticket-created")


@dataclass(frozen=True, slots=True)
class FakeForm:
    """A form with fields of these identifiers; `whole`: one can see that it has no others."""

    name: str
    fields: Collection[str] = FIELDS
    whole: bool = True


class FakeSetup:
    """A site in which everything is right. `error` is raised by whatever is asked, when set."""

    def __init__(self) -> None:
        self.accounts = {2: AccountFacts("Bluefern IT", active=True)}
        self.board_names = {1: "Service Desk"}
        self.status_names = {
            1: {11: "New", 12: "Approval Required", 14: "In Progress", 17: "Declined", 19: "Closed"},
        }
        self.designed = {21: FakeForm("Sync User Group")}
        self.asked: list[int] = []
        self.error: BaseException | None = None

    def boards(self) -> Mapping[int, str]:
        self._refuse()
        return self.board_names

    def statuses(self, board: int) -> Mapping[int, str]:
        self._refuse()
        return self.status_names.get(board, {})

    def forms(self) -> Mapping[int, str]:
        self._refuse()
        return {form: one.name for form, one in self.designed.items()}

    def form_fields(self, form: int, wanted: Collection[str]) -> FormFields:
        self._refuse()
        self.asked.append(form)
        found = self.designed[form]
        return FormFields(frozenset(wanted) & frozenset(found.fields), found.whole)

    def account(self, account: int) -> AccountFacts | None:
        self._refuse()
        return self.accounts.get(account)

    def _refuse(self) -> None:
        if self.error:
            raise self.error


class FakeEvents:
    """The site's events and who subscribed to them. With `tells_type` the list of events has their types."""

    def __init__(self, *known: Event) -> None:
        self.known = known or (EVENT,)
        self.tells_type = False
        self.tells_receipt = True
        self.subscribed: dict[str, str] = {}
        """The address of each subscription by what ends it."""
        self.error: BaseException | None = None
        self._count = 0

    def events(self, of_type: str = "") -> tuple[Event, ...]:
        rows = [one for one in self.known if of_type in {"", one.type}]
        return tuple(one if self.tells_type else Event(one.id, one.name) for one in rows)

    def event_types(self) -> tuple[str, ...]:
        return ("ticket-note-added", "ticket-created")

    def subscribe(self, event: Event, url: str) -> Receipt:
        assert event.type
        if self.error:
            raise self.error
        self._count += 1
        self.subscribed[f"action-{self._count}"] = url
        return Receipt(f"action-{self._count}" if self.tells_receipt else "", "s3cr3t-token")

    def unsubscribe(self, event: str, receipt: Receipt) -> bool:
        assert event
        assert receipt.token == "s3cr3t-token"
        if self.error:
            raise self.error
        return self.subscribed.pop(receipt.action, None) is not None


class FakeSubscriptions:
    """The subscription that is noted."""

    def __init__(self) -> None:
        self.kept: Subscription | None = None

    def read(self) -> Subscription | None:
        return self.kept

    def write(self, subscription: Subscription) -> None:
        self.kept = subscription

    def remove(self) -> None:
        self.kept = None
