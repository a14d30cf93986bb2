"""What settings accept and refuse, and what they say then."""

import pytest

from shared.errors import SettingsError
from shared.settings import CustOrgSettings, ServOrgSettings, StorageSettings

COMMON = {
    "ROLE": "servorg",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "TENANT_ID": "11111111-2222-3333-4444-555555555555",
}
SERVORG = COMMON | {
    "DESKDIRECTOR_URL": "https://msp.deskdirector.example",
    "DESKDIRECTOR_API_KEY": "open-sesame",
    "DESKDIRECTOR_AGENT_ID": "7",
}


def faults(**changes: str) -> list[str]:
    """What is said about ServOrg's settings with these changes; an empty value takes a setting away."""
    with pytest.raises(SettingsError) as refused:
        ServOrgSettings.read(SERVORG | changes)
    return refused.value.faults


def test_what_is_needed_alone_is_enough() -> None:
    settings = ServOrgSettings.read(SERVORG)

    assert (settings.desk_rate, settings.max_removals, settings.max_removal_share) == (2, 25, 20)
    assert (settings.max_removals_per_day, settings.max_additions, settings.lease_seconds) == (100, None, 120)
    assert (settings.grace_days_contacts, settings.grace_days_memberships) == (7, 0)
    assert CustOrgSettings.read(COMMON).transitive_members


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        ServOrgSettings.read({"ROLE": "other", "DESKDIRECTOR_AGENT_ID": "0", "MAX_REMOVALS": "25%"})

    named = {fault.split()[0].rstrip(":") for fault in refused.value.faults}
    assert named == {
        "ROLE", "TENANT_ID", "DESKDIRECTOR_URL", "DESKDIRECTOR_API_KEY", "DESKDIRECTOR_AGENT_ID", "MAX_REMOVALS",
        "AzureWebJobsStorage",
    }  # fmt: skip


SCHEDULES = ("SYNC_SCHEDULE", "GROUPS_SCHEDULE", "FORM_LISTS_SCHEDULE", "REPORT_SCHEDULE", "CATCH_UP_SCHEDULE")


def test_each_schedule_that_the_host_would_not_take_is_named_in_a_sentence() -> None:
    told = faults(**dict.fromkeys(SCHEDULES, "xx"))
    with pytest.raises(SettingsError) as refused:
        CustOrgSettings.read(COMMON | {"REFRESH_SCHEDULE": "xx"})

    said = "must be NCRONTAB, such as '0 30 2 * * *', or a time span, such as '01:30:00'"
    assert sorted(told) == sorted(f"{name} {said}" for name in SCHEDULES)
    assert refused.value.faults == [f"REFRESH_SCHEDULE {said}"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"CLOSED_STATUS_ID": "14", "IN_PROGRESS_STATUS_ID": "14"},
            ["CLOSED_STATUS_ID and IN_PROGRESS_STATUS_ID have the same status 14: each needs one of its own"],
        ),
        (
            {"CLOSED_STATUS_ID": " 19", "APPROVAL_STATUS_IDS": "12", "DECLINED_STATUS_IDS": "17, 019,12"},
            [
                "APPROVAL_STATUS_IDS and DECLINED_STATUS_IDS have the same status 12: each needs one of its own",
                "CLOSED_STATUS_ID and DECLINED_STATUS_IDS have the same status 19: each needs one of its own",
            ],
        ),
    ],
)
def test_a_status_that_stands_for_two_things_is_a_fault_of_the_form_alone(
    changes: dict[str, str], told: list[str]
) -> None:
    settings = ServOrgSettings.read(SERVORG | changes)

    assert [fault for fault in settings.form_faults() if "missing" not in fault] == told


