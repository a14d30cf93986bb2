"""`local.settings.json` of the current folder, as the Functions host reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from servorg.vault import is_reference
from shared.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping
    from pathlib import Path

FILE = "local.settings.json"


def load(folder: Path, environ: MutableMapping[str, str]) -> None:
    """Puts the file's values into `environ` where there is none of that name; no file is no error.

    SettingsError when the file is there and can't be used.
    """
    file = folder / FILE
    if not file.exists():
        return
    for name, value in _values(file).items():
        environ.setdefault(name, value if isinstance(value, str) else json.dumps(value))


def resolve(environ: MutableMapping[str, str], names: Iterable[str], resolved: Callable[[str], str]) -> None:
    """Replaces Key Vault references among the settings of these names by what they stand for.

    A function app on Azure never sees one: there the platform does it. SettingsError names every one that fails.
    """
    faults = []
    for name in names:
        if is_reference(environ.get(name, "")):
            try:
                environ[name] = resolved(environ[name])
            except SettingsError as error:
                faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise SettingsError(faults)


def _values(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError([f"{FILE} cannot be read ({error.strerror})"]) from error
    except ValueError as error:
        raise SettingsError([f"{FILE} is no JSON ({error})"]) from error
    values = content.get("Values", {}) if isinstance(content, dict) else None
    if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
        raise SettingsError([f"{FILE} must be an object whose Values are names and texts"])
    if content.get("IsEncrypted"):
        raise SettingsError([f"{FILE} is encrypted; decrypt it with `func settings decrypt`"])
    return values
