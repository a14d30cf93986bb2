import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CommandRefused
from shared.principal import Principal, who_changes, who_looks
from shared.settings import CommonSettings
from tests.unit.http_requests import a_request

HERE = "http://127.0.0.1:7071"
SITE = "https://custorg.azurewebsites.net"
LONG_ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
ADMIN = {"name": "jo", "roles": ["SyncAdmin"]}


def settings(**given: str) -> CommonSettings:
    needed = {"ROLE": "custorg", "TENANT_ID": "0a0a0a0a-0000-4000-8000-00000000000a", "AzureWebJobsStorage": "x"}
    return CommonSettings.read(needed | given)


EASY = settings(EASY_AUTH="true")
DEVELOPER = settings(DEV_PRINCIPAL=json.dumps(ADMIN))


def claims(*pairs: tuple[str, str], **more: Any) -> str:
    row = {"auth_typ": "aad", "claims": [{"typ": typ, "val": value} for typ, value in pairs], **more}
    return base64.b64encode(json.dumps(row).encode()).decode()


def looks(header: str) -> Principal:
    return who_looks(a_request("GET", origin=SITE, x_ms_client_principal=header), EASY)


def status_of(call: Any, *arguments: Any) -> int:
    with pytest.raises(CommandRefused) as raised:
        call(*arguments)
    return raised.value.status


@pytest.mark.parametrize(
    ("typ", "more"),
    [("roles", {}), (LONG_ROLE, {}), ("roles", {"role_typ": LONG_ROLE}), (LONG_ROLE, {"role_typ": "roles"})],
)
def test_app_roles_are_found_under_each_of_their_claim_types(typ: str, more: dict[str, str]) -> None:
    found = looks(claims(("preferred_username", "jo@here.example"), (typ, "SyncReader"), **more))

    assert found == Principal("jo@here.example", frozenset({"SyncReader"}))


def test_a_group_that_is_called_like_an_app_role_is_none() -> None:
    header = claims(("preferred_username", "jo@here.example"), ("groups", "SyncAdmin"), role_typ="groups")

    assert status_of(looks, header) == 403


@pytest.mark.parametrize(
    ("pairs", "name_typ", "name"),
    [
        ([("name", "Jo"), ("preferred_username", "jo@x"), ("n", "Joanna")], "n", "Joanna"),
        ([("name", "Jo"), ("preferred_username", "jo@x")], "n", "jo@x"),
        ([("name", "Jo")], None, "Jo"),
        ([], None, ""),
    ],
)
def test_the_name_is_the_best_that_the_claims_have(pairs: Any, name_typ: str | None, name: str) -> None:
    assert looks(claims(*pairs, ("roles", "SyncAdmin"), name_typ=name_typ)).name == name


@pytest.mark.parametrize(
    "header",
    [
        "",
        "!",
        "é",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"5").decode(),
        base64.b64encode(b"[" * 100_000).decode(),
        base64.b64encode(b'{"claims": 5}').decode(),
        base64.b64encode(b'{"claims": [5]}').decode(),
        base64.b64encode(b'{"claims": [{"typ": "roles"}]}').decode(),
        base64.b64encode(b'{"claims": [{"typ": "roles", "val": ["SyncAdmin"]}]}').decode(),
        base64.b64encode(b'{"claims": [], "name_typ": ["name"]}').decode(),
    ],
)
def test_a_missing_or_malformed_principal_is_401(header: str) -> None:
    assert status_of(looks, header) == 401


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_no_header_breaks_the_reader(header: str) -> None:
    assert status_of(looks, header) in {401, 403}


def test_the_platforms_header_is_not_trusted_while_the_platform_does_not_authenticate() -> None:
    request = a_request("GET", x_ms_client_principal=claims(("roles", "SyncAdmin")))

    assert status_of(who_looks, request, settings()) == 401


