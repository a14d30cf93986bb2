"""Builds what doctor looks at. Importing this module does nothing, and building it reads no setting."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from servorg import wiring
from servorg.doctor import Clinic
from shared.checks import Check, State

if TYPE_CHECKING:
    from servorg.desk_look import DeskLook
    from servorg.entra_source import CustOrg
    from shared.settings import ServOrgSettings, StorageSettings

CUSTORG_TIMEOUT = (5.0, 90.0)
"""Seconds to connect and to answer: a CustOrg looks at itself so long at most when Graph and storage are slow."""


def clinic(settings: "Callable[[], ServOrgSettings]") -> Clinic:
    """The app's own parts; `settings` raises SettingsError."""
    from servorg import setup_wiring, timer_wiring

    site = timer_wiring.site()
    return Clinic(
        settings=settings,
        storage=storage_checks,
        mail=_mail,
        look=_look,
        places=cache(setup_wiring.places),
        customers=wiring.customers,
        custorg=_custorg,
        services=site.services,
        tagged=site.tagged,
    )


def storage_checks() -> Iterator[Check]:
    """A row and a message written, read and deleted; also when other settings than storage's are wrong."""
    from shared.errors import SettingsError
    from shared.settings import StorageSettings
    from shared.storage_checks import table_checks

    try:
        settings = StorageSettings.read(os.environ)
    except SettingsError as error:
        yield Check("table", State.BAD, str(error), "set AzureWebJobsStorage (README, Settings)")
        return
    yield from table_checks(settings)
    yield queue_check(settings)


def queue_check(settings: "StorageSettings") -> Check:
    """A message sent, read and deleted."""
    from azure.core.exceptions import AzureError, ResourceExistsError

    from servorg.queue import queue_client
    from shared.storage_checks import NAME, QUICK, storage_fault

    try:
        queue = queue_client(settings, NAME, QUICK)
        try:
            queue.create_queue()
        except ResourceExistsError:
            queue.clear_messages()
        queue.send_message("doctor", time_to_live=60)
        found = queue.receive_message(visibility_timeout=10)
        if found is None:
            return Check("queue", State.WARN, "the message that was sent did not come", "look again in a minute")
        queue.delete_message(found)
    except ValueError as error:
        return Check("queue", State.BAD, f"AzureWebJobsStorage is no connection string ({error})", "correct it")
    except AzureError as error:
        return storage_fault("queue", error)
    return Check("queue", State.OK, "a message was sent, read and deleted")


def _mail() -> Iterator[Check]:
    from servorg.doctor_mail import mail_checks
    from servorg.mail import token_of

    url = wiring.settings().graph_url
    as_app = "IDENTITY_ENDPOINT" in os.environ
    yield from mail_checks(wiring.settings(), lambda: token_of(wiring.graph_credential(), url), as_app=as_app)


@cache
def _look() -> "DeskLook":
    from servorg.desk_access import open_line
    from servorg.desk_look import DeskLook

    return DeskLook(*open_line(wiring.settings(), wiring.desk_budget()))


def _custorg(customer: str) -> "CustOrg":
    return replace(wiring.custorg(customer), timeout=CUSTORG_TIMEOUT)
