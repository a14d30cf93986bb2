"""A customer's function key that cannot be sent."""

import pytest

from servorg.customer import Customer
from servorg.keys import function_key
from shared.errors import SettingsError


class Secrets:
    """A Key Vault in which each secret is this text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def secret(self, vault: str, name: str, version: str = "") -> str:
        return self.text

    def resolved(self, text: str) -> str:
        return self.text


BY_SETTING = Customer("contoso", "Contoso", "https://c.example", 12, key_setting="CONTOSO_KEY")
BY_SECRET = Customer("contoso", "Contoso", "https://c.example", 12, key_secret="contoso-key")


@pytest.mark.parametrize(
    ("customer", "given", "named"),
    [
        (BY_SETTING, "{}", "CONTOSO_KEY has"),
        (BY_SETTING, "@Microsoft.KeyVault(SecretUri=https://v.example/secrets/k)", "CONTOSO_KEY has"),
        (BY_SECRET, "", "the secret 'contoso-key' has"),
    ],
)
@pytest.mark.parametrize(
    "key", ["open\nsesame", "open\r\nx-evil: sesame", "open\0sesame", "öpen-sesame", "open\udcffsesame"]
)
def test_a_key_that_cannot_stand_in_a_header_is_refused_by_name_alone(
    customer: Customer, given: str, named: str, key: str
) -> None:
    environ = {"CONTOSO_KEY": given.replace("{}", key)}
    with pytest.raises(SettingsError) as refused:
        function_key(customer, environ, "https://v.example", Secrets(key))

    [fault] = refused.value.faults
    assert fault.startswith(f"{named} characters that no function key has")
    assert "sesame" not in fault


def test_blanks_and_line_breaks_around_a_key_do_no_harm() -> None:
    key = function_key(BY_SECRET, {}, "https://v.example", Secrets(" open-sesame==\r\n"))

    assert key == "open-sesame=="
