"""Settings of a ServOrg with its form, as the double's site has it."""

from shared.settings import ServOrgSettings

FORM_ENVIRON = {
    "ROLE": "servorg",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "TENANT_ID": "8c4d1a2b-0000-4000-8000-000000000001",
    "DESKDIRECTOR_URL": "https://msp.deskdirector.example",
    "DESKDIRECTOR_API_KEY": "key",
    "DESKDIRECTOR_AGENT_ID": "7",
    "DESKDIRECTOR_WEBHOOK_SECRET": "secret0of032letters0and0digits00",
    "SERVORG_ACCOUNT_ID": "2",
    "BOARD_ID": "1",
    "IN_PROGRESS_STATUS_ID": "14",
    "CLOSED_STATUS_ID": "19",
    "APPROVAL_STATUS_IDS": "12",
    "DECLINED_STATUS_IDS": "17",
    "EVENT_ID": "sync-user-group",
}


def form_settings(**changes: str) -> ServOrgSettings:
    """These settings but for some; an empty one is left out."""
    return ServOrgSettings.read(FORM_ENVIRON | changes)


FORM_SETTINGS = form_settings()
