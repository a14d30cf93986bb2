"""`report`: the daily report as text, and its mail as a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from servorg.cli import show
from servorg.cli.json_forms import report_json, write
from servorg.cli.options import examples, json_flag

if TYPE_CHECKING:
    from servorg.cli.tools import Tools
    from shared.core.report_text import Line

_DAY = timedelta(days=1)
_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
_STYLES = {"bad": "red", "warn": "yellow", "good": "green", "quiet": "dim"}


@click.command(
    epilog=examples(
        "report", "report --since 2026-11-20", "report --since '2026-11-24 18:00' --json", "report --send-test"
    )
)
@click.option(
    "--since", type=click.DateTime(_FORMATS), metavar="DATE", help="From then on (UTC) instead of the last 24 hours."
)
@click.option("--send-test", is_flag=True, help="Mail the report to EMAIL_RECIPIENTS now, as the timer would.")
@json_flag
@click.pass_obj
def report(tools: Tools, *, since: datetime | None, send_test: bool, as_json: bool) -> None:
    """Tell what became of each customer's runs in the last 24 hours.

    Those who need somebody come first. The timer send_daily_report mails the same every morning (REPORT_SCHEDULE).
    """
    now = tools.office().now()
    start = now - _DAY if since is None else since.replace(tzinfo=UTC)
    if start > now:
        raise click.UsageError("--since is in the future.")
    if send_test:
        if since is not None or as_json:
            raise click.UsageError("--send-test goes with no other option.")
        _send(tools, now)
    else:
        _tell(tools, start, now, as_json=as_json)


def _send(tools: Tools, now: datetime) -> None:
    from servorg.reporting import mail_report

    mailer = tools.mailer()
    mail_report(tools.report_sources(), mailer, now, test=True)
    show.line(show.console(), f"Microsoft Graph accepted the report for {', '.join(mailer.recipients)}")


def _tell(tools: Tools, since: datetime, now: datetime, *, as_json: bool) -> None:
    from servorg.reporting import gather
    from shared.core.report_text import lines

    told = gather(tools.report_sources(), since, now)
    if as_json:
        write(report_json(told))
        return
    to = show.console()
    for line in lines(told):
        if line.whole or not line.text:
            to.print(show.text(" " * line.indent + line.text, _style(line)), soft_wrap=True)
        else:
            show.line(to, line.text, _style(line), line.indent)


def _style(line: Line) -> str:
    colour = _STYLES[line.tone] if line.tone else ""
    return f"bold {colour}".strip() if line.title else colour
