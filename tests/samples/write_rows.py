"""Writes a folder of samples, which no test does: `python -m tests.samples.write_rows tests/samples/rows-X.Y`."""

import base64
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from custorg.choices import TableChoices
from custorg.ports import Counts, GroupHead, Outlook, Wish
from servorg.customers import Customers
from servorg.form_lists import Item
from servorg.form_store import FormLists, Source
from servorg.ledger import TableLedger
from servorg.messages import CustomerRefresh, SyncJob, TicketEvent
from servorg.records import ChangeRow, ChangeStatus, Run, RunStatus
from servorg.refresh import Refresh
from servorg.refresh_rows import TableRefreshes
from servorg.request_records import State
from servorg.request_rows import TableRequests
from servorg.subscription_rows import TableSubscriptions
from servorg.subscriptions import Receipt, Subscription
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
)
from shared.settings import StorageSettings
from shared.tables import Tables
from tests.azurite import start_azurite

AT = datetime(2026, 11, 24, 10, 53, 12, 345678, tzinfo=UTC)
RUN = "contoso-20261124-105312-4f2a9c1b"
IT, SALES = "0f88080b-10a3-46b2-aa05-e11ab2715945", "cc011cdd-9474-431b-bf26-144b98289fcd"
ANN = "64e50cad-6623-4a04-a5e7-e4236472f1a3"
TENANT = "830e07bc-1e39-4f10-92bd-4acefaecbd38"
SKIPPED = tuple((f"person{number}@contoso.example", "guest", "") for number in range(300))
TABLES = ("runs", "changes", "links", "customers", "configurations", "requests", "offers", "subscriptions", "formlists")


