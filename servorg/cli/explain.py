"""`explain`: why a person is, or is not, where he is."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from servorg.cli import show
from servorg.cli.json_forms import write
from servorg.cli.options import examples, json_flag
from shared.core.words import PROGRAM

if TYPE_CHECKING:
    from rich.console import Console

    from servorg.cli.tools import Tools
    from shared.core.explanation import Explanation, Why
    from shared.core.model import Address

UNKNOWN = 2
"""The exit status for an address that nobody knows."""


@click.command(epilog=examples("explain contoso jan@contoso.example", "explain contoso jan@contoso.example --json"))
@click.argument("customer", metavar="ID")
@click.argument("text", metavar="ADDRESS")
@json_flag
@click.pass_obj
def explain(tools: Tools, customer: str, text: str, *, as_json: bool) -> int:
    """Tell why a person is, or is not, where they are.

    Which chosen groups and by which way, which rule applies, which contact with its groups and roles, and which change
    in which run. The CustOrg and DeskDirector are asked; when one can't be, the records tell what they know. Exit
    status: 0 known, 2 unknown address.
    """
    from servorg.cli.explain_json import explanation_json
    from shared.core.explain_words import unknown
    from shared.core.model import address

    tools.customers().get(customer)
    asked = address(text)
    if asked is None:
        return _unknown(f"{text!r} is no mail address")
    with _asking(customer):
        about = _explained(tools, customer, asked)
    if as_json:
        write(explanation_json(about, advice(about)))
    elif about.known:
        _print(show.console(), about)
    return 0 if about.known else _unknown(unknown(about))


def _unknown(said: str) -> int:
    click.echo(show.visible(said), err=True)
    return UNKNOWN


def _explained(tools: Tools, customer: str, asked: Address) -> Explanation:
    from servorg.explaining import Question, Sources
    from servorg.explaining import explain as explained
    from shared.core.model import AccountId, SyncMode

    book, office = tools.customers(), tools.office()
    modes = tuple(SyncMode(mode) for mode in book.configuration(customer).modes)
    account, protected = AccountId(book.get(customer).account), frozenset(book.protected(customer))
    question = Question(customer, account, modes, protected, asked)
    return explained(question, Sources(office.ledger, tools.custorg, office.desk, office.now()))


def _asking(customer: str) -> AbstractContextManager[Any]:
    to = show.console(stderr=True)
    said = show.text(f"asking the CustOrg, the records and DeskDirector about {customer} …")
    return to.status(said) if to.is_terminal else nullcontext()


def _print(to: Console, about: Explanation) -> None:
    from shared.core.explain_words import paragraphs

    also = f", also known as {', '.join(others)}" if (others := about.addresses[1:]) else ""
    show.line(to, f"{about.asked} at {about.customer}{also}", "bold")
    for heading, sentences in [*paragraphs(about), ("What to do", advice(about))]:
        if sentences:
            show.line(to, heading, "bold")
            show.lines(to, [(sentence, "") for sentence in sentences])


def advice(about: Explanation) -> list[str]:
    """What a person can do about whatever waits."""
    from shared.core.explanation import grounds

    told = (_advice(about, why) for why in grounds(about))
    return list(dict.fromkeys(one for one in told if one))


def _advice(about: Explanation, why: Why) -> str:
    from shared.core.explanation import Ground

    match why.ground:
        case Ground.HELD:
            run = f"`{PROGRAM} run {why.run}` shows all that is held"
            return f"{run}. When it is right: `approve {why.run} {why.digest}`. When it is wrong: `reject {why.run}`."
        case Ground.IN_GRACE:
            keep = f"`{PROGRAM} protect {about.customer} {why.about}` keeps everything."
            return f"To end the grace, put the person back into a chosen group in Entra. {keep}"
        case Ground.FAILED:
            return f"The next run tries again what failed; `{PROGRAM} sync {about.customer} --wait` starts one now."
        case Ground.NOT_YET:
            return f"The next run makes the contact; `{PROGRAM} sync {about.customer} --wait` starts one now."
        case Ground.NO_GROUP | Ground.OWNER_ONLY:
            return (
                "To sync the person, put them into a chosen group, or choose one of their groups on the CustOrg's page."
            )
        case _:
            return ""
