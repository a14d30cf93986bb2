"""What the host is told: local.settings.json, host.json and the environment."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localhost.errors import HostError

DEFAULT_SETTINGS = "local.settings.json"
LEASE_SETTING = "LOCALHOST_MESSAGE_LEASE_SECONDS"
DEFAULT_LEASE = "30"
TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
HOST_JSON_SETTING = "AzureFunctionsJobHost__"
SETTING_REFERENCE = re.compile(r"%([^%/]+)%")


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """The `queues` section of host.json. Times in seconds."""

    batch_size: int
    new_batch_threshold: int
    max_polling_interval: float
    visibility_timeout: int
    max_dequeue_count: int
    base64: bool


@dataclass(frozen=True, slots=True)
class HostJson:
    """What of host.json this host follows."""

    route_prefix: str
    queues: QueueOptions


def load_settings(file: str | None) -> None:
    """Puts the values of FILE into the environment; a variable that is already there wins.

    HostError when the file is wrong; a missing one is an error only when it was named.
    """
    path = Path(file or DEFAULT_SETTINGS)
    if file is None and not path.exists():
        return
    content = _json_object(path)
    if content.get("IsEncrypted"):
        raise HostError(f"{path} is encrypted, which the local host cannot read.")
    values = content.get("Values", {})
    if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
        raise HostError(f"{path}: Values must be an object of names and texts.")
    for name, value in values.items():
        os.environ.setdefault(name, value if isinstance(value, str) else json.dumps(value))


def read_host_json(folder: Path) -> HostJson:
    """The host.json of the app with Azure's defaults for what it leaves out. HostError names what is wrong.

    Settings win over the file: AzureFunctionsJobHost__extensions__queues__batchSize is `extensions.queues.batchSize`.
    https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
    """
    path = folder / "host.json"
    content = _json_object(path) if path.exists() else {"version": "2.0"}
    if content.get("version") != "2.0":
        raise HostError('host.json must say "version": "2.0".')
    for name, value in os.environ.items():
        if name.startswith(HOST_JSON_SETTING):
            _put(content, name.removeprefix(HOST_JSON_SETTING).split("__"), value)
    extensions = _section(content, "extensions")
    prefix = _section(extensions, "http").get("routePrefix", "api")
    return HostJson(str(prefix).strip("/"), _queue_options(_section(extensions, "queues")))


def resolve_settings(text: str, owner: str) -> str:
    """Text with each %NAME% replaced by that setting. HostError, in Azure's words, when one is missing.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
    """

    def value(reference: re.Match[str]) -> str:
        if reference[1] not in os.environ:
            raise HostError(f"Error indexing method '{owner}': '{reference[0]}' does not resolve to a value.")
        return os.environ[reference[1]]

    return SETTING_REFERENCE.sub(value, text)


def connection_string(name: str) -> str:
    """The connection string in the setting NAME or AzureWebJobsNAME. HostError in Azure's words when there is none.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections
    """
    text = os.environ.get(name) or os.environ.get(f"AzureWebJobs{name}")
    if not text:
        raise HostError(
            f"Storage account connection string '{name}' does not exist. Make sure that it is a defined App Setting."
        )
    return text


def is_disabled(function: str) -> bool:
    """Whether a setting takes the function out of the app.

    https://learn.microsoft.com/azure/azure-functions/disable-function
    """
    return os.environ.get(f"AzureWebJobs.{function}.Disabled", "").lower() in {"true", "1"}


def message_lease() -> int:
    """For how many seconds a message is held until it is renewed; HostError when the setting is no whole number."""
    text = os.environ.get(LEASE_SETTING, DEFAULT_LEASE)
    if not text.isdecimal() or int(text) < 1:
        raise HostError(f"{LEASE_SETTING} must be a whole number of seconds, not '{text}'.")
    return int(text)


def _queue_options(section: Mapping[str, Any]) -> QueueOptions:
    # Defaults: https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings
    batch_size = _whole(section, "batchSize", 16, range(1, 33))
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise HostError(f"host.json: messageEncoding is 'base64' or 'none', not '{encoding}'.")
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=_whole(section, "newBatchThreshold", batch_size // 2, range(10**6)),
        max_polling_interval=max(0.1, _seconds(section, "maxPollingInterval", "00:01:00")),
        visibility_timeout=round(_seconds(section, "visibilityTimeout", "00:00:00")),
        max_dequeue_count=_whole(section, "maxDequeueCount", 5, range(1, 10**6)),
        base64=encoding == "base64",
    )


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise HostError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise HostError(f"{path} is no JSON: {error}.") from error
    if not isinstance(content, dict):
        raise HostError(f"{path} must hold a JSON object.")
    return content


def _put(content: dict[str, Any], path: list[str], value: str) -> None:
    *sections, name = path
    for section in sections:
        content = content.setdefault(section, {})
        if not isinstance(content, dict):
            raise HostError(f"host.json: {section} must be an object.")
    content[name] = int(value) if value.isdecimal() else value


def _section(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = content.get(name, {})
    if not isinstance(section, dict):
        raise HostError(f"host.json: {name} must be an object.")
    return section


def _whole(section: Mapping[str, Any], name: str, default: int, allowed: range) -> int:
    number = section.get(name, default)
    if not isinstance(number, int) or number not in allowed:
        raise HostError(f"host.json: {name} must be a whole number from {allowed[0]} to {allowed[-1]}, not {number!r}.")
    return number


def _seconds(section: Mapping[str, Any], name: str, default: str) -> float:
    text = section.get(name, default)
    match = TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise HostError(f"host.json: {name} must be a time span such as '00:00:05', not {text!r}.")
    days, hours, minutes, seconds = match.groups(default="0")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)
