"""Graph's JSON as values: its spellings stop here.

What is not as Graph documents it raises KeyError, IndexError, TypeError, AttributeError or ValueError.
"""

import json
from typing import Any

from custorg.ports import GroupHead, GroupName, Organization, Page
from shared.wire import Person

type Json = dict[str, Any]

GROUP_FIELDS = ["id", "displayName", "groupTypes", "mailEnabled", "securityEnabled", "visibility"]
USER_FIELDS = [
    "id", "userPrincipalName", "mail", "proxyAddresses", "displayName", "givenName", "surname", "accountEnabled",
    "userType",
]  # fmt: skip
NESTED_FIELDS = ["visibility"]
"""What else is asked of the nested groups on the same pages."""
HIDDEN = "HiddenMembership"
USER, GROUP = "#microsoft.graph.user", "#microsoft.graph.group"


def parse(body: bytes) -> Json:
    """The JSON object of an answer."""
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise TypeError("no JSON object")
    return answer


def organization_of(answer: Json) -> Organization:
    """The one organization of `/organization`. Every tenant has a verified domain, so none told is no answer."""
    row = answer["value"][0]
    if not row["verifiedDomains"]:
        raise ValueError("no verified domain")
    return Organization(row["id"].lower(), tuple(sorted(domain["name"].lower() for domain in row["verifiedDomains"])))


def head_of(row: Json, *, sees_hidden: bool) -> GroupHead:
    """A group; `sees_hidden` is whether this identity may read hidden memberships."""
    hidden = row.get("visibility") == HIDDEN and not sees_hidden
    return GroupHead(_id(row), _text(row.get("displayName")), kind_of(row), hidden)


def kind_of(row: Json) -> str:
    """The group's kind in words (https://learn.microsoft.com/graph/api/resources/groups-overview)."""
    types = row.get("groupTypes") or ()
    return ("dynamic " if "DynamicMembership" in types else "") + _basic_kind(row, types)


def _basic_kind(row: Json, types: Any) -> str:
    if "Unified" in types:
        return "Microsoft 365"
    if row.get("mailEnabled"):
        return "mail-enabled security" if row.get("securityEnabled") else "distribution"
    return "security"


def page_of(answer: Json, *, cast: bool, transitive: bool) -> Page:
    """A page of people; `cast`: Graph was asked for users only, `transitive`: nested groups are read too.

    An element tells its type in `@odata.type`; one without it is a user when it has a userPrincipalName.
    """
    people: list[Person] = []
    others: list[str] = []
    nested: list[str] = []
    for row in answer["value"]:
        kind = USER if cast else row.get("@odata.type") or (USER if "userPrincipalName" in row else "")
        if kind == USER:
            people.append(person_of(row))
        else:
            (nested if kind == GROUP and transitive else others).append(_id(row))
    hidden = transitive and hides_people(answer)
    return Page(tuple(people), tuple(others), tuple(nested), _link(answer), _count(answer), hidden)


def hides_people(answer: Json) -> bool:
    """Whether one of the groups on the page has a hidden membership.

    Without the permission for it Graph leaves its people out in silence, from the count of a group above it too.
    """
    return any(row.get("visibility") == HIDDEN for row in answer["value"])


def person_of(row: Json) -> Person:
    """A user. Without the right to read users Graph tells the id and null for everything else."""
    upn = _text(row.get("userPrincipalName"))
    kind = row.get("userType")
    return Person(
        id=_id(row),
        upn=upn,
        mail=_text(row.get("mail")) or None,
        proxies=tuple(_text(proxy) for proxy in row.get("proxyAddresses") or ()),
        display=_text(row.get("displayName")),
        given=_text(row.get("givenName")),
        surname=_text(row.get("surname")),
        enabled=row.get("accountEnabled") is not False,
        guest=kind == "Guest" if kind else "#EXT#" in upn,
    )


def people_of(answer: Json) -> tuple[Person, ...]:
    """The users on a page of `/users`."""
    return tuple(person_of(row) for row in answer["value"])


def groups_of(answer: Json) -> tuple[GroupName, ...]:
    """The groups on a page of directory objects; roles, applications and the like are left out.

    Without the right to read groups Graph tells the id and null for the name.
    """
    rows = (row for row in answer["value"] if row["@odata.type"] == GROUP)
    return tuple(GroupName(_id(row), _text(row.get("displayName"))) for row in rows)


def error_code(body: bytes) -> str:
    """Graph's own error code, for a sentence; `no code` when the answer has none."""
    try:
        code = parse(body)["error"]["code"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "no code"
    return code[:80] if isinstance(code, str) and code.isascii() and code.isprintable() else "no code"


def _id(row: Json) -> str:
    if not isinstance(row["id"], str) or not row["id"]:
        raise TypeError("no id")
    return row["id"].lower()


def _text(value: Any) -> str:
    """A text without lone surrogates, which neither UTF-8 nor a table can hold; empty for null."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _link(answer: Json) -> str | None:
    link = answer.get("@odata.nextLink")
    if link is not None and not isinstance(link, str):
        raise TypeError("no next link")
    return link


def _count(answer: Json) -> int | None:
    count = answer.get("@odata.count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None
