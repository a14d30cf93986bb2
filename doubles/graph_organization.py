"""`GET /organization`: the tenant and its verified domains; the first is the default one and the last the initial one.

Source: https://learn.microsoft.com/graph/api/organization-list
"""

from typing import Any

from aiohttp import web

from doubles.graph_http import answer, base_url, need
from doubles.graph_query import Refusal
from doubles.world import Tenant

READERS = ("Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")


async def organization(request: web.Request) -> web.Response:
    """A list of one; `$select` as everywhere."""
    row = _row(need(request, READERS).tenant)
    wanted = [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in row]:
        problem = f"Could not find a property named '{unknown[0]}' on type 'microsoft.graph.organization'."
        raise Refusal(400, "BadRequest", f"Parsing OData Select and Expand failed: {problem}")
    shown = {name: value for name, value in row.items() if not wanted or name in wanted}
    selected = f"({','.join(wanted)})" if wanted else ""
    return answer({"@odata.context": f"{base_url(request)}/$metadata#organization{selected}", "value": [shown]})


def _row(tenant: Tenant) -> dict[str, Any]:
    domains = [_domain(name, tenant.verified_domains) for name in tenant.verified_domains]
    return {"id": tenant.id, "displayName": tenant.display_name, "tenantType": "AAD", "verifiedDomains": domains}


def _domain(name: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "capabilities": "Email, OfficeCommunicationsOnline",
        "isDefault": name == names[0],
        "isInitial": name == names[-1],
        "name": name,
        "type": "Managed",
    }
