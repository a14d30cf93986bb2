"""The command: python -m localhost [--port 7071] [--settings FILE] [--http-keys]."""

import argparse
import asyncio
import sys
from collections.abc import Iterator

from localhost.errors import HostError
from localhost.host import Options, run
from localhost.log import start_logging
from localhost.settings import DEFAULT_SETTINGS, load_settings
from localhost.web import KEY


def main() -> int:
    """The exit status: 0 after a signal, 1 with one message on standard error when the host cannot run."""
    parser = argparse.ArgumentParser("python -m localhost", description="Runs the function app of the current folder.")
    parser.add_argument("--port", type=_port, default=7071, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--settings", metavar="FILE", help=f"settings for the environment (default {DEFAULT_SETTINGS})")
    parser.add_argument("--http-keys", action="store_true", help=f"ask for function keys; the key is {KEY}")
    arguments = parser.parse_args()
    start_logging()
    try:
        load_settings(arguments.settings)
        asyncio.run(run(Options(arguments.port, arguments.http_keys)))
    except* HostError as errors:
        for error in _flat(errors):
            print(error, file=sys.stderr)
        return_status = 1
    else:
        return_status = 0
    return return_status


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in range(65536):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return int(text)


def _flat(errors: BaseExceptionGroup) -> Iterator[BaseException]:
    for error in errors.exceptions:
        yield from _flat(error) if isinstance(error, BaseExceptionGroup) else [error]


if __name__ == "__main__":
    sys.exit(main())
