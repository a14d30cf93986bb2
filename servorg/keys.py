"""The function key of a customer's CustOrg, from a setting or from Key Vault."""

from collections.abc import Mapping
from typing import Protocol

from servorg.customer import Customer
from servorg.vault import VaultUnreachable, is_reference
from shared.errors import CustOrgUnreachable, SettingsError


class Secrets(Protocol):
    """Key Vault; see `servorg.vault.Vaults`."""

    def secret(self, vault: str, name: str, version: str = "") -> str:
        """The value of a secret; SettingsError says why there is none."""
        ...

    def resolved(self, text: str) -> str:
        """What a Key Vault reference stands for; SettingsError."""
        ...


def function_key(customer: Customer, environ: Mapping[str, str], vault: str | None, secrets: Secrets) -> str:
    """The key, empty for a CustOrg that asks for none. `vault` is KEY_VAULT_URL.

    SettingsError names what is missing or cannot be a key; CustOrgUnreachable when Key Vault gives no answer, so a job
    is tried again.
    """
    try:
        return _sendable(_key(customer, environ, vault, secrets), customer)
    except VaultUnreachable as error:
        raise CustOrgUnreachable(f"its function key is not known: {error}") from error


def _sendable(key: str, customer: Customer) -> str:
    """The key, which is sent as a header; SettingsError for what cannot stand in one."""
    if key.isascii() and key.isprintable():
        return key
    place = f"the secret {customer.key_secret!r}" if customer.key_secret else customer.key_setting
    said = "has characters that no function key has, such as a line break; copy the key again, as one line"
    raise SettingsError([f"{place} {said}"])


def _key(customer: Customer, environ: Mapping[str, str], vault: str | None, secrets: Secrets) -> str:
    if customer.key_secret:
        if not vault:
            raise SettingsError([f"KEY_VAULT_URL is missing: its vault holds the function key of {customer.id!r}"])
        return secrets.secret(vault, customer.key_secret).strip()
    if not customer.key_setting:
        return ""
    key = environ.get(customer.key_setting, "").strip()
    if not key:
        raise SettingsError([f"{customer.key_setting} is missing: it holds the function key of {customer.id!r}"])
    if not is_reference(key):
        return key
    try:
        return secrets.resolved(key).strip()
    except SettingsError as error:
        raise type(error)([f"{customer.key_setting}: {fault}" for fault in error.faults]) from error
