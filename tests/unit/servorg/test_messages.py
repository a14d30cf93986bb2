"""A sync job as a message."""

import json

import pytest

from servorg.messages import SyncJob

JOB = {"run": "contoso-20261124-105312-4f2a9c1b", "customer": "contoso"}


def test_a_job_comes_back_from_its_message() -> None:
    job = SyncJob(JOB["run"], JOB["customer"])

    assert SyncJob.from_json(job.to_json()) == job
    assert SyncJob.from_json(job.to_json().encode()) == job


def test_what_a_newer_version_adds_is_passed_over() -> None:
    assert SyncJob.from_json(json.dumps(JOB | {"colour": "red"})).run == JOB["run"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no sync job"),
        ("[]", "no sync job"),
        ("{", "no sync job"),
        (b"\xff", "no sync job"),
        ("[" * 100_000, "no sync job"),
        (json.dumps({"run": JOB["run"]}), "customer"),
        (json.dumps(JOB | {"customer": "no/body"}), "customer"),
        (json.dumps(JOB | {"run": 7}), "run"),
        (json.dumps(JOB | {"run": ""}), "run"),
    ],
)
def test_what_is_no_job_is_refused_with_a_reason_that_shows_no_content(text: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        SyncJob.from_json(text)

    assert "no/body" not in str(refused.value)
