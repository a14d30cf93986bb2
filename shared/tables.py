"""Azure tables: clients made on first use, keys that a table takes, batches that fit."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections import defaultdict
from functools import cached_property
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient, TableServiceClient

    from shared.settings import StorageSettings

type Entity = dict[str, Any]
type Operation = tuple[Literal["create", "merge", "replace", "delete"], Mapping[str, Any]]
"""What becomes of one entity: made (an error when it is there), merged, replaced or deleted; a missing one is no error
to the last three."""

KEYS = ["PartitionKey", "RowKey"]
MAX_ROWS = 100  # azure.md: an entity group transaction has at most 100 entities and 4 MiB
MAX_BYTES = 3_670_016  # 3.5 MiB as measured here, which leaves room for what the protocol adds
MAX_KEY = 512  # a key has at most 1 KiB, in UTF-16
_ROW_OVERHEAD = 900  # bytes of headers and boundaries around one entity in a batch
_TIMEOUTS: Mapping[str, Any] = {"connection_timeout": 10, "read_timeout": 60}  # the SDK's own 300 s outlast every lease


def key(text: str) -> str:
    """`text` as a partition or row key. The same text gives the same key, another text another one.

    What keys forbid, and whatever is not plain, becomes `=` and hexadecimal bytes (`a/b` is `a=2Fb`), undone by
    `urllib.parse.unquote(key.replace("=", "%"))`; a text whose key would be over 512 characters becomes a hash.
    """
    # not `%`: the service decodes it twice in addresses of single entities (Azure/azure-sdk-for-php#472)
    plain = quote(text, safe="@:", errors="surrogatepass").replace("%", "=")
    return plain if len(plain) <= MAX_KEY else f"=~{hashlib.sha256(plain.encode()).hexdigest()}"


def storage_credential() -> TokenCredential:
    """The app's managed identity where there is one, else whoever is signed in to the Azure command line."""
    from azure.identity import AzureCliCredential, ManagedIdentityCredential

    if "IDENTITY_ENDPOINT" not in os.environ:
        return AzureCliCredential()
    # deployment.md: the first names the identity of this connection, the second that of every connection
    names = ("AzureWebJobsStorage__clientId", "AZURE_CLIENT_ID")
    return ManagedIdentityCredential(client_id=next(filter(None, map(os.environ.get, names)), None))


def hush_addresses() -> None:
    """Keeps the SDK from logging the address of each request: row keys in it name people."""
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


class Tables:
    """The tables of one storage account; safe for threads. Its calls raise azure.core.exceptions.AzureError."""

    def __init__(self, settings: StorageSettings, options: Mapping[str, Any] = _TIMEOUTS) -> None:
        self._settings, self._options = settings, options
        self._clients: dict[str, TableClient] = {}
        self._lock = threading.Lock()

    def table(self, name: str) -> TableClient:
        """The client of table `name`, which is created when it is missing; the same client each time."""
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self.service.create_table_if_not_exists(name)
            return self._clients[name]

    @cached_property
    def service(self) -> TableServiceClient:
        """The client of the whole table service."""
        from azure.data.tables import TableServiceClient

        hush_addresses()
        if self._settings.connection:
            secret = self._settings.connection.get_secret_value()
            return TableServiceClient.from_connection_string(secret, **self._options)
        endpoint = self._settings.tables or f"https://{self._settings.account}.table.core.windows.net"
        return TableServiceClient(endpoint, credential=storage_credential(), **self._options)


def rows(
    client: TableClient,
    partition: str,
    *,
    between: tuple[str, str] | None = None,
    select: list[str] | None = None,
    page: int | None = None,
) -> Iterator[Entity]:
    """The partition's entities by row key, from the first of `between` to before the second, read page by page."""
    wanted, bounds = "PartitionKey eq @partition", {"partition": partition}
    if between is not None:
        wanted += " and RowKey ge @start and RowKey lt @end"
        bounds |= {"start": between[0], "end": between[1]}
    yield from client.query_entities(wanted, parameters=bounds, select=select, results_per_page=page)


def rows_below(client: TableClient, name: str, *, select: list[str] | None = None) -> Iterator[Entity]:
    """The entities of all partitions whose key is `name`, a colon and something, by partition key and row key."""
    wanted = "PartitionKey ge @start and PartitionKey lt @end"
    yield from client.query_entities(wanted, parameters={"start": f"{name}:", "end": f"{name};"}, select=select)


