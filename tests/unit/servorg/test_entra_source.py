"""What ServOrg believes of a CustOrg's answers: a group is read only when its last part proves it."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
import requests

from servorg.entra_source import CustOrg
from shared import wire
from shared.core.model import EntraSide
from shared.errors import CustOrgRefused

GROUP = "11111111-1111-4111-8111-111111111111"
ANN, BOB = wire.Person(id="ann", upn="ann@contoso.example"), wire.Person(id="bob", upn="bob@contoso.example")


class Answers(requests.Session):
    """A CustOrg that gives these answers one after the other."""

    def __init__(self, answers: Iterable[wire.GroupsAndMembers]) -> None:
        super().__init__()
        self._answers = iter(answers)

    def request(self, *_arguments: Any, **_options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.raw = BytesIO(next(self._answers).model_dump_json(by_alias=True).encode())
        return response


def answer(*parts: wire.GroupPart, **other: Any) -> wire.GroupsAndMembers:
    fields = {"tenant": "t", "domains": ("contoso.example",), "people": (ANN, BOB)} | other
    return wire.GroupsAndMembers(parts=parts, **fields)


def read(*answers: wire.GroupsAndMembers) -> EntraSide:
    return CustOrg("https://custorg.example", "key", lambda _tenant: None, Answers(answers)).read(owners=False)


def part(*people: str, **other: Any) -> wire.GroupPart:
    return wire.GroupPart(id=GROUP, name="Staff", people=people, **other)


def unread(side: EntraSide) -> list[tuple[str, int]]:
    return [(group.why, len(group.people)) for group in side.unread]


def test_a_group_told_in_two_answers_is_complete_when_all_of_it_was_told() -> None:
    first = answer(part("ann"), people=(ANN,), continuation="rest")
    side = read(first, answer(part("bob", count=2, state="complete"), domains=(), people=(BOB,)))

    assert [group.people for group in side.groups] == [{"ann", "bob"}]
    assert not side.unread


def test_somebody_told_twice_does_not_make_a_group_complete() -> None:
    first = answer(part("ann"), continuation="rest")
    side = read(first, answer(part("ann", count=2, state="complete"), domains=()))

    assert not side.groups
    assert unread(side) == [("1 were told where Graph counts 2", 1)]


def test_complete_without_a_count_is_not_believed() -> None:
    side = read(answer(part("ann", "bob", state="complete")))

    assert not side.groups
    assert len(side.unread) == 1


def test_a_group_whose_answer_ended_early_is_unread_and_has_nobody() -> None:
    assert unread(read(answer(part("ann", "bob")))) == [("its answer ended early", 0)]


def test_a_group_that_names_people_who_were_not_told_is_unread() -> None:
    side = read(answer(part("ann", "eve", count=2, state="complete")))

    assert unread(side) == [("it names people who were not told", 0)]


def test_an_answer_without_a_verified_domain_is_refused_since_nobody_would_count() -> None:
    with pytest.raises(CustOrgRefused, match="no verified domain"):
        read(answer(part("ann", count=1, state="complete"), domains=()))


def test_answers_of_two_tenants_are_refused() -> None:
    with pytest.raises(CustOrgRefused, match="different tenants"):
        read(answer(part("ann"), continuation="rest"), answer(tenant="other"))


def test_a_continuation_that_comes_back_is_refused() -> None:
    again = answer(continuation="rest")

    with pytest.raises(CustOrgRefused, match="does not come to an end"):
        read(again, again)
