"""Rows, messages and answers as older versions wrote them are read into the right values by the code of now.

Each sample three times: as it was written, with fields of a version to come, and without whatever may be missing.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from custorg.choices import TableChoices
from custorg.ports import Outlook
from servorg.customer import Configuration, Customer
from servorg.customers import Customers
from servorg.form_lists import Entry, Item
from servorg.form_store import FormLists, Source
from servorg.ledger import TableLedger
from servorg.messages import CustomerRefresh, SyncJob, TicketEvent
from servorg.records import ChangeRow, ChangeStatus, LeaseTaken, Run, RunStatus
from servorg.refresh import Refresh
from servorg.refresh_rows import TableRefreshes
from servorg.request_records import Request, State
from servorg.request_rows import TableRequests
from servorg.subscription_rows import TableSubscriptions
from servorg.subscriptions import Receipt, Subscription
from servorg.upkeep_rows import TableRunRows
from shared import wire
from shared.core.model import (
    AccountId,
    Address,
    ContactGroupId,
    ContactLink,
    EntraGroupId,
    EntraUserId,
    Given,
    GroupLink,
    GroupRole,
    Links,
)
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from tests.azurite import Azurite

SAMPLES = Path(__file__).parents[1] / "samples"
FOLDERS = ["rows-0.1"]
AT = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
RUN = "contoso-20261124-105312-4f2a9c1b"
IT, SALES = "0f88080b-10a3-46b2-aa05-e11ab2715945", "cc011cdd-9474-431b-bf26-144b98289fcd"
ANN, TENANT = "64e50cad-6623-4a04-a5e7-e4236472f1a3", "830e07bc-1e39-4f10-92bd-4acefaecbd38"
KEYS = {"PartitionKey", "RowKey"}
NEEDED = {
    "runs": {"id", "run", "holder", "until"},
    "changes": set[str](),
    "links": {"account", "address", "group", "contact_group"},
    "customers": {"name", "url", "account", "customer", "version"},
    "configurations": {"address"},
    "requests": set[str](),
    "offers": set[str](),
    "subscriptions": {"event", "name", "type", "url", "action", "token", "since"},
    "formlists": {"items", "parts", "version"},
    "entragroups": {"modes", "account", "toldAt"},
}
"""The columns that each row of its kind has had from the first version on; any other may be missing."""
AS_WRITTEN, NEWER, BARE = "as written", "with fields to come", "with what is needed alone"


class Storage:
    """Tables that hold one folder's samples, each row as `variant` says."""

    def __init__(self, tables: Tables, folder: str, variant: str) -> None:
        self.tables, self.bare = tables, variant == BARE
        for name in NEEDED:
            client = tables.table(name)
            for partition in {entity["PartitionKey"] for entity in client.list_entities()}:
                delete_partition(client, partition)
            for row in json.loads((SAMPLES / folder / f"{name}.json").read_text(encoding="utf-8")):
                client.create_entity({column: _value(value) for column, value in _varied(row, name, variant).items()})


def _varied(row: Mapping[str, Any], table: str, variant: str) -> Mapping[str, Any]:
    if variant == NEWER:
        return {**row, "ofVersionNine": "[1]", "alsoOfNine": 9}
    if variant == BARE:
        return {column: value for column, value in row.items() if column in KEYS | NEEDED[table]}
    return row


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def tables(azurite: Azurite) -> Tables:
    return Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module", params=[AS_WRITTEN, NEWER, BARE])
def storage(request: pytest.FixtureRequest, tables: Tables, folder: str) -> Storage:
    return Storage(tables, folder, request.param)


def test_a_run_is_read(storage: Storage) -> None:
    skipped = tuple((f"person{number}@contoso.example", "guest", "") for number in range(300))
    whole = Run(
        RUN,
        "contoso",
        (2, 5),
        RunStatus.HELD,
        "0123456789abcdef",
        AT,
        AT + timedelta(seconds=1),
        AT + timedelta(seconds=9),
        trigger="form",
        objections=("7 of 14 would be removed from IT, 20 % are allowed",),
        skipped=skipped,
        counts={"held": 7, "removed": 3},
        options={"planned": True, "ticket": 501},
    )
    ledger = TableLedger(storage.tables)

    assert ledger.run(RUN) == (Run(RUN, "contoso") if storage.bare else whole)
    assert ledger.runs(None, 9) == ledger.runs("contoso", 9) == [ledger.run(RUN)]
    assert ledger.removals_since("contoso", AT - timedelta(days=1)) == (0 if storage.bare else 3)


