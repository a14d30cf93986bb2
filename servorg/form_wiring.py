"""Builds what the form's lists are answered from, each part on first use: importing this module does nothing."""

import time
from functools import cache
from typing import TYPE_CHECKING

from servorg import wiring
from shared.errors import SettingsError

if TYPE_CHECKING:
    from servorg.dialect import Dialect
    from servorg.form_lists import Form
    from servorg.form_site import FormSite
    from servorg.form_store import FormLists


@cache
def form() -> "Form":
    """What the form's lists are answered from; SettingsError names what is missing or wrong for them."""
    from servorg.form_lists import Form
    from servorg.form_tokens import Doorkeeper

    own = wiring.settings().servorg_account
    if own is None:
        raise SettingsError(["SERVORG_ACCOUNT_ID is missing: it is your own account in DeskDirector"])
    dialect, site = _form_site()
    keeper = Doorkeeper(own, dialect.token, site, time.time)
    return Form(keeper.admit, form_lists(), lambda customer: wiring.customers().configuration(customer).modes)


def _form_site() -> "tuple[Dialect, FormSite]":
    from servorg.budget import TableBudgetRow
    from servorg.dialect import Dialect
    from servorg.form_site import FormSite, take_slot

    row, key = TableBudgetRow(wiring.tables()), wiring.settings().desk_api_key.get_secret_value().strip()
    try:
        dialect = Dialect.read(wiring.settings().desk_dialect)
        return dialect, FormSite(
            wiring.settings().desk_url, key, dialect, lambda: take_slot(row, wiring.settings().desk_rate, time.time())
        )
    except ValueError as error:
        raise SettingsError([f"DESKDIRECTOR_DIALECT is wrong: {error}"]) from None


@cache
def form_lists() -> "FormLists":
    """The form's lists in their table: the customers, and the sync modes."""
    from servorg.form_lists import ACCOUNTS, SYNC_MODES, customer_items, mode_items, mode_version
    from servorg.form_store import FormLists, Source

    book = wiring.customers()
    sources = {
        ACCOUNTS: Source(book.version, lambda: customer_items((one.id, one.name) for one in book.all())),
        SYNC_MODES: Source(mode_version, mode_items),
    }
    return FormLists(wiring.tables(), sources, time.monotonic)
