"""The report as lines of text. How they are wrapped and coloured is the terminal's affair."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.core.report import News, Report
from shared.core.report_words import TONES, Point, Tone, cut, headline, period, points, runs_of


@dataclass(frozen=True, slots=True)
class Line:
    """A line, indented by so many columns; without a tone it is plain. A `title` stands out.

    A `whole` one is a command to copy: nothing may break it.
    """

    text: str
    indent: int = 0
    tone: Tone | None = None
    title: bool = False
    whole: bool = False


def lines(report: Report) -> Iterator[Line]:
    """The report from top to bottom."""
    yield Line(headline(report), 0, Tone.WARN if report.needy else Tone.GOOD, title=True)
    yield Line(period(report), 0, Tone.QUIET)
    short = False
    for news in report.customers:
        told = list(_customer(news))
        if not (short and len(told) == 1):
            yield Line("")
        yield from told
        short = len(told) == 1


def _customer(news: News) -> Iterator[Line]:
    called = f"{cut(news.name)} ({news.id})" if news.name != news.id else news.id
    known = list(points(news))
    if not known:
        yield Line(f"{news.verdict.upper()}  {called}: {runs_of(news)}", 0, TONES[news.verdict])
        return
    yield Line(f"{news.verdict.upper()}  {called}", 0, TONES[news.verdict], title=True)
    yield Line(runs_of(news), 2, Tone.QUIET)
    for point in known:
        yield from _point(point)


def _point(point: Point) -> Iterator[Line]:
    yield Line(point.title, 2, point.tone)
    for entry in point.entries:
        yield Line(f"- {entry.text}: {entry.names}" if entry.names else f"- {entry.text}", 2)
    for step in point.steps:
        yield Line(f"{step.text}:", 2, Tone.QUIET)
        yield Line(step.command, 4, whole=True)
