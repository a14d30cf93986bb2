"""Whether this app could work at all: its role and its settings, without touching storage or anybody else."""

import os
from collections.abc import Mapping
from http import HTTPStatus

import azure.functions as func

from shared.errors import SettingsError
from shared.http import named_only, replies, respond
from shared.version import APP_VERSION

ROLES = {"servorg": ("servorg",), "custorg": ("custorg",), "both": ("servorg", "custorg")}

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation there


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request")
@replies
def health(request: func.HttpRequest) -> func.HttpResponse:
    """`{"status": "ok", "role", "version"}`; 503 with the faulty settings by name when this role can't work."""
    faults = faults_in(os.environ)
    facts = {"role": os.environ.get("ROLE", ""), "version": APP_VERSION}
    if not faults:
        return respond(request, {"status": "ok", **facts})
    message = f"Settings to correct: {'; '.join(faults)}"
    body = {"status": "faulty", **facts, "error": "settings", "message": message, "faults": faults}
    return respond(request, body, HTTPStatus.SERVICE_UNAVAILABLE)


def faults_in(environ: Mapping[str, str]) -> list[str]:
    """What is missing or wrong for the role in `environ`, each as a sentence that names the setting and no value."""
    roles = ROLES.get(environ.get("ROLE", ""))
    if roles is None:
        return [f"ROLE is {'wrong' if environ.get('ROLE') else 'missing'} (servorg, custorg or both)"]
    return list(dict.fromkeys(fault for role in roles for fault in _faults_of(role, environ)))


def _faults_of(role: str, environ: Mapping[str, str]) -> list[str]:
    from shared.settings import CustOrgSettings, ServOrgSettings

    try:
        (ServOrgSettings if role == "servorg" else CustOrgSettings).read(environ)
    except SettingsError as error:
        return named_only(error)
    return []
