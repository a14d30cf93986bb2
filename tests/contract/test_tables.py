"""shared.tables against Azurite: what a real table service answers."""

from random import Random

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient
from azure.identity import AzureCliCredential, ManagedIdentityCredential

from shared.settings import StorageSettings
from shared.tables import (
    KEYS,
    Operation,
    Tables,
    delete_rows,
    key,
    row,
    rows,
    rows_below,
    storage_credential,
    write_batches,
)
from tests.azurite import Azurite

RANDOM = Random(11)
HOSTILE = [
    "o'brien@x.de",
    "a+b=c@x.de",
    "50%41@x.de",
    "a/b\\c#d?e",
    'say "hi"',
    "é\u0085\t\n",
    "\ud800",
    "",
    " ",
    "🦉" * 300,
]


@pytest.fixture
def tables(azurite: Azurite) -> Tables:
    return Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))


@pytest.fixture
def table(tables: Tables) -> TableClient:
    return tables.table(f"t{RANDOM.getrandbits(40):x}")


def an_entity(name: str, **properties: object) -> dict[str, object]:
    return {"PartitionKey": "p", "RowKey": name} | properties


def test_a_table_is_made_when_it_is_missing_and_its_client_kept(tables: Tables, azurite: Azurite) -> None:
    other = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))

    first = tables.table("another")

    assert tables.table("another") is first
    assert row(other.table("another"), "p", "r") is None


def test_whatever_is_in_a_text_its_key_names_one_entity_of_its_own(table: TableClient) -> None:
    write_batches(table, [("create", an_entity(key(text), number=i)) for i, text in enumerate(HOSTILE)])

    assert [row(table, "p", key(text))["number"] for text in HOSTILE] == list(range(len(HOSTILE)))
    write_batches(table, [("merge", an_entity(key(text), more=i)) for i, text in enumerate(HOSTILE)])
    assert [row(table, "p", key(text))["more"] for text in HOSTILE] == list(range(len(HOSTILE)))
    for text in HOSTILE:
        table.delete_entity("p", key(text))
    assert list(rows(table, "p")) == []


def test_rows_come_by_key_and_between_two_keys(table: TableClient) -> None:
    write_batches(table, [("replace", an_entity(f"{i:04d}", odd=i % 2)) for i in range(1_100)])

    some = list(rows(table, "p", between=("0005", "0008"), select=["RowKey"], page=2))

    assert [entity["RowKey"] for entity in rows(table, "p")] == [f"{i:04d}" for i in range(1_100)]
    assert some == [{"RowKey": "0005"}, {"RowKey": "0006"}, {"RowKey": "0007"}]


def test_a_merge_keeps_other_properties_and_a_replace_does_not(table: TableClient) -> None:
    write_batches(table, [("create", an_entity("1", a=1, b=1)), ("create", an_entity("2", a=1, b=1))])

    write_batches(table, [("merge", an_entity("1", b=2)), ("replace", an_entity("2", b=2))])

    assert row(table, "p", "1") == an_entity("1", a=1, b=2)
    assert row(table, "p", "2") == an_entity("2", b=2)


@pytest.mark.parametrize("only_deletes", [False, True])
def test_deleting_what_is_gone_is_no_error_and_stops_nothing(table: TableClient, only_deletes: bool) -> None:
    write_batches(table, [("create", an_entity(name)) for name in ("1", "2")])
    doomed: list[Operation] = [("delete", an_entity(name)) for name in ("1", "gone", "2")]

    write_batches(table, doomed if only_deletes else [*doomed, ("merge", an_entity("3"))])

    assert [entity["RowKey"] for entity in rows(table, "p")] == ([] if only_deletes else ["3"])


def test_making_what_is_there_is_an_error_and_undoes_its_batch(table: TableClient) -> None:
    write_batches(table, [("create", an_entity("2", v=1))])

    with pytest.raises(HttpResponseError):
        write_batches(table, [("create", an_entity("1")), ("create", an_entity("2", v=2))])

    assert list(rows(table, "p")) == [an_entity("2", v=1)]


def test_large_entities_are_written_in_batches_that_the_service_takes(table: TableClient) -> None:
    large = {f"v{i}": b"\0" * 60_000 for i in range(10)}

    write_batches(table, [("replace", an_entity(f"{i:02d}", **large)) for i in range(12)])

    assert [len(entity) for entity in rows(table, "p")] == [12] * 12


def test_rows_of_several_partitions_below_a_name_come_in_order_and_are_deleted_alone(table: TableClient) -> None:
    names = ["a", "a-b:1", "a:", "a:1", "a:2", "a;", "ab:1"]
    some = [{"PartitionKey": name, "RowKey": f"{i:03d}"} for name in names for i in range(150)]
    write_batches(table, [("create", entity) for entity in some])
    below = list(rows_below(table, "a"))

    deleted = delete_rows(table, rows_below(table, "a", select=KEYS))

    assert below == [entity for entity in some if entity["PartitionKey"] in {"a:", "a:1", "a:2"}]
    assert deleted == 450
    assert [len(list(rows(table, name))) for name in names] == [150, 150, 0, 0, 0, 150, 150]


def test_the_managed_identity_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    local = storage_credential()
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")

    assert isinstance(local, AzureCliCredential)
    assert isinstance(storage_credential(), ManagedIdentityCredential)


def test_without_a_connection_string_the_account_or_its_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    named = Tables(StorageSettings.read({"AzureWebJobsStorage__accountName": "acme"}))
    addressed = Tables(
        StorageSettings.read(
            {
                "AzureWebJobsStorage__queueServiceUri": "https://q.example.com",
                "AzureWebJobsStorage__tableServiceUri": "https://t.example.com/",
            }
        )
    )

    assert named.service.url == "https://acme.table.core.windows.net"
    assert addressed.service.url == "https://t.example.com"
