import datetime as dt

import pytest

from custorg import wiring
from shared.errors import SettingsError
from tests.fakes.directory import TENANT


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ROLE": "custorg", "AzureWebJobsStorage": "x", "TENANT_ID": TENANT.upper()}.items():
        monkeypatch.setenv(name, value)
    for built in (wiring.settings, wiring.choices, wiring.graph):
        built.cache_clear()


def test_a_command_has_200_seconds_and_the_tenant_in_lower_case() -> None:
    here = wiring.here(dt.datetime(2026, 11, 24, 11, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=1))))

    assert (here.tenant, here.graph_url) == (TENANT, "https://graph.microsoft.com/v1.0")
    assert here.now == "2026-11-24T10:00:00+00:00"
    assert here.limits.seconds < wiring.COMMAND_SECONDS < 230


def test_there_is_one_client_for_all_commands() -> None:
    assert wiring.graph() is wiring.graph()


def test_missing_settings_are_told_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TENANT_ID")
    monkeypatch.delenv("AzureWebJobsStorage")

    with pytest.raises(SettingsError) as raised:
        wiring.settings()

    assert len(raised.value.faults) == 2
