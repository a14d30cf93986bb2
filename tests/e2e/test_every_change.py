"""Every change of docs/modes.md on the real parts: of people in each mode alone, of groups in all modes together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.stack import Layout
from tests.e2e.worlds import Customer, tenant_id, tiny_layout


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha")


def readdress(customer: Customer, person: str, *, keep: bool) -> str:
    """Gives a person another address; the one of before stays among the proxy addresses, or not."""
    old, new = customer.mails[person], f"new.{customer.mails[person]}"
    proxies = [f"SMTP:{new}", *[f"smtp:{old}"] * keep]
    customer.update("user", person, mail=new, userPrincipalName=new, proxyAddresses=proxies)
    return new


@pytest.mark.parametrize("mode", [1, 2, 3, 4, 5])
def test_whatever_happens_to_people_is_followed_in_each_mode(
    customer: Customer, service: Callable[[str], int], account: Callable[..., Customer], mode: int
) -> None:
    customer.mode, name = (mode,), f"Desk {mode}"
    ada, bo, cem, dee, fay, gil, hal = customer.people("Ada", "Bo", "Cem", "Dee", "Fay", "Gil", "Hal")
    twin = customer.person("Twin", mail=customer.mails[ada].upper())
    desk, filled = service(name), account(f"desk-{mode}")
    place = filled if mode == 4 else customer
    place.contact(customer.mails[hal], isActive=False)
    group = customer.group(name, [ada, bo, cem, dee, fay, gil, hal, twin])
    first, reached = customer.sync(), place.active()
    eve = customer.person("Eve")
    customer.update("user", bo, accountEnabled=False)
    customer.delete_person(cem)
    customer.leave(group, dee)
    customer.join(group, eve)
    customer.own(group, ada)
    new = readdress(customer, fay, keep=False)
    readdress(customer, gil, keep=True)
    run = customer.sync()
    then = {*customer.mail(ada, eve, gil, hal), new}
    roles = dict.fromkeys(then, "regular") | {customer.mails[ada]: "manager" if mode == 5 else "regular"}

    assert (first["status"], reached) == ("succeeded", customer.mail(ada, bo, cem, dee, fay, gil, hal))
    assert (customer.mails[ada], "duplicate address") in first.skipped
    assert (run["status"], (customer.mails[bo], "disabled") in run.skipped) == ("succeeded", True)
    assert place.contacts() == dict.fromkeys(then, True) | dict.fromkeys(customer.mail(bo, cem, dee, fay), False)
    assert place.groups() == ({name: roles} if mode in {2, 5} else {})
    assert place.links() == (dict.fromkeys(then, desk) if mode == 3 else {})
    assert (mode == 4) == (customer.contacts() == {})


def test_whatever_happens_to_groups_is_followed_in_all_modes_together(
    customer: Customer, service: Callable[[str], int], account: Callable[..., Customer]
) -> None:
    customer.mode = (1, 2, 3, 4, 5)
    customer.configure("--max-removal-share", "100")
    ada, bo, cem, dee, eve = customer.people("Ada", "Bo", "Cem", "Dee", "Eve")
    names = ("Moved", "Made again", "Dropped")
    services = {name: service(name) for name in names}
    moved, made_again, dropped, pair = (account(tag) for tag in ("moved", "made-again", "dropped", "pair"))
    long = "L" * 101
    groups = [customer.group(name, [one, eve]) for name, one in zip(names, (ada, bo, cem), strict=True)]
    customer.group("Pair", [dee]), customer.group("PAIR", [eve])
    customer.group(long, [dee])
    first = customer.sync()
    before = {name: set(users) for name, users in customer.groups().items()}
    customer.delete_group(groups[1])
    customer.group("Made again", [bo, dee])
    customer.update("group", groups[0], displayName="Moved on")
    customer.choose(groups[2], sync=False)
    run = customer.sync()
    mails = customer.mails

    reasons = {reason for name, reason in first.skipped if name in {"Pair", "PAIR"}}
    assert (first["status"], run["status"]) == ("succeeded", "succeeded")
    assert reasons == {"several groups for one tag", "group name taken", "no service group"}
    assert (long, "group name too long") in first.skipped
    assert [one.active() for one in (moved, dropped, pair)] == [customer.mail(ada, eve), set(), set()]
    assert made_again.active() == customer.mail(bo, dee)
    assert {name: set(users) for name, users in customer.groups().items()} == {
        "Moved on": customer.mail(ada, eve),
        "Made again": customer.mail(bo, dee),
        "Dropped": set(),
        **{name: users for name, users in before.items() if name in {"Pair", "PAIR"}},
    }
    assert customer.links() == {
        mails[ada]: services["Moved"],
        **dict.fromkeys(customer.mail(bo, dee), services["Made again"]),
    }
    assert customer.contacts() == {mails[one]: one != cem for one in (ada, bo, cem, dee, eve)}


def test_of_53_groups_a_person_joins_50_and_three_are_told(customer: Customer) -> None:
    [ada] = customer.people("Ada")
    order = {"tenant": tenant_id(customer.tenant), "op": "add_group"}
    sets = [{"displayName": f"Crew No. {number:02}", "members": [ada]} for number in range(53)]
    made = customer.stack.graph.edit(*({**order, "set": one} for one in sets))
    customer.choose(*(row["id"] for row in made))
    run, again = customer.sync(), customer.sync()
    joined = {name for name, users in customer.groups().items() if users}

    assert (run["status"], again["changes"]) == ("succeeded", [])
    assert joined == {f"Crew No. {number:02}" for number in range(50)}
    assert run.skipped == {(customer.mails[ada], "too many contact groups")}
    assert {row["detail"] for row in run["skipped"]} == {f"Crew No. {number}" for number in (50, 51, 52)}
