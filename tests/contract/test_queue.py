"""The queue of sync jobs, with Azurite."""

import base64
from random import Random
from uuid import uuid4

import pytest
from azure.storage.queue import QueueClient

from servorg.messages import SyncJob
from servorg.queue import StorageQueue
from shared.settings import StorageSettings
from tests.azurite import Azurite

RANDOM = Random(13)


@pytest.fixture
def name() -> str:
    return f"jobs-{RANDOM.getrandbits(40):x}"


@pytest.fixture
def queue(azurite: Azurite, name: str) -> StorageQueue:
    return StorageQueue(StorageSettings.read({"AzureWebJobsStorage": azurite.connection_string}), name)


@pytest.fixture
def raw(azurite: Azurite, name: str, queue: StorageQueue) -> QueueClient:
    queue.count()
    return QueueClient.from_connection_string(azurite.connection_string, name)


@pytest.fixture
def raw_poison(azurite: Azurite, name: str, queue: StorageQueue) -> QueueClient:
    queue.poison()
    return QueueClient.from_connection_string(azurite.connection_string, f"{name}-poison")


def a_job(number: int = 1) -> SyncJob:
    return SyncJob(f"contoso-20261124-105312-{number:08x}", "contoso")


def poisoned(queue: QueueClient, job: SyncJob) -> str:
    sent = queue.send_message(base64.b64encode(job.to_json().encode()).decode())
    return str(sent.id)


def test_a_job_arrives_in_base64_as_the_host_expects_it(queue: StorageQueue, raw: QueueClient) -> None:
    queue.send(a_job().to_json())

    taken = list(raw.receive_messages())

    assert [SyncJob.from_json(base64.b64decode(message.content)) for message in taken] == [a_job()]


def test_a_delayed_job_is_counted_and_not_to_be_had_yet(queue: StorageQueue, raw: QueueClient) -> None:
    queue.send(a_job().to_json(), delay=0.2)
    queue.send(a_job().to_json(), delay=30 * 24 * 3_600)

    assert list(raw.receive_messages()) == []
    assert queue.count() == 2
    assert not queue.waiting_for(a_job().run)


def test_a_queue_is_empty_until_something_is_sent(queue: StorageQueue) -> None:
    before = queue.is_empty()
    queue.send(a_job().to_json())

    assert before
    assert not queue.is_empty()


def test_a_waiting_job_is_found_by_its_run_among_whatever_lies_there(queue: StorageQueue, raw: QueueClient) -> None:
    raw.send_message("no job")
    queue.send("nor this")
    queue.send(a_job(1).to_json())

    assert queue.waiting_for(a_job(1).run)
    assert not queue.waiting_for(a_job(2).run)


def test_poison_is_listed_oldest_first_with_its_text_and_left_there(
    queue: StorageQueue, raw_poison: QueueClient
) -> None:
    sent = [poisoned(raw_poison, a_job(i)) for i in range(3)]
    raw_poison.send_message("plain ä")

    listed = queue.poison()

    assert [message.id for message in listed[:3]] == sent
    assert [message.text for message in listed] == [*(a_job(i).to_json() for i in range(3)), "plain ä"]
    assert queue.poison() == listed
    assert all(message.inserted_at for message in listed)


def test_a_poison_message_is_removed_by_its_id_and_the_others_stay(
    queue: StorageQueue, raw_poison: QueueClient
) -> None:
    sent = [poisoned(raw_poison, a_job(i)) for i in range(70)]

    removed = queue.remove_poison(sent[66])

    left = {message.id for _ in range(3) for message in raw_poison.receive_messages(max_messages=32)}
    assert removed
    assert left == set(sent) - {sent[66]}


def test_messages_that_failed_for_good_are_counted_beyond_those_that_can_be_shown(
    queue: StorageQueue, raw_poison: QueueClient
) -> None:
    before = queue.count_poison()
    for number in range(40):
        poisoned(raw_poison, a_job(number))

    assert (before, queue.count_poison(), len(queue.poison())) == (0, 40, 32)


def test_removing_a_poison_message_that_is_not_there_says_so(queue: StorageQueue, raw_poison: QueueClient) -> None:
    poisoned(raw_poison, a_job())

    assert not queue.remove_poison(str(uuid4()))
    assert len(queue.poison()) == 1


def test_the_oldest_message_that_could_be_taken_tells_how_long_jobs_wait(queue: StorageQueue) -> None:
    nothing = queue.oldest_waiting()
    queue.send(a_job(1).to_json(), delay=60)
    delayed = queue.oldest_waiting()
    queue.send(a_job(2).to_json())
    first = queue.oldest_waiting()
    queue.send(a_job(3).to_json())

    assert (nothing, delayed) == (None, None)
    assert first
    assert queue.oldest_waiting() == first
