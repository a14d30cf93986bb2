import pytest

from custorg.search import matching
from shared.wire import GroupRow

ROWS = [
    GroupRow(id="1", name="IT Support Team", sync=True),
    GroupRow(id="2", name="Équipe Zürich"),
    GroupRow(id="3", name="<b>Support</b> (100%)", sync=True),
    GroupRow(id="4", name="ﬁnance"),
]


def found(search: str, *, chosen: bool | None = None) -> list[str]:
    return [row.id for row in matching(ROWS, search, chosen=chosen)]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("", ["1", "2", "3", "4"]),
        ("  ", ["1", "2", "3", "4"]),
        ("support", ["1", "3"]),
        ("team it", ["1"]),
        ("SUPPORT TEAM", ["1"]),
        ("equipe", ["2"]),
        ("ZÜR", ["2"]),
        ("zurich équipe", ["2"]),
        ("100%", ["3"]),
        (".*", []),
        ("finance", ["4"]),
        ("support absent", []),
        ("\ud800", []),
    ],
)
def test_every_word_must_occur_without_case_and_accents(search: str, ids: list[str]) -> None:
    assert found(search) == ids


def test_chosen_and_other_groups_can_be_told_apart() -> None:
    assert (found("", chosen=True), found("", chosen=False)) == (["1", "3"], ["2", "4"])
