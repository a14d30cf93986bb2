"""The continuation of `get-groups-and-members`: what is left to read, as a text that the caller hands back.

base64url of JSON. It comes back from outside, so everything in it is checked like any other input: above all, its next
link may lead nowhere but below GRAPH_URL. It gives no right that the caller's function key does not give already.
"""

import base64
from collections.abc import Iterable
from http import HTTPStatus
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from custorg.links import is_own_link
from shared.errors import CommandRefused
from shared.wire import GroupId

MAX_REST = 4_000  # groups: 16 bytes each, twice through base64, leave room for a long next link
ID_BYTES = 16


class InProgress(BaseModel):
    """A group of which a part has been told.

    `count` is what Graph said on the first page of this pass, `before` how many ids earlier answers told of it; `again`
    says that this is the second pass, `differs` that the people are all told and their count did not agree.
    """

    id: GroupId
    name: str = Field(max_length=1_000)
    which: Literal["people", "owners"] = "people"
    link: str | None = Field(default=None, max_length=16_384)
    count: int | None = Field(default=None, ge=0)
    before: int = Field(default=0, ge=0)
    again: bool = False
    differs: bool = False
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Continuation(BaseModel):
    """What is left: the groups not begun, and the one in progress. `tenant` was checked for the first answer."""

    version: Literal[1] = 1
    tenant: str
    owners: bool
    rest: str = ""
    group: InProgress | None = None
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def groups(self) -> list[str]:
        """The ids of the groups not begun; ValueError when `rest` is no such list."""
        packed = base64.b64decode(self.rest, validate=True)
        if len(packed) % ID_BYTES:
            raise ValueError("rest is cut off")
        return [str(UUID(bytes=packed[start : start + ID_BYTES])) for start in range(0, len(packed), ID_BYTES)]

    def encode(self) -> str:
        """The text for the caller."""
        return base64.urlsafe_b64encode(self.model_dump_json(exclude_defaults=True).encode()).decode()


def pack(groups: Iterable[str]) -> str:
    """Ids of groups as the `rest` of a continuation."""
    return base64.b64encode(b"".join(UUID(group).bytes for group in groups)).decode()


def decode(text: str, *, tenant: str, graph_url: str) -> Continuation:
    """The continuation in `text`; CommandRefused 400 unless this app could have made it for this tenant."""
    try:
        found = Continuation.model_validate_json(base64.b64decode(text, altchars=b"-_", validate=True))
        found.groups()
    except (ValueError, ValidationError, RecursionError):
        raise _refused("is none of this app's") from None
    if found.tenant != tenant:
        raise _refused("is of another tenant")
    if found.group is not None and found.group.link is not None and not is_own_link(found.group.link, graph_url):
        raise _refused("leads to another place than Graph")
    return found


def _refused(why: str) -> CommandRefused:
    return CommandRefused(HTTPStatus.BAD_REQUEST, "continuation", f"continuation: {why}. Begin again without one.")
