"""Rows of a made-up world: ids, people, groups."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def guid(rng: random.Random) -> str:
    """The next id of Entra's shape."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def user(rng: random.Random, name: str, principal: str, mail: str | None, **properties: Any) -> Json:
    """A person; given name and surname are the parts of the name, the mail is the only proxy address."""
    given, _, surname = name.partition(" ")
    return {
        "id": guid(rng),
        "displayName": name,
        "givenName": given[:64],
        "surname": surname[:64] or None,
        "mail": mail,
        "userPrincipalName": principal,
        "proxyAddresses": [f"SMTP:{mail.strip()}"] if mail else [],
        **properties,
    }


def group(rng: random.Random, name: str, members: Sequence[str], **properties: Any) -> Json:
    """A security group, unless its properties say otherwise."""
    nickname = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())[:40] or "group"
    plain = {"id": guid(rng), "displayName": name, "mailNickname": nickname, "members": list(members), "owners": []}
    return {**plain, **properties}
