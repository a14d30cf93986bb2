"""Secrets of Key Vault: the customers' function keys, and settings that a function app would have resolved itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.errors import SettingsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SECONDS = 600.0
"""A secret that was changed counts after so long."""
REFERENCE = "@Microsoft.KeyVault("
_PATIENCE: Mapping[str, Any] = {"retry_total": 2, "retry_backoff_factor": 0.3, "connection_timeout": 10}
_URI = re.compile(r"SecretUri=(https://[^;/]+)/secrets/([0-9A-Za-z-]{1,127})(?:/([0-9a-fA-F]*))?/?", re.IGNORECASE)
_NAMED = re.compile(
    r"VaultName=([0-9A-Za-z-]{3,24});\s*SecretName=([0-9A-Za-z-]{1,127})(?:;\s*SecretVersion=([0-9a-fA-F]*))?",
    re.IGNORECASE,
)


class VaultUnreachable(SettingsError):
    """Key Vault gave no answer, or one that passes: the same may work soon."""


class Vaults:
    """Reads secrets by their vault and name, each once in SECONDS; threads may share it.

    While a vault cannot be reached, what was read last counts. `clock` counts seconds. Who reads needs the role Key
    Vault Secrets User on the vault.
    """

    def __init__(self, credential: Callable[[], TokenCredential], clock: Callable[[], float]) -> None:
        self._credential, self._clock = credential, clock
        self._kept: dict[tuple[str, str, str], tuple[float, str]] = {}
        self._lock = threading.Lock()

    def secret(self, vault: str, name: str, version: str = "") -> str:
        """The value of the secret in the vault of this address; SettingsError says why there is none."""
        wanted = (vault.rstrip("/"), name, version)
        with self._lock:
            until, value = self._kept.get(wanted, (0.0, ""))
        if self._clock() < until:
            return value
        try:
            value = self._read(*wanted)
        except VaultUnreachable:
            if not value:
                raise
            return value
        with self._lock:
            self._kept[wanted] = (self._clock() + SECONDS, value)
        return value

    def resolved(self, text: str) -> str:
        """What a Key Vault reference, as settings of a function app may be, stands for; SettingsError."""
        found = _URI.fullmatch(text[len(REFERENCE) : -1]) or _NAMED.fullmatch(text[len(REFERENCE) : -1])
        if not is_reference(text) or not text.endswith(")") or found is None:
            raise SettingsError(["it is no reference such as @Microsoft.KeyVault(SecretUri=https://…/secrets/NAME)"])
        vault = found[1] if found.re is _URI else f"https://{found[1]}.vault.azure.net"
        return self.secret(vault, found[2], found[3] or "")

    def _read(self, vault: str, name: str, version: str) -> str:
        from azure.core.exceptions import AzureError
        from azure.keyvault.secrets import SecretClient

        try:
            with SecretClient(vault, self._credential(), **_PATIENCE) as client:
                value = client.get_secret(name, version or None).value
        except AzureError as error:
            refused = SettingsError if (why := _refusal(error)) else VaultUnreachable
            why = why or f"could not be read ({type(error).__name__}); check the vault's address and network"
            raise refused([f"the secret {name!r} of {urlsplit(vault).netloc} {why}"]) from error
        if not value:
            raise SettingsError([f"the secret {name!r} of {urlsplit(vault).netloc} is empty"])
        return value


def is_reference(text: str) -> bool:
    """Whether a setting's text is a Key Vault reference that nobody resolved."""
    return text.startswith(REFERENCE)


def _refusal(error: Exception) -> str:
    """Why Key Vault says no; empty when it said nothing, or nothing that lasts."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

    match error:
        case ResourceNotFoundError():
            return "does not exist"
        case ClientAuthenticationError():
            return "cannot be read: nobody is signed in; `az login` signs you in, an app needs a managed identity"
        case HttpResponseError(status_code=403):
            return "may not be read: give the role Key Vault Secrets User, or check that the secret is enabled"
        case _:
            return ""
