"""Keys that a table takes, and batches that fit."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tables import MAX_BYTES, MAX_ROWS, Operation, batches, key

FORBIDDEN = re.compile(r"[/\\#?%+'\"\x00-\x1f\x7f-\x9f]")
ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=60)


def an_upsert(partition: str, name: str, **properties: object) -> Operation:
    return ("replace", {"PartitionKey": partition, "RowKey": name} | properties)


@given(ANY_TEXT)
def test_a_key_has_nothing_that_keys_forbid_and_can_be_undone(text: str) -> None:
    made = key(text)

    assert not FORBIDDEN.search(made)
    assert len(made) <= 512
    assert made.startswith("=~") or unquote(made.replace("=", "%"), errors="surrogatepass") == text


def test_a_plain_address_is_its_own_key() -> None:
    assert key("c:12:jan.de-vries_1@example.com") == "c:12:jan.de-vries_1@example.com"
    assert key("a/b") == "a=2Fb"


def test_long_texts_get_keys_that_differ_and_are_no_other_texts_key() -> None:
    first, second = key("a" * 600), key("a" * 601)

    assert len({first, second, key(first), key("a" * 512)}) == 4
    assert len(first) < 100


def test_a_batch_has_at_most_100_rows_of_one_partition() -> None:
    operations = [an_upsert(f"p{i % 2}", f"{i}") for i in range(450)]

    made = list(batches(operations))

    assert [len(batch) for batch in made] == [100, 100, 25, 100, 100, 25]
    assert all(len({entity["PartitionKey"] for _, entity in batch}) == 1 for batch in made)
    assert max(map(len, made)) == MAX_ROWS


@pytest.mark.parametrize(("value", "most"), [(b"\0" * 60_000, 45), ("é" * 30_000, 20), ("\0" * 30_000, 20)])
def test_a_batch_stays_below_four_mebibytes(value: object, most: int) -> None:
    made = list(batches(an_upsert("p", f"{i}", value=value) for i in range(100)))

    assert 1 < max(map(len, made)) <= most
    assert sum(map(len, made)) == 100


def test_an_entity_that_is_larger_than_a_batch_goes_alone() -> None:
    large = {f"v{i}": b"\0" * 60_000 for i in range(60)}

    made = list(batches([an_upsert("p", "1"), an_upsert("p", "2", **large), an_upsert("p", "3")]))

    assert MAX_BYTES < 60 * 60_000 * 4 / 3
    assert [len(batch) for batch in made] == [1, 1, 1]


def test_no_entity_is_twice_in_a_batch_and_the_later_operation_comes_later() -> None:
    operations = [an_upsert("p", "1", v=1), an_upsert("p", "2"), an_upsert("p", "1", v=2), an_upsert("q", "1")]

    made = list(batches(operations))

    assert made == [operations[:2], operations[2:3], operations[3:]]
