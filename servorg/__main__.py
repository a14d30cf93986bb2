"""`python -m servorg`: the operator's command line."""

import sys
from io import TextIOWrapper

from servorg.cli.main import cli

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a pipe's encoding may lack what a name has
    cli(prog_name="python -m servorg")
