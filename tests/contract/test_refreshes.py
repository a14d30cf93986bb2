"""The last refresh of each customer in its table, with Azurite."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custorg.commands import offers
from servorg.customers import Customers
from servorg.refresh import Refresh
from servorg.refresh_rows import TableRefreshes
from shared.settings import StorageSettings
from shared.tables import Tables
from tests.azurite import Azurite

NOW = datetime(2026, 11, 24, 1, 30, 7, 123456, tzinfo=UTC)
WHOLE = Refresh(NOW, "down", NOW - timedelta(days=1), 5_000, 17, NOW, offers(), NOW, "too old")


@pytest.fixture(scope="module")
def tables(azurite: Azurite) -> Tables:
    return Tables(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}))


def test_a_refresh_comes_back_as_it_was_kept_with_the_schemas_of_the_offers(tables: Tables) -> None:
    TableRefreshes(tables).put("contoso", WHOLE)

    assert TableRefreshes(tables).get("contoso") == WHOLE


def test_a_later_one_replaces_it_wholly(tables: Tables) -> None:
    kept = TableRefreshes(tables)
    kept.put("fabrikam", WHOLE)
    kept.put("fabrikam", Refresh(NOW))

    assert kept.get("fabrikam") == Refresh(NOW)


def test_before_the_first_one_and_after_the_customer_is_removed_there_is_none(tables: Tables) -> None:
    kept, book = TableRefreshes(tables), Customers(tables)
    before = kept.get("litware")
    book.put(id="litware", name="Litware", url="https://l.example", account=77)
    kept.put("litware", replace(WHOLE, reason="x" * 40_000))
    long = kept.get("litware")
    book.remove("litware")

    assert before is None
    assert long
    assert long.reason.startswith("xxx")
    assert kept.get("litware") is None
