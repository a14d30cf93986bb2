import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from custorg.commands import COMMANDS, Here, command_named, offers, on_the_wire
from custorg.continuation import MAX_REST
from custorg.ports import Outlook, Wish
from custorg.reading import Limits
from shared.errors import CommandRefused, GraphError
from shared.wire import (
    CheckHealth,
    ExplainPerson,
    GetEntraGroups,
    GetGroupsAndMembers,
    GroupOutlook,
    GroupRow,
    GroupsAndMembers,
    OutlookTold,
    ResetTable,
    TableReset,
    TableUpdated,
    TellOutlook,
    UpdateTable,
)
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import GRAPH_URL, TENANT, FakeDirectory, FakeGroup, guid
from tests.fakes.persons import FakePersons

NOW = "2026-11-24T10:00:00+00:00"


class Site:
    """A CustOrg with the groups `it` and `hr`."""

    def __init__(self) -> None:
        self.directory = FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hr", ["bob"]), page_size=1)
        self.choices = FakeChoices()

    async def run(self, name: str, asked: Any) -> Any:
        persons = FakePersons(*self.directory.by_id.values())
        here = Here(TENANT, GRAPH_URL, self.directory, self.choices, NOW, lambda: 0.0, Limits(), persons)
        return await COMMANDS[name].run(here, asked)

    async def update(self) -> TableUpdated:
        updated: TableUpdated = await self.run("update-entra-groups-table", UpdateTable())
        return updated

    def choose(self, name: str) -> None:
        self.choices.choose(Wish(guid(name), sync=True), by="jo", now=NOW)

    def row(self, name: str) -> GroupRow:
        return self.choices.kept[guid(name)]


async def test_an_update_fills_the_table() -> None:
    site = Site()

    updated = await site.update()

    assert updated == TableUpdated(tenant=TENANT, groups=2, chosen=0, added=2, vanished=0)
    assert [row.name for row in site.choices.rows()] == ["hr", "it"]
    assert site.choices.refreshed_at() == NOW


async def test_an_update_counts_people_that_were_not_counted_for_an_hour() -> None:
    site = Site()
    await site.update()
    counts = (site.row("it").people, site.row("it").owners, site.row("it").counted_at)
    site.directory.calls.clear()

    await site.update()

    assert counts == (1, 0, NOW)
    assert site.directory.asked("sizes") == 0


async def test_an_update_whose_counts_graph_refuses_is_an_update() -> None:
    site = Site()
    site.directory.errors["sizes", guid("hr"), guid("it")] = [GraphError(403, "x", "Graph answered 403 (x)")]

    updated = await site.update()

    assert (updated.groups, site.row("it").counted_at) == (2, "")


async def test_what_servorg_tells_of_groups_is_kept_for_the_page() -> None:
    site = Site()
    await site.update()
    says = GroupOutlook(id=guid("it").upper(), says=("contact", "contact-group-made"))
    unknown = GroupOutlook(id=guid("none"), says=("contact",))

    told = await site.run("tell-group-outlook", TellOutlook(modes=(5, 2, 5), account="Here", groups=(says, unknown)))

    assert told == OutlookTold(tenant=TENANT, groups=1)
    assert site.row("it").outlook == ("contact", "contact-group-made")
    assert site.choices.outlook() == Outlook((2, 5), "Here", NOW)


@pytest.mark.parametrize(
    "body",
    [
        {"modes": [6], "groups": []},
        {"modes": ["2"], "groups": []},
        {"groups": []},
        {"modes": [2], "groups": [{"id": guid("it"), "says": ["made-up"]}]},
        {"modes": [2], "groups": [{"id": "it", "says": []}]},
        {"modes": [2], "groups": [{"id": guid("it"), "says": [], "name": "it"}]},
        {"modes": [2], "groups": [{"id": guid("it"), "says": []}] * 5_001},
    ],
)
def test_what_servorg_tells_is_read_strictly(body: Any) -> None:
    with pytest.raises(ValidationError):
        TellOutlook.model_validate_json(json.dumps(body))


async def test_an_update_keeps_every_choice_and_marks_what_vanished() -> None:
    site = Site()
    await site.update()
    site.choose("it")
    del site.directory.by_id[guid("it")]

    updated = await site.update()

    assert updated == TableUpdated(tenant=TENANT, groups=1, chosen=1, added=0, vanished=1)
    assert (site.row("it").sync, site.row("it").vanished, site.row("hr").vanished) == (True, True, False)


async def test_a_list_of_groups_that_breaks_off_marks_nothing_as_vanished() -> None:
    site = Site()
    await site.update()
    site.directory.errors["groups",] = [None, GraphError(500, "x", "Graph answered 500 (x)")]

    with pytest.raises(GraphError):
        await site.update()

    assert not any(row.vanished for row in site.choices.rows())


async def test_a_reset_drops_every_choice_and_tells_how_many() -> None:
    site = Site()
    await site.update()
    site.choose("it")

    reset = await site.run("reset-entra-groups-table", ResetTable(confirm="reset"))

    assert reset == TableReset(tenant=TENANT, groups=2, dropped=1)
    assert [row.sync for row in site.choices.rows()] == [False, False]


