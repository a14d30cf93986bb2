"""The sentences in which people read values: reasons, objections, changes. The only place with English for them."""

from typing import assert_never

from shared.core.changes import (
    ActivateContact,
    AddToGroup,
    Change,
    ClearServiceGroup,
    CreateContact,
    CreateGroup,
    DeactivateContact,
    LinkServiceGroup,
    LowerRole,
    MoveServiceGroup,
    RaiseRole,
    RemoveFromGroup,
    RenameGroup,
)
from shared.core.gates import Objection, Rule
from shared.core.model import Reason, SyncMode, slug

PROGRAM = "python -m servorg"
"""What an operator types before the commands that texts name."""

MODES: dict[SyncMode, str] = {
    SyncMode.CONTACTS_ONLY: "Sync contacts only",
    SyncMode.CONTACT_GROUPS: "Add contacts to Contact Group",
    SyncMode.SERVICE_GROUPS: "Link contacts to Service Group",
    SyncMode.ACCOUNTS: "Sync Entra groups as Accounts",
    SyncMode.CONTACT_GROUPS_WITH_OWNERS: "Add Entra group owners and members to Contact Group",
}

REASONS: dict[Reason, str] = {
    Reason.GUEST: "is a guest in the tenant; guests are not synced",
    Reason.DISABLED: "is disabled in Entra, so counts as someone who left",
    Reason.NO_ADDRESS: "has no usable mail address",
    Reason.UNVERIFIED_DOMAIN: "has a mail address in a domain that the tenant has not verified",
    Reason.DUPLICATE_ADDRESS: "shares this address with another user; one contact stands for both",
    Reason.NOT_A_USER: "is in a group but is not a user",
    Reason.NAME_TOO_LONG: "is a group whose name is longer than the 100 characters that DeskDirector takes",
    Reason.NAME_TAKEN: "is a group whose name another one has already (upper and lower case count as the same)",
    Reason.NO_NAME: "is a group without a name",
    Reason.TOO_MANY_GROUPS: "is in 50 contact groups already, which is DeskDirector's limit",
    Reason.UNREAD: "is a group that could not be read completely; nobody is removed because of it",
    Reason.DELETED: "is a group that was deleted in Entra",
    Reason.AMBIGUOUS_GROUP: "matches several contact groups of this name; rename or remove all but one",
    Reason.PROTECTED: "is protected, so nothing is taken away",
    Reason.NOT_MANAGED: "was not given by a sync, so it stays",
    Reason.REPLACEMENT_MISSING: "stays for now, since what replaces it could not be done",
    Reason.IN_OTHER_ACCOUNT: "gets a contact though another account has one of this address; that one is left alone",
    Reason.NO_SERVICE_GROUP: "is a group whose name no service group has; make one of that name in DeskDirector",
    Reason.AMBIGUOUS_SERVICE_GROUP: "is a group whose name several service groups have; rename all but one",
    Reason.SEVERAL_SERVICE_GROUPS: "is in several groups that have a service group; the first by precedence counts",
    Reason.NO_SLUG: "is a group whose name gives no tag: it has no letter from a to z and no digit; rename it in Entra",
    Reason.SLUG_TAKEN: "is a group that has its tag in common with another chosen group",
    Reason.NO_ACCOUNT: "is a group for whose tag no account exists; tag one in DeskDirector",
    Reason.SEVERAL_ACCOUNTS: "is a group whose tag several accounts have; leave it at one",
    Reason.FOREIGN_ACCOUNT: "is a group whose account belongs to another customer",
    Reason.GROUP_LEFT_ALONE: "has the name of a contact group that belongs to another Entra group",
}


def reason_words(reason: str) -> str:
    """The sentence for a reason's code; what is no code is a sentence already."""
    return REASONS[Reason(reason)] if reason in Reason else reason


def besides(subject: str, reason: str, detail: str) -> str:
    """What people have to know besides a reason to act upon it; empty when it is enough."""
    match reason:
        case Reason.IN_OTHER_ACCOUNT | Reason.SEVERAL_SERVICE_GROUPS:
            return detail
        case Reason.NO_ACCOUNT | Reason.SEVERAL_ACCOUNTS | Reason.SLUG_TAKEN:
            return f"tag {slug(subject)}"
        case _:
            return ""


def objection(about: Objection) -> str:
    """An objection with its numbers."""
    count, limit = f"{about.count:g}", f"{about.limit:g}"
    match about.rule:
        case Rule.REMOVALS:
            return f"{count} removals in one run, {limit} are allowed"
        case Rule.SHARE:
            return f"{count} of {about.of} would be removed from {about.subject}, {limit} % are allowed"
        case Rule.DAY:
            return f"{count} removals in 24 hours, {limit} are allowed"
        case Rule.ADDITIONS:
            return f"{count} additions in one run, {limit} are allowed"
        case Rule.READS_DISAGREE:
            return f"two reads of the directory disagree about {count} removals"
        case _:
            assert_never(about.rule)


def change(step: Change) -> str:  # noqa: C901, PLR0911, PLR0912  one case for each kind of change
    """What a change does, on one line."""
    match step:
        case CreateContact(address=key):
            return f"create contact {key}"
        case ActivateContact(address=key):
            return f"activate contact {key}"
        case RenameGroup(name=name, before=before):
            return f"rename contact group {before!r} to {name!r}"
        case CreateGroup(name=name):
            return f"create contact group {name!r}"
        case AddToGroup(name=name, address=key, role=role):
            return f"add {key} to {name!r} as {role}"
        case RaiseRole(name=name, address=key, role=role, before=before):
            return f"raise {key} in {name!r} from {before} to {role}"
        case LowerRole(name=name, address=key, role=role, before=before):
            return f"lower {key} in {name!r} from {before} to {role}"
        case RemoveFromGroup(name=name, address=key):
            return f"remove {key} from {name!r}"
        case LinkServiceGroup(address=key, name=name):
            return f"link {key} to service group {name!r}"
        case MoveServiceGroup(address=key, name=name):
            return f"move {key} to service group {name!r}"
        case ClearServiceGroup(address=key):
            return f"clear the service group of {key}"
        case DeactivateContact(address=key):
            return f"deactivate contact {key}"
        case _:
            assert_never(step)
