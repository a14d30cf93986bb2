"""A DeskDirector site and its functions host, on real sockets, written from the vendor's documents and our contract.

`shared/reference/deskdirector-contract.yaml` is the specification, with deskdirector-second-look.md and the vendor's
connector definition for what it leaves out. The parts: desk_state (what the site holds and its rules), desk_seed,
desk_schemas (fields, served and enforced), desk_site, desk_groups, desk_tickets, desk_forms, desk_workflows,
desk_users, desk_functions (routes), desk_admin (/_double).
"""

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from doubles import (
    desk_admin,
    desk_forms,
    desk_functions,
    desk_groups,
    desk_site,
    desk_tickets,
    desk_users,
    desk_workflows,
)
from doubles.desk_http import DESK, KEYRING, json_errors, key_or_token
from doubles.desk_state import Desk
from doubles.desk_tokens import Keyring
from doubles.faults import Faults


def make_deskdirector(seed: dict[str, Any]) -> tuple[web.Application, web.Application]:
    """The site's application and the functions host's; one state behind both. ValueError names what is wrong.

    The seed is a JSON object; every key may be left out, and GET /_double/state answers in the same shape:

        {"apiKey": "demo-key", "webhookSecret": "<32 letters and digits>", "dialect": "first" | "given",
         "tokenLife": 3600,                      seconds of an agent's access token
         "indexLagRequests": 0,                  so many finds miss what was created through the API,
         "indexLagSeconds": 0,                   or for so long; the later one counts
         "formResultShape": "fields" | "ddform" | "keyed",
         "pauseOnFailure": false,                a failed delivery pauses its subscription
         "agents": [{"id": 7, "name": "Sync", "allowed": true}],                  default: this one
         "companies": [{"id": 12, "name": "Contoso", "isActive": true, "tags": [], "tenantIds": [], "emailDomains": [],
                        "serviceGroup": null}],
         "serviceGroups": [{"id": 3, "name": "Finance"}],
         "contacts": [{"id": 101, "company": 12, "email": "jan@contoso.example", "firstName": "Jan", "lastName": "",
                       "name": "Jan", "title": null, "isActive": true, "serviceGroup": null, "tags": []}],
         "contactGroups": [{"id": "65-A", "company": 12, "name": "IT", "isActive": true, "serviceGroup": null,
                            "tags": [], "users": [{"id": 101, "role": "manager" | "regular" | "guest"}]}],
         "boards": [{"id": 1, "name": "Service Desk"}],                           default: this one
         "statuses": [{"id": 11, "name": "New", "board": 1, "isClosed": false}],  default: 11 New, 12 Approval Required,
                                                 14 In Progress, 17 Declined, 19 Closed (the only closed one)
         "tickets": [{"id": 501, "company": 12, "contact": 101 | null, "board": 1, "status": 11, "summary": "…",
                      "createdOn": "2026-01-31T08:00:00Z", "forms": [{"formId": 21, "resultId": 9001}],
                      "notes": [{"id": 1, "note": "…", "isInternal": true}]}],
         "forms": [{"id": 21, "name": "Sync User Group",
                    "fields": [{"name": "Account", "identifier": "custorg_account", "type": "api_single_select",
                                "required": true, "choices": [{"name": "…", "identifier": "…"}]}],
                    "results": [{"id": 9001, "ticket": 501,
                                 "answers": {"custorg_account": "contoso", "sync_mode": "2"}}]}],
         "workflows": [{"id": "sync-user-group", "name": "Sync User Group", "type": "ticket-created",
                        "isEnabled": true}],                                      default: this one
         "subscriptions": [{"id": "…", "workflow": "sync-user-group", "type": "ticket-created", "url": "http://…",
                            "token": "…", "parameters": {}, "paused": false}],
         "actions": {"createContactGroup": {"id": "createContactGroup", "category": "contactGroups"}, …}}

    Only the fields without a default are needed: id and name; a contact's company and email; a group's company; a
    status's board; a ticket's company. References are ids. Contacts are written with firstName, lastName and name in
    either dialect. An answer in a form result is a text, a list of texts, or {"identifier", "name", "value"} (how a
    person's free "Other" arrives). `actions` overrides id and category of the functions host's actions; without it
    their id is their name and the categories are `contacts` (activateContact, deactivateContact,
    setContactServiceGroup), `contactGroups` (createContactGroup, renameContactGroup) and `serviceGroups`
    (listServiceGroups).

    Decided here because no document says it: `take` is 100 when it is left out and 400 when it is larger; an unknown
    or mistyped field or query parameter is 400; `service/statuses` needs its boardId (the vendor's definition says so);
    any known status fits any board (v21.22: "soft"); without a companyId a contact counts as inactive when its company
    is (v21.26); a deactivated contact stays in its groups, and gets no other role there while it is inactive.

    Beside the published routes both ports have those of Faults (/_double/faults, /_double/requests), each its own, and
    the site has

        GET, PUT /_double/state          all of it, in the seed's shape; PUT replaces it
        POST /_double/edit               what people do by hand: {"op": …} or a list of them, see desk_admin
        POST /_double/deliver            a signed webhook delivery, see desk_workflows
        POST /_double/form-token         {"contact": 101 | "agent": 7, "life": 3600, "forged": false} → {"token": JWT}
        GET  /_double/public-key         the key that verifies the tokens, PEM
    """
    desk, keyring = Desk(seed), Keyring()
    site = _application(desk, keyring, key_or_token)
    for part in (desk_site, desk_groups, desk_tickets, desk_forms, desk_workflows, desk_users, desk_admin):
        site.add_routes(part.routes())
    functions = _application(desk, keyring, desk_functions.of_this_site)
    functions[desk_functions.HOSTS] = set()
    functions.add_routes(desk_functions.routes())
    return site, functions


def _application(desk: Desk, keyring: Keyring, gate: Middleware) -> web.Application:
    faults = Faults()
    # A world of some thousand people is one body of PUT /_double/state.
    application = web.Application(middlewares=[faults.middleware, json_errors, gate], client_max_size=64 * 1024**2)
    application[DESK], application[KEYRING] = desk, keyring
    application.add_routes(faults.routes())
    return application