async def test_a_reset_that_cannot_read_graph_loses_no_choice() -> None:
    site = Site()
    await site.update()
    site.choose("it")
    site.directory.errors["groups",] = [GraphError(500, "x", "Graph answered 500 (x)")]

    with pytest.raises(GraphError):
        await site.run("reset-entra-groups-table", ResetTable(confirm="reset"))

    assert site.row("it").sync


async def test_the_chosen_groups_are_those_of_the_table_and_others_only_when_asked_for() -> None:
    site = Site()
    await site.update()
    site.choose("it")

    chosen = await site.run("get-entra-groups", GetEntraGroups())
    everything = await site.run("get-entra-groups", GetEntraGroups(chosen=False))

    assert ([row.name for row in chosen.groups], chosen.refreshed_at, chosen.tenant) == (["it"], NOW, TENANT)
    assert [row.name for row in everything.groups] == ["hr", "it"]


async def test_without_ids_the_chosen_groups_are_read_also_one_that_the_table_calls_vanished() -> None:
    site = Site()
    await site.update()
    site.choose("it")
    site.choices.refresh({}, NOW)

    answer = await site.run("get-groups-and-members", GetGroupsAndMembers())

    assert [(part.id, part.state) for part in answer.parts] == [(guid("it"), "complete")]


async def test_ids_in_another_spelling_or_twice_are_one_group() -> None:
    site = Site()

    answer = await site.run("get-groups-and-members", GetGroupsAndMembers(groups=(guid("it"), guid("it").upper())))

    assert [part.id for part in answer.parts] == [guid("it")]


async def test_no_group_at_all_is_an_answer_too() -> None:
    answer = await Site().run("get-groups-and-members", GetGroupsAndMembers())

    assert (answer.parts, answer.continuation, answer.tenant) == ((), None, TENANT)


async def test_more_groups_than_a_continuation_holds_are_refused() -> None:
    site = Site()
    for number in range(MAX_REST + 1):
        row = GroupRow(id=guid(str(number)), name="", sync=True)
        site.choices.kept[row.id] = row

    with pytest.raises(CommandRefused, match=f"{MAX_REST} can be read at most") as raised:
        await site.run("get-groups-and-members", GetGroupsAndMembers())

    assert raised.value.status == 409


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("get-groups-and-members", GetGroupsAndMembers(groups=(guid("it"),))),
        ("update-entra-groups-table", UpdateTable()),
        ("reset-entra-groups-table", ResetTable(confirm="reset")),
    ],
)
async def test_an_identity_of_another_tenant_is_refused_before_anything_is_read(name: str, asked: Any) -> None:
    site = Site()
    await site.update()
    site.choose("it")
    site.directory.calls.clear()
    site.directory.tenant = guid("other tenant")

    with pytest.raises(CommandRefused, match="wrong tenant") as raised:
        await site.run(name, asked)

    assert raised.value.status == 409
    assert site.directory.calls == [("organization",)]
    assert site.row("it").sync


def test_an_unknown_command_is_404_and_told_which_there_are() -> None:
    with pytest.raises(CommandRefused, match="reset-entra-groups-table") as raised:
        command_named("drop-everything")

    assert raised.value.status == 404


def test_the_offers_are_the_commands_with_valid_schemas() -> None:
    offered = {offer.name: offer for offer in offers().commands}

    for offer in offered.values():
        Draft202012Validator.check_schema(offer.request)
        Draft202012Validator.check_schema(offer.answer)

    assert list(offered) == [
        "get-entra-groups",
        "get-groups-and-members",
        "explain-person",
        "update-entra-groups-table",
        "reset-entra-groups-table",
        "tell-group-outlook",
        "check-health",
    ]


async def test_every_answer_is_as_its_offer_says_and_as_its_model_reads() -> None:
    site = Site()
    await site.update()
    asked = {
        "get-entra-groups": GetEntraGroups(chosen=False),
        "get-groups-and-members": GetGroupsAndMembers(groups=(guid("it"),), owners=True),
        "explain-person": ExplainPerson(address="ann@here.example"),
        "update-entra-groups-table": UpdateTable(),
        "reset-entra-groups-table": ResetTable(confirm="reset"),
        "check-health": CheckHealth(),
        "tell-group-outlook": TellOutlook(modes=(2,), groups=(GroupOutlook(id=guid("it"), says=("contact",)),)),
    }
    for offer in offers().commands:
        answer = await site.run(offer.name, asked[offer.name])
        row = on_the_wire(answer)

        assert [error.message for error in Draft202012Validator(offer.answer).iter_errors(row)] == []
        assert COMMANDS[offer.name].answer.model_validate_json(json.dumps(row)) == answer


async def test_what_is_false_or_empty_of_a_person_is_left_out_on_the_wire() -> None:
    answer = await Site().run("get-groups-and-members", GetGroupsAndMembers(groups=(guid("it"),)))

    row: Any = on_the_wire(answer)

    assert row["people"] == [
        {"id": guid("ann"), "upn": "ann@here.example", "mail": "ann@here.example", "display": "Ann", "given": "Ann"}
    ]
    assert row["continuation"] is None
    assert GroupsAndMembers.model_validate_json(json.dumps(row)) == answer
