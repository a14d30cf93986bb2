"""What it costs the adapter to find out in which accounts people have a contact, and what it forgives."""

import pytest

from servorg.ports import Desk
from shared.core.model import Address
from shared.errors import DeskUnavailable
from tests.contract.desk_stages import CONTOSO, EVA, FABRIKAM, JAN, OverHttp
from tests.doubles.deskdirector_rig import Rig

FIND = "POST /api/v2/automate/connector/contacts/find"


@pytest.fixture
def stage(desk_rig: Rig) -> OverHttp:
    return OverHttp(desk_rig)


@pytest.fixture
def desk(stage: OverHttp) -> Desk:
    return stage.desk


def people(stage: OverHttp, count: int) -> list[Address]:
    addresses = [Address(f"person{number}@contoso.example") for number in range(count)]
    for one in addresses:
        stage.add_contact(FABRIKAM, one)
    return addresses


@pytest.mark.parametrize(
    ("contacts", "asked", "requests"),
    [
        (450, 1, 1),  # one find by its address
        (450, 3, 1 + 3),  # the first page tells that four more would follow
        (450, 4, 5),  # all five pages
        (450, 400, 5),
        (7, 400, 1),
        (0, 400, 1),
    ],
)
def test_the_cheaper_way_is_taken(stage: OverHttp, desk: Desk, contacts: int, asked: int, requests: int) -> None:
    there = people(stage, contacts)
    wanted = {*there[-asked:], *(Address(f"x{number}@contoso.example") for number in range(asked - contacts))}

    found = desk.accounts_of(wanted)

    assert found == {one: {FABRIKAM: "Fabrikam"} for one in there[-asked:]}
    assert stage.requests() == [FIND] * requests


@pytest.mark.parametrize(("total", "requests"), [(130, 2), (151, 3)])
def test_a_list_that_changes_from_page_to_page_is_taken_as_it_is(
    stage: OverHttp, desk: Desk, total: int, requests: int
) -> None:
    there = people(stage, 150)
    stage.fault("accounts_of", patch={"totalResults": total})

    found = desk.accounts_of(there)

    assert found.keys() == {*there}
    assert stage.requests() == [FIND] * requests


def test_a_page_that_breaks_is_an_error(stage: OverHttp, desk: Desk) -> None:
    there = people(stage, 150)
    stage.fault("accounts_of", status=500, after=1)

    with pytest.raises(DeskUnavailable) as caught:
        desk.accounts_of(there)

    assert caught.value.status == 500


def test_an_account_without_a_name_is_told_by_its_id(stage: OverHttp, desk: Desk) -> None:
    row = {"id": 1, "email": "JAN@contoso.example", "company": {"id": CONTOSO}}
    nameless = {"id": 2, "email": "eva@contoso.example", "company": {"id": CONTOSO, "name": None}}
    stage.fault("accounts_of", body={"results": [row, nameless], "totalResults": 2})

    assert desk.accounts_of({JAN, EVA}) == {JAN: {CONTOSO: ""}, EVA: {CONTOSO: ""}}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "eva",
        {"id": 2},
        {"id": 2, "email": None, "company": {"id": CONTOSO}},
        {"id": 2, "email": EVA},
        {"id": 2, "email": EVA, "company": None},
        {"id": 2, "email": EVA, "company": {"id": "7"}},
    ],
)
def test_an_odd_contact_of_anybody_on_the_site_fails_nobodys_run(stage: OverHttp, desk: Desk, odd: object) -> None:
    row = {"id": 1, "email": JAN, "company": {"id": CONTOSO, "name": "Contoso"}}
    stage.fault("accounts_of", body={"results": [odd, row], "totalResults": 2})

    assert desk.accounts_of({JAN, EVA}) == {JAN: {CONTOSO: "Contoso"}}
