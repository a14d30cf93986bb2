"""DeskDirector's side of the port `EventSite`: its events, which its API calls workflows, and who subscribes to them.

What ends a subscription is not published: Power Platform's webhooks get it as the address in `Location`
(deskdirector.md §5, an inference), so that is where action and token are looked for, and then in the body.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from servorg.desk_fields import MISSING, first, text
from servorg.desk_http import Call, DeskHttp
from servorg.desk_lists import Lists
from servorg.dialect import Dialect, Words
from servorg.subscriptions import Event, Receipt
from shared.errors import DeskRejected, DeskUnavailable

_EVENT = "an event"


class DeskEvents:
    """The events of one DeskDirector site. Every request waits for the budget."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self._http, self._lists = http, Lists(dialect, http)
        self._paths, self._words, self._answer = dialect.paths, dialect.request, dialect.answer

    def events(self, of_type: str = "") -> tuple[Event, ...]:
        query = {self._words.event_type: of_type} if of_type else {}
        found = self._lists.paged("the events", self._paths.events, query, self._event, lambda one: one.id)
        return tuple(found)

    def event_types(self) -> tuple[str, ...]:
        rows = self._lists.whole("the types of events", self._paths.event_types, {}, self._event)
        return tuple(one.id for one in rows)

    def subscribe(self, event: Event, url: str) -> Receipt:
        path = self._paths.event_actions.format(workflowId=quote(event.id, safe=""))
        body = {self._words.event_url: url, self._words.event_parameters: {}}
        call = Call(method="POST", path=path, body=body, query={self._words.event_type: event.type}, create=True)
        told, location = self._http.create(call)
        action, token = self._from_location(location)
        return Receipt(action or _told(told, self._answer.action_id), token or _told(told, self._answer.token))

    def unsubscribe(self, event: str, receipt: Receipt) -> bool:
        path = self._paths.event_action.format(
            workflowId=quote(event, safe=""), actionId=quote(receipt.action, safe="")
        )
        query = {self._words.event_key: receipt.token} if receipt.token else {}
        try:
            self._http.tell(Call(method="DELETE", path=path, query=query))
        except DeskRejected as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        except DeskUnavailable as error:
            # What it comes from may show the address, in which the token stands.
            raise DeskUnavailable(str(error), error.status) from None
        return True

    def _event(self, row: Any) -> Event:
        kind = first(row, self._answer.type) if isinstance(row, dict) else MISSING
        named = text(row, self._answer.id, _EVENT), text(row, self._answer.name, _EVENT)
        return Event(*named, kind if isinstance(kind, str) else "")

    def _from_location(self, location: str) -> tuple[str, str]:
        """Action and token in the address that ends a subscription; empty where there is none."""
        try:
            parts = urlsplit(location)
            tokens = parse_qs(parts.query).get(self._words.event_key, [])
        except ValueError:
            return "", ""
        step = unquote(parts.path.rpartition("/")[2])
        return step if step.strip(".") else "", tokens[0] if tokens else ""


def _told(told: Any, words: Words) -> str:
    found = first(told, words) if isinstance(told, Mapping) else MISSING
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
