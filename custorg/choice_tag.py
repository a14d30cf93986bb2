"""The tag of a choice: what a page has seen, so that it never overwrites another person's choice unawares."""

import hashlib
import json

from shared.wire import GroupRow


def tag_of(row: GroupRow) -> str:
    """The tag, quoted as an ETag is. It changes with who chose what and when; a refresh or a count leaves it alone."""
    choice = json.dumps([row.sync, row.chosen_by, row.chosen_at])
    return f'"{hashlib.sha256(choice.encode()).hexdigest()[:20]}"'


def seen_in(header: str | None) -> str | None:
    """The tag of an If-Match header; None without one, and for `*`. A gateway that zips makes tags weak."""
    text = (header or "").strip().removeprefix("W/")
    return None if text in {"", "*"} else text
