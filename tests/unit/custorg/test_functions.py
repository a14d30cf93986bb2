import inspect
import json
from typing import Any

import azure.functions as func
import pytest

from custorg import functions, wiring
from custorg.choice_tag import tag_of
from custorg.commands import Here
from custorg.pages import digest
from custorg.ports import Outlook, Wish
from custorg.reading import Limits
from shared.errors import GraphError
from shared.settings import CustOrgSettings
from shared.wire import GroupRow
from tests.fakes.choices import FakeChoices
from tests.fakes.directory import GRAPH_URL, TENANT, FakeDirectory, FakeGroup, guid
from tests.fakes.persons import FakePersons
from tests.unit.http_requests import a_request, answer_of

HERE = "http://127.0.0.1:7071"
IT, HR = guid("it"), guid("hr")
ROW = {
    "id": IT,
    "name": "it",
    "kind": "security",
    "sync": False,
    "vanished": False,
    "hidden": False,
    "chosenBy": "",
    "chosenAt": "",
    "people": None,
    "owners": None,
    "countedAt": "",
    "outlook": [],
}


class Site:
    """The functions over a directory and a table in memory; somebody with `roles` is signed in."""

    def __init__(self) -> None:
        self.directory = FakeDirectory(FakeGroup("it", ["ann"]), FakeGroup("hr", ["bob"]))
        self.choices = FakeChoices()
        self.roles = ["SyncAdmin"]
        app = func.FunctionApp()
        app.register_functions(functions.blueprint)
        self.functions = {one.get_function_name(): one.get_user_function() for one in app.get_functions()}

    def settings(self) -> CustOrgSettings:
        principal = json.dumps({"name": "jo", "roles": self.roles})
        given = {"ROLE": "custorg", "TENANT_ID": TENANT, "AzureWebJobsStorage": "x", "DEV_PRINCIPAL": principal}
        return CustOrgSettings.read(given)

    def here(self, now: Any, _seconds: float = 0) -> Here:
        stamp, persons = wiring.stamp(now), FakePersons(*self.directory.by_id.values())
        return Here(TENANT, GRAPH_URL, self.directory, self.choices, stamp, lambda: 0.0, Limits(), persons)

    async def command(self, name: str, body: Any = b"") -> func.HttpResponse:
        response: func.HttpResponse = await self.functions["run_command"](a_request(body=body, route={"name": name}))
        return response

    def list(self, **params: str) -> func.HttpResponse:
        response: func.HttpResponse = self.functions["list_groups"](a_request("GET", "/api/groups", params=params))
        return response

    def choose(self, group: str, body: Any, **headers: str) -> func.HttpResponse:
        request = a_request("PATCH", "/api/groups/x", body=body, route={"id": group}, **{"Origin": HERE, **headers})
        response: func.HttpResponse = self.functions["choose_group"](request)
        return response

    def post(self, function: str, body: Any, **headers: str) -> Any:
        """The response, or for an async function what has to be awaited for it."""
        return self.functions[function](a_request(body=body, **{"Origin": HERE, **headers}))


async def answered(response: Any) -> func.HttpResponse:
    found: func.HttpResponse = await response if inspect.isawaitable(response) else response
    return found


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site()
    monkeypatch.setattr(wiring, "settings", made.settings)
    monkeypatch.setattr(wiring, "choices", lambda: made.choices)
    monkeypatch.setattr(wiring, "here", made.here)
    made.choices.kept = {IT: GroupRow(id=IT, name="it"), HR: GroupRow(id=HR, name="hr", sync=True)}
    made.choices.refreshed = "2026-11-24T01:00:00+00:00"
    return made


def test_the_functions_have_the_names_that_operators_see(site: Site) -> None:
    assert set(site.functions) == {
        "offer_commands", "run_command", "list_groups", "choose_group", "choose_groups", "refresh_list", "count_groups",
        "reset_list", "show_picker", "show_picker_asset", "refresh_groups",
    }  # fmt: skip


