"""Copies an app's tables into a file, and back.

    .venv/bin/python -m scripts.tables backup FILE
    .venv/bin/python -m scripts.tables restore FILE

The storage account is that of the environment, or of local.settings.json in this folder. What is under way in queues is
not copied. The file names people: keep it where only administrators read. docs/operations.md says when it is of use.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from servorg.cli import local_settings
from servorg.lease_rows import LEASE_KEY
from servorg.records import RunStatus
from servorg.rows import as_time
from shared.errors import SettingsError
from shared.settings import StorageSettings
from shared.tables import KEYS, Tables, write_batches

TABLES = (
    *("customers", "configurations", "links", "runs", "changes", "requests", "offers", "subscriptions"),
    "entragroups",
)
"""What cannot be made anew: of ServOrg, and the choices of a CustOrg."""
USAGE = 64  # exit status
RESTORED = "was under way when the tables were copied"


def main(words: list[str]) -> int:
    """The command line; the exit status."""
    if len(words) != 2 or words[0] not in {"backup", "restore"} or words[1].startswith("-"):  # noqa: PLR2004  a verb and a file
        sys.stderr.write(f"{__doc__}")
        return USAGE
    try:
        local_settings.load(Path.cwd(), os.environ)
        tables = Tables(StorageSettings.read(os.environ))
    except SettingsError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    file = Path(words[1])
    done = backup(tables, file) if words[0] == "backup" else restore(tables, file, datetime.now(UTC))
    sys.stdout.writelines(f"{name}: {count} rows\n" for name, count in done.items())
    return 0


def backup(tables: Tables, file: Path) -> dict[str, int]:
    """Writes every row into a file that only its owner reads, a line each; how many of each table."""
    file.touch(mode=0o600)
    counts = dict.fromkeys(TABLES, 0)
    with file.open("w", encoding="utf-8") as lines:
        for name in TABLES:
            for entity in tables.table(name).list_entities():
                lines.write(json.dumps([name, _told(entity)], ensure_ascii=False) + "\n")
                counts[name] += 1
    return counts


def restore(tables: Tables, file: Path, now: datetime) -> dict[str, int]:
    """Writes those rows of such a file that are missing; what is there is newer, and stays. May be repeated.

    A run that was under way is cancelled: its plan is as old as the file. Who was at work then is not anybody's lease.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for name, entity in _lines(file):
        if not (name == "runs" and entity["RowKey"] == LEASE_KEY):
            found[name].append(entity)
    for name, entities in found.items():
        there = {_keys(entity) for entity in tables.table(name).list_entities(select=KEYS)}
        missing = (entity for entity in entities if _keys(entity) not in there)
        write_batches(tables.table(name), (("replace", _over(name, entity, now)) for entity in missing))
    return {name: len(entities) for name, entities in found.items()}


def _keys(entity: Mapping[str, Any]) -> tuple[str, str]:
    return entity["PartitionKey"], entity["RowKey"]


def _over(table: str, entity: dict[str, Any], now: datetime) -> dict[str, Any]:
    if table != "runs" or entity.get("status") not in {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLED}:
        return entity
    ended = entity.get("ended_at") or as_time(now)
    return entity | {"status": str(RunStatus.CANCELLED), "ended_at": ended, "reason": entity.get("reason") or RESTORED}


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        name, told = json.loads(line)
        yield name, {column: _value(value) for column, value in told.items()}


def _told(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {n: {"base64": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for n, v in entity.items()}


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
