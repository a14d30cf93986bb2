"""The host's log on standard error: each line names the function and the invocation that wrote it."""

import logging
import sys
import time

from azure_functions_runtime import invocation_id_cv  # type: ignore[import-untyped]

FORMAT = "%(asctime)s %(levelname)s %(origin)s%(message)s"
log = logging.getLogger("localhost")
# The runtime tells log records apart by invocation id only; the name is what a person looks for.
running: dict[str, str] = {}


def start_logging() -> None:
    """Sends every log from INFO up to standard error; of the Azure SDKs only warnings, of the runtime nothing.

    What the runtime logs as an error comes back in its answer too and is logged from there.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(_name_origin)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("azure.functions").setLevel(logging.CRITICAL)


def _name_origin(record: logging.LogRecord) -> bool:
    invocation: str | None = invocation_id_cv.get()
    record.origin = f"[{running.get(invocation, '?')} {invocation}] " if invocation else ""
    return True
