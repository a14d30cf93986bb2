import datetime as dt
import json
import logging

import pytest

from shared.logs import log_event


def test_a_log_message_is_one_json_object(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("here")
    with caplog.at_level(logging.INFO, "here"):
        log_event(logger, "run finished", run="r1", planned=41, at=dt.date(2026, 11, 24))

    (record,) = caplog.records

    assert json.loads(record.message) == {"event": "run finished", "run": "r1", "planned": 41, "at": "2026-11-24"}


def test_a_level_that_is_off_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "here"):
        log_event(logging.getLogger("here"), "run finished")

    assert caplog.records == []
