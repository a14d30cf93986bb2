"""What the picker's routes take."""

from pydantic import BaseModel, ConfigDict


class Choice(BaseModel):
    """`PATCH /api/groups/{id}`."""

    sync: bool
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
