"""The command line as a whole: its commands, and the edge where errors become one sentence and an exit status."""

from __future__ import annotations

import sys
from typing import Any

import click

from servorg.cli.configure import configurations, configure
from servorg.cli.customers import customers, protect
from servorg.cli.custorgs import groups, offers
from servorg.cli.decisions import approve, cancel, reject
from servorg.cli.doctor import doctor
from servorg.cli.events import events
from servorg.cli.explain import explain
from servorg.cli.form import form
from servorg.cli.options import examples
from servorg.cli.plan import plan
from servorg.cli.poison import poison
from servorg.cli.report import report
from servorg.cli.runs import run, runs
from servorg.cli.show import visible
from servorg.cli.sync import sync
from servorg.cli.tools import wired
from shared.errors import DeskThrottled, GraphThrottled, SettingsError, SyncError
from shared.version import APP_VERSION

WRONG_USAGE = 64  # EX_USAGE of sysexits.h: 1 to 4 tell how a run ended
STOPPED = 130  # as a shell tells that Ctrl-C ended a command
_OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)


class Program(click.Group):
    """A group whose commands return their exit status (None is 0) and may raise whatever they like."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs a command and exits with its status."""
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except click.ClickException as refused:
            refused.show()
            status = WRONG_USAGE if isinstance(refused, click.UsageError) else refused.exit_code
        except click.Abort:
            click.echo("stopped", err=True)
            status = STOPPED
        sys.exit(status or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; what it raises becomes one sentence, unless `--debug` wants to see it."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if ctx.params["debug"] or isinstance(error, _OF_CLICK):
                raise
            raise click.ClickException(visible(sentence(error))) from error


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "customers show contoso",
        "configure contoso --mode 1",
        "plan contoso",
        "sync contoso --wait",
        "runs contoso",
    ),
)
@click.option("--debug", is_flag=True, help="Show where in the code an error comes from.")
@click.version_option(APP_VERSION, message="%(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **_: bool) -> None:
    """Keep customers' DeskDirector contacts and groups equal to their Microsoft Entra groups.

    Settings come from the environment, and from local.settings.json of the current folder.
    """
    if ctx.obj is None:
        ctx.obj = wired()


_COMMANDS = (
    *(customers, protect, configure, configurations, groups, offers, plan, sync, runs, run, report),
    *(approve, reject, cancel, poison, explain),
    *(events, form, doctor),
)
for command in _COMMANDS:
    cli.add_command(command)


def sentence(error: Exception) -> str:
    """What an operator reads about an error."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    match error:
        case SettingsError():
            said = f"the settings are not right: {error}"
        case GraphThrottled(retry_after=seconds):
            said = f"the CustOrg asks to wait {seconds:g} s, since Microsoft Graph throttles it; try again then"
        case DeskThrottled():
            said = f"{error}; try again then"
        case SyncError():
            said = str(error)
        case ClientAuthenticationError():
            said = "storage did not accept who you are; sign in with `az login`, or check AzureWebJobsStorage"
        case AzureError():
            said = f"storage could not be reached, or refused ({_brief(error)}); check AzureWebJobsStorage"
        case _:
            said = f"unexpected error ({_brief(error)}); please report it, with what --debug shows"
    return said


def _brief(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__