def test_the_offers_are_served(site: Site) -> None:
    response = site.functions["offer_commands"](a_request("GET", "/api/commands"))

    assert [offer["name"] for offer in answer_of(response)["commands"]][1] == "get-groups-and-members"


async def test_a_command_is_run_by_its_name(site: Site) -> None:
    response = await site.command("get-groups-and-members", {"groups": [IT], "owners": False})

    assert response.status_code == 200
    assert [part["state"] for part in answer_of(response)["parts"]] == ["complete"]


@pytest.mark.parametrize("body", [b"", {}])
async def test_the_table_is_updated_without_any_word(site: Site, body: Any) -> None:
    response = await site.command("update-entra-groups-table", body)

    assert answer_of(response) == {"tenant": TENANT, "groups": 2, "chosen": 1, "added": 0, "vanished": 0}


@pytest.mark.parametrize("body", [b"", {}, {"confirm": True}, {"confirm": "RESET"}, {"confirm": "reset", "x": 1}])
async def test_a_reset_that_is_not_confirmed_is_refused_and_told_how(site: Site, body: Any) -> None:
    response = await site.command("reset-entra-groups-table", body)

    assert response.status_code == 400
    assert 'send {"confirm": "reset"}' in answer_of(response)["message"]
    assert site.choices.kept[HR].sync


async def test_a_confirmed_reset_is_done(site: Site) -> None:
    response = await site.command("reset-entra-groups-table", {"confirm": "reset"})

    assert answer_of(response) == {"tenant": TENANT, "groups": 2, "dropped": 1}


async def test_an_unknown_command_is_404(site: Site) -> None:
    response = await site.command("drop-everything", {})

    assert (response.status_code, answer_of(response)["error"]) == (404, "unknown_command")


@pytest.mark.parametrize(
    "body",
    [{"groups": "all"}, {"groups": ["../users"]}, {"owners": "yes"}, {"since": 5}, {"continuation": "x" * 200_000}],
)
async def test_a_wrong_request_is_400(site: Site, body: Any) -> None:
    response = await site.command("get-groups-and-members", body)

    assert (response.status_code, answer_of(response)["error"]) == (400, "invalid")


async def test_a_continuation_from_elsewhere_is_400(site: Site) -> None:
    response = await site.command("get-groups-and-members", {"continuation": "bm9uZQ=="})

    assert (response.status_code, answer_of(response)["error"]) == (400, "continuation")


def test_the_groups_are_listed_with_every_field(site: Site) -> None:
    answer = answer_of(site.list())

    assert [row["name"] for row in answer["groups"]] == ["hr", "it"]
    assert answer["groups"][1] == ROW | {"etag": tag_of(site.choices.kept[IT])}
    assert answer["refreshedAt"] == "2026-11-24T01:00:00+00:00"
    assert (answer["modes"], answer["account"], answer["toldAt"]) == (None, "", "")
    assert answer["you"] == {"name": "jo", "mayChange": True}


def test_what_servorg_told_is_listed(site: Site) -> None:
    site.choices.tell({IT: ("contact",)}, Outlook((), "A & B", "2026-11-24T02:00:00+00:00"))

    answer = answer_of(site.list())

    assert (answer["modes"], answer["account"], answer["toldAt"]) == ([], "A & B", "2026-11-24T02:00:00+00:00")
    assert answer["groups"][1]["outlook"] == ["contact"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"chosen": "true"}, ["hr"]),
        ({"chosen": "false"}, ["it"]),
        ({"chosen": ""}, ["hr", "it"]),
        ({"search": "IT"}, ["it"]),
        ({"search": "it", "chosen": "true"}, []),
    ],
)
def test_the_groups_can_be_searched(site: Site, params: dict[str, str], names: list[str]) -> None:
    assert [row["name"] for row in answer_of(site.list(**params))["groups"]] == names


