"""Which rules apply to a person, and how an explanation reads."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core.changes import AddToGroup, CreateContact, DeactivateContact
from shared.core.explain_words import GROUNDS, applying, paragraphs, unknown
from shared.core.explanation import (
    Directory,
    Explanation,
    Found,
    Ground,
    History,
    InDesk,
    InEntra,
    InGroup,
    Managed,
    Mention,
    found_by,
    grounds,
    names_of,
)
from shared.core.model import GroupRole, Reason, Skipped, SyncMode
from tests.builders import ACCOUNT, DOMAIN, NOW, a_contact, a_link, a_user, given, group_id, mail

SINCE = datetime(2026, 8, 26, tzinfo=UTC)
AT = datetime.fromtimestamp(NOW, UTC)
IT = InGroup(group_id("it"), "it", ("it",))
RUN = "contoso-20261124-105312-4f2a9c1b"


def a_mention(status: str = "applied", **other: Any) -> Mention:
    facts = {"run": RUN, "run_status": "succeeded", "digest": "d1", "at": AT, "reason": ""}
    return Mention(status=status, **{"change": DeactivateContact(ACCOUNT, mail("ann")), **facts, **other})


def in_entra(*groups: InGroup, name: str = "ann", **user: Any) -> InEntra:
    return InEntra(a_user(name, **user), Found.MAIL, groups)


def explained(*people: InEntra, **other: Any) -> Explanation:
    facts: dict[str, Any] = {
        "customer": "contoso",
        "asked": mail("ann"),
        "addresses": (mail("ann"),),
        "modes": (SyncMode.CONTACT_GROUPS,),
        "protected": (),
        "links": (),
        "history": History(3, SINCE, last=RUN),
        "contacts": (InDesk(ACCOUNT, a_contact("ann", 7)),),
        "directory": Directory(people, frozenset({DOMAIN})),
    }
    return Explanation(**(facts | other))


def told(about: Explanation, heading: str) -> list[str]:
    return dict(paragraphs(about))[heading]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"guest": True}, Reason.GUEST),
        ({"enabled": False}, Reason.DISABLED),
        ({"mail": None, "upn": "ann"}, Reason.NO_ADDRESS),
        ({"mail": "ann@other.example"}, Reason.UNVERIFIED_DOMAIN),
    ],
)
def test_a_filter_of_the_sync_is_told_also_of_who_is_in_a_chosen_group(user: dict[str, Any], reason: Reason) -> None:
    [why] = grounds(explained(in_entra(IT, **user)))

    assert (why.ground, why.reason) == (Ground.LEFT_OUT, reason)


def test_who_passes_every_filter_counts_when_in_a_chosen_group() -> None:
    assert [why.ground for why in grounds(explained(in_entra(IT)))] == [Ground.COUNTS]
    assert [why.ground for why in grounds(explained(in_entra()))] == [Ground.NO_GROUP]


def test_an_owner_counts_in_mode_5_only() -> None:
    owner = in_entra(InGroup(group_id("it"), "it", (), owner=True))
    with_owners = explained(owner, modes=(SyncMode.CONTACT_GROUPS_WITH_OWNERS,))

    assert [why.ground for why in grounds(explained(owner))] == [Ground.OWNER_ONLY]
    assert [why.ground for why in grounds(with_owners)] == [Ground.COUNTS]


def test_two_users_of_one_address_are_told_to_share_it() -> None:
    about = explained(in_entra(IT), in_entra(IT, name="anna", mail=mail("ann")))

    assert [(why.ground, why.reason) for why in grounds(about)] == [
        (Ground.COUNTS, ""),
        (Ground.COUNTS, ""),
        (Ground.LEFT_OUT, Reason.DUPLICATE_ADDRESS),
    ]


def test_nobody_of_the_address_is_a_rule_only_when_the_directory_was_asked() -> None:
    assert [why.ground for why in grounds(explained())] == [Ground.NOT_IN_ENTRA]
    assert grounds(explained(directory=None, directory_problem="no connection")) == ()


def test_grace_is_that_of_the_last_run_and_not_of_an_older_one() -> None:
    waiting = a_mention("waiting", reason="waits until 2026-12-01 10:00 UTC")
    now = explained(in_entra(), history=History(2, SINCE, (waiting,), RUN))
    before = explained(in_entra(), history=History(2, SINCE, (replace(waiting, run="older"),), RUN))

    assert [why.ground for why in grounds(now)] == [Ground.NO_GROUP, Ground.IN_GRACE]
    assert [why.ground for why in grounds(before)] == [Ground.NO_GROUP]
    assert f"ann@{DOMAIN} is in grace: a removal waits until 2026-12-01 10:00 UTC (run {RUN})." in applying(now)


def test_a_held_change_is_told_once_with_its_run_while_the_run_is_held() -> None:
    held = a_mention("held", run_status="held")
    about = explained(in_entra(), history=History(2, SINCE, (held, held), RUN))
    decided = explained(in_entra(), history=History(2, SINCE, (replace(held, run_status="cancelled"),), RUN))

    assert [(why.ground, why.run, why.digest) for why in grounds(about)][1:] == [(Ground.HELD, RUN, "d1")]
    assert [why.ground for why in grounds(decided)] == [Ground.NO_GROUP]


def test_a_failed_change_of_the_last_run_is_told_with_its_reason() -> None:
    failed = a_mention("failed", reason="DeskDirector answered 400")
    about = explained(in_entra(IT), history=History(1, SINCE, (failed,), RUN))

    assert applying(about)[-1] == f"A change of ann@{DOMAIN} failed in run {RUN}: DeskDirector answered 400."


def test_protection_is_told_once() -> None:
    skip = Skipped(mail("ann"), Reason.PROTECTED)
    about = explained(in_entra(), protected=(mail("ann"),), history=History(1, SINCE, (), RUN, (skip,), (skip,)))

    assert [line for line in applying(about) if "protected" in line] == [
        f"ann@{DOMAIN} is protected, so nothing is taken away."
    ]


def test_what_the_last_run_left_out_is_told_with_the_run_unless_it_is_told_already() -> None:
    guest = Skipped(mail("ann"), Reason.GUEST, "user-ann")
    long = Skipped("it", Reason.NO_SERVICE_GROUP, group_id("it"))
    about = explained(in_entra(IT, guest=True), history=History(1, SINCE, (), RUN, (guest, long), (guest,)))

    assert applying(about) == [
        f"ann@{DOMAIN} is a guest in the tenant; guests are not synced.",
        f"it is a group whose name no service group has; make one of that name in DeskDirector (run {RUN}).",
    ]


def test_every_rule_has_a_sentence() -> None:
    assert GROUNDS.keys() == set(Ground)


def test_a_nested_group_reads_from_the_chosen_one_down() -> None:
    about = explained(
        in_entra(
            InGroup(group_id("all"), "All", ("All", "EMEA", "IT"), owner=True),
            InGroup(group_id("it"), "IT", ("IT",)),
            InGroup(group_id("hr"), "HR", (), owner=True),
        )
    )

    assert told(about, "In Entra")[1:] == [
        "In All by way of EMEA > IT, and owns it.",
        "In IT.",
        "Owns HR, and is not in it.",
    ]


def test_a_person_found_by_a_proxy_address_is_told_with_the_address_of_the_contact() -> None:
    user = a_user("ann", mail=f"new@{DOMAIN}", proxy_addresses=(f"SMTP:new@{DOMAIN}", f"smtp:ann@{DOMAIN}"))
    about = explained(InEntra(user, found_by(user, mail("ann")), (IT,)))
    by_mail = found_by(user, mail("new"))

    assert user.upn == mail("ann")
    assert (found_by(user, mail("ann")), by_mail) == (Found.UPN, Found.MAIL)
    assert told(about, "In Entra")[0].endswith(f"the contact's address is new@{DOMAIN}.")


def test_a_persons_names_are_all_their_addresses_with_the_contacts_own_first() -> None:
    proxies = ("SMTP:Ann@contoso.example", "smtp:Anna@contoso.example", "X500:/o=x", "smtp:no address")
    user = a_user("ann", upn="ann.login@contoso.example", mail="Ann@contoso.example", proxy_addresses=proxies)

    assert names_of(user) == (mail("ann"), mail("ann.login"), mail("anna"))
    assert found_by(user, mail("anna")) is Found.PROXY


def test_what_the_directory_could_not_tell_is_said() -> None:
    whole = Directory((in_entra(IT),), frozenset({DOMAIN}))
    caveats = replace(whole, transitive=False, capped=True, hidden=("Secret",))
    asked, refused = explained(directory=caveats), explained(directory=None, directory_problem="the key is wrong")

    assert [line.partition(" ")[0] for line in told(asked, "In Entra")[2:]] == ["People", "There", "Secret"]
    assert told(refused, "In Entra") == [
        "The CustOrg could not be asked: the key is wrong. All else comes from the records."
    ]


def test_contacts_and_what_runs_gave_are_told_in_sentences() -> None:
    contact = replace(a_contact("ann", 7, active=False), service_group=3)
    link = a_link("ann", {"it": given()}, leaving_since=NOW, service_group=3)
    about = explained(
        contacts=(InDesk(ACCOUNT, contact, {"it": GroupRole.MANAGER}, "gold"),),
        links=(Managed(ACCOUNT, mail("ann"), link, {group_id("it"): "It"}),),
    )

    assert told(about, "In DeskDirector") == [
        f"ann@{DOMAIN} is contact 7 of account 12, inactive: in it as manager; linked to service group gold."
    ]
    assert told(about, "What runs gave") == [
        (
            f"ann@{DOMAIN} in account 12 is managed by the sync; contact groups: It as regular; service group 3; "
            "leaving since 2026-11-24 10:53 UTC."
        )
    ]


def test_the_changes_of_runs_are_told_with_time_run_and_reason() -> None:
    step = AddToGroup(ACCOUNT, group_id("it"), "it", mail("ann"), GroupRole.REGULAR)
    mentions = (a_mention(), a_mention("failed", change=step, reason=str(Reason.TOO_MANY_GROUPS), at=None))
    about = explained(history=History(3, SINCE, mentions, RUN))

    assert told(about, "What runs did") == [
        "2 changes name this person (looked through 3 runs since 2026-08-26).",
        f"2026-11-24 10:53 UTC, run {RUN}: applied: deactivate contact ann@{DOMAIN}",
        (
            f"no time, run {RUN}: failed: add ann@{DOMAIN} to 'it' as regular — is in 50 contact groups already, "
            "which is DeskDirector's limit"
        ),
    ]


def test_who_counts_and_has_no_active_contact_waits_for_the_next_run() -> None:
    off = (InDesk(ACCOUNT, a_contact("ann", active=False)),)
    failed = History(1, SINCE, (a_mention("failed", reason="x"),), RUN)
    late, inactive = explained(in_entra(IT), contacts=()), explained(in_entra(IT), contacts=off)
    silent = explained(in_entra(IT), contacts=(), desk_problem="401")

    assert [why.ground for why in grounds(late)] == [Ground.COUNTS, Ground.NOT_YET]
    assert [why.ground for why in grounds(inactive)] == [Ground.COUNTS, Ground.NOT_YET]
    assert [why.ground for why in grounds(silent)] == [Ground.COUNTS]
    assert [why.ground for why in grounds(explained(in_entra(IT), contacts=(), history=failed))] == [
        Ground.COUNTS,
        Ground.FAILED,
    ]


@pytest.mark.parametrize("caveat", [{"capped": True}, {"hidden": ("Secret",)}])
def test_while_not_all_could_be_looked_at_nobody_is_said_to_be_in_no_group(caveat: dict[str, Any]) -> None:
    owner = in_entra(InGroup(group_id("it"), "it", (), owner=True))
    told = [
        grounds(explained(directory=Directory((one,), frozenset({DOMAIN}), **caveat)))
        for one in (in_entra(), owner, in_entra(IT))
    ]

    assert [why.ground for [why] in told] == [Ground.NOT_SEEN, Ground.NOT_SEEN, Ground.COUNTS]


def test_who_is_nowhere_is_unknown_and_it_is_said_who_could_not_be_asked() -> None:
    nowhere = explained(contacts=())
    alone = explained(
        contacts=(), directory=None, directory_problem="no connection", desk_problem="401", protected=(mail("ann"),)
    )

    assert (nowhere.known, alone.known, explained(in_entra()).known) == (False, False, True)
    assert unknown(nowhere) == f"ann@{DOMAIN} is not known to Entra, the links and runs and DeskDirector of contoso"
    assert unknown(alone) == (
        f"ann@{DOMAIN} is not known to the links and runs of contoso; it is among the protected addresses; the CustOrg "
        "could not be asked: no connection; DeskDirector could not be asked: 401"
    )


def test_any_trace_of_an_address_makes_it_known() -> None:
    skip = Skipped(mail("ann"), Reason.GUEST)
    traces: list[dict[str, Any]] = [
        {"links": (Managed(ACCOUNT, mail("ann"), a_link("ann"), {}),)},
        {"contacts": (InDesk(ACCOUNT, a_contact("ann")),)},
        {"history": History(1, SINCE, (a_mention(change=CreateContact(ACCOUNT, mail("ann"), "A", "B")),), RUN)},
        {"history": History(1, SINCE, (), RUN, (skip,), (skip,))},
    ]

    assert [explained(**{"contacts": (), **trace}).known for trace in traces] == [True] * len(traces)


def test_a_contact_that_is_not_there_and_a_site_that_is_silent_are_told_apart() -> None:
    gone = told(explained(contacts=()), "In DeskDirector")
    silent = told(explained(contacts=(), desk_problem="it did not answer"), "In DeskDirector")

    assert gone[0] == "There is no contact of this address."
    assert silent[0] == "DeskDirector could not be asked: it did not answer."