def test_a_developers_principal_is_for_this_machine_only() -> None:
    assert who_looks(a_request("GET", origin=HERE), DEVELOPER) == Principal("jo", frozenset({"SyncAdmin"}))
    assert who_looks(a_request("GET", origin="http://[::1]:7071"), DEVELOPER).name == "jo"
    assert status_of(who_looks, a_request("GET", origin=SITE), DEVELOPER) == 401
    assert status_of(who_looks, a_request("GET", origin=HERE, host="evil.example"), DEVELOPER) == 401
    assert status_of(who_looks, a_request("GET", origin=HERE, host="[::1"), DEVELOPER) == 401


def test_a_developers_principal_may_have_the_platforms_shape() -> None:
    shaped = settings(DEV_PRINCIPAL=json.dumps({"claims": [{"typ": "roles", "val": "SyncReader"}]}))

    assert who_looks(a_request("GET"), shaped).roles == {"SyncReader"}


@pytest.mark.parametrize("row", [{}, {"name": "jo"}, {"name": "jo", "roles": [5]}, {"name": 5, "roles": []}])
def test_a_developers_principal_of_another_shape_is_401(row: Any) -> None:
    assert status_of(who_looks, a_request("GET"), settings(DEV_PRINCIPAL=json.dumps(row))) == 401


@pytest.mark.parametrize(("roles", "may_look", "may_change"), [
    (["SyncAdmin"], True, True),
    (["SyncReader"], True, False),
    (["Other"], False, False),
    ([], False, False),
])  # fmt: skip
def test_the_app_role_says_who_may_look_and_who_may_change(roles: list[str], may_look: bool, may_change: bool) -> None:
    found = settings(DEV_PRINCIPAL=json.dumps({"name": "jo", "roles": roles}))
    outcomes = []
    for ask in (who_looks, who_changes):
        try:
            outcomes.append(ask(a_request("PATCH", origin=HERE, Origin=HERE), found).name == "jo")
        except CommandRefused as refusal:
            outcomes.append(refusal.status != 403)

    assert outcomes == [may_look, may_change]


@pytest.mark.parametrize(
    ("own", "headers"),
    [
        (HERE, {"Origin": HERE}),
        (HERE, {"Origin": HERE, "host": "127.0.0.1:7071"}),
        ("http://localhost", {"Origin": "http://localhost:80"}),
    ],
)
def test_a_change_from_our_own_page_is_taken(own: str, headers: dict[str, str]) -> None:
    assert who_changes(a_request("PATCH", origin=own, **headers), DEVELOPER).name == "jo"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (SITE, {"Origin": SITE}),
        ("http://custorg.azurewebsites.net", {"Origin": SITE, "x_forwarded_proto": "https"}),
        ("http://custorg.azurewebsites.net", {"Origin": f"{SITE}:443", "x_forwarded_proto": "https, http"}),
        ("http://10.0.0.1", {"Origin": SITE, "x_forwarded_proto": "https", "host": "custorg.azurewebsites.net"}),
        (SITE, {"Origin": "https://CUSTORG.azurewebsites.net"}),
    ],
)
def test_behind_app_service_the_browsers_scheme_and_host_count(url: str, headers: dict[str, str]) -> None:
    request = a_request("PATCH", origin=url, x_ms_client_principal=claims(("roles", "SyncAdmin")), **headers)

    assert who_changes(request, EASY).roles == {"SyncAdmin"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:7072"},
        {"Origin": "https://127.0.0.1:7071"},
        {"Origin": "http://127.0.0.1:7071.evil.example"},
        {"Origin": "http://127.0.0.1:7071/x"},
        {"Origin": "http://127.0.0.1:7071@evil.example"},
        {"Origin": "http://evil@127.0.0.1:7071"},
        {"Origin": "http://[::1"},
        {"Origin": HERE, "host": "127.0.0.1:7072"},
        {"Origin": HERE, "x_forwarded_proto": "https"},
    ],
)
def test_a_change_from_anywhere_else_is_403(headers: dict[str, str]) -> None:
    with pytest.raises(CommandRefused) as raised:
        who_changes(a_request("PATCH", origin=HERE, **headers), DEVELOPER)

    assert (raised.value.status, raised.value.code) == (403, "origin")
