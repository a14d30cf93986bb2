"""What a dynamic field of a form asks, and what was chosen in the fields before it (deskdirector.md §4.1).

How an earlier answer is written is not published, nor what its field is called on a site: so any name that is no
parameter of the field's own may hold one, in any usual form (question 15 there).
"""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

import azure.functions as func
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationError,
    model_validator,
)

from shared.errors import CommandRefused
from shared.http import body_of

_DEEPEST = 4
_MOST_NAMES = 200
_OWN_NAMES = {"term", "ticketid", "accesstoken", "accesstokenexpiration", "formid", "identifier"}


def _number(given: object) -> int | None:
    """A ticket's number, from a number or its digits; None for anything else, such as an empty text."""
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,18}", given):
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 2**63 else None


def _text(given: object) -> object:
    return "" if given is None else given


class Asked(BaseModel):
    """What a field asks. Whatever stands in it besides may be an answer to an earlier field of the form."""

    model_config = ConfigDict(frozen=True, extra="allow")

    term: Annotated[StrictStr, Field(max_length=1_000), BeforeValidator(_text)] = ""
    ticket: Annotated[
        int | None,
        BeforeValidator(_number),
        Field(validation_alias=AliasChoices("ticketId", "ticket_id", "ticketID")),
    ] = None
    token: Annotated[
        StrictStr,
        Field(validation_alias=AliasChoices("access_token", "accessToken"), repr=False),
        BeforeValidator(_text),
    ] = ""

    @model_validator(mode="before")
    @classmethod
    def _few_names(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and len(given) > _MOST_NAMES:
            raise ValueError(f"has more than {_MOST_NAMES} names")
        return given

    def answers(self) -> frozenset[str]:
        """The identifiers that were chosen in earlier fields, however they were written."""
        given = (self.model_extra or {}).items()
        values = (value for name, value in given if name.replace("_", "").lower() not in _OWN_NAMES)
        return frozenset(one for value in values for one in _identifiers(value, _DEEPEST))


def asked(request: func.HttpRequest) -> Asked:
    """What a request asks: the query of a GET, the body of a POST. CommandRefused (400, 413, 415) when it is malformed.

    The query's names are texts, of which a repeated one has commas between its values.
    """
    if request.method.upper() == "POST":
        return body_of(request, Asked)
    try:
        return Asked.model_validate(dict(request.params))
    except ValidationError as error:
        said = "; ".join(part["msg"] for part in error.errors(include_url=False, include_input=False))
        raise CommandRefused(HTTPStatus.BAD_REQUEST, "invalid", f"{said}.") from None


def _identifiers(value: object, depth: int) -> Iterator[str]:
    """The identifiers in an answer: a text, several with `;` or `,` between, a list, an object, or JSON of these."""
    if depth == 0:
        return
    match value:
        case str():
            yield from _of_text(value, depth)
        case list():
            for one in value:
                yield from _identifiers(one, depth - 1)
        case dict():
            if value.get("selected", True) is not False:
                for name in ("identifier", "choices", "value"):
                    yield from _identifiers(value.get(name), depth - 1)
        case _:
            return


def _of_text(text: str, depth: int) -> Iterator[str]:
    if text.lstrip().startswith(("[", "{")):
        try:
            yield from _identifiers(json.loads(text), depth - 1)
        except (ValueError, RecursionError):
            return
    else:
        yield from (part.strip() for part in re.split("[;,]", text))