def test_statuses_of_their_own_are_accepted_and_one_may_be_said_twice() -> None:
    given = {"IN_PROGRESS_STATUS_ID": "14", "CLOSED_STATUS_ID": "19", "APPROVAL_STATUS_IDS": "12,12"}
    settings = ServOrgSettings.read(SERVORG | given | {"DECLINED_STATUS_IDS": "17"})

    assert (settings.closed_status, settings.declined_statuses) == (19, (17,))
    assert not [fault for fault in settings.form_faults() if "missing" not in fault]


def test_an_empty_value_counts_as_missing() -> None:
    assert faults(DESKDIRECTOR_API_KEY=" ") == ["DESKDIRECTOR_API_KEY is missing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DESKDIRECTOR_RATE", "0.09"),
        ("DESKDIRECTOR_RATE", "10001"),
        ("LEASE_SECONDS", "9"),
        ("LEASE_SECONDS", "3601"),
        ("RETENTION_DAYS", "0"),
        ("RETENTION_DAYS", "3651"),
        ("KEY_VAULT_URL", "http://keys.example"),
        ("KEY_VAULT_URL", "https://keys.vault.azure.net/secrets/contoso"),
        ("MAX_REMOVAL_SHARE", "-1"),
        ("MAX_REMOVAL_SHARE", "100.5"),
        ("MAX_REMOVAL_SHARE", "nan"),
        ("MAX_REMOVALS", "-1"),
        ("MAX_REMOVALS", "1000001"),
        ("MAX_REMOVALS", "2.5"),
        ("MAX_ADDITIONS", "many"),
        ("GRACE_DAYS_CONTACTS", "91"),
        ("GRACE_DAYS_MEMBERSHIPS", "-1"),
        ("TENANT_ID", "contoso.example"),
        ("EASY_AUTH", "perhaps"),
        ("DEV_PRINCIPAL", "[]"),
        ("DEV_PRINCIPAL", "{"),
        ("MAIL_SENDER", "somebody"),
        ("MAIL_SENDER", "a@b.example/../me"),
        ("EMAIL_RECIPIENTS", "desk@msp.example, nobody"),
        ("EMAIL_RECIPIENTS", "desk@msp.example;boss@msp.example"),
        ("EMAIL_RECIPIENTS", "desk@msp.example\r\nBcc: x@msp.example"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: str) -> None:
    [fault] = faults(**{name: value})

    assert fault.startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DESKDIRECTOR_RATE", "0.1"),
        ("DESKDIRECTOR_RATE", "10000"),
        ("LEASE_SECONDS", "10"),
        ("LEASE_SECONDS", "3600"),
        ("RETENTION_DAYS", "1"),
        ("RETENTION_DAYS", "3650"),
        ("KEY_VAULT_URL", "https://keys.vault.azure.net/"),
        ("MAX_REMOVAL_SHARE", "0"),
        ("MAX_REMOVALS", "0"),
        ("MAX_ADDITIONS", "1000000"),
        ("GRACE_DAYS_CONTACTS", "90"),
    ],
)
def test_the_ends_of_each_range_are_accepted(name: str, value: str) -> None:
    settings = ServOrgSettings.read(SERVORG | {name: value})

    assert settings.warnings() == ()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:7071", "http://localhost:7071", "http://[::1]:7071", "https://msp.example/"]
)
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    assert ServOrgSettings.read(SERVORG | {"DESKDIRECTOR_URL": url}).desk_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://msp.example",
        "http://127.0.0.1.msp.example",
        "http://localhost.msp.example",
        "https://user:password@msp.example",
        "https://msp.example?key=1",
        "https://msp.example#top",
        "ftp://msp.example",
        "msp.example",
        "https://",
    ],
)
def test_an_address_that_is_not_safe_or_no_address_is_refused(url: str) -> None:
    [fault] = faults(DESKDIRECTOR_URL=url)

    assert fault.startswith("DESKDIRECTOR_URL must ")


