"""Builds what looks at the form's set-up and changes it, from the settings: importing this module does nothing."""

from servorg import wiring
from servorg.form_check import Places


def places() -> Places:
    """The site's set-up, its events and our subscription. SettingsError for a wrong dialect or API key."""
    from servorg.desk_access import open_line
    from servorg.desk_events import DeskEvents
    from servorg.desk_setup import DeskSetup
    from servorg.subscription_rows import TableSubscriptions

    dialect, http = open_line(wiring.settings(), wiring.desk_budget())
    book = TableSubscriptions(wiring.tables())
    return Places(wiring.settings(), DeskSetup(dialect, http), DeskEvents(dialect, http), book)
