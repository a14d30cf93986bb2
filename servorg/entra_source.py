"""A customer's CustOrg as ServOrg sees it: commands over HTTP, each answer checked before it is believed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import requests
from pydantic import BaseModel, ValidationError

from shared import wire
from shared.core.model import EntraGroup, EntraGroupId, EntraSide, EntraUser, EntraUserId, UnreadGroup
from shared.errors import CustOrgRefused, CustOrgUnreachable, GraphThrottled
from shared.retry_after import retry_after
from shared.telemetry import span, traceparent

TIMEOUT = (10.0, 240.0)
"""Seconds to connect, and to answer: the platform itself ends a call after 230 (azure.md)."""
MOST_ANSWERS = 5_000
DEFAULT_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class CustOrg:
    """One customer's CustOrg. `accept_tenant` raises when an answer comes from another tenant than the pinned one."""

    url: str
    key: str
    accept_tenant: Callable[[str], None]
    session: requests.Session = field(default_factory=requests.Session)
    timeout: tuple[float, float] = TIMEOUT

    def read(self, *, owners: bool) -> EntraSide:
        """As the port says: every chosen group with its people, each complete or unread."""
        reading = _Reading()
        continuation: str | None = None
        for _ in range(MOST_ANSWERS):
            asked = wire.GetGroupsAndMembers(owners=owners, continuation=continuation)
            answer = self.command("get-groups-and-members", asked, wire.GroupsAndMembers)
            reading.take(answer)
            if answer.continuation is None:
                return reading.side()
            if answer.continuation == continuation:
                break
            continuation = answer.continuation
        raise CustOrgRefused("the CustOrg's answer does not come to an end")

    def command[T: BaseModel](self, name: str, asked: BaseModel, answer: type[T]) -> T:
        """The CustOrg's answer to a command, from the customer's own tenant; SourceError when there is none."""
        body = asked.model_dump_json(by_alias=True, exclude_defaults=True).encode()
        with span("ask CustOrg", command=name):
            told = _parsed(answer, self._send("POST", f"/api/commands/{name}", body))
        tenant = getattr(told, "tenant", "")
        self.accept_tenant(tenant)
        return told

    def offers(self) -> wire.Offers:
        """What this CustOrg can do."""
        return _parsed(wire.Offers, self._send("GET", "/api/commands", None))

    def _send(self, method: str, path: str, body: bytes | None) -> requests.Response:
        headers = {"x-functions-key": self.key, "Content-Type": "application/json", "traceparent": traceparent()}
        try:
            response = self.session.request(
                method, self.url + path, data=body, headers=headers, timeout=self.timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise CustOrgUnreachable(f"the CustOrg could not be reached ({type(error).__name__})") from error
        if response.status_code != HTTPStatus.OK:
            raise _refusal(response)
        return response


def _parsed[T: BaseModel](answer: type[T], response: requests.Response) -> T:
    try:
        return answer.model_validate_json(response.content)
    except ValidationError as error:
        raise CustOrgRefused("the CustOrg's answer is not what its command promises; is its version right?") from error


def _refusal(response: requests.Response) -> CustOrgRefused | CustOrgUnreachable | GraphThrottled:
    status = response.status_code
    try:
        told = wire.Refusal.model_validate_json(response.content)
    except ValidationError:
        told = None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = told.retry_after if told else None
        return GraphThrottled(wait or retry_after(response.headers.get("Retry-After"), time.time()) or DEFAULT_WAIT)
    if status == HTTPStatus.UNAUTHORIZED:
        return CustOrgRefused("the CustOrg did not accept the function key (401); check the customer's key setting")
    if told:
        return CustOrgRefused(f"the CustOrg answered: {told.message} ({told.error})")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CustOrgUnreachable(f"the CustOrg answered with status {status}")
    return CustOrgRefused(f"the CustOrg answered with status {status}; check the customer's URL")


@dataclass(slots=True)
class _Group:
    name: str = ""
    people: set[EntraUserId] = field(default_factory=set)
    owners: set[EntraUserId] = field(default_factory=set)
    others: list[str] = field(default_factory=list)
    nested: set[str] = field(default_factory=set)
    count: int | None = None
    state: str = "more"
    why: str = ""


@dataclass(slots=True)
class _Reading:
    """Answers laid together. A group counts as read only when its last part says so."""

    tenant: str = ""
    domains: frozenset[str] = frozenset()
    users: dict[EntraUserId, EntraUser] = field(default_factory=dict)
    groups: dict[EntraGroupId, _Group] = field(default_factory=dict)

    def take(self, answer: wire.GroupsAndMembers) -> None:
        if self.tenant and answer.tenant != self.tenant:
            raise CustOrgRefused("the CustOrg's answers name different tenants")
        self.tenant = answer.tenant
        self.domains |= frozenset(domain.lower() for domain in answer.domains)
        self.users |= {EntraUserId(person.id): _user(person) for person in answer.people}
        for part in answer.parts:
            self._add(self.groups.setdefault(EntraGroupId(part.id), _Group()), part)

    def _add(self, group: _Group, part: wire.GroupPart) -> None:
        if group.state != "more":
            group.state, group.why = "unread", "it was told twice"
            return
        group.name = part.name or group.name
        group.people |= {EntraUserId(person) for person in part.people}
        group.owners |= {EntraUserId(person) for person in part.owners}
        group.others += part.others
        group.nested |= set(part.nested)
        group.state, group.why, group.count = part.state, part.why, part.count
        told = group.people | set(group.others) | group.nested
        if group.state == "complete" and len(told) != group.count:
            group.state, group.why = "count differs", f"{len(told)} were told where Graph counts {group.count}"

    def side(self) -> EntraSide:
        if not self.domains:  # without one nobody would count, and everybody would be a leaver
            raise CustOrgRefused("the CustOrg's answer names no verified domain of its tenant")
        read = {group_id: group for group_id, group in self.groups.items() if self._is_complete(group)}
        unread = {g: group for g, group in self.groups.items() if g not in read and group.state != "deleted"}
        return EntraSide(
            tenant_id=self.tenant,
            verified_domains=self.domains,
            users=self.users,
            groups=tuple(
                EntraGroup(g, group.name, frozenset(group.people), frozenset(group.owners), tuple(group.others))
                for g, group in sorted(read.items())
            ),
            unread=tuple(self._unread(g, group) for g, group in sorted(unread.items())),
            deleted=tuple(sorted(g for g, group in self.groups.items() if group.state == "deleted")),
        )

    def _is_complete(self, group: _Group) -> bool:
        return group.state == "complete" and self._describes(group)

    def _describes(self, group: _Group) -> bool:
        return group.people <= self.users.keys() and group.owners <= self.users.keys()

    def _unread(self, group_id: EntraGroupId, group: _Group) -> UnreadGroup:
        why = group.why or ("its answer ended early" if group.state == "more" else "it names people who were not told")
        if group.state == "count differs" and self._describes(group):
            return UnreadGroup(group_id, group.name, why, frozenset(group.people), frozenset(group.owners))
        return UnreadGroup(group_id, group.name, why)


def _user(person: wire.Person) -> EntraUser:
    return EntraUser(
        id=EntraUserId(person.id),
        upn=person.upn,
        mail=person.mail or None,
        proxy_addresses=person.proxies,
        display_name=person.display,
        given_name=person.given,
        surname=person.surname,
        enabled=person.enabled,
        guest=person.guest,
    )