def row(client: TableClient, partition: str, row_key: str) -> Any:
    """The entity (an `azure.data.tables.TableEntity`, whose metadata has the ETag), or None when there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return client.get_entity(partition, row_key)
    except ResourceNotFoundError:
        return None


def put_unless_changed(client: TableClient, entity: Entity, version: str | None, *, merge: bool = False) -> bool:
    """Whether the row could be made (no `version`), or written with nobody having changed it since it had this ETag."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
    from azure.data.tables import UpdateMode

    mode, condition = UpdateMode.MERGE if merge else UpdateMode.REPLACE, MatchConditions.IfNotModified
    try:
        if version is None:
            client.create_entity(entity)
        else:
            client.update_entity(entity, mode, etag=version, match_condition=condition)
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


def delete_unless_changed(client: TableClient, found: Any) -> bool:
    """Whether the row could be deleted with nobody having changed it since it was `found`; a missing one is deleted."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError

    try:
        etag, condition = found.metadata["etag"], MatchConditions.IfNotModified
        client.delete_entity(found, etag=etag, match_condition=condition)
    except ResourceModifiedError:
        return False
    return True


def version_of(found: Any) -> str | None:
    """The ETag of a row as `row` finds it; None of none."""
    return None if found is None else str(found.metadata["etag"])


def delete_rows(client: TableClient, found: Iterable[Mapping[str, Any]]) -> int:
    """Deletes these entities, of which only the KEYS matter; how many there were."""
    doomed: list[Operation] = [("delete", {name: entity[name] for name in KEYS}) for entity in found]
    write_batches(client, doomed)
    return len(doomed)


def delete_partition(client: TableClient, partition: str) -> int:
    """Deletes every entity of the partition; how many there were."""
    return delete_rows(client, rows(client, partition, select=KEYS))


def write_batches(client: TableClient, operations: Iterable[Operation]) -> None:
    """Writes all of it, in transactions that fit. Of two operations on one entity the later one comes later.

    Each transaction is done or not done as a whole; when one fails those before it stay done, so whoever may be
    called twice uses operations that may be repeated. Raises azure.core.exceptions.HttpResponseError.
    """
    for batch in batches(operations):
        _submit(client, batch)


def batches(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """The operations as transactions: one partition, at most 100 rows and 3.5 MiB, no entity twice in each."""
    partitions: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        partitions[operation[1]["PartitionKey"]].append(operation)
    return chain.from_iterable(map(_cut, partitions.values()))


def _cut(operations: list[Operation]) -> Iterator[list[Operation]]:
    batch: list[Operation] = []
    names: set[str] = set()
    size = 0
    for operation in operations:
        name, more = operation[1]["RowKey"], _size(operation[1])
        if batch and (len(batch) == MAX_ROWS or size + more > MAX_BYTES or name in names):
            yield batch
            batch, names, size = [], set(), 0
        batch.append(operation)
        names.add(name)
        size += more
    if batch:
        yield batch


def _size(entity: Mapping[str, Any]) -> int:
    """An upper bound of the bytes that the entity takes in a batch."""
    return _ROW_OVERHEAD + sum(2 * len(name) + 40 + _value_size(value) for name, value in entity.items())


def _value_size(value: object) -> int:
    if isinstance(value, bytes):
        return len(value) * 4 // 3 + 4
    return len(json.dumps(value)) if isinstance(value, str) else 40


def _submit(client: TableClient, batch: list[Operation]) -> None:
    from azure.core.exceptions import ResourceNotFoundError
    from azure.data.tables import TableTransactionError

    try:
        client.submit_transaction([_as_sdk(operation) for operation in batch])
    except (TableTransactionError, ResourceNotFoundError) as error:
        deletes = [entity for kind, entity in batch if kind == "delete"]
        if error.status_code != HTTPStatus.NOT_FOUND or not deletes:
            raise
        # one row that is gone already undoes the whole transaction; a single delete does not mind
        _submit_rest(client, [operation for operation in batch if operation[0] != "delete"])
        for entity in deletes:
            client.delete_entity(entity["PartitionKey"], entity["RowKey"])


def _submit_rest(client: TableClient, batch: list[Operation]) -> None:
    if batch:
        client.submit_transaction([_as_sdk(operation) for operation in batch])


def _as_sdk(operation: Operation) -> Any:
    kind, entity = operation
    if kind in {"merge", "replace"}:
        return ("upsert", entity, {"mode": kind})
    return (kind, entity)
