"""What `doctor` says of the daily report's mail."""

from collections.abc import Callable

import jwt
import pytest

from servorg.doctor_mail import mail_checks
from servorg.mail import MailNotSent
from shared.checks import Check, State
from shared.settings import ServOrgSettings
from tests.unit.servorg.form_settings import form_settings

MAIL = {"MAIL_SENDER": "sync@msp.example", "EMAIL_RECIPIENTS": "desk@msp.example"}
SETTINGS = form_settings(**MAIL)


def token_with(**claims: object) -> Callable[[], str]:
    return lambda: jwt.encode({"tid": SETTINGS.tenant_id, **claims}, "k" * 32)


def looked(token: Callable[[], str], settings: ServOrgSettings = SETTINGS, *, as_app: bool = True) -> dict[str, Check]:
    return {check.name: check for check in mail_checks(settings, token, as_app=as_app)}


def test_the_right_to_send_from_one_mailbox_cannot_be_seen_and_says_how_to_prove_it() -> None:
    found = looked(token_with(roles=[]))

    assert {name: check.state for name, check in found.items()} == {
        "report": State.OK, "token": State.OK, "right to send": State.WARN,
    }  # fmt: skip
    assert "report --send-test" in found["right to send"].todo


def test_the_right_to_send_as_everybody_can_be_seen() -> None:
    found = looked(token_with(roles=["Mail.Send"]))

    assert (found["right to send"].state, "every mailbox" in found["right to send"].said) == (State.OK, True)


def test_a_persons_token_tells_nothing_of_the_app() -> None:
    found = looked(token_with(roles=["Mail.Send"]), as_app=False)

    assert (found["right to send"].state, "person's" in found["right to send"].said) == (State.WARN, True)


def test_a_token_of_another_tenant_is_wrong() -> None:
    found = looked(token_with(tid="other"))

    assert (found["token"].state, "right to send" in found) == (State.BAD, False)
    assert "TENANT_ID" in found["token"].said


def test_without_a_token_it_says_where_to_get_one() -> None:
    def refuse() -> str:
        raise MailNotSent("there is no token for Microsoft Graph (CredentialUnavailableError)")

    found = looked(refuse)

    assert (found["token"].state, "right to send" in found) == (State.BAD, False)
    assert "az login" in found["token"].todo


def test_a_token_that_cannot_be_read_is_taken_as_it_is() -> None:
    assert looked(lambda: "opaque")["token"].state is State.OK


@pytest.mark.parametrize("missing", MAIL)
def test_without_its_settings_there_is_no_report_and_nothing_else_is_looked_at(missing: str) -> None:
    found = looked(token_with(), form_settings(**{**MAIL, missing: ""}))

    assert [(check.name, check.state) for check in found.values()] == [("report", State.WARN)]
    assert missing in found["report"].said