def test_a_lease_is_read(storage: Storage) -> None:
    lease = LeaseTaken("contoso", RUN, "a holder", AT + timedelta(seconds=120))

    assert TableRunRows(storage.tables).lease("contoso") == lease


def test_changes_are_read(storage: Storage) -> None:
    created, removed = "create contact group", "remove from contact group"
    group = {"kind": created, "account": 4711, "group": IT, "name": "IT"}
    whole = [
        ChangeRow(RUN, 0, created, ChangeStatus.APPLIED, change=group, group_id="77", tries=1, at=AT),
        ChangeRow(RUN, 501, removed, ChangeStatus.HELD, change={"kind": removed}, contact_id=9),
    ]

    assert TableLedger(storage.tables).changes(RUN) == (
        [ChangeRow(RUN, 0, ""), ChangeRow(RUN, 501, "")] if storage.bare else whole
    )


def test_links_are_read(storage: Storage) -> None:
    given = {EntraGroupId(IT): Given(GroupRole.MANAGER, GroupRole.REGULAR, 1_764_000_000.0)}
    contact = ContactLink((EntraUserId(ANN),), given, 1_764_000_001.0, service_group=5)
    group = GroupLink(ContactGroupId("77"), "IT", made=True, service_group=6)
    if storage.bare:
        contact, group = ContactLink(), GroupLink(ContactGroupId("77"), "")
    links = Links({Address("ann@contoso.example"): contact}, {EntraGroupId(IT): group})

    assert TableLedger(storage.tables).links("contoso") == {AccountId(4711): links}


def test_a_customer_is_read_with_what_is_its_own(storage: Storage) -> None:
    whole = Customer(
        "contoso", "Contoso", "https://contoso-sync.example", 4711, tenant=TENANT, key_secret="contoso-key"
    )
    book = Customers(storage.tables)

    assert book.all() == ((replace(whole, tenant=None, key_secret=None) if storage.bare else whole),)
    assert book.foreign("fabrikam") == {4711, 4712}
    assert book.foreign("contoso") == frozenset()
    assert book.protected("contoso") == ("boss@contoso.example",)
    assert book.version() != ""


def test_a_configuration_is_read(storage: Storage) -> None:
    whole: dict[str, Any] = {
        "modes": (2, 5),
        "prune": "off",
        "max_removals": 3,
        "max_removal_share": 12.5,
        "max_removals_per_day": 9,
        "max_additions": 50,
        "precedence": ("Gold", "Silver"),
        "schedule": "0 30 2 * * *",
    }

    assert Customers(storage.tables).configuration("contoso") == Configuration(**({} if storage.bare else whole))


def test_a_request_is_read_and_goes_on(storage: Storage) -> None:
    big, why = 2**40, "DeskDirector answered 500"
    whole = Request(501, State.QUEUED, big, big, "contoso", (2, 5), (1,), RUN, "held x", why)
    book = TableRequests(storage.tables)

    assert book.find(501) == (Request(501) if storage.bare else whole)
    assert book.queued() == (() if storage.bare else (whole,))
    assert book.claim(501, "another", AT + timedelta(hours=1), 60) == book.find(501)


def test_a_refresh_is_read(storage: Storage) -> None:
    offer = wire.CommandOffer(name="check-health", version=1, description="Checks.", request={}, answer={})
    offers = wire.Offers(version=1, commands=(offer,))
    whole = Refresh(AT, "it is down", AT, 74, 3, AT, offers, AT, "too old")
    found = TableRefreshes(storage.tables).get("contoso")

    assert found is not None
    assert found == (Refresh(found.tried_at) if storage.bare else whole)


def test_the_subscription_is_read(storage: Storage) -> None:
    receipt = Receipt("remove-webhook", "a token")
    whole = Subscription("9", "Sync User Group", "ticket created", "https://servorg.example", receipt, AT)

    assert TableSubscriptions(storage.tables).read() == whole


def test_a_list_of_the_form_is_read_without_being_made_anew(storage: Storage) -> None:
    lists = FormLists(storage.tables, {"accounts": Source(lambda: "v1", list)}, lambda: 0.0)

    assert lists.shown("accounts") == (Entry.of(Item("Contoso", "contoso")),)


