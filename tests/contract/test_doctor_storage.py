"""What `doctor` says of storage: of a real one, of one that does not answer, and of one that lets nobody in."""

import time
from email.utils import formatdate

import pytest

from servorg.doctor_wiring import queue_check, storage_checks
from servorg.queue import queue_client
from shared.checks import Check, State
from shared.settings import StorageSettings
from shared.storage_checks import NAME, clock_check, table_checks
from shared.tables import Tables
from tests.azurite import ACCOUNT_KEY, Azurite

GONE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;" + "".join(
    f"{name}Endpoint=http://127.0.0.1:9/a;" for name in ("Blob", "Queue", "Table")
)


def settings(connection: str) -> StorageSettings:
    return StorageSettings.read({"AzureWebJobsStorage": connection})


def looked(connection: str) -> dict[str, Check]:
    checks = [*table_checks(settings(connection)), queue_check(settings(connection))]
    return {check.name: check for check in checks}


def test_a_right_one_is_used_and_left_as_it_was(azurite: Azurite) -> None:
    found = [looked(azurite.connection_string) for _ in range(2)]
    given = settings(azurite.connection_string)

    assert [{name: check.state for name, check in one.items()} for one in found] == [
        {"table": State.OK, "clock": State.OK, "queue": State.OK}
    ] * 2
    assert list(Tables(given).table(NAME).list_entities()) == []
    assert queue_client(given, NAME).get_queue_properties().approximate_message_count == 0


def test_a_message_that_was_left_behind_does_no_harm(azurite: Azurite) -> None:
    queue_client(settings(azurite.connection_string), NAME).send_message("left")

    assert looked(azurite.connection_string)["queue"].state is State.OK


def test_one_that_does_not_answer_is_told_soon() -> None:
    begun = time.monotonic()
    found = looked(GONE)

    assert {name: check.state for name, check in found.items()} == {
        "table": State.BAD, "clock": State.WARN, "queue": State.BAD,
    }  # fmt: skip
    assert "AzureWebJobsStorage" in found["table"].todo
    assert time.monotonic() - begun < 20


@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")  # the tables' SDK does
def test_one_that_refuses_the_key_names_the_roles(azurite: Azurite) -> None:
    found = looked(azurite.connection_string.replace(ACCOUNT_KEY, "d3Jvbmc="))

    assert found["table"].state is found["queue"].state is State.BAD
    assert "Storage Table Data Contributor" in found["table"].todo
    assert "Storage Queue Data Contributor" in found["queue"].todo
    assert found["clock"].state is State.OK


def test_what_is_no_connection_string_is_told() -> None:
    found = looked("nothing of the kind")

    assert [found[name].said[:42] for name in ("table", "queue")] == ["AzureWebJobsStorage is no connection strin"] * 2


def test_without_a_storage_setting_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    [check] = storage_checks()

    assert (check.state, "AzureWebJobsStorage is missing" in check.said) == (State.BAD, True)


def test_the_settings_of_the_environment_are_used(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string)

    assert [check.name for check in storage_checks()] == ["table", "clock", "queue"]


@pytest.mark.parametrize(
    ("off", "state"),
    [(0, State.OK), (29, State.OK), (-29, State.OK), (31, State.WARN), (-60, State.WARN), (300, State.BAD)],
)
def test_a_clock_that_is_off_is_told(off: int, state: State) -> None:
    check = clock_check(formatdate(1_000_000, usegmt=True), 1_000_000 + off)

    assert check.state is state
    assert (state is State.OK) is ("time server" not in check.todo)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_the_clock_cannot_be_told(date: str) -> None:
    assert clock_check(date, 0).state is State.WARN
