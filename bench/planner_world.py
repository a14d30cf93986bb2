"""A made-up directory of any size and an account that differs from it a little. Fixed seed, no network."""

import random

from shared.core.model import (
    Account,
    AccountId,
    Address,
    Contact,
    ContactGroup,
    ContactGroupId,
    ContactId,
    ContactLink,
    EntraGroup,
    EntraGroupId,
    EntraSide,
    EntraUser,
    EntraUserId,
    Given,
    GroupLink,
    GroupRole,
    Links,
    address,
)

ACCOUNT = AccountId(7)


def entra_side(people: int, groups: int) -> EntraSide:
    """`people` users, each in one of `groups` groups."""
    users = {user.id: user for user in map(_user, range(people))}
    ids = list(users)
    return EntraSide(
        "tenant",
        frozenset({"contoso.example"}),
        users,
        tuple(EntraGroup(_group_id(g), f"Group {g}", frozenset(ids[g::groups])) for g in range(groups)),
    )


def _user(number: int) -> EntraUser:
    mail = f"person{number}@contoso.example"
    proxies = (f"SMTP:{mail}", f"smtp:p{number}@old.contoso.example")
    user_id = EntraUserId(f"{number:08x}-0000-4000-8000-{number:012x}")
    return EntraUser(user_id, mail, mail, proxies, f"Person Number{number}", "Person", f"Number{number}")


def _group_id(number: int) -> EntraGroupId:
    return EntraGroupId(f"{number:08x}-1111-4000-8000-{number:012x}")


def account_that_differs(side: EntraSide, share: float) -> tuple[Account, Links]:
    """An account equal to `side` but for `share` of its people: half of them missing, as many there who left."""
    rng = random.Random(20261124)
    missing = set(rng.sample(sorted(side.users), int(len(side.users) * share / 2)))
    contacts: dict[Address, Contact] = {}
    links: dict[Address, ContactLink] = {}
    groups: dict[ContactGroupId, ContactGroup] = {}
    group_links: dict[EntraGroupId, GroupLink] = {}
    for place, group in enumerate(side.groups):
        names = [(user, side.users[user].upn) for user in sorted(group.people - missing)]
        names += [
            (EntraUserId(f"gone {user}"), f"gone.{side.users[user].upn}") for user in sorted(group.people & missing)
        ]
        users: dict[ContactId, GroupRole] = {}
        for user, name in names:
            key = address(name)
            assert key  # noqa: S101 made so
            contacts[key] = Contact(ContactId(len(contacts) + 1), key)
            links[key] = ContactLink((user,), {group.id: Given(GroupRole.REGULAR)})
            users[contacts[key].id] = GroupRole.REGULAR
        contact_group = ContactGroupId(f"group-{place}")
        groups[contact_group] = ContactGroup(contact_group, group.name, users)
        group_links[group.id] = GroupLink(contact_group, group.name, made=True)
    return Account(ACCOUNT, contacts, groups), Links(links, group_links)
