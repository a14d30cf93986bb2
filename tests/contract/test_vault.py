"""Secrets of Key Vault by its own client, over TLS, on the double."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AccessToken

from doubles.keyvault import KeyVault
from servorg.cli import local_settings
from servorg.customer import Customer
from servorg.keys import function_key
from servorg.vault import SECONDS, Vaults, VaultUnreachable, is_reference
from shared.errors import CustOrgUnreachable, SettingsError

CONTOSO = Customer("contoso", "Contoso", "https://c.example", 12, key_secret="contoso-key")


class Signed:
    """A credential that gives a token for whatever scope is asked for. While `out`, nobody is signed in."""

    out = False

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("out" if self.out else f"token for {scopes[0]}", 4_000_000_000)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def vault(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyVault]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with KeyVault({"contoso-key": "k3y", "locked": None, "blank": ""}, tls) as running:
        yield running


@pytest.fixture
def credential() -> Signed:
    return Signed()


@pytest.fixture
def clock() -> list[float]:
    return [1_000.0]


@pytest.fixture
def vaults(credential: Signed, clock: list[float]) -> Vaults:
    return Vaults(lambda: credential, lambda: clock[0])


def test_a_secret_is_read_with_a_token_for_its_vault_and_then_kept(
    vault: KeyVault, vaults: Vaults, clock: list[float]
) -> None:
    first = [vaults.secret(vault.url, "contoso-key"), vaults.secret(f"{vault.url}/", "contoso-key")]
    vault.secrets["contoso-key"] = "n3w"
    kept = vaults.secret(vault.url, "contoso-key")
    clock[0] += SECONDS

    assert (first, kept, vaults.secret(vault.url, "contoso-key")) == (["k3y", "k3y"], "k3y", "n3w")
    assert len(vault.asked) == 2


def test_each_reason_is_told_in_a_sentence_that_names_the_secret_and_no_value(vault: KeyVault, vaults: Vaults) -> None:
    said = {}
    for name in ("none", "locked", "blank"):
        with pytest.raises(SettingsError) as refused:
            vaults.secret(vault.url, name)
        said[name] = str(refused.value)
    host = vault.url.removeprefix("https://")

    assert said == {
        "none": f"the secret 'none' of {host} does not exist",
        "locked": f"the secret 'locked' of {host} may not be read: give the role Key Vault Secrets User, or check that "
        "the secret is enabled",
        "blank": f"the secret 'blank' of {host} is empty",
    }


def test_without_a_sign_in_it_says_so(vault: KeyVault, vaults: Vaults, credential: Signed) -> None:
    credential.out = True

    with pytest.raises(SettingsError, match="nobody is signed in"):
        vaults.secret(vault.url, "contoso-key")


def test_a_failing_vault_is_asked_again_and_a_missing_one_told(vault: KeyVault, vaults: Vaults) -> None:
    vault.failing = 1

    assert vaults.secret(vault.url, "contoso-key") == "k3y"
    with pytest.raises(VaultUnreachable, match="check the vault's address and network"):
        vaults.secret("https://127.0.0.1:1", "contoso-key")


def test_while_a_vault_gives_no_answer_a_key_that_was_read_counts_and_another_is_tried_again(
    vault: KeyVault, vaults: Vaults, clock: list[float]
) -> None:
    known = function_key(CONTOSO, {}, vault.url, vaults)
    clock[0] += SECONDS
    vault.failing = 99
    unknown = replace(CONTOSO, key_secret="other-key")

    assert (known, function_key(CONTOSO, {}, vault.url, vaults)) == ("k3y", "k3y")
    with pytest.raises(CustOrgUnreachable, match="its function key is not known: the secret 'other-key' of"):
        function_key(unknown, {}, vault.url, vaults)


def test_a_customers_key_is_its_secret(vault: KeyVault, vaults: Vaults) -> None:
    assert function_key(CONTOSO, {}, vault.url, vaults) == "k3y"
    with pytest.raises(SettingsError, match="KEY_VAULT_URL is missing: its vault holds the function key of 'contoso'"):
        function_key(CONTOSO, {}, None, vaults)


def test_a_customers_setting_may_be_a_reference_that_the_command_line_resolves(vault: KeyVault, vaults: Vaults) -> None:
    customer = Customer("contoso", "Contoso", "https://c.example", 12, key_setting="KEY")
    reference = f"@Microsoft.KeyVault(SecretUri={vault.url}/secrets/contoso-key)"

    assert function_key(customer, {"KEY": reference}, None, vaults) == "k3y"
    assert function_key(customer, {"KEY": " plain "}, None, vaults) == "plain"
    assert function_key(Customer("c", "C", "https://c.example", 1), {}, None, vaults) == ""
    with pytest.raises(SettingsError, match="KEY is missing: it holds the function key"):
        function_key(customer, {}, None, vaults)
    with pytest.raises(SettingsError, match=r"KEY: the secret 'none' of .* does not exist"):
        function_key(customer, {"KEY": reference.replace("contoso-key", "none")}, None, vaults)


@pytest.mark.parametrize("end", ["", "/", "/abc123"])
def test_references_by_address_are_resolved_with_their_version(vault: KeyVault, vaults: Vaults, end: str) -> None:
    found = vaults.resolved(f"@Microsoft.KeyVault(SecretUri={vault.url}/secrets/contoso-key{end})")

    assert found == ("k3y abc123" if "abc" in end else "k3y")


class Noted(Vaults):
    """Notes what would be asked."""

    def __init__(self) -> None:
        super().__init__(Signed, lambda: 0.0)
        self.asked: list[tuple[str, ...]] = []

    def secret(self, vault: str, name: str, version: str = "") -> str:
        self.asked.append((vault, name, version))
        return "value"


def test_references_by_name_are_of_azures_public_cloud() -> None:
    vaults = Noted()
    vaults.resolved("@Microsoft.KeyVault(VaultName=msp-keys;SecretName=contoso-key)")
    vaults.resolved("@Microsoft.KeyVault(VaultName=msp-keys;SecretName=contoso-key;SecretVersion=ab12)")

    assert vaults.asked == [
        ("https://msp-keys.vault.azure.net", "contoso-key", ""),
        ("https://msp-keys.vault.azure.net", "contoso-key", "ab12"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "(", ")", "SecretUri=http://v.example/secrets/x)", "SecretUri=https://v.example/keys/x)", "SecretName=x)"],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="it is no reference such as"):
        Noted().resolved(f"@Microsoft.KeyVault({text}")


def test_the_command_lines_settings_are_resolved_where_they_are_references(
    vault: KeyVault, vaults: Vaults, tmp_path: Path
) -> None:
    reference = f"@Microsoft.KeyVault(SecretUri={vault.url}/secrets/contoso-key)"
    values = {"DESKDIRECTOR_API_KEY": reference, "TENANT_ID": "t", "CUSTOMER_KEY": reference}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}))
    environ: dict[str, str] = {}
    local_settings.load(tmp_path, environ)
    local_settings.resolve(environ, ("DESKDIRECTOR_API_KEY", "TENANT_ID", "MAIL_SENDER"), vaults.resolved)

    assert environ == {"DESKDIRECTOR_API_KEY": "k3y", "TENANT_ID": "t", "CUSTOMER_KEY": reference}
    assert is_reference(environ["CUSTOMER_KEY"])


def test_every_setting_that_could_not_be_resolved_is_named(vault: KeyVault, vaults: Vaults) -> None:
    references = dict.fromkeys(("A", "B"), f"@Microsoft.KeyVault(SecretUri={vault.url}/secrets/none)")

    with pytest.raises(SettingsError) as refused:
        local_settings.resolve(references, ("A", "B"), vaults.resolved)

    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["A", "B"]
