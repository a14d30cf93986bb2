"""Forms and what people answered in them, in each shape that a result may have (deskdirector-second-look.md §6)."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from doubles.desk_http import CONNECTOR, DESK, checked, listing, number, paging, query
from doubles.desk_schemas import INTEGER, LONG, TEXT, array, record
from doubles.desk_state import Refused, Row

LEGACY = "/api/v2/ddform/forms/{formId}"


def routes() -> list[web.RouteDef]:
    """The connector's routes for forms, and the older ones of the form designer."""
    return [
        web.get(f"{CONNECTOR}/forms", list_forms),
        web.get(f"{CONNECTOR}/forms/{{formId}}/fields/{{fieldId}}/choices", list_field_choices),
        web.get(f"{CONNECTOR}/v2/forms/{{formId}}/results/{{resultId}}", get_result),
        web.get(f"{CONNECTOR}/schema/v2/form/{{formId}}/$result-response", result_schema),
        web.get(f"{CONNECTOR}/schema2/v2/form/{{formId}}/$result-response", wrapped_result_schema),
        web.get(LEGACY, get_legacy_form),
        web.get(f"{LEGACY}/results/{{resultId}}", get_legacy_result),
        web.post(f"{LEGACY}/results/find", find_legacy_results),
    ]


def _form(request: web.Request) -> Row:
    return request.app[DESK].get("form", number(request, "formId"))


def _result(request: web.Request, form: Row) -> Row:
    key = number(request, "resultId")
    for row in form["results"]:
        if row["id"] == key:
            return dict(row)
    raise Refused(404, "not_found", f"Form {form['id']} has no result {key}.")


def answered(field: Row, answer: Any, *, marked: bool) -> Row:
    """A form's field with what a person chose or wrote.

    Choices carry `selected` when `marked`; a dynamic field (`api_…`) brings only what was chosen. A chosen thing is a
    text, its identifier, or {"identifier", "name", "value"}: the value is the free text of "Other".
    """
    chosen = [pick if isinstance(pick, dict) else {"identifier": pick} for pick in _list(answer)]
    field = {"name": field["name"], "identifier": field["identifier"], "type": field["type"]} | field
    if not field["type"].startswith("api_") and not field.get("choices"):
        return field | {"value": answer}
    known = {choice["identifier"]: choice["name"] for choice in field.get("choices", ())}
    shown = {pick["identifier"]: pick.get("name", known.get(pick["identifier"], pick["identifier"])) for pick in chosen}
    if not field["type"].startswith("api_"):
        shown = known | shown
    picked = {pick["identifier"] for pick in chosen}
    choices = [
        {"name": name, "identifier": key} | ({"selected": key in picked} if marked else {})
        for key, name in shown.items()
    ]
    return field | {"choices": choices, "value": next((pick["value"] for pick in chosen if "value" in pick), None)}


def _list(answer: Any) -> list[Any]:
    if answer is None:
        return []
    return answer if isinstance(answer, list) else [answer]


def _answers(form: Row, result: Row, *, marked: bool) -> list[Row]:
    return [answered(field, result["answers"].get(field["identifier"]), marked=marked) for field in form["fields"]]


def as_fields(form: Row, result: Row) -> Row:
    """The contract's shape: a flat list of fields."""
    heading = {"formId": form["id"], "resultId": result["id"], "ticketId": result["ticket"]}
    return heading | {"fields": _answers(form, result, marked=True)}


def as_ddform(form: Row, result: Row) -> Row:
    """The shape seen on the older route: by section, and choices without a mark."""
    fields = [
        {name: field[name] for name in ("name", "identifier", "value", "choices") if name in field}
        for field in _answers(form, result, marked=False)
    ]
    return {"result": {"form": {"sections": [{"fields": fields}]}}}


def as_keyed(form: Row, result: Row) -> Row:
    """An object keyed by the fields' identifiers."""
    return {field["identifier"]: result["answers"].get(field["identifier"]) for field in form["fields"]}


SHAPES: dict[str, Callable[[Row, Row], Row]] = {"fields": as_fields, "ddform": as_ddform, "keyed": as_keyed}


async def list_forms(request: web.Request) -> web.Response:
    """A page of the forms."""
    page = paging(query(request, "skip", "take"))
    return listing(
        [{"id": row["id"], "name": row["name"]} for row in request.app[DESK].tables["form"].values()], **page
    )


async def list_field_choices(request: web.Request) -> web.Response:
    """The choices of one field; 404 for no form or field."""
    form, wanted = _form(request), request.match_info["fieldId"]
    field = next((field for field in form["fields"] if field["identifier"] == wanted), None)
    if field is None:
        raise Refused(404, "not_found", f"Form {form['id']} has no field {wanted}.")
    return listing([{"id": choice["identifier"], "name": choice["name"]} for choice in field.get("choices", ())])


async def get_result(request: web.Request) -> web.Response:
    """One result in the shape that the setting `formResultShape` names, or 404."""
    form = _form(request)
    shape = SHAPES[request.app[DESK].settings["formResultShape"]]
    return web.json_response(shape(form, _result(request, form)))


async def result_schema(request: web.Request) -> web.Response:
    """What `get_result` answers; the identifiers of the form's fields stand in it in every shape."""
    return web.json_response(_schema(request))


async def wrapped_result_schema(request: web.Request) -> web.Response:
    """The same as `{"schema": {…}}`."""
    return web.json_response({"schema": _schema(request)})


def _schema(request: web.Request) -> Row:
    form, shape = _form(request), request.app[DESK].settings["formResultShape"]
    identifiers = [field["identifier"] for field in form["fields"]]
    if shape == "keyed":
        return record(**{identifier: {} for identifier in identifiers})
    field = record(
        name=TEXT, identifier=TEXT | {"enum": identifiers}, value={}, choices=array(record(name=TEXT, identifier=TEXT))
    )
    if shape == "ddform":
        return record(result=record(form=record(sections=array(record(fields=array(field))))))
    return record(formId=INTEGER, resultId=LONG, ticketId=INTEGER, fields=array(field))


async def get_legacy_form(request: web.Request) -> web.Response:
    """The form as its designer sees it."""
    form = _form(request)
    named = {"entityId": form["id"], "name": form["name"], "description": "", "titleFormat": "", "readOnly": False}
    return web.json_response({"form": named | {"fields": form["fields"]}})


async def get_legacy_result(request: web.Request) -> web.Response:
    """One result by section, or 404."""
    form = _form(request)
    return web.json_response(as_ddform(form, _result(request, form)))


async def find_legacy_results(request: web.Request) -> web.Response:
    """The results of a form with their tickets; the time range is checked for its form only."""
    form, body = _form(request), await checked(request, "FindResults")
    rows = form["results"][body.get("skip", 0) :][: body.get("take", 1000)]
    return web.json_response(
        {"results": [{"entityId": row["id"], "ticket": {"entityId": row["ticket"]}} for row in rows]}
    )
