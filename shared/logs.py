"""Logs as one JSON object per message: Azure's worker drops `extra=` (deployment.md §3)."""

import json
import logging


def log_event(logger: logging.Logger, event: str, level: int = logging.INFO, **fields: object) -> None:
    """Logs `{"event": event, **fields}`; ids and counts only, never a name, an address or a secret."""
    if logger.isEnabledFor(level):
        logger.log(level, "%s", json.dumps({"event": event, **fields}, default=str))
