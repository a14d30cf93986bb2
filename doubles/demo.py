"""The demo's world: an MSP and three made-up customers, the same at every call.

`bluefern` is the MSP. `lindqvist` has some 25 people and 4 groups worth choosing, `harbour` some 800 and 12, `norrland`
some 5,000 and 30. What a real directory surprises with is in each of them, see demo_quirks.
"""

import random
from collections.abc import Sequence
from typing import Any

from doubles.demo_desk import desk_seed
from doubles.demo_quirks import add_quirks
from doubles.demo_rows import group, guid, user

Json = dict[str, Any]
GIVEN_NAMES = """
    Ada Amir Anouk Beata Bram Chidi Clara Dario Deniz Edda Elif Emil Esra Fenna Finn Gustav Hana Hilde Ida Ines Ivo Jan
    Joris Kaja Karim Lena Leon Lotte Mads Maja Milan Mira Nadia Nils Noor Olga Omar Petra Pim Rania Rosa Sami Signe
    Sven Tamar Theo Ulla Vera Wim Yara Zoë
"""
SURNAMES = """
    Aalto Bakker Berg Castel Dahl Dekker Engel Eriksen Falk Fontein Grabowski Haas Holm Ibsen Jansen Kask Kowalczyk
    Lindgren Lund Maas Meyer Moreau Nagy Nilsen Okafor Olsen Peeters Post Quist Rask Ribeiro Sandberg Silva Smit Storm
    Tanaka Thorne Ullmann Vance Visser Wolff Ydens Zeller
"""
FIRST, LAST = GIVEN_NAMES.split(), SURNAMES.split()
CUSTOMERS = (("lindqvist", "Lindqvist Ceramics", 25), ("harbour", "Harbour & Vale Logistics", 800),
             ("norrland", "Norrland Turbines", 5000))  # fmt: skip
SMALL = ("All Staff", "IT Support Team", "Leadership", "Workshop")
OFFICES = ("Finance", "Sales", "Dispatch", "Warehouse", "Drivers", "Customs", "Fleet", "Human Resources", "Interns")
MEDIUM = (*SMALL[:3], *OFFICES)
SITES = ("Abisko", "Boden", "Gällivare", "Kiruna", "Luleå", "Piteå")
CRAFTS = ("Assembly", "Blades", "Field Service")
LARGE = (*MEDIUM, *(f"{craft} {site}" for site in SITES for craft in CRAFTS))


def demo_world(seed: int = 7) -> Json:
    """The JSON that `World` reads; `notes.chosen` lists the ids of the groups worth choosing, by tenant."""
    rng = random.Random(seed)
    names = {"lindqvist": SMALL, "harbour": MEDIUM, "norrland": LARGE}
    customers = [customer(rng, short, name, size, names[short]) for short, name, size in CUSTOMERS]
    chosen = {row["id"]: [group["id"] for group in row["groups"][: len(names[row["short"]])]] for row in customers}
    tenants = [_msp(rng), *customers]
    return {"tenants": tenants, "deskdirector": desk_seed(customers), "notes": {"chosen": chosen}}


def customer(rng: random.Random, short: str, name: str, size: int, groups: Sequence[str]) -> Json:
    """One tenant with people in departments, a group per name, and every quirk."""
    domain = f"{short}.example"
    users = [person(rng, number, domain) for number in range(size)]
    row: Json = {
        "id": guid(rng),
        "short": short,
        "displayName": name,
        "verifiedDomains": [domain, f"{short}.onmicrosoft.example"],
        "users": users,
        "groups": [group(rng, name, members=_some(rng, users, name)) for name in groups],
        "devices": [],
        "servicePrincipals": [],
        "contacts": [],
    }
    row["groups"][0].update(groupTypes=["DynamicMembership"], membershipRule="(user.accountEnabled -eq true)")
    row["groups"][0].update(membershipRuleProcessingState="On", members=[one["id"] for one in users])
    for one in row["groups"]:
        one["owners"] = [rng.choice(users)["id"]]
    add_quirks(rng, row)
    return row


def person(rng: random.Random, number: int, domain: str) -> Json:
    """An ordinary member of staff; the number keeps names and addresses apart."""
    given, surname = FIRST[number % len(FIRST)], LAST[(number // len(FIRST) + number) % len(LAST)]
    tail = str(number) if number >= len(FIRST) else ""
    address = f"{given}.{surname}{tail}@{domain}".lower().replace("ë", "e")
    return user(rng, f"{given} {surname}", address, address)


def _some(rng: random.Random, users: Sequence[Json], name: str) -> list[str]:
    share = 0.5 if name.startswith("All") else rng.uniform(0.04, 0.2)
    return [one["id"] for one in rng.sample(users, max(3, int(len(users) * share)))]


def _msp(rng: random.Random) -> Json:
    domain = "bluefern.example"
    users = [person(rng, number, domain) for number in range(5)]
    reports = user(rng, "Sync reports", f"reports@{domain}", f"reports@{domain}")
    names = [domain, "bluefern.onmicrosoft.example"]
    return {"id": guid(rng), "displayName": "Bluefern IT", "verifiedDomains": names, "users": [*users, reports]}
