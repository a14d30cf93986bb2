"""A first sync reaches exactly what the rules of docs/architecture.md say, reckoned here once more from raw JSON."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, Json, host_logs, new_customer, tenant_id, tiny_layout, told_of_people

HOSTILE = "<script>alert(1)</script> \u202e' OR 1=1"
BELL = "Bell\u001b[31m\u0007"
MODES = [(1,), (2,), (1, 2), (5,)]


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def furnish(customer: Customer) -> None:
    """Everything that a directory surprises with, and what somebody made by hand in the account before."""
    domain = f"{customer.tenant}.example"
    ada, bo, cem, dee = customer.people("Ada Quint", "Bo Quint", "Cem Quint", "Dee Quint")
    guest = customer.person("Gil Guest", userType="Guest", userPrincipalName=f"gil_{customer.id}#EXT#@alpha.test")
    disabled = customer.person("Dis Abled", accountEnabled=False)
    unverified = customer.person("Una Post", mail=f"una.{customer.id}@elsewhere.example")
    nowhere = customer.person("Nina Nowhere", mail=None, userPrincipalName=f"nina@former-{domain}", proxyAddresses=[])
    by_upn = customer.person("Noel Nomail", mail=None, proxyAddresses=[])
    customer.mails[by_upn] = f"noel.nomail.{customer.id}@{domain}"
    twin = customer.person("Twin Quint", mail=customer.mails[ada].upper())
    former = f"former.{customer.id}@{domain}"
    alias = customer.person("Alia Alias", proxyAddresses=[f"SMTP:alia.alias.{customer.id}@{domain}", f"smtp:{former}"])
    odd = customer.person("Odd Name", displayName=BELL, givenName=None, surname=None)
    inner = customer.group("Inner Circle", [cem, disabled, by_upn], chosen=False)
    customer.group("All Staff", [ada, bo, guest, disabled, unverified, nowhere, twin, inner], owners=[dee, ada])
    customer.group("Support", [bo, alias, odd], owners=[bo])
    customer.group(HOSTILE, [ada])
    customer.group("Nobody Yet")
    customer.group("ALL STAFF", [dee])
    customer.group("L" + "o" * 110 + "ng", [dee])
    customer.group("Not Chosen", [guest], chosen=False)
    _by_hand(customer, ada=customer.mails[ada], bo=customer.mails[bo], former=former)


def _by_hand(customer: Customer, *, ada: str, bo: str, former: str) -> None:
    domain = f"{customer.tenant}.example"
    first = customer.contact(ada)
    customer.contact(bo, isActive=False)
    customer.contact(former)
    stranger = customer.contact(f"front.desk.{customer.id}@{domain}")
    support = customer.contact_group("support")
    for contact in (first, stranger):
        customer.stack.desk.edit({"op": "set_group_user", "group": support, "contact": contact, "role": "regular"})


@pytest.fixture(params=MODES, ids=str)
def furnished(request: pytest.FixtureRequest, customer: Customer) -> Customer:
    customer.mode = request.param
    furnish(customer)
    return customer


def test_a_first_sync_reaches_exactly_the_desired_state_and_a_second_one_writes_nothing(furnished: Customer) -> None:
    contacts, groups = Reckoning(furnished).expected()
    plan = furnished.plan()
    untouched = furnished.writes()
    run = furnished.sync()
    reached = (furnished.contacts(), furnished.groups())
    furnished.forget()
    second, empty_plan = furnished.sync(), furnished.plan()

    assert (plan.status, untouched) == (2, [])
    assert (run.status, run["status"], run["digest"]) == (0, "succeeded", plan["digest"])
    assert reached == (contacts, groups)
    assert (second["status"], second["changes"], empty_plan.status) == ("succeeded", [], 0)
    assert furnished.writes() == []


def test_whoever_is_left_out_is_told_with_the_reason(customer: Customer) -> None:
    furnish(customer)
    skipped = customer.plan().skipped
    ada = next(mail for mail in customer.mails.values() if mail.startswith("ada"))
    long = "L" + "o" * 110 + "ng"

    assert {reason for _, reason in skipped} == {
        "guest", "disabled", "no usable address", "unverified domain", "duplicate address", "group name too long",
        "group name taken",
    }  # fmt: skip
    assert {(ada, "duplicate address"), (long, "group name too long")} <= skipped


def test_hostile_names_are_text_on_the_terminal(customer: Customer) -> None:
    customer.group(HOSTILE, [customer.person("Odd", displayName=BELL, givenName=BELL)])
    customer.group(f"{BELL} group", customer.people("Eve Plain"))
    run = customer.sync()
    told = [customer.stack.servorg_cli(*words).stdout for words in (("run", run["id"]), ("groups", customer.id))]

    assert run["status"] == "succeeded"
    assert "<script>" in told[0]
    assert "<script>" in told[1]
    assert not any(sign in text for text in told for sign in "\u001b\u0007\u202e")


def test_the_hosts_log_ids_and_counts_and_nobodys_name_or_address(customer: Customer) -> None:
    furnish(customer)
    customer.stack.desk.fault(path="/contacts$", status=400, body={"error": "x", "errorDescription": "Ada Quint!"})
    run = customer.sync()
    log = host_logs(customer.stack)["servorg"]

    assert run["status"] == "partly"
    assert f'"event": "run finished", "run": "{run["id"]}"' in log
    assert not any(told_of_people(customer.stack).values())


def test_people_and_groups_of_two_customers_stay_apart(customer: Customer) -> None:
    [ira] = customer.people("Ira One")
    customer.group("Ours", [ira])
    customer.sync()
    before = (customer.contacts(), customer.groups())
    other = new_customer(customer.stack)
    other.group("Ours", [ira, *other.people("Ivo Two")])
    run, again = other.sync(), other.sync()
    [told] = run["skipped"]

    assert (run["status"], again["skipped"]) == ("succeeded", [])
    assert (told["subject"], told["reason"]) == (customer.mails[ira], "in another account")
    assert told["detail"] == f"account {customer.account} Customer {customer.id}"
    assert (other.groups(), other.active()) == (
        {"Ours": dict.fromkeys(other.active(), "regular")},
        {customer.mails[ira], *other.mails.values()},
    )
    assert (customer.contacts(), customer.groups()) == before


class Reckoning:
    """What the account should hold after a first sync, from the directory's JSON and what is in the account now."""

    def __init__(self, customer: Customer) -> None:
        self.modes = customer.mode
        world = customer.stack.graph.world()
        [tenant] = [row for row in world["tenants"] if row["id"] == tenant_id(customer.tenant)]
        chosen = {row["id"] for row in customer.stack.groups(customer.tenant) if row["sync"]}
        self.domains = tenant["verifiedDomains"]
        self.users: dict[str, Json] = {row["id"]: row for row in tenant["users"]}
        self.all_groups: dict[str, Json] = {row["id"]: row for row in tenant["groups"]}
        self.chosen = [row for row in tenant["groups"] if row["id"] in chosen]
        self.contacts, self.groups = customer.contacts(), customer.groups()

    def expected(self) -> tuple[dict[str, bool], dict[str, dict[str, str]]]:
        """Contacts with whether they are active, and contact groups with roles."""
        people = [user for group in self.chosen for user in self._people(group) | self._owners(group)]
        wanted = {self._contact_of(user) for user in people if self.address(user)}
        contacts = {**self.contacts, **dict.fromkeys(wanted, True)}
        groups = {name: dict(users) for name, users in self.groups.items()}
        for group in self._named() if {2, 5} & {*self.modes} else []:
            name = next((one for one in groups if one.lower() == group["displayName"].lower()), group["displayName"])
            here = groups.setdefault(name, {})
            here |= {self._contact_of(user): "regular" for user in self._people(group) if self.address(user)}
            here |= {self._contact_of(user): "manager" for user in self._owners(group) if self.address(user)}
        return contacts, groups

    def address(self, user: str) -> str | None:
        """Nobody's for guests, disabled people, and whoever has no mail in a verified domain."""
        row = self.users[user]
        mail = (row["mail"] or row["userPrincipalName"]).strip().lower()
        usable = row["accountEnabled"] and row["userType"] != "Guest" and mail.partition("@")[2] in self.domains
        return mail if usable else None

    def _contact_of(self, user: str) -> str:
        own = str(self.address(user))
        aliases = [proxy.partition(":")[2].lower() for proxy in self.users[user]["proxyAddresses"]]
        return next((one for one in (own, *aliases) if one in self.contacts), own)

    def _people(self, group: Json) -> set[str]:
        nested = [self._people(self.all_groups[one]) for one in group["members"] if one in self.all_groups]
        return {one for one in group["members"] if one in self.users}.union(*nested)

    def _owners(self, group: Json) -> set[str]:
        return set(group["owners"]) if 5 in self.modes else set()

    def _named(self) -> list[Any]:
        """Groups with a name that DeskDirector takes; of several that differ by case only the first by id."""
        seen: Collection[str] = ()
        named = []
        for group in sorted(self.chosen, key=lambda row: str(row["id"])):
            name = group["displayName"]
            if len(name) <= 100 and name.lower() not in seen:
                named.append(group)
                seen = {*seen, name.lower()}
        return named