def main() -> None:
    """Fills empty tables by the code of now, and writes what stands in them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    azurite = start_azurite()
    try:
        tables = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))
        _runs(TableLedger(tables))
        _books(tables)
        _groups(TableChoices(tables))
        for name in (*TABLES, "entragroups"):
            found = tables.table(name).list_entities()
            _write(folder / f"{name}.json", [_plain(entity) for entity in found])
    finally:
        azurite.stop()
    _write(folder / "messages.json", MESSAGES)
    _write(folder / "answers.json", {name: _told(answer) for name, answer in ANSWERS.items()})


def _runs(ledger: TableLedger) -> None:
    times = {"queued_at": AT, "started_at": AT + timedelta(seconds=1), "ended_at": AT + timedelta(seconds=9)}
    held = Run(
        RUN, "contoso", (2, 5), RunStatus.HELD, "0123456789abcdef", **times, reason="", trigger="form",
        objections=("7 of 14 would be removed from IT, 20 % are allowed",), skipped=SKIPPED,
        counts={"held": 7, "removed": 3}, options={"planned": True, "ticket": 501},
    )  # fmt: skip
    ledger.create_run(held)
    group = {"kind": "create contact group", "account": 4711, "group": IT, "name": "IT"}
    removed = "remove from contact group"
    created = ChangeRow(
        RUN, 0, "create contact group", ChangeStatus.APPLIED, change=group, group_id="77", tries=1, at=AT
    )
    ledger.write_changes(RUN, [created, ChangeRow(RUN, 501, removed, ChangeStatus.HELD, "", {"kind": removed}, 9)])
    left = {EntraGroupId(IT): Given(GroupRole.MANAGER, GroupRole.REGULAR, 1_764_000_000.0)}
    contact = ContactLink((EntraUserId(ANN),), left, 1_764_000_001.0, service_group=5)
    links = {EntraGroupId(IT): GroupLink(ContactGroupId("77"), "IT", made=True, service_group=6)}
    ledger.write_links("contoso", AccountId(4711), {Address("ann@contoso.example"): contact}, links)
    ledger.take_lease("contoso", RUN, "a holder", AT, 120)


def _books(tables: Tables) -> None:
    book = Customers(tables)
    book.put(id="contoso", name="Contoso", url="https://contoso-sync.example", account=4711, key_secret="contoso-key")
    book.pin_tenant("contoso", TENANT)
    book.claim("contoso", [AccountId(4712)])
    book.protect("contoso", "boss@contoso.example")
    limits = {"max_removals": 3, "max_removal_share": 12.5, "max_removals_per_day": 9, "max_additions": 50}
    more = {"prune": "off", "precedence": ("Gold", "Silver"), "schedule": "0 30 2 * * *"}
    book.configure("contoso", {"modes": (2, 5)} | limits | more)
    requests = TableRequests(tables)
    requests.claim(501, "a holder", AT, 60)
    requests.write(501, "a holder", state=State.QUEUED, result=2**40, seen=2**40, customer="contoso", modes=(2, 5))
    requests.write(501, "a holder", before=(1,), run=RUN, answered="held x", reason="DeskDirector answered 500")
    offer = wire.CommandOffer(name="check-health", version=1, description="Checks.", request={}, answer={})
    offers = wire.Offers(version=1, commands=(offer,))
    TableRefreshes(tables).put("contoso", Refresh(AT, "it is down", AT, 74, 3, AT, offers, AT, "too old"))
    receipt = Receipt("remove-webhook", "a token")
    TableSubscriptions(tables).write(
        Subscription("9", "Sync User Group", "ticket created", "https://servorg.example", receipt, AT)
    )
    lists = FormLists(tables, {"accounts": Source(lambda: "v1", lambda: [Item("Contoso", "contoso")])}, lambda: 0.0)
    lists.publish("accounts")


def _groups(choices: TableChoices) -> None:
    now = AT.isoformat()
    heads = {
        IT: GroupHead(IT, "IT", "security", hidden=False),
        SALES: GroupHead(SALES, "Sales", "security", hidden=True),
    }
    choices.refresh(heads, now)
    choices.choose(Wish(IT, sync=True), by="ann", now=now)
    choices.count({IT: Counts(25, 1)}, now)
    choices.tell({IT: ("contact", "contact-group-made")}, Outlook((2, 5), "Contoso", now))


MESSAGES = {
    "SyncJob": SyncJob(RUN, "contoso", "handed-over", "00-trace").to_json(),
    "TicketEvent": TicketEvent(501, 21, 2**40, RUN, missed=True, trace="00-trace").to_json(),
    "CustomerRefresh": CustomerRefresh("contoso", 2).to_json(),
}
ANSWERS: Mapping[str, BaseModel] = {
    "Offers": wire.Offers(
        version=1, commands=(wire.CommandOffer(name="n", version=1, description="d", request={}, answer={}),)
    ),
    "EntraGroups": wire.EntraGroups(
        tenant=TENANT, refreshedAt=AT.isoformat(), groups=(wire.GroupRow(id=IT, name="IT", sync=True, chosenBy="ann"),)
    ),
    "GroupsAndMembers": wire.GroupsAndMembers(
        tenant=TENANT,
        domains=("contoso.example",),
        people=(wire.Person(id=ANN, upn="ann@contoso.example", mail="ann@contoso.example", display="Ann"),),
        parts=(wire.GroupPart(id=IT, name="IT", people=(ANN,), owners=(ANN,), count=1, state="complete"),),
        continuation="more",
    ),
    "PersonExplained": wire.PersonExplained(
        tenant=TENANT,
        domains=("contoso.example",),
        people=(wire.PersonFound(id=ANN, groups=(wire.PersonGroup(id=IT, name="IT", path=("IT", "Desk")),)),),
    ),
    "TableUpdated": wire.TableUpdated(tenant=TENANT, groups=74, chosen=3, added=1, vanished=2),
    "TableReset": wire.TableReset(tenant=TENANT, groups=74, dropped=3),
    "OutlookTold": wire.OutlookTold(tenant=TENANT, groups=1),
    "Health": wire.Health(
        tenant=TENANT, app="0.1.0", checks=(wire.HealthCheck(name="clock", state="ok", said="it is right"),)
    ),
    "Refusal": wire.Refusal(error="throttled", message="Later.", retryAfter=9.5),
}


def _told(answer: BaseModel) -> Any:
    """An answer as HTTP carries it: what is empty is left out."""
    return json.loads(answer.model_dump_json(by_alias=True, exclude_defaults=True))


def _plain(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: bytes as base64 in an object of their own."""
    rows = {name: entity[name] for name in sorted(entity)}
    return {n: {"base64": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for n, v in rows.items()}


def _write(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
