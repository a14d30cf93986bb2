"""The daily report as a mail's HTML. Every value is escaped; what can't be seen in it is made visible."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from servorg.cli.show import visible
from shared.core import report_words
from shared.core.report import News, Report

MOST_TOLD = 30
"""So many customers are told in full, those who need somebody first: Graph takes 4 MB, and Outlook gets slow."""


def html(report: Report) -> str:
    """The report as a whole HTML page that mail programs can show: tables, inline styles, nothing to load."""
    return _template().render(
        report=report,
        words=report_words,
        told=report.customers[:MOST_TOLD],
        untold=len(report.customers) - MOST_TOLD,
        at_rest=_at_rest,
    )


def _at_rest(news: News) -> bool:
    """Whether the overview tells all that there is to know."""
    return next(report_words.points(news), None) is None


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    return environment.get_template("report.html.jinja")


def _seen(value: object) -> object:
    return visible(value) if type(value) is str else value