@pytest.mark.parametrize("chosen", ["yes", "True", "1"])
def test_chosen_is_true_or_false_and_nothing_else(site: Site, chosen: str) -> None:
    response = site.list(chosen=chosen)

    assert (response.status_code, answer_of(response)["message"]) == (400, "chosen: must be true or false.")


@pytest.mark.parametrize("sync", [True, False])
def test_a_choice_answers_the_groups_row(site: Site, sync: bool) -> None:
    answer = answer_of(site.choose(IT, {"sync": sync}))

    now = {"etag": tag_of(site.choices.kept[IT]), "chosenAt": answer["chosenAt"]}
    assert answer == ROW | {"sync": sync, "chosenBy": "jo"} | now
    assert answer["chosenAt"].endswith("+00:00")
    assert site.choices.kept[IT].sync is sync


@pytest.mark.parametrize("tag", ["*", "{tag}", "W/{tag}"])
def test_a_choice_may_say_what_it_changes(site: Site, tag: str) -> None:
    seen = tag.replace("{tag}", tag_of(site.choices.kept[IT]))

    response = site.choose(IT, {"sync": True}, if_match=seen)

    assert (response.status_code, site.choices.kept[IT].sync) == (200, True)


def test_a_choice_that_was_overtaken_is_412_with_the_newer_one(site: Site) -> None:
    seen = tag_of(site.choices.kept[IT])
    site.choices.choose(Wish(IT, sync=True), by="al", now="2026-11-24T02:00:00+00:00")

    response = site.choose(IT, {"sync": False}, if_match=seen)
    answer = answer_of(response)

    assert (response.status_code, answer["error"]) == (412, "conflict")
    assert answer["message"] == "al chose this group meanwhile; nothing was changed."
    assert answer["group"]["sync"] is site.choices.kept[IT].sync is True
    assert site.choose(IT, {"sync": False}, if_match=answer["group"]["etag"]).status_code == 200


def test_several_choices_answer_the_rows_and_the_conflicts(site: Site) -> None:
    wishes = [
        {"id": IT, "sync": True, "etag": tag_of(site.choices.kept[IT])},
        {"id": HR.upper(), "sync": False, "etag": '"older"'},
        {"id": guid("none"), "sync": True},
    ]

    answer = answer_of(site.post("choose_groups", {"choices": wishes}))

    assert [(row["name"], row["sync"], row["chosenBy"]) for row in answer["groups"]] == [("it", True, "jo")]
    assert [(row["name"], row["sync"]) for row in answer["conflicts"]] == [("hr", True)]
    assert answer["missing"] == [guid("none")]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": [{"id": IT}]},
        {"choices": [{"id": IT, "sync": "yes"}]},
        {"choices": [{"id": IT, "sync": True, "x": 1}]},
        {"choices": [{"id": "x" * 200, "sync": True}]},
    ],
)
def test_several_choices_are_read_strictly(site: Site, body: Any) -> None:
    assert site.post("choose_groups", body).status_code == 400
    assert not site.choices.kept[IT].sync


async def test_the_page_refreshes_the_list_and_then_has_people_counted(site: Site) -> None:
    refreshed = answer_of(await site.post("refresh_list", {}))
    uncounted = site.choices.kept[IT].people
    counted = answer_of(await site.post("count_groups", {"before": refreshed["refreshedAt"]}))

    assert refreshed | {"refreshedAt": ""} == {"refreshedAt": "", "groups": 2, "chosen": 1, "added": 0, "vanished": 0}
    assert uncounted is None
    assert [(row["name"], row["people"], row["owners"]) for row in counted["groups"]] == [("hr", 1, 0), ("it", 1, 0)]
    assert (counted["left"], counted["why"]) == (0, "")


async def test_a_count_that_graph_refuses_says_why(site: Site) -> None:
    site.directory.errors["sizes", HR, IT] = [GraphError(403, "x", "Graph answered 403 (x)")]

    answer = answer_of(await site.post("count_groups", {"before": "2026-11-24"}))

    assert answer == {"groups": [], "left": 2, "why": "Graph answered 403 (x)"}


