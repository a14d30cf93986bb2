"""The form's lists in their table, with Azurite."""

from collections.abc import Callable, Iterator

import pytest

from servorg.customers import Customers
from servorg.form_lists import ACCOUNTS, SYNC_MODES, Item, customer_items, mode_items, mode_version
from servorg.form_store import FRESH, FormLists, Source
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition, rows
from tests.azurite import Azurite


@pytest.fixture
def tables(azurite: Azurite) -> Tables:
    made = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))
    for table, partition in (("customers", "customers"), ("formlists", ACCOUNTS), ("formlists", SYNC_MODES)):
        delete_partition(made.table(table), partition)
    return made


class Process:
    """One process of ServOrg with its own clock; counts how often the customers themselves are read."""

    def __init__(self, tables: Tables) -> None:
        self.book, self.seconds, self.reads = Customers(tables), 0.0, 0
        sources = {ACCOUNTS: Source(self.book.version, self._items), SYNC_MODES: Source(mode_version, mode_items)}
        self.lists = FormLists(tables, sources, lambda: self.seconds)

    def _items(self) -> Iterator[Item]:
        self.reads += 1
        yield from customer_items((one.id, one.name) for one in self.book.all())

    def put(self, name: str, account: int) -> None:
        self.book.put(id=name, name=name.title(), url="https://custorg.example", account=account)

    def shown(self) -> list[str]:
        return [entry.item.identifier for entry in self.lists.shown(ACCOUNTS)]


def test_what_one_process_published_another_one_shows_without_reading_the_customers(tables: Tables) -> None:
    first, second = Process(tables), Process(tables)
    first.put("contoso", 12)

    assert first.lists.publish(ACCOUNTS) == 1
    assert second.shown() == ["contoso"]
    assert (first.reads, second.reads) == (1, 0)


def test_a_list_that_nobody_published_is_published_by_whoever_is_asked(tables: Tables) -> None:
    first, second = Process(tables), Process(tables)
    first.put("contoso", 12)

    assert first.shown() == second.shown() == ["contoso"]
    assert (first.reads, second.reads) == (1, 0)


def test_a_customer_that_came_went_or_changed_is_seen_without_a_timer(tables: Tables) -> None:
    office, app = Process(tables), Process(tables)
    seen = []
    changes: list[Callable[[], None]] = [
        lambda: office.put("contoso", 12),
        lambda: office.put("fabrikam", 13),
        lambda: office.book.remove("contoso"),
        lambda: office.put("fabrikam", 14),
    ]
    for change in changes:
        change()
        app.seconds += FRESH
        seen.append(app.shown())

    assert seen == [["contoso"], ["contoso", "fabrikam"], ["fabrikam"], ["fabrikam"]]
    assert app.reads == 4


def test_a_customer_that_is_added_while_a_list_is_made_is_not_lost(tables: Tables) -> None:
    office, late = Process(tables), Process(tables)
    office.put("contoso", 12)

    def items() -> list[Item]:
        found = customer_items((one.id, one.name) for one in office.book.all())
        office.put("fabrikam", 13)  # after the customers were read, before the list is written
        return found

    sources = {ACCOUNTS: Source(office.book.version, items)}
    FormLists(tables, sources, lambda: 0.0).publish(ACCOUNTS)

    assert late.shown() == ["contoso", "fabrikam"]


def test_for_five_seconds_storage_is_not_asked(tables: Tables) -> None:
    office, app = Process(tables), Process(tables)
    office.put("contoso", 12)
    before = app.shown()
    office.put("fabrikam", 13)
    app.seconds = FRESH - 1
    held = app.shown()
    app.seconds = FRESH

    assert (before, held, app.shown()) == (["contoso"], ["contoso"], ["contoso", "fabrikam"])
    assert FRESH == 5


def test_many_customers_come_back_in_order_and_a_shorter_list_leaves_no_rest(tables: Tables) -> None:
    many = [Item(f"Customer {number:04} {'\u0001' * 80}", f"c{number}") for number in range(1_050)]
    table = tables.table("formlists")
    sources = {ACCOUNTS: Source(lambda: "1", lambda: many)}
    writer, reader = (FormLists(tables, sources, lambda: 0.0) for _ in range(2))
    writer.publish(ACCOUNTS)

    assert [entry.item for entry in reader.shown(ACCOUNTS)] == many

    del many[130:]
    writer.publish(ACCOUNTS)

    assert len(list(rows(table, ACCOUNTS))) == 4
    assert [entry.item for entry in FormLists(tables, sources, lambda: 0.0).shown(ACCOUNTS)] == many


def test_a_list_of_which_a_part_is_missing_is_made_anew(tables: Tables) -> None:
    process = Process(tables)
    items = [Item(str(number), str(number)) for number in range(250)]
    sources = {ACCOUNTS: Source(lambda: "1", lambda: items)}
    FormLists(tables, sources, lambda: 0.0).publish(ACCOUNTS)
    tables.table("formlists").delete_entity(ACCOUNTS, "00001")

    assert [entry.item for entry in FormLists(tables, sources, lambda: 0.0).shown(ACCOUNTS)] == items
    assert process.reads == 0


def test_no_customers_are_an_empty_list(tables: Tables) -> None:
    process = Process(tables)

    assert (process.lists.publish(ACCOUNTS), process.shown(), Process(tables).shown()) == (0, [], [])


def test_the_sync_modes_are_published_too(tables: Tables) -> None:
    process = Process(tables)

    assert process.lists.publish(SYNC_MODES) == 5
    assert [entry.item.identifier for entry in process.lists.shown(SYNC_MODES)] == ["1", "2", "3", "4", "5"]
    assert len(list(rows(tables.table("formlists"), SYNC_MODES))) == 1


def test_the_version_changes_with_the_customers_and_with_nothing_else(tables: Tables) -> None:
    book = Customers(tables)
    versions = [book.version()]
    book.put(id="contoso", name="Contoso", url="https://custorg.example", account=12)
    versions.append(book.version())
    book.configure("contoso", {"modes": (2,)})
    book.pin_tenant("contoso", "8c4d1a2b-0000-4000-8000-000000000001")
    versions.append(book.version())
    book.remove("contoso")
    versions.append(book.version())

    assert versions[0] == ""
    assert versions[1] == versions[2]
    assert len(set(versions)) == 3
