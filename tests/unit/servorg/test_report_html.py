"""The daily report as HTML: what a mail program gets to see."""

import json
import re
from html.parser import HTMLParser

import pytest

from servorg.report_html import MOST_TOLD, html
from shared.core.report import News, OnTheBooks, Verdict, make_report, news_of
from tests.unit.core.reports import NOW, WINDOW, Case, a_run, in_group, of_contact

GRAPHS_LIMIT = 4_000_000  # bytes of a request
VOID = {"meta", "br", "img"}
HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x1b[2J\u200b&amp;\"'{{7*7}}"


class Page(HTMLParser):
    """A page's text, tags and addresses; AssertionError when its tags are not nested."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()

        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._open:
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)


def news(*cases: Case, name: str = "Contoso Ltd", id: str = "contoso") -> News:  # noqa: A002  as a customer has it
    customer = OnTheBooks(id, name, NOW)
    return news_of(customer, [case.run for case in cases], {case.run.id: case.rows for case in cases}, WINDOW)


def page(*told: News) -> Page:
    return Page(html(make_report(WINDOW, told)))


def test_the_mail_tells_what_the_text_tells() -> None:
    removal = in_group("IT", "ann", "held", kind="remove from contact group")
    skipped = [("gast@x.example", "guest", "")]
    shown = page(news(a_run("held", removal, of_contact("bob", "applied"), objections=["too many"], skipped=skipped)))

    for said in (
        "1 of 1 customers needs you",
        "Held: 1 change waits for a person",
        "because too many",
        "remove from contact group 'IT' (1) : ann",
        "python -m servorg approve contoso-20261125-023000-4f2a9c1b 9f86d081884c7d65",
        "1 contact created",
        "guests are not synced (1) : gast@x.example",
    ):
        assert said in shown.text.replace("(1):", "(1) :")


def test_every_value_is_shown_as_text_and_what_cannot_be_seen_is_visible() -> None:
    rows = [in_group(HOSTILE, HOSTILE, "failed", HOSTILE), in_group(HOSTILE, HOSTILE, "held")]
    run = a_run("held", *rows, reason=HOSTILE, objections=[HOSTILE], skipped=[(HOSTILE, HOSTILE, HOSTILE)])
    source = html(make_report(WINDOW, [news(run, name=HOSTILE)]))
    shown = Page(source)

    assert "script" not in shown.tags
    assert "<script>alert(1)</script>\\u202egnp.exe\\x1b[2J\\u200b&amp;\"'{{7*7}}" in shown.text
    assert not re.search("[\u202e\u200b\x1b]", source)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    shown = page(news(a_run("failed", reason="x")), news(a_run("succeeded"), name="B"))

    assert not shown.tags & {"script", "img", "link", "iframe", "object", "form", "svg", "a"}
    assert not [value for name, value in shown.attributes if name in {"src", "href", "background"} or "url(" in value]
    assert not [name for name, _ in shown.attributes if name.startswith("on")]


def test_quiet_customers_stand_in_the_table_only() -> None:
    shown = page(news(a_run("succeeded"), name="Calm"), news(a_run("failed"), name="Loud"))

    assert shown.words.count("Calm") == 1
    assert shown.words.count("Loud") == 2
    assert shown.words.index("Loud") < shown.words.index("Calm")


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_its_badge(verdict: Verdict) -> None:
    assert verdict.value in page(News("x", "X", verdict)).words


def test_a_report_about_nobody_is_a_page_too() -> None:
    assert "There are no customers yet" in page().text


def test_the_worst_report_still_fits_into_a_mail() -> None:
    long = "\u202e" * 500
    rows = [in_group(f"{number}{long}", f"{n}{long}", "failed", long) for number in range(40) for n in range(40)]
    told = news(a_run("partly", *rows, skipped=[(long, f"{n}{long}", long) for n in range(40)]), name=long)
    source = html(make_report(WINDOW, [told] * 500))

    assert len(json.dumps(source, ensure_ascii=False).encode()) < GRAPHS_LIMIT
    assert f"The {500 - MOST_TOLD} customers that are last in the table" in source
