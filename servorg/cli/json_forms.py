"""The JSON forms of what commands tell. Fields may be added; none changes its meaning (interfaces: `--json`)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from shared.core.words import reason_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servorg.customer import Configuration, Customer
    from servorg.poison import Poisoned
    from servorg.records import ChangeRow, Run, SkippedRow
    from servorg.sync import Draft
    from shared.core.report import Alike, CustOrgFacts, News, Report, RunFacts

_ALIKE = ("failed", "held", "waiting", "skipped")

type Json = dict[str, Any]


def write(told: Json | list[Json]) -> None:
    """Prints JSON to standard output. It is plain ASCII: nothing in a name can steer a terminal."""
    click.echo(json.dumps(told, indent=2))


def customer_json(customer: Customer) -> Json:
    """A customer as its row says."""
    return _camel(asdict(customer))


def configuration_json(customer: str, configuration: Configuration) -> Json:
    """A configuration; null is a setting's default."""
    return {"customer": customer} | _camel(asdict(configuration))


def run_json(run: Run, rows: Iterable[ChangeRow] | None = None) -> Json:
    """A run; without `rows` its changes are left out."""
    told: Json = {
        "id": run.id,
        "customer": run.customer,
        "modes": list(run.modes),
        "status": run.status,
        "digest": run.digest,
        "queuedAt": time_json(run.queued_at),
        "startedAt": time_json(run.started_at),
        "endedAt": time_json(run.ended_at),
        "trigger": run.trigger,
        "reason": run.reason,
        "objections": list(run.objections),
        "counts": dict(run.counts),
        "skipped": [skipped_json(row) for row in run.skipped],
    }
    return told if rows is None else told | {"changes": [change_json(row) for row in rows]}


def plan_json(run: Run, draft: Draft, rows: Iterable[ChangeRow]) -> Json:
    """A dry run: what a run with these modes would write down now."""
    from shared.core import words

    return {
        "customer": run.customer,
        "modes": list(run.modes),
        "digest": draft.plan.digest,
        "changes": [change_json(row) for row in rows],
        "objections": [words.objection(objection) for objection in draft.objections],
        "skipped": [skipped_json((skip.subject, skip.reason, skip.detail)) for skip in draft.plan.skipped],
        "unread": [{"id": group.id, "name": group.name, "why": group.why} for group in draft.side.unread],
    }


def poisoned_json(one: Poisoned) -> Json:
    """A message that failed for good; `customer`, `run` and `ticket` are null where it has none, or can't be read."""
    told: Json = {"message": one.message.id, "customer": one.customer, "run": one.run, "reason": one.reason}
    return told | {"ticket": one.ticket, "insertedAt": time_json(one.message.inserted_at)}


def change_json(row: ChangeRow) -> Json:
    """One change: what became of it, and the fields of its kind."""
    told: Json = {"number": row.number, "kind": row.kind, "status": row.status}
    told |= {"reason": row.reason, "words": reason_words(row.reason), "at": time_json(row.at)}
    told |= {"contactId": row.contact_id, "groupId": row.group_id}
    return told | _camel({name: value for name, value in row.change.items() if name != "kind"})


def skipped_json(row: SkippedRow) -> Json:
    """Who or what a run left out, and why."""
    subject, reason, detail = row
    return {"subject": subject, "reason": reason, "words": reason_words(reason), "detail": detail}


def time_json(at: datetime | None) -> str | None:
    """A time in UTC as ISO 8601; null for none."""
    return at.astimezone(UTC).isoformat() if at else None


def _camel(fields: Json) -> Json:
    return {_camel_name(name): value for name, value in fields.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def report_json(report: Report) -> Json:
    """The daily report."""
    from shared.core import report_words

    return {
        "since": time_json(report.window.since),
        "until": time_json(report.window.until),
        "subject": report_words.subject(report),
        "needSomebody": report.needy,
        "customers": [_news_json(news) for news in report.customers],
    }


def _news_json(news: News) -> Json:
    from shared.core.report import NEEDY

    return {
        "customer": news.id,
        "name": news.name,
        "verdict": news.verdict,
        "needsSomebody": news.verdict in NEEDY,
        "runs": dict(news.runs),
        "seconds": news.seconds,
        "done": dict(news.done),
        "last": _facts_json(news.last),
        "atWork": _facts_json(news.at_work),
        "failedEarlier": [_facts_json(run) for run in news.earlier],
        "objections": list(news.objections),
        "custOrg": _custorg_json(news.custorg),
        **{name: [_alike_json(one) for one in getattr(news, name)] for name in _ALIKE},
    }


def _custorg_json(custorg: CustOrgFacts) -> Json:
    refreshed = time_json(custorg.refreshed_at)
    return {"refreshedAt": refreshed, "reason": custorg.reason, "versions": list(custorg.versions)}


def _facts_json(run: RunFacts | None) -> Json | None:
    return _camel(asdict(run)) | {"at": time_json(run.at)} if run else None


def _alike_json(alike: Alike) -> Json:
    return _camel(asdict(alike)) | {"words": reason_words(alike.reason), "names": list(alike.names)}
