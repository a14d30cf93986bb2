"""What the picker's routes take."""

from pydantic import BaseModel, ConfigDict, Field

from custorg.ports import Wish

MOST = 5_000  # choices in one call: what the page can have on it, and under 1 MiB


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Choice(_Asked):
    """`PATCH /api/groups/{id}`."""

    sync: bool


class GroupChoice(_Asked):
    """One of several choices; with `etag` it holds only while the group's choice still has this tag."""

    id: str = Field(max_length=100)
    sync: bool
    etag: str | None = Field(default=None, max_length=100)

    def wish(self) -> Wish:
        """The same for the table."""
        return Wish(self.id.lower(), self.sync, self.etag)


class SeveralChoices(_Asked):
    """`POST /api/groups/choices`."""

    choices: tuple[GroupChoice, ...] = Field(max_length=MOST)


class Refresh(_Asked):
    """`POST /api/groups/refresh`; takes nothing."""


class CountMore(_Asked):
    """`POST /api/groups/counts`: counts groups that were last counted before `before` (ISO 8601 in UTC)."""

    before: str = Field(max_length=40)
