"""The budget's row in a table, with Azurite."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from servorg.budget import TableBudget, TableBudgetRow
from shared.settings import StorageSettings
from shared.tables import Tables, delete_partition
from tests.azurite import Azurite


@pytest.fixture
def row(azurite: Azurite) -> TableBudgetRow:
    tables = Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))
    delete_partition(tables.table("budget"), "budget")
    return TableBudgetRow(tables)


def test_what_is_noted_is_read_to_the_last_digit(row: TableBudgetRow) -> None:
    before = row.read()
    noted = row.write(1_764_000_000.123456, before)
    found = row.read()

    assert before is None
    assert noted
    assert found is not None
    assert found[0] == 1_764_000_000.123456


def test_of_two_who_read_the_same_one_may_write(row: TableBudgetRow) -> None:
    first = row.read()

    assert [row.write(1.0, first), row.write(2.0, first)] == [True, False]
    second = row.read()
    assert [row.write(3.0, second), row.write(4.0, second)] == [True, False]


def test_four_instances_on_one_table_keep_the_rate(row: TableBudgetRow) -> None:
    rate, each = 20, 10

    def work(_: int) -> list[float]:
        budget = TableBudget(row, rate, clock=time.time, sleep=time.sleep)
        times = []
        for _ in range(each):
            budget.wait()
            times.append(time.time())
        return times

    with ThreadPoolExecutor(4) as threads:
        times = sorted(at for found in threads.map(work, range(4)) for at in found)

    assert len(times) == 4 * each
    assert max(sum(at <= other <= at + 1 for other in times) for at in times) <= rate + 3
