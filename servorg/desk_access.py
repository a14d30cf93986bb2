"""Opens the line to the DeskDirector site of the settings."""

from servorg.desk_http import Access, DeskHttp
from servorg.dialect import Dialect
from servorg.ports import Budget
from shared.errors import SettingsError
from shared.settings import ServOrgSettings


def open_line(settings: ServOrgSettings, budget: Budget) -> tuple[Dialect, DeskHttp]:
    """The site's dialect and the transport to it; nothing is sent yet. SettingsError for a wrong dialect or API key."""
    key, faults = settings.desk_api_key.get_secret_value().strip(), []
    if not key or not all("!" <= letter <= "~" for letter in key):
        faults.append("DESKDIRECTOR_API_KEY has characters that no key has")
    try:
        dialect = Dialect.read(settings.desk_dialect)
    except ValueError as error:
        raise SettingsError([*faults, str(error)]) from None
    if faults:
        raise SettingsError(faults)
    access = Access(settings.desk_url, settings.desk_functions_url, key, settings.desk_agent_id)
    return dialect, DeskHttp(access, dialect, budget)