@pytest.mark.parametrize("body", [{}, {"confirm": "yes"}, {"confirm": True}])
async def test_the_page_resets_nothing_without_the_word(site: Site, body: Any) -> None:
    response = await site.post("reset_list", body)

    assert response.status_code == 400
    assert 'send {"confirm": "reset"}' in answer_of(response)["message"]
    assert site.choices.kept[HR].sync


async def test_the_page_resets_the_list_and_tells_what_was_dropped(site: Site) -> None:
    answer = answer_of(await site.post("reset_list", {"confirm": "reset"}))

    assert (answer["groups"], answer["dropped"]) == (2, 1)
    assert not site.choices.kept[HR].sync


@pytest.mark.parametrize("name", ["choose_groups", "refresh_list", "count_groups", "reset_list"])
async def test_every_change_of_the_page_wants_its_role_and_its_own_origin(site: Site, name: str) -> None:
    foreign = await answered(site.post(name, {"confirm": "reset"}, Origin="https://evil.example"))
    site.roles = ["SyncReader"]
    reader = await answered(site.post(name, {"confirm": "reset"}))

    assert [(one.status_code, answer_of(one)["error"]) for one in (foreign, reader)] == [
        (403, "origin"), (403, "forbidden"),
    ]  # fmt: skip


def test_the_page_and_its_files_are_served(site: Site) -> None:
    page = site.functions["show_picker"](a_request("GET", "/api/picker"))
    icon = site.functions["show_picker_asset"](a_request("GET", route={"path": f"{digest()}/icon.svg"}))
    nothing = site.functions["show_picker_asset"](a_request("GET", route={"path": "x"}))

    assert (page.status_code, icon.status_code, nothing.status_code) == (200, 200, 404)


@pytest.mark.parametrize(
    "body", [{"sync": "yes"}, {"sync": 1}, {"sync": None}, {}, {"sync": True, "x": 1}, b"[]", b"{"]
)
def test_a_choice_is_strictly_a_boolean(site: Site, body: Any) -> None:
    response = site.choose(IT, body, content_type="application/json")

    assert response.status_code == 400
    assert not site.choices.kept[IT].sync


def test_a_choice_of_a_group_that_is_not_there_is_404(site: Site) -> None:
    assert site.choose(guid("none"), {"sync": True}).status_code == 404


def test_an_id_may_be_spelt_in_capitals(site: Site) -> None:
    assert site.choose(IT.upper(), {"sync": True}).status_code == 200


def test_a_choice_from_another_page_is_refused(site: Site) -> None:
    response = site.choose(IT, {"sync": True}, Origin="https://evil.example")

    assert (response.status_code, answer_of(response)["error"]) == (403, "origin")
    assert not site.choices.kept[IT].sync


@pytest.mark.parametrize(("roles", "looking", "choosing"), [(["SyncReader"], 200, 403), (["Other"], 403, 403)])
def test_the_role_says_who_may_look_and_choose(site: Site, roles: list[str], looking: int, choosing: int) -> None:
    site.roles = roles

    assert (site.list().status_code, site.choose(IT, {"sync": True}).status_code) == (looking, choosing)


def test_nobody_is_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"ROLE": "custorg", "TENANT_ID": TENANT, "AzureWebJobsStorage": "x"}
    monkeypatch.setattr(wiring, "settings", lambda: CustOrgSettings.read(given))

    assert (site.list().status_code, site.choose(IT, {"sync": True}).status_code) == (401, 401)


async def test_the_timer_refreshes_the_table(site: Site) -> None:
    site.choices.kept.clear()

    class Timer:
        past_due = False

    await site.functions["refresh_groups"](Timer())

    assert [row.name for row in site.choices.rows()] == ["hr", "it"]


def test_the_timers_default_is_the_settings_default() -> None:
    assert CustOrgSettings.model_fields["refresh_schedule"].default == functions.REFRESH_SCHEDULE
