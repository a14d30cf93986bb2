"""What real directories surprise with, put into a made-up tenant: each customer of the demo has all of it.

Guests, disabled people, no mail, mail in an unverified domain, aliases, one mail for two people, hostile names, devices
and applications in groups, nested groups with a cycle, every kind of group, an owner from outside, hidden membership.
"""

import random
from typing import Any

from doubles.demo_rows import group, guid, user

Json = dict[str, Any]
HOSTILE = (
    "<script>alert('x')</script>",
    '<b>Bold</b> & "Quoted" O\'Neill',
    "Bell\u0007 and\u0000null\u001b[31m",
    "\u202eesrever ni emaN",
    "Emoji 🦊👩‍👩‍👧 Family",
    "{{7*7}} ${HOME} %s =cmd|'/c calc'!A0",
    "L" + "o" * 254 + "g",
)
LONG = "Everyone who at any time has signed for keys, badges, vehicles or tools of the plant and not yet returned them"


def add_quirks(rng: random.Random, row: Json) -> None:
    """Adds people, things and groups to a tenant's JSON; its first groups stay the ones worth choosing."""
    odd = _people(rng, row)
    row["users"] += odd
    _things(rng, row)
    row["groups"][1]["members"] += [one["id"] for one in odd]
    row["groups"][1]["members"] += [row[kind][0]["id"] for kind in ("devices", "servicePrincipals", "contacts")]
    row["groups"] += _groups(rng, row)
    _nest(row)


def _people(rng: random.Random, row: Json) -> list[Json]:
    domain, initial = row["verifiedDomains"]
    first = row["users"][0]
    special = [
        user(rng, "Gita Guest", f"gita_elsewhere.example#EXT#@{initial}", "gita@elsewhere.example", userType="Guest"),
        user(rng, "Ghost Guest", f"ghost_gone.example#EXT#@{initial}", None, userType="Guest"),
        user(rng, "Dora Disabled", f"dora@{domain}", f"dora@{domain}", accountEnabled=False),
        user(rng, "Noel Nomail", f"noel@{domain}", None),
        user(rng, "Una Unverified", f"una@{domain}", "una@privatepost.example"),
        user(rng, "Nina Nowhere", f"nina@former-{domain}", None),
        user(rng, "Twin Other", f"twin@{domain}", first["mail"].upper()),
        user(rng, "Alia Alias", f"alia@{domain}", f"alia@{domain}"),
        user(rng, "Blank", f"blank@{domain}", f"  Blank@{domain} ", givenName=None, surname=None),
    ]
    special[7]["proxyAddresses"] = [
        f"SMTP:alia@{domain}", f"smtp:alia.maiden@{domain}", f"smtp:info@{domain}", f"sip:alia@{domain}",
        "X500:/o=ExchangeLabs/cn=Recipients/cn=alia",
    ]  # fmt: skip
    hostile = [user(rng, name, f"odd{n}@{domain}", f"odd{n}@{domain}") for n, name in enumerate(HOSTILE)]
    return [*special, *hostile]


def _things(rng: random.Random, row: Json) -> None:
    domain = row["verifiedDomains"][0]
    mail = "partner@elsewhere.example"
    row["devices"] = [
        {"id": guid(rng), "displayName": f"{row['short'].upper()}-PC-{number:02}", "operatingSystem": "Windows"}
        for number in range(3)
    ]
    row["servicePrincipals"] = [{"id": guid(rng), "displayName": f"Backup of {domain}", "appId": guid(rng)}]
    row["contacts"] = [{"id": guid(rng), "displayName": "Partner", "mail": mail, "proxyAddresses": [f"SMTP:{mail}"]}]


def _groups(rng: random.Random, row: Json) -> list[Json]:
    domain, people = row["verifiedDomains"][0], [one["id"] for one in row["users"]]
    few = people[:6]
    mail = {"mailEnabled": True, "groupTypes": ["Unified"], "securityEnabled": False, "visibility": "Private"}
    named = row["groups"][-1]["displayName"]
    return [
        group(rng, "Nobody Yet", ()),
        group(rng, "Works Council", few, **{**mail, "visibility": "HiddenMembership", "mail": f"council@{domain}"}),
        group(rng, "Project Team", few[:4], **{**mail, "mail": f"project@{domain}"}, owners=[people[-1]]),
        group(rng, "Newsletter", few, mailEnabled=True, securityEnabled=False, mail=f"news@{domain}"),
        group(rng, "Mail-enabled Access", few[2:], mailEnabled=True, mail=f"access@{domain}"),
        group(rng, LONG, few),
        group(rng, named.upper(), few[:2]),
        group(rng, "<i>Print & Scan</i> \u202e'x\"", few[:3]),
        group(rng, "Circle One", few[:1]),
        group(rng, "Circle Two", few[1:2]),
        # One person in very many groups: more than the fifty that DeskDirector takes.
        *(group(rng, f"Project {number:02}", people[:1]) for number in range(1, 61)),
    ]


def _nest(row: Json) -> None:
    """Groups within groups, below two of those worth choosing; two of them hold each other."""
    by_name = {one["displayName"]: one for one in row["groups"]}
    one, two = by_name["Circle One"], by_name["Circle Two"]
    one["members"].append(two["id"])
    two["members"].append(one["id"])
    row["groups"][2]["members"] += [one["id"], by_name["Works Council"]["id"]]
    row["groups"][3]["members"].append(by_name["Mail-enabled Access"]["id"])
