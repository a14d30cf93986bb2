"""The /_double routes of the site: its state, and what people do in it by hand.

POST /_double/edit takes one of these or a list of them, and answers the row that it made or changed, or the list:

    {"op": "add_<kind>", …}               the fields of the seed's row; without an id a free one is given
    {"op": "update_<kind>", "id": …, …}   only the fields that change
    {"op": "remove_<kind>", "id": …}      kinds: agent service_group company contact group board status ticket form
                                          workflow
    {"op": "set_group_user", "group", "contact", "role"}         by the same rules as the API
    {"op": "remove_group_user", "group", "contact"}
    {"op": "submit_form", "form", "company", "answers": {…}, "contact", "status", "board", "summary", "result": true}
                                          a ticket with a form's result; answers {"ticket", "form", "result"}
    {"op": "set", …}                      settings: apiKey, webhookSecret, dialect, tokenLife, indexLagRequests,
                                          indexLagSeconds, formResultShape, pauseOnFailure; answers all of them
    {"op": "withdraw_tokens"}             every token issued so far becomes invalid
    {"op": "resume"}                      no subscription is paused any more

By hand means at once: no key, no lag, not in the log of requests. 400, 404, 409 and 422 say what was wrong.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from doubles import desk_seed
from doubles.desk_functions import NONCE_PATH
from doubles.desk_http import DESK, KEYRING, json_body
from doubles.desk_state import Desk, Refused, Row, now
from doubles.desk_tokens import Keyring, user_claims

Operation = Callable[[Desk, Row], Any]


def routes() -> list[web.RouteDef]:
    """/_double/state, edit, form-token, public-key, nonce."""
    return [
        web.get("/_double/state", get_state),
        web.put("/_double/state", put_state),
        web.post("/_double/edit", edit),
        web.post("/_double/form-token", form_token),
        web.get("/_double/public-key", public_key),
        web.get(NONCE_PATH, nonce),
    ]


async def get_state(request: web.Request) -> web.Response:
    """Everything that the site holds, in the seed's shape."""
    return web.json_response(request.app[DESK].dump())


async def put_state(request: web.Request) -> web.Response:
    """Replaces everything by another seed; 400 names what is wrong with it."""
    seed = await json_body(request)
    _or_400(request.app[DESK].load, seed)
    return web.json_response({})


async def edit(request: web.Request) -> web.Response:
    """See the module. A list stops at the first thing that is refused; what stood before it is done."""
    orders = await json_body(request)
    keyring, desk = request.app[KEYRING], request.app[DESK]
    results = [_carry_out(desk, keyring, order) for order in (orders if isinstance(orders, list) else [orders])]
    return web.json_response(results if isinstance(orders, list) else results[0])


def _carry_out(desk: Desk, keyring: Keyring, order: Any) -> Any:
    if not isinstance(order, dict):
        raise Refused(400, "bad_request", "An edit is a JSON object.")
    name = order.pop("op", None)
    if name == "withdraw_tokens":
        return keyring.withdraw_all()
    if name not in OPERATIONS:
        raise Refused(400, "bad_request", f"op is withdraw_tokens, {', '.join(OPERATIONS)}; not {name}.")
    try:
        return _or_400(OPERATIONS[name], desk, order)
    except KeyError as missing:
        raise Refused(400, "bad_request", f"{name} wants {missing}.") from missing


def _or_400(do: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return do(*arguments)
    except ValueError as fault:
        raise Refused(400, "bad_request", str(fault)) from fault


def add(kind: str, desk: Desk, order: Row) -> Row:
    """A new row of that kind."""
    made = {"createdOn": now()} if kind == "ticket" else {}
    given = order if "id" in order else {"id": desk.new_id(kind)} | order
    return desk.add(kind, desk_seed.row(kind, made | given))


def update(kind: str, desk: Desk, order: Row) -> Row:
    """Other values for fields of a row."""
    changes = {name: value for name, value in order.items() if name != "id"}
    desk_seed.check_changes(kind, changes)
    return desk.update(kind, order["id"], changes)


def remove(kind: str, desk: Desk, order: Row) -> None:
    """A row less."""
    desk.remove(kind, order["id"])


def set_group_user(desk: Desk, order: Row) -> None:
    """A contact in a group, or in another role."""
    desk.set_group_user(desk.get("group", order["group"])["company"], order["group"], order["contact"], order["role"])


def remove_group_user(desk: Desk, order: Row) -> None:
    """A contact out of a group."""
    desk.remove_group_user(desk.get("group", order["group"])["company"], order["group"], order["contact"])


def submit_form(desk: Desk, order: Row) -> Row:
    """The ticket that a form makes."""
    form, ids = desk.get("form", order["form"]), {"id": desk.new_id("ticket"), "createdOn": now()}
    result = {"id": desk.new_result_id(), "ticket": ids["id"], "answers": order["answers"]}
    fields = {name: order[name] for name in ("company", "contact", "status", "board", "summary") if name in order}
    reference = {"formId": form["id"], "resultId": result["id"]}
    desk.add("ticket", desk_seed.row("ticket", {"summary": form["name"]} | ids | fields | {"forms": [reference]}))
    form["results"].append(result)
    return {"ticket": ids["id"], "form": form["id"], "result": result["id"]}


def set_settings(desk: Desk, order: Row) -> Row:
    """Other settings; all of them."""
    desk_seed.check_settings(order)
    desk.settings |= order
    return desk.settings


def resume(desk: Desk, _order: Row) -> None:
    """Deliveries go to every subscription again."""
    for subscription in desk.subscriptions.values():
        subscription["paused"] = False


OPERATIONS: dict[str, Operation] = {
    f"{word}_{kind}": partial(do, kind)
    for word, do in {"add": add, "update": update, "remove": remove}.items()
    for kind in desk_seed.KINDS
} | {
    "set_group_user": set_group_user,
    "remove_group_user": remove_group_user,
    "submit_form": submit_form,
    "set": set_settings,
    "resume": resume,
}


async def form_token(request: web.Request) -> web.Response:
    """The access token that a form in a person's browser sends: of a contact, or of an agent; 404 for neither."""
    order = await json_body(request)
    user = _user(request.app[DESK], order)
    token = request.app[KEYRING].issue(user, order.get("life", 3600), forged=order.get("forged", False))
    return web.json_response({"token": token})


def _user(desk: Desk, order: Row) -> Row:
    if "agent" in order:
        agent = desk.get("agent", order["agent"])
        return user_claims("member", agent["id"], name=agent["name"])
    person = desk.get("contact", order.get("contact", 0))
    return user_claims("client", person["id"], email=person["email"], companyId=person["company"])


async def public_key(request: web.Request) -> web.Response:
    """The public key of the tokens, PEM."""
    return web.Response(text=request.app[KEYRING].public_pem())


async def nonce(request: web.Request) -> web.Response:
    """By which the functions host recognises its site."""
    return web.Response(text=request.app[DESK].nonce)