def test_deskdirectors_address_is_a_bare_origin_and_graphs_has_its_version() -> None:
    [fault] = faults(DESKDIRECTOR_URL="https://msp.example/api")
    settings = ServOrgSettings.read(SERVORG | {"GRAPH_URL": "https://graph.microsoft.us/v1.0/"})

    assert "without a path" in fault
    assert settings.graph_url == "https://graph.microsoft.us/v1.0"


def test_a_key_vault_reference_that_was_not_resolved_is_told() -> None:
    [fault] = faults(DESKDIRECTOR_API_KEY="@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/key)")

    assert fault.startswith("DESKDIRECTOR_API_KEY is a Key Vault reference that was not resolved")


@pytest.mark.parametrize("easy_auth", ["true", "True", "1", "yes", "on"])
def test_a_development_principal_and_the_platforms_sign_in_exclude_each_other(easy_auth: str) -> None:
    told = faults(DEV_PRINCIPAL='{"name": "me", "roles": []}', EASY_AUTH=easy_auth)

    assert told == ["DEV_PRINCIPAL and EASY_AUTH exclude each other"]


@pytest.mark.parametrize(
    "given",
    [
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
        {"AzureWebJobsStorage__accountName": "contoso"},
        {
            "AzureWebJobsStorage__queueServiceUri": "https://contoso.queue.example",
            "AzureWebJobsStorage__tableServiceUri": "https://contoso.table.example",
        },
    ],
)
def test_storage_is_named_in_one_of_three_ways(given: dict[str, str]) -> None:
    settings = StorageSettings.read(given)

    assert settings.model_dump(by_alias=True, exclude_none=True).keys() == given.keys()


@pytest.mark.parametrize("given", [{}, {"AzureWebJobsStorage__queueServiceUri": "https://contoso.queue.example"}])
def test_storage_that_is_not_named_is_a_fault(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="AzureWebJobsStorage is missing"):
        StorageSettings.read(given)


def test_permissive_values_are_accepted_with_a_warning_each() -> None:
    settings = ServOrgSettings.read(SERVORG | {"MAX_REMOVAL_SHARE": "100", "MAX_REMOVALS": "1000"})
    [share, count, per_day] = settings.warnings()

    assert "MAX_REMOVAL_SHARE is 100" in share
    assert "MAX_REMOVALS is 1000" in count
    assert "MAX_REMOVALS_PER_DAY (100) is below MAX_REMOVALS" in per_day


def test_secrets_stand_neither_in_the_settings_text_nor_in_a_fault() -> None:
    settings = ServOrgSettings.read(SERVORG)
    told = str(faults(TENANT_ID="x", AzureWebJobsStorage__queueServiceUri="AccountKey=open-sesame"))

    assert "open-sesame" not in repr(settings)
    assert "open-sesame" not in told


def test_who_gets_the_report_is_a_list_in_which_nobody_stands_twice() -> None:
    settings = ServOrgSettings.read(
        SERVORG
        | {
            "MAIL_SENDER": " Sync@MSP.example",
            "EMAIL_RECIPIENTS": "Desk@msp.example, ,boss@msp.example,desk@msp.example",
        }
    )

    assert settings.mail_sender == "sync@msp.example"
    assert settings.email_recipients == ("desk@msp.example", "boss@msp.example")
    assert settings.mail_faults() == []


def test_a_sender_may_be_an_object_id() -> None:
    settings = ServOrgSettings.read(SERVORG | {"MAIL_SENDER": COMMON["TENANT_ID"]})

    assert settings.mail_sender == COMMON["TENANT_ID"]


def test_what_the_report_needs_is_needed_by_nothing_else() -> None:
    sender, recipients = ServOrgSettings.read(SERVORG).mail_faults()

    assert sender.startswith("MAIL_SENDER is missing")
    assert recipients.startswith("EMAIL_RECIPIENTS is missing")


def test_a_fault_in_an_address_does_not_repeat_it() -> None:
    told = faults(MAIL_SENDER="jan.somebody", EMAIL_RECIPIENTS="jan.somebody")

    assert "jan" not in "".join(told)
