"""The daily report end to end: fired like the timer does, sent to the Graph double, and read there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from doubles.stack import SERVORG, Layout, Stack
from tests.e2e.polling import eventually
from tests.e2e.worlds import MSP, Customer, cli, tiny_layout

SENDER = "postbox@bluefern.example"
DESK = ("desk@bluefern.example", "boss@bluefern.example")
TIMEOUT = 60


@pytest.fixture(scope="module")
def layout() -> Callable[[Path], Layout]:
    return lambda folder: tiny_layout(folder, "alpha", MAIL_SENDER=SENDER, EMAIL_RECIPIENTS=", ".join(DESK))


@pytest.fixture
def mailbox(stack: Stack) -> None:
    """The sender's mailbox; nothing has been sent."""
    known = next(row for row in stack.graph.world()["tenants"] if row["id"] == MSP)["users"]
    if not known:
        made = {"displayName": "Bluefern Postbox", "mail": SENDER, "userPrincipalName": SENDER}
        stack.graph.edit({"tenant": MSP, "op": "add_user", "set": made})
    requests.delete(f"{stack.graph.origin}/_double/mails", timeout=TIMEOUT).raise_for_status()


def mails(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{stack.graph.origin}/_double/mails", timeout=TIMEOUT).json()
    return found


@pytest.mark.usefixtures("mailbox")
def test_the_report_arrives_once_and_tells_what_is_held(customer: Customer) -> None:
    people = customer.people("Ada", "Bo", "Cy", "Di")
    group = customer.group("Night <b>Shift</b>", people)
    customer.sync()
    customer.leave(group, *people)
    run = customer.sync()
    customer.stack.fire("send_daily_report")
    [mail] = eventually(lambda: mails(customer.stack), until=bool)
    content = mail["message"]["body"]["content"]

    assert run["status"] == "held"
    assert mail["message"]["subject"].startswith("Sync Entra Groups: 1 held")
    assert [one["emailAddress"]["address"] for one in mail["message"]["toRecipients"]] == list(DESK)
    assert mail["message"]["body"]["contentType"] == "HTML"
    assert f"python -m servorg approve {run['id']} {run['digest']}" in content
    assert "Night &lt;b&gt;Shift&lt;/b&gt;" in content
    assert "<b>" not in content


@pytest.mark.usefixtures("mailbox")
def test_the_text_and_its_json_tell_the_same(customer: Customer) -> None:
    customer.group("Staff", customer.people("Ada", "Bo"))
    customer.sync()
    text = customer.stack.servorg_cli("report").stdout
    told = cli(customer.stack, "report", "--json").told
    [news] = [row for row in told["customers"] if row["customer"] == customer.id]

    assert f"CHANGED  Customer {customer.id} ({customer.id})" in text
    assert "2 contacts created, 1 contact group created, 2 added to groups" in text
    assert news["done"] == {"create contact": 2, "create contact group": 1, "add to contact group": 2}
    assert mails(customer.stack) == []


@pytest.mark.usefixtures("mailbox")
def test_a_test_mail_proves_that_mail_can_be_sent_and_tells_when_it_cannot(customer: Customer) -> None:
    stack = customer.stack
    sent = stack.servorg_cli("report", "--send-test")
    stack.graph.fault(path="sendMail", status=403)
    refused = stack.servorg_cli("report", "--send-test")

    assert (sent.returncode, sent.stderr) == (0, "")
    assert [mail["message"]["subject"].partition(":")[0] for mail in mails(stack)] == ["Test"]
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: Microsoft Graph answered 403: the identity may not send as MAIL_SENDER")


@pytest.mark.usefixtures("mailbox")
def test_a_throttled_mail_is_sent_a_little_later(customer: Customer) -> None:
    customer.stack.graph.fault(path="sendMail", status=429, headers={"Retry-After": "1"}, times=1)
    customer.stack.fire("send_daily_report")

    assert len(eventually(lambda: mails(customer.stack), until=bool)) == 1


def test_without_settings_for_it_the_timer_logs_one_error(tmp_path: Path) -> None:
    with Stack(tmp_path, tiny_layout(tmp_path)) as stack:
        stack.fire("send_daily_report")
        said = eventually(lambda: stack.output(SERVORG), until=lambda text: "the daily report was not sent" in text)

    assert said.count("the daily report was not sent") == 1
    assert "MAIL_SENDER is missing" in said
    assert "EMAIL_RECIPIENTS is missing" in said
    assert "Traceback" not in said
