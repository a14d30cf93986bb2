"""The groups table promises the same in memory and in tables (with Azurite)."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pytest
from azure.core.exceptions import ResourceModifiedError

from custorg.choice_tag import tag_of
from custorg.choices import TABLE, TableChoices
from custorg.ports import Choices, Conflict, Counts, GroupHead, Outlook, Wish
from shared.errors import CommandRefused
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from shared.wire import GroupRow
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import guid

NOW, LATER = "2026-11-24T10:00:00+00:00", "2026-11-25T10:00:00+00:00"
HOSTILE = ["<b>bold</b>", 'it\'s "quoted"', "a/b\\c#d?e%f", "\u202eevil", "🦆 team", "x" * 256, "tab\tand\nline", ""]


@pytest.fixture
def tables(azurite: Any) -> Tables:
    return Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))


@pytest.fixture(params=["memory", "tables"])
def choices(request: pytest.FixtureRequest) -> Choices:
    if request.param == "memory":
        return FakeChoices()
    found: Tables = request.getfixturevalue("tables")
    for partition in ("groups", "state"):
        delete_partition(found.table(TABLE), partition)
    return TableChoices(found)


def heads(*names: str, **changes: Any) -> Mapping[str, GroupHead]:
    made = [GroupHead(guid(name), changes.get("name", name), changes.get("kind", "security")) for name in names]
    return {head.id: head for head in made}


def rows(choices: Choices) -> dict[str, GroupRow]:
    return {row.name: row for row in choices.rows()}


def test_a_table_that_was_never_filled_is_empty(choices: Choices) -> None:
    assert (choices.rows(), choices.refreshed_at()) == ((), "")


def test_a_refresh_writes_what_graph_has(choices: Choices) -> None:
    counts = choices.refresh({guid("it"): GroupHead(guid("it"), "it", "Microsoft 365", hidden=True)}, NOW)

    assert counts == (1, 0)
    assert choices.rows() == (GroupRow(id=guid("it"), name="it", kind="Microsoft 365", hidden=True),)
    assert choices.refreshed_at() == NOW


def test_groups_are_told_by_name_without_case(choices: Choices) -> None:
    choices.refresh(heads("b", "C", "a"), NOW)

    assert [row.name for row in choices.rows()] == ["a", "b", "C"]


def test_a_choice_is_told_with_who_and_when_and_stays(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)

    row = choices.choose(Wish(guid("it"), sync=True), by="jo", now=LATER)

    assert row == GroupRow(id=guid("it"), name="it", sync=True, chosenBy="jo", chosenAt=LATER)
    assert choices.rows() == (row,)


def test_a_choice_that_was_made_before_keeps_who_made_it_and_when(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    first = choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    assert choices.choose(Wish(guid("it"), sync=True), by="al", now=LATER) == first
    assert choices.rows() == (first,)


def test_of_a_very_long_name_the_first_part_is_kept(choices: Choices) -> None:
    choices.refresh(heads("it", "hr"), NOW)

    row = choices.choose(Wish(guid("it"), sync=True), by="é" * 3_000, now=NOW)
    chosen = choices.choose_all([Wish(guid("hr"), sync=True)], by="x" * 3_000, now=NOW)

    assert isinstance(row, GroupRow)
    assert row == rows(choices)["it"]
    assert (row.chosen_by, chosen.rows[0].chosen_by) == ("é" * 256, "x" * 256)


def test_a_choice_can_be_taken_back(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    choices.choose(Wish(guid("it"), sync=False), by="al", now=LATER)

    assert (rows(choices)["it"].sync, rows(choices)["it"].chosen_by) == (False, "al")


@pytest.mark.parametrize("group", [guid("it"), "refresh", "a/b", "' or true or '", "", "x" * 2_000, "🦆"])
def test_a_group_that_is_not_there_cannot_be_chosen(choices: Choices, group: str) -> None:
    choices.refresh(heads("hr"), NOW)

    assert choices.choose(Wish(group, sync=True), by="jo", now=NOW) is None
    assert [row.name for row in choices.rows()] == ["hr"]


def test_a_refresh_keeps_every_choice(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    counts = choices.refresh(heads("it", name="computers"), LATER)

    assert counts == (0, 0)
    assert rows(choices)["computers"] == GroupRow(
        id=guid("it"), name="computers", sync=True, chosenBy="jo", chosenAt=NOW
    )


def test_what_graph_has_no_more_is_marked_and_keeps_its_choice(choices: Choices) -> None:
    choices.refresh(heads("it", "hr"), NOW)
    choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    counts = choices.refresh(heads("hr"), LATER)

    assert counts == (0, 1)
    assert (rows(choices)["it"].vanished, rows(choices)["it"].sync, rows(choices)["hr"].vanished) == (True, True, False)


def test_what_vanished_before_is_counted_once_and_may_come_back(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    choices.refresh({}, NOW)

    assert choices.refresh({}, LATER) == (0, 0)
    assert choices.refresh(heads("it"), LATER) == (0, 0)
    assert not rows(choices)["it"].vanished


def test_an_emptied_table_has_no_group_and_tells_how_many_were_chosen(choices: Choices) -> None:
    choices.refresh(heads("it", "hr"), NOW)
    choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    assert choices.empty() == 1
    assert (choices.rows(), choices.empty()) == ((), 0)


def test_hostile_names_are_plain_text(choices: Choices) -> None:
    groups = {guid(name): GroupHead(guid(name), name, "security") for name in HOSTILE}

    choices.refresh(groups, NOW)
    choices.choose(Wish(guid(HOSTILE[0]), sync=True), by=HOSTILE[1], now=NOW)

    assert {row.id: row.name for row in choices.rows()} == {guid(name): name for name in HOSTILE}
    assert rows(choices)[HOSTILE[0]].chosen_by == HOSTILE[1]


def test_a_thousand_groups_are_no_trouble(choices: Choices) -> None:
    names = [f"g{number}" for number in range(1_050)]

    assert choices.refresh(heads(*names), NOW) == (1_050, 0)
    assert len(choices.rows()) == 1_050


def test_a_choice_that_was_seen_is_changed(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)

    first = choices.choose(Wish(guid("it"), sync=True, seen=tag_of(rows(choices)["it"])), by="jo", now=NOW)
    second = choices.choose(Wish(guid("it"), sync=False, seen=tag_of(rows(choices)["it"])), by="jo", now=LATER)

    assert isinstance(first, GroupRow)
    assert isinstance(second, GroupRow)
    assert rows(choices)["it"] == second


def test_a_choice_that_somebody_overtook_changes_nothing_and_tells_the_newer_one(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    seen = tag_of(rows(choices)["it"])
    newer = choices.choose(Wish(guid("it"), sync=True), by="al", now=LATER)

    late = choices.choose(Wish(guid("it"), sync=False, seen=seen), by="jo", now=LATER)

    assert isinstance(late, Conflict)
    assert late.row == newer == rows(choices)["it"]


def test_what_is_no_choice_leaves_its_tag_alone(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)
    seen = tag_of(rows(choices)["it"])

    choices.refresh(heads("it", name="computers"), LATER)
    choices.count({guid("it"): Counts(3, 1)}, LATER)
    choices.tell({guid("it"): ("contact",)}, Outlook((1,), "Here", LATER))

    assert tag_of(rows(choices)["computers"]) == seen


def test_several_choices_are_made_but_those_that_somebody_overtook(choices: Choices) -> None:
    choices.refresh(heads("it", "hr", "qa", "so"), NOW)
    seen = tag_of(rows(choices)["it"])
    choices.choose(Wish(guid("hr"), sync=False), by="al", now=LATER)
    choices.choose(Wish(guid("so"), sync=True), by="al", now=NOW)
    wishes = [Wish(guid(name), True, seen) for name in ("it", "hr", "none")] + [Wish(guid("so"), sync=True)]

    chosen = choices.choose_all(wishes, by="jo", now=LATER)

    assert {(row.name, row.sync, row.chosen_by) for row in chosen.rows} == {("it", True, "jo"), ("so", True, "al")}
    assert [(row.name, row.chosen_by) for row in chosen.conflicts] == [("hr", "al")]
    assert chosen.missing == (guid("none"),)
    assert {row.name for row in choices.rows() if row.sync} == {"it", "so"}


def test_of_two_wishes_for_a_group_the_later_one_counts(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)

    chosen = choices.choose_all([Wish(guid("it"), sync=True), Wish(guid("it"), sync=False)], by="jo", now=NOW)

    assert [row.sync for row in chosen.rows] == [False]
    assert not rows(choices)["it"].sync


def test_two_hundred_choices_are_no_trouble(choices: Choices) -> None:
    names = [f"g{number}" for number in range(205)]
    choices.refresh(heads(*names), NOW)

    chosen = choices.choose_all([Wish(guid(name), sync=True) for name in names], by="jo", now=NOW)

    assert len(chosen.rows) == 205
    assert all(row.sync for row in choices.rows())


def test_counts_are_kept_where_they_are_known(choices: Choices) -> None:
    choices.refresh(heads("it"), NOW)

    choices.count({guid("it"): Counts(3, 1), guid("none"): Counts(1, 1)}, NOW)
    choices.count({guid("it"): Counts(None, 2)}, LATER)

    row = rows(choices)["it"]
    assert (row.people, row.owners, row.counted_at) == (3, 2, LATER)
    assert len(choices.rows()) == 1


def test_what_servorg_tells_is_kept_for_the_groups_that_there_are(choices: Choices) -> None:
    choices.refresh(heads("it", "hr"), NOW)
    before = choices.outlook()

    told = choices.tell({guid("it"): ("contact", "tag-taken"), guid("none"): ("contact",)}, Outlook((), "A & B", NOW))
    choices.tell({guid("it"): ("contact",)}, Outlook((2, 5), "Here", LATER))

    assert (before, told, choices.outlook()) == (None, 1, Outlook((2, 5), "Here", LATER))
    assert (rows(choices)["it"].outlook, rows(choices)["hr"].outlook) == (("contact",), ())
    assert len(choices.rows()) == 2


class Recorded:
    """A table that counts what is written, and may do something before a write."""

    def __init__(self, real: Any, before: Callable[[], None]) -> None:
        self._real = real
        self._before = before
        self.written: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def submit_transaction(self, operations: Any) -> Any:
        self._before()
        self.written += operations
        return self._real.submit_transaction(operations)

    def update_entity(self, *arguments: Any, **options: Any) -> Any:
        self._before()
        return self._real.update_entity(*arguments, **options)


class OneTable:
    def __init__(self, table: Recorded) -> None:
        self._table = table

    def table(self, _name: str) -> Recorded:
        return self._table


@pytest.fixture
def fresh(tables: Tables) -> TableChoices:
    for partition in ("groups", "state"):
        delete_partition(tables.table(TABLE), partition)
    return TableChoices(tables)


def recorded(tables: Tables, before: Callable[[], None]) -> tuple[TableChoices, Recorded]:
    table = Recorded(tables.table(TABLE), before)
    any_tables: Any = OneTable(table)
    return TableChoices(any_tables), table


def test_a_refresh_writes_only_what_changed(fresh: TableChoices, tables: Tables) -> None:
    fresh.refresh(heads("it", "hr"), NOW)
    choices, table = recorded(tables, lambda: None)

    choices.refresh(heads("it", "hr"), LATER)
    unchanged = list(table.written)
    choices.refresh({**heads("it"), **heads("hr", name="people")}, LATER)

    assert unchanged == []
    assert [entity["name"] for _, entity, *_ in table.written] == ["people"]


def test_a_choice_made_during_a_refresh_survives_it(fresh: TableChoices, tables: Tables) -> None:
    fresh.refresh(heads("it"), NOW)
    choices, _ = recorded(tables, lambda: _chosen(fresh))

    choices.refresh(heads("it", name="computers"), LATER)

    assert (rows(fresh)["computers"].sync, rows(fresh)["computers"].chosen_by) == (True, "jo")


def _chosen(choices: TableChoices) -> None:
    choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)


def test_two_choices_at_once_are_both_made_one_after_the_other(fresh: TableChoices, tables: Tables) -> None:
    fresh.refresh(heads("it"), NOW)
    turns = count()
    choices, _ = recorded(tables, lambda: _chosen(fresh) if next(turns) == 0 else None)

    row = choices.choose(Wish(guid("it"), sync=False), by="al", now=LATER)

    assert isinstance(row, GroupRow)
    assert (row.sync, rows(fresh)["it"].chosen_by, next(turns)) == (False, "al", 2)


def test_a_group_that_goes_while_it_is_chosen_is_not_there(fresh: TableChoices, tables: Tables) -> None:
    fresh.refresh(heads("it"), NOW)
    choices, _ = recorded(tables, lambda: _emptied(fresh))

    assert choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW) is None
    assert fresh.rows() == ()


def _emptied(choices: TableChoices) -> None:
    choices.empty()


def test_a_row_that_never_stands_still_is_refused_in_the_end(fresh: TableChoices, tables: Tables) -> None:
    def always() -> None:
        raise ResourceModifiedError

    fresh.refresh(heads("it"), NOW)
    choices, _ = recorded(tables, always)

    with pytest.raises(CommandRefused) as raised:
        choices.choose(Wish(guid("it"), sync=True), by="jo", now=NOW)

    assert raised.value.status == 409


def test_a_choice_among_several_that_somebody_overtakes_at_the_last_moment_is_a_conflict(
    fresh: TableChoices, tables: Tables
) -> None:
    fresh.refresh(heads("it", "hr"), NOW)
    seen = tag_of(rows(fresh)["it"])
    turns = count()
    choices, _ = recorded(tables, lambda: _chosen(fresh) if next(turns) == 0 else None)

    chosen = choices.choose_all([Wish(guid(name), True, seen) for name in ("it", "hr")], by="al", now=LATER)

    assert [(row.name, row.chosen_by) for row in chosen.conflicts] == [("it", "jo")]
    assert [(row.name, row.chosen_by) for row in chosen.rows] == [("hr", "al")]


def test_a_count_makes_no_row_of_a_group_that_goes_meanwhile(fresh: TableChoices, tables: Tables) -> None:
    fresh.refresh(heads("it"), NOW)
    choices, _ = recorded(tables, lambda: _emptied(fresh))

    choices.count({guid("it"): Counts(3, 1)}, NOW)

    assert fresh.rows() == ()


def test_rows_of_an_older_version_are_read_with_defaults(fresh: TableChoices, tables: Tables) -> None:
    tables.table(TABLE).upsert_entity({"PartitionKey": "groups", "RowKey": guid("it"), "count": 5})

    assert fresh.rows() == (GroupRow(id=guid("it"), name=""),)
