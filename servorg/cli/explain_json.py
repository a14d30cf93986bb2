"""The JSON form of an explanation: the facts that the text tells, and its sentences about what applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from servorg.cli.json_forms import skipped_json, time_json

if TYPE_CHECKING:
    from shared.core.explanation import Directory, Explanation, InDesk, InEntra, Managed, Mention, Why

type Json = dict[str, Any]

_OF_CHANGES = ("account", "address", "group", "name", "role")


def explanation_json(about: Explanation, advice: list[str]) -> Json:
    """Everything that is known. `entra` is null when the CustOrg could not be asked, `contacts` when DeskDirector."""
    from shared.core.explanation import grounds

    return {
        "customer": about.customer,
        "address": about.asked,
        "known": about.known,
        "addresses": list(about.addresses),
        "modes": list(about.modes),
        "protected": list(about.protected),
        "applies": [_why_json(why) for why in grounds(about)],
        "entra": _directory_json(about.directory) if about.directory else None,
        "entraProblem": about.directory_problem,
        "contacts": None if about.desk_problem else [_contact_json(one) for one in about.contacts],
        "contactsProblem": about.desk_problem,
        "links": [_link_json(one) for one in about.links],
        "runs": about.history.runs,
        "since": time_json(about.history.since),
        "lastRun": about.history.last or None,
        "skipped": [skipped_json((skip.subject, skip.reason, skip.detail)) for skip in about.history.skipped],
        "changes": [_mention_json(one) for one in about.history.mentions],
        "advice": advice,
    }


def _why_json(why: Why) -> Json:
    from shared.core.explain_words import ground

    told = {"rule": why.ground, "about": why.about, "reason": why.reason, "words": ground(why)}
    return told | {"run": why.run or None, "digest": why.digest or None}


def _directory_json(directory: Directory) -> Json:
    return {
        "people": [_person_json(one) for one in directory.people],
        "verifiedDomains": sorted(directory.domains),
        "nestedGroupsCount": directory.transitive,
        "capped": directory.capped,
        "hiddenGroups": list(directory.hidden),
    }


def _person_json(one: InEntra) -> Json:
    user = one.user
    return {
        "id": user.id,
        "userPrincipalName": user.upn,
        "mail": user.mail,
        "proxyAddresses": list(user.proxy_addresses),
        "enabled": user.enabled,
        "guest": user.guest,
        "foundBy": one.found,
        "contactAddress": user.address,
        "groups": [
            {"id": group.id, "name": group.name, "path": list(group.path), "owner": group.owner} for group in one.groups
        ],
    }


def _contact_json(one: InDesk) -> Json:
    contact = one.contact
    told: Json = {"account": one.account, "id": contact.id, "address": contact.address, "active": contact.active}
    told |= {"groups": [{"name": name, "role": role} for name, role in sorted(one.roles.items())]}
    return told | {"serviceGroup": contact.service_group, "serviceGroupName": one.service_group or None}


def _link_json(one: Managed) -> Json:
    from datetime import UTC, datetime

    link, names = one.link, one.names
    leaving = None if link.leaving_since is None else datetime.fromtimestamp(link.leaving_since, UTC)
    given = sorted(link.memberships.items())
    return {
        "account": one.account,
        "address": one.address,
        "managed": link.managed,
        "groups": [{"id": group, "name": names.get(group), "role": gift.role} for group, gift in given],
        "serviceGroup": link.service_group,
        "leavingSince": time_json(leaving),
    }


def _mention_json(one: Mention) -> Json:
    from shared.core import words

    told: Json = {"run": one.run, "runStatus": one.run_status, "kind": one.change.kind, "status": one.status}
    told |= {"reason": one.reason, "words": words.change(one.change), "at": time_json(one.at)}
    return told | {name: getattr(one.change, name) for name in _OF_CHANGES if hasattr(one.change, name)}
