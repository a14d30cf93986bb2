"""The customers in their tables, with Azurite."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from servorg.customer import Configuration, Customer, CustomerRefused, UnknownCustomer, WrongTenant
from servorg.customers import Customers
from servorg.ledger import TableLedger
from shared.core.model import AccountId, Address, ContactLink, Prune
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from tests.azurite import Azurite

TENANT = "8C4D1a2b-0000-4000-8000-000000000001"
OTHER = "8c4d1a2b-0000-4000-8000-000000000002"


@pytest.fixture
def tables(azurite: Azurite) -> Tables:
    made = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))
    for name, partition in (("customers", "customers"), ("configurations", "contoso")):
        delete_partition(made.table(name), partition)
    return made


@pytest.fixture
def customers(tables: Tables) -> Customers:
    return Customers(tables)


def put(customers: Customers, **fields: Any) -> Customer:
    usual = {"id": "contoso", "name": "Contoso", "url": "https://contoso.example", "account": 12}
    return customers.put(**(usual | fields))


def test_a_customer_comes_back_as_it_was_put(customers: Customers) -> None:
    made = put(customers, key_setting="CONTOSO_KEY")

    assert made == Customer("contoso", "Contoso", "https://contoso.example", 12, key_setting="CONTOSO_KEY")
    assert customers.get("contoso") == made


def test_a_key_by_a_secret_replaces_one_by_a_setting(customers: Customers) -> None:
    put(customers, key_setting="CONTOSO_KEY")
    put(customers, key_secret="contoso-key")

    assert (customers.get("contoso").key_setting, customers.get("contoso").key_secret) == (None, "contoso-key")


def test_customers_are_listed_by_id(customers: Customers) -> None:
    for account, name in enumerate(("b", "a-1", "a", "c"), start=1):
        put(customers, id=name, account=account)

    assert [customer.id for customer in customers.all()] == ["a", "a-1", "b", "c"]


@pytest.mark.parametrize("end", ["", "/", "/api", "/api/", "/api/commands", "/api/commands/"])
def test_the_address_of_the_commands_is_as_good_as_that_of_the_app(customers: Customers, end: str) -> None:
    assert put(customers, url=f" https://contoso.example:444{end} ").url == "https://contoso.example:444"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "Contoso"}, "ID"),
        ({"id": "-contoso"}, "ID"),
        ({"id": "c" * 51}, "ID"),
        ({"id": "contoso\n"}, "ID"),
        ({"name": "  "}, "name"),
        ({"url": "http://contoso.example"}, "url must start with https://"),
        ({"url": "contoso.example"}, "url must be an address"),
        ({"account": 0}, "account"),
        ({"key_setting": "A KEY"}, "--key-setting"),
        ({"key_secret": "a_key"}, "--key-secret"),
        ({"key_setting": "KEY", "key_secret": "key"}, "not by both"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(customers: Customers, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(CustomerRefused, match=said):
        put(customers, **wrong)

    assert customers.all() == ()


def test_a_second_customer_with_the_same_account_is_refused_and_told_whose_it_is(customers: Customers) -> None:
    put(customers)

    with pytest.raises(CustomerRefused, match="12 belongs to customer 'contoso'"):
        put(customers, id="fabrikam")

    assert [customer.id for customer in customers.all()] == ["contoso"]


def test_of_customers_added_at_once_with_one_account_one_gets_it(customers: Customers) -> None:
    def add(i: int) -> str:
        try:
            return put(customers, id=f"c{i}").id
        except CustomerRefused:
            return ""

    with ThreadPoolExecutor(8) as threads:
        added = {name for name in threads.map(add, range(8)) if name}

    assert {customer.id for customer in customers.all()} == added
    assert len(added) == 1


def test_an_account_that_a_customer_fills_is_foreign_to_the_others_and_refused_to_them(customers: Customers) -> None:
    put(customers)
    put(customers, id="fabrikam", account=13)
    customers.claim("contoso", {AccountId(21), AccountId(22)})
    customers.claim("contoso", {AccountId(21)})

    assert customers.foreign("contoso") == {13}
    assert customers.foreign("fabrikam") == {12, 21, 22}
    with pytest.raises(CustomerRefused, match="account 21 belongs to customer 'contoso' already"):
        customers.claim("fabrikam", {AccountId(21)})
    with pytest.raises(CustomerRefused, match="account 21 belongs to customer 'contoso' already"):
        put(customers, id="fabrikam", account=21)
    assert customers.get("fabrikam").account == 13
    assert put(customers, account=22).account == 22
    assert [customer.id for customer in customers.all()] == ["contoso", "fabrikam"]


def test_of_customers_that_fill_one_account_at_once_one_gets_it(customers: Customers) -> None:
    names = [f"c{number}" for number in range(6)]

    def claims(name: str) -> bool:
        try:
            customers.claim(name, {AccountId(21)})
        except CustomerRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = [name for name, done in zip(names, pool.map(claims, names), strict=True) if done]

    assert len(won) == 1
    assert [name for name in names if 21 not in customers.foreign(name)] == won


def test_a_removed_customer_gives_up_the_accounts_that_it_filled(customers: Customers) -> None:
    put(customers)
    put(customers, id="fabrikam", account=13)
    customers.claim("contoso", {AccountId(21)})

    customers.remove("contoso")
    customers.claim("fabrikam", {AccountId(21)})

    assert customers.foreign("fabrikam") == frozenset()


def test_putting_a_customer_again_replaces_it_and_keeps_its_tenant(customers: Customers) -> None:
    put(customers, key_setting="OLD")
    customers.pin_tenant("contoso", TENANT)

    again = put(customers, name="Contoso Ltd", account=13, key_setting="NEW")

    tenant = TENANT.lower()
    assert again == Customer("contoso", "Contoso Ltd", "https://contoso.example", 13, "NEW", tenant)
    assert customers.all() == (again,)


def test_an_account_that_was_given_up_may_be_anothers(customers: Customers) -> None:
    put(customers)
    put(customers, account=13)
    put(customers, id="fabrikam", account=12)
    customers.remove("contoso")

    assert put(customers, id="wingtip", account=13).account == 13
    with pytest.raises(CustomerRefused, match="fabrikam"):
        put(customers, id="wingtip", account=12)


def test_the_first_answer_pins_the_tenant_and_another_one_is_refused(customers: Customers) -> None:
    put(customers)
    customers.pin_tenant("contoso", TENANT)
    customers.pin_tenant("contoso", TENANT.upper())

    with pytest.raises(WrongTenant, match=OTHER):
        customers.pin_tenant("contoso", OTHER)

    assert customers.get("contoso").tenant == TENANT.lower()


def test_of_two_first_answers_at_once_one_pins_the_tenant(customers: Customers) -> None:
    put(customers)

    def pin(tenant: str) -> bool:
        try:
            customers.pin_tenant("contoso", tenant)
        except WrongTenant:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        pinned = dict(zip((TENANT.lower(), OTHER), threads.map(pin, (TENANT, OTHER)), strict=True))

    assert pinned[customers.get("contoso").tenant or ""]
    assert sorted(pinned.values()) == [False, True]


def test_an_unknown_customer_is_named(customers: Customers) -> None:
    asked: list[Callable[[str], object]] = [
        customers.get,
        customers.remove,
        lambda name: customers.protect(name, "a@x.de"),
        lambda name: customers.configure(name, {}),
        lambda name: customers.pin_tenant(name, TENANT),
    ]
    for ask in asked:
        for name in ("nobody", "no/body", ""):
            with pytest.raises(UnknownCustomer, match=f"'{name}'"):
                ask(name)


def test_a_removed_customer_leaves_no_configuration_protection_or_link(customers: Customers, tables: Tables) -> None:
    put(customers)
    ledger = TableLedger(tables)
    for name in ("contoso", "contoso-b"):
        ledger.write_links(name, AccountId(12), {Address(f"p{i}@x.de"): ContactLink() for i in range(120)}, {})
    customers.configure("contoso", {"modes": (2,)})
    customers.protect("contoso", "a@x.de")

    customers.remove("contoso")

    assert customers.all() == ()
    assert ledger.links("contoso") == {}
    assert len(ledger.links("contoso-b")[AccountId(12)].contacts) == 120
    assert put(customers).tenant is None
    assert customers.configuration("contoso") == Configuration()
    assert customers.protected("contoso") == ()


def test_protected_addresses_are_compared_without_case_and_listed_once(customers: Customers) -> None:
    put(customers)
    for text in ("O'Brien+x@Example.com ", "o'brien+x@example.com", "a@x.de", "b@x.de"):
        customers.protect("contoso", text)

    customers.unprotect("contoso", "A@x.de")
    customers.unprotect("contoso", "nobody@x.de")

    assert customers.protected("contoso") == ("b@x.de", "o'brien+x@example.com")


def test_what_is_no_address_cannot_be_protected(customers: Customers) -> None:
    put(customers)

    with pytest.raises(CustomerRefused, match="'not one' is no mail address"):
        customers.protect("contoso", "not one")


def test_configuring_changes_what_is_given_and_keeps_the_rest(customers: Customers) -> None:
    put(customers)
    given = {"modes": (5, 2, 2), "max_removal_share": 12.5, "precedence": ("Gold", "Silver"), "prune": "off"}
    customers.configure("contoso", given)
    customers.protect("contoso", "a@x.de")

    after = customers.configure("contoso", {"schedule": "0 15 3 * * 1-5", "max_removals": 7, "prune": Prune.ALL})

    assert after == Configuration((2, 5), Prune.ALL, 7, 12.5, precedence=("Gold", "Silver"), schedule="0 15 3 * * 1-5")
    assert customers.configure("contoso", {"max_removals": None, "schedule": None}) == Configuration(
        (2, 5), Prune.ALL, None, 12.5, precedence=("Gold", "Silver")
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"modes": ()}, "--mode must be one or several of 1 to 5"),
        ({"modes": (1, 6)}, "--mode must be one or several of 1 to 5"),
        ({"prune": "some"}, "prune"),
        ({"max_removals": -1}, "--max-removals"),
        ({"max_additions": 1_000_001}, "--max-additions"),
        ({"max_removal_share": 100.5}, "--max-removal-share"),
        ({"max_removal_share": float("nan")}, "--max-removal-share"),
        ({"schedule": "30 2 * * *"}, "schedule must be NCRONTAB"),
        ({"schedule": "0 99 2 * * *"}, "schedule must be NCRONTAB"),
        ({"precedence": ("",)}, "precedence"),
        ({"limit": 1}, "limit"),
    ],
)
def test_a_wrong_configuration_is_refused_and_changes_nothing(
    customers: Customers, wrong: dict[str, object], said: str
) -> None:
    put(customers)
    customers.configure("contoso", {"modes": (2,)})

    with pytest.raises(CustomerRefused, match=said):
        customers.configure("contoso", {"max_removals_per_day": 3, **wrong})

    assert customers.configuration("contoso") == Configuration((2,))


def test_rows_of_another_version_are_read(customers: Customers, tables: Tables) -> None:
    found = {"customers": {"PartitionKey": "customers", "RowKey": "c:old", "name": "Old", "colour": "red"}}
    found["configurations"] = {"PartitionKey": "old", "RowKey": "configuration", "modes": "[3]", "colour": '"red"'}
    found["customers"] |= {"url": "https://old.example", "account": "5"}
    for table, row in found.items():
        tables.table(table).upsert_entity(row)

    assert customers.get("old") == Customer("old", "Old", "https://old.example", 5)
    assert customers.configuration("old") == Configuration((3,))
