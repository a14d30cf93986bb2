"""The customers in ServOrg's books, how each is configured, and who is protected. In Azure tables."""

from __future__ import annotations

import dataclasses
import json
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from servorg.customer import (
    Configuration,
    Customer,
    CustomerRefused,
    UnknownCustomer,
    WrongTenant,
    admitted,
    changed,
)
from servorg.records import CUSTOMER_ID
from shared.core.model import AccountId, Address, address
from shared.tables import (
    KEYS,
    Entity,
    Tables,
    delete_partition,
    delete_rows,
    key,
    put_unless_changed,
    row,
    rows,
    rows_below,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azure.data.tables import TableClient

_PARTITION = "customers"
_CUSTOMERS = ("c:", "c;")  # rows of customers; those that begin with `a:` say which customer has an account
_FED = ("t:", "t;")  # which customer first filled an account by its tag (sync mode 4)
_VERSION = "v"  # the row that says when customers were last added, replaced or removed
_CONFIGURATION = "configuration"
_PROTECTED = ("p:", "p;")
_CHANGED_MEANWHILE = {404, 409, 412}  # gone, made or changed since it was read


class Customers:
    """Tables `customers` and `configurations`. Calls raise AzureError when storage does not answer."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, **fields: Any) -> Customer:
        """Adds the customer, or replaces the one with this id, whose pinned tenant stays; the fields are Customer's.

        CustomerRefused when a value is wrong or another customer, which is named, has the account.
        """
        wanted = admitted(**fields)
        while not self._written(wanted):
            continue  # somebody else changed this customer, or one with this account, in between
        return self.get(wanted.id)

    def get(self, customer: str) -> Customer:
        """The customer, or UnknownCustomer."""
        return _customer(self._row(customer))

    def all(self) -> tuple[Customer, ...]:
        """All customers by id."""
        return tuple(_customer(entity) for entity in rows(self._customers, _PARTITION, between=_CUSTOMERS))

    def version(self) -> str:
        """Another text whenever a customer was added, replaced or removed since."""
        found = row(self._customers, _PARTITION, _VERSION)
        return "" if found is None else str(found["version"])

    def remove(self, customer: str) -> None:
        """Removes the customer with its configuration, its protected addresses and its links; or UnknownCustomer.

        Without links nothing in DeskDirector is managed for it any more, and nothing there is changed. Its runs stay
        until their retention is over. A job that is at work at that moment may write links once more: end it first.
        """
        self._row(customer)
        links = self._tables.table("links")
        delete_rows(links, rows_below(links, customer, select=KEYS))
        delete_partition(self._configurations, customer)
        delete_partition(self._tables.table("offers"), customer)
        for claim in rows(self._customers, _PARTITION, between=_FED):
            if claim["customer"] == customer:
                self._customers.delete_entity(claim)
        while (found := row(self._customers, _PARTITION, f"c:{customer}")) is not None:
            self._submitted([_delete(found), *self._claim_of(found)])

    def pin_tenant(self, customer: str, tenant: str) -> None:
        """Notes the tenant of the customer's first answer; WrongTenant when it is another one later."""
        found = self._row(customer)
        if pinned := found.get("tenant"):
            if pinned.lower() != tenant.lower():
                raise WrongTenant(f"customer {customer!r} belongs to tenant {pinned}, the answer came from {tenant}")
            return
        named = {"PartitionKey": _PARTITION, "RowKey": found["RowKey"], "tenant": tenant.lower()}
        if not put_unless_changed(self._customers, named, version_of(found), merge=True):
            self.pin_tenant(customer, tenant)

    def foreign(self, customer: str) -> frozenset[AccountId]:
        """The accounts that belong to other customers: their own, and those that they filled first (ruling 9)."""
        own = {AccountId(other.account) for other in self.all() if other.id != customer}
        fed = rows(self._customers, _PARTITION, between=_FED)
        return frozenset(own | {AccountId(int(row["RowKey"][2:])) for row in fed if row["customer"] != customer})

    def claim(self, customer: str, accounts: Iterable[AccountId]) -> None:
        """Notes that the customer fills these accounts. CustomerRefused when one of them is another's."""
        from azure.core.exceptions import ResourceExistsError

        for account in sorted(accounts):
            claim = {"PartitionKey": _PARTITION, "RowKey": f"t:{account}", "customer": customer}
            with suppress(ResourceExistsError):
                self._customers.create_entity(claim)
            self._refuse_when_filled_by_another(customer, account)

    def _refuse_when_filled_by_another(self, customer: str, account: int) -> None:
        holder = row(self._customers, _PARTITION, f"t:{account}")
        if holder is not None and holder["customer"] != customer:
            raise CustomerRefused(f"account {account} belongs to customer {holder['customer']!r} already")

    def protect(self, customer: str, text: str) -> Address:
        """From now on nobody with this address is removed or deactivated; the address as it is compared."""
        self._row(customer)
        protected = _address(text)
        entity = {"PartitionKey": customer, "RowKey": key(f"p:{protected}"), "address": protected}
        self._configurations.upsert_entity(entity)
        return protected

    def unprotect(self, customer: str, text: str) -> Address:
        """Ends the protection; an address that has none is no error."""
        self._row(customer)
        protected = _address(text)
        self._configurations.delete_entity(customer, key(f"p:{protected}"))
        return protected

    def protected(self, customer: str) -> tuple[Address, ...]:
        """The protected addresses in order."""
        found = rows(self._configurations, customer, between=_PROTECTED)
        return tuple(sorted(Address(entity["address"]) for entity in found))

    def configuration(self, customer: str) -> Configuration:
        """How the customer is configured; the defaults when it never was."""
        found = row(self._configurations, customer, _CONFIGURATION) or {}
        known = {field.name for field in dataclasses.fields(Configuration)}
        return Configuration(**{name: json.loads(found[name]) for name in known & found.keys()})

    def configure(self, customer: str, fields: Mapping[str, Any]) -> Configuration:
        """Changes these fields and keeps the others; the configuration then. CustomerRefused names what is wrong."""
        self._row(customer)
        after = changed(self.configuration(customer), fields)
        values = {name: json.dumps(getattr(after, name)) for name in fields}
        values |= self._schedule_set(customer, anew="schedule" in fields)
        self._configurations.upsert_entity({"PartitionKey": customer, "RowKey": _CONFIGURATION} | values)
        return self.configuration(customer)

    def _schedule_set(self, customer: str, *, anew: bool) -> dict[str, str]:
        """What keeps in the row when the schedule was set: what was due before that gives no run.

        Until the first look it is the service's own time of the row (`upkeep_rows.TableLooks`), which must not move on.
        """
        if anew:
            return {"looked_at": "", "owed_run": ""}
        found = row(self._configurations, customer, _CONFIGURATION)
        unseen = found is not None and not found.get("looked_at")
        return {"looked_at": found.metadata["timestamp"].isoformat()} if unseen else {}

    @property
    def _customers(self) -> TableClient:
        return self._tables.table("customers")

    @property
    def _configurations(self) -> TableClient:
        return self._tables.table("configurations")

    def _row(self, customer: str) -> Any:
        found = row(self._customers, _PARTITION, f"c:{customer}") if CUSTOMER_ID.fullmatch(customer) else None
        if found is None:
            raise UnknownCustomer(customer)
        return found

    def _written(self, wanted: Customer) -> bool:
        """Whether the rows of customer and account were written together, with nobody else at it meanwhile."""
        found = row(self._customers, _PARTITION, f"c:{wanted.id}")
        owner = {"PartitionKey": _PARTITION, "RowKey": f"a:{wanted.account}", "customer": wanted.id}
        operations = [_write(_customer_row(wanted), found), _write(owner, self._claim(wanted))]
        if found is not None and found["account"] != str(wanted.account):
            operations += self._claim_of(found)
        return self._submitted(operations)

    def _submitted(self, operations: list[Any]) -> bool:
        from azure.data.tables import TableTransactionError

        try:
            self._customers.submit_transaction([*operations, _new_version()])
        except TableTransactionError as error:
            if error.status_code not in _CHANGED_MEANWHILE:
                raise
            return False
        return True

    def _claim_of(self, found: Any) -> list[Any]:
        """What deletes the customer's claim to its account, if it has one."""
        claim = row(self._customers, _PARTITION, f"a:{found['account']}")
        mine = claim is not None and f"c:{claim['customer']}" == found["RowKey"]
        return [_delete(claim)] if mine else []

    def _claim(self, wanted: Customer) -> Any:
        """The row that says whose the account is, when it is nobody else's; CustomerRefused when it is."""
        self._refuse_when_filled_by_another(wanted.id, wanted.account)
        claim = row(self._customers, _PARTITION, f"a:{wanted.account}")
        if claim is None or claim["customer"] == wanted.id:
            return claim
        holder = row(self._customers, _PARTITION, f"c:{claim['customer']}")
        if holder is not None and holder["account"] == str(wanted.account):
            raise CustomerRefused(f"account {wanted.account} belongs to customer {claim['customer']!r} already")
        return claim  # left behind by a customer that was removed or has another account now


def _write(entity: Entity, found: Any) -> Any:
    return ("create", entity) if found is None else ("update", entity, {"mode": "merge"} | _unchanged(found))


def _new_version() -> Any:
    return ("upsert", {"PartitionKey": _PARTITION, "RowKey": _VERSION, "version": uuid.uuid4().hex})


def _delete(found: Any) -> Any:
    return ("delete", found, _unchanged(found))


def _unchanged(found: Any) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": found.metadata["etag"], "match_condition": MatchConditions.IfNotModified}


def _customer_row(customer: Customer) -> Entity:
    texts = {"name": customer.name, "url": customer.url, "account": str(customer.account)}
    keys = {"key_setting": customer.key_setting or "", "key_secret": customer.key_secret or ""}
    return {"PartitionKey": _PARTITION, "RowKey": f"c:{customer.id}"} | texts | keys


def _customer(entity: Mapping[str, Any]) -> Customer:
    return Customer(
        id=entity["RowKey"].removeprefix("c:"),
        name=entity["name"],
        url=entity["url"],
        account=int(entity["account"]),
        key_setting=entity.get("key_setting") or None,
        key_secret=entity.get("key_secret") or None,
        tenant=entity.get("tenant") or None,
    )


def _address(text: str) -> Address:
    found = address(text)
    if found is None:
        raise CustomerRefused(f"{text!r} is no mail address")
    return found
