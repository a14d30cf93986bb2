"""The demo's DeskDirector: accounts of the MSP and of each customer, and what was there before the first sync.

The shape is the seed of `doubles.deskdirector.make_deskdirector`.
"""

from typing import Any

Json = dict[str, Any]
MSP_ACCOUNT = 2
ACCOUNTS = {"lindqvist": 12, "harbour": 47, "norrland": 103}
TEAM_ACCOUNT = 151
SERVICE_GROUPS = ("IT Support Team", "Finance", "Leadership", "Field Service Kiruna")
MODES = (
    ("1", "Sync contacts only"),
    ("2", "Sync contact groups"),
    ("3", "Sync service groups"),
    ("4", "Sync accounts"),
    ("5", "Sync contact groups with owners"),
)


def desk_seed(customers: list[Json]) -> Json:
    """The seed: a few contacts of each customer stand there already, active, inactive and under a former address."""
    accounts = [_account(ACCOUNTS[row["short"]], row["displayName"], row["id"]) for row in customers]
    team = {"id": TEAM_ACCOUNT, "name": "Lindqvist IT Support", "tags": ["it-support-team"]}
    return {
        "apiKey": "demo-key",
        "webhookSecret": "demo0webhook0secret0of032letters",
        "agents": [{"id": 7, "name": "Sync", "allowed": True}],
        "companies": [{"id": MSP_ACCOUNT, "name": "Bluefern IT"}, *accounts, team],
        "serviceGroups": [{"id": 3 + 4 * n, "name": name} for n, name in enumerate(SERVICE_GROUPS)],
        "contacts": [_requester(), *(one for row in customers for one in _contacts(row))],
        "forms": [_form()],
    }


def _account(number: int, name: str, tenant: str) -> Json:
    return {"id": number, "name": name, "tenantIds": [tenant]}


def _contacts(row: Json) -> list[Json]:
    account, users = ACCOUNTS[row["short"]], row["users"]
    former = next(user for user in users if len(user["proxyAddresses"]) > 1)
    return [
        _contact(account * 100 + 1, account, users[0], users[0]["mail"]),
        _contact(account * 100 + 8, account, users[1], users[1]["mail"], isActive=False),
        _contact(account * 100 + 33, account, former, former["proxyAddresses"][1].partition(":")[2]),
        {"id": account * 100 + 64, "company": account, "email": f"front-desk@{row['verifiedDomains'][0]}"},
    ]


def _contact(number: int, account: int, user: Json, address: str, **more: Any) -> Json:
    names = {"firstName": user["givenName"], "lastName": user["surname"] or "", "name": user["displayName"]}
    return {"id": number, "company": account, "email": address, **names, **more}


def _requester() -> Json:
    address = "ada.aalto@bluefern.example"
    return {"id": 21, "company": MSP_ACCOUNT, "email": address, "firstName": "Ada", "name": "Ada Aalto"}


def _form() -> Json:
    accounts = [{"name": short.capitalize(), "identifier": short} for short in ACCOUNTS]
    modes = [{"name": name, "identifier": mode} for mode, name in MODES]
    fields = [
        {"name": "Account", "identifier": "custorg_account", "choices": accounts},
        {"name": "Sync mode", "identifier": "sync_mode", "choices": modes},
    ]
    single = {"type": "api_single_select", "required": True}
    return {"id": 21, "name": "Sync User Group", "fields": [{**field, **single} for field in fields]}