def test_the_groups_table_is_read_with_its_choices(storage: Storage) -> None:
    now = AT.isoformat()
    choices = TableChoices(storage.tables)
    chosen = wire.GroupRow(
        id=IT,
        name="IT",
        sync=True,
        chosenBy="ann",
        chosenAt=now,
        people=25,
        owners=1,
        countedAt=now,
        outlook=("contact", "contact-group-made"),
    )
    whole = (chosen, wire.GroupRow(id=SALES, name="Sales", hidden=True))
    bare = (wire.GroupRow(id=IT, name=""), wire.GroupRow(id=SALES, name=""))

    assert choices.rows() == (bare if storage.bare else whole)
    assert choices.refreshed_at() == ("" if storage.bare else now)
    assert choices.outlook() == Outlook((2, 5), "Contoso", now)


# messages

type Message = SyncJob | TicketEvent | CustomerRefresh
MESSAGES: list[tuple[Message, Message, set[str]]] = [
    (SyncJob(RUN, "contoso", "handed-over", "00-trace"), SyncJob(RUN, "contoso"), {"run", "customer"}),
    (TicketEvent(501, 21, 2**40, RUN, missed=True, trace="00-trace"), TicketEvent(501), {"ticket"}),
    (CustomerRefresh("contoso", 2), CustomerRefresh("contoso"), {"customer"}),
]


@pytest.mark.parametrize(("whole", "bare", "needed"), MESSAGES, ids=[type(whole).__name__ for whole, _, _ in MESSAGES])
def test_a_message_is_read(folder: str, whole: Message, bare: Message, needed: set[str]) -> None:
    read: Callable[[str], Message] = type(whole).from_json
    texts = json.loads((SAMPLES / folder / "messages.json").read_text(encoding="utf-8"))
    text: str = texts[type(whole).__name__]
    fields = json.loads(text)

    assert read(text) == read(json.dumps(fields | {"ofVersionNine": [1]})) == whole
    assert read(json.dumps({field: fields[field] for field in needed})) == bare


# answers of a CustOrg

_OFFER = wire.CommandOffer(name="n", version=1, description="d", request={}, answer={})
_PERSON = wire.Person(id=ANN, upn="ann@contoso.example", mail="ann@contoso.example", display="Ann")
_PART = wire.GroupPart(id=IT, name="IT", people=(ANN,), owners=(ANN,), count=1, state="complete")
_FOUND = wire.PersonFound(id=ANN, groups=(wire.PersonGroup(id=IT, name="IT", path=("IT", "Desk")),))
ANSWERS: list[tuple[BaseModel, BaseModel]] = [
    (wire.Offers(version=1, commands=(_OFFER,)), wire.Offers(version=1, commands=(_OFFER,))),
    (
        wire.EntraGroups(
            tenant=TENANT,
            groups=(wire.GroupRow(id=IT, name="IT", sync=True, chosenBy="ann"),),
            refreshedAt=AT.isoformat(),
        ),
        wire.EntraGroups(tenant=TENANT, groups=(wire.GroupRow(id=IT, name="IT", sync=True, chosenBy="ann"),)),
    ),
    (
        wire.GroupsAndMembers(
            tenant=TENANT, domains=("contoso.example",), people=(_PERSON,), parts=(_PART,), continuation="more"
        ),
        wire.GroupsAndMembers(tenant=TENANT),
    ),
    (
        wire.PersonExplained(tenant=TENANT, domains=("contoso.example",), people=(_FOUND,)),
        wire.PersonExplained(tenant=TENANT, domains=("contoso.example",)),
    ),
    *((one, one) for one in (
        wire.TableUpdated(tenant=TENANT, groups=74, chosen=3, added=1, vanished=2),
        wire.TableReset(tenant=TENANT, groups=74, dropped=3),
        wire.OutlookTold(tenant=TENANT, groups=1),
        wire.Health(
            tenant=TENANT, app="0.1.0", checks=(wire.HealthCheck(name="clock", state="ok", said="it is right"),)
        ),
    )),
    (
        wire.Refusal(error="throttled", message="Later.", retryAfter=9.5),
        wire.Refusal(error="throttled", message="Later."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("whole", "bare"), ANSWERS, ids=[type(whole).__name__ for whole, _ in ANSWERS])
def test_an_answer_is_read(folder: str, whole: BaseModel, bare: BaseModel) -> None:
    model = type(whole)
    told = json.loads((SAMPLES / folder / "answers.json").read_text(encoding="utf-8"))[model.__name__]
    needed = {name for name, field in model.model_fields.items() if field.is_required()}
    short = {name: value for name, value in told.items() if name in needed}

    assert model.model_validate_json(json.dumps(told)) == whole
    assert model.model_validate_json(json.dumps(told | {"ofVersionNine": {"deep": [1]}})) == whole
    assert model.model_validate_json(json.dumps(short)) == bare
