"""The route of events at its edge: what it says before anything is set up, and what it needs no storage for."""

from typing import Any

import pytest

from tests.fakes.directory import TENANT
from tests.unit.test_function_app import run

NEEDED = {
    "ROLE": "servorg",
    "TENANT_ID": TENANT,
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",  # nobody listens there: a call to it would be a 500
    "DESKDIRECTOR_URL": "http://127.0.0.1:9",
    "DESKDIRECTOR_API_KEY": "key",
    "DESKDIRECTOR_AGENT_ID": "1",
}
SECRET = {"DESKDIRECTOR_WEBHOOK_SECRET": "secret"}
FORM = {"SERVORG_ACCOUNT_ID": "2", "BOARD_ID": "1", "IN_PROGRESS_STATUS_ID": "14", "CLOSED_STATUS_ID": "19"}
POST = """
import asyncio, hashlib, hmac, json, function_app
import azure.functions as func

functions = {one.get_function_name(): one for one in function_app.app.get_functions()}
receive = functions["receive_event"].get_user_function()
url, answers = "http://127.0.0.1/api/events/deskdirector", {}
for name, kind, body in [
    ("signed", "application/json", b"{}"),
    ("unsigned", "application/json", b"{}"),
    ("text", "text/plain", b"{}"),
    ("large", "application/json", b" " * 1_048_577),
]:
    signature = hmac.new(b"secret", body, hashlib.sha256).hexdigest() if name != "unsigned" else ""
    headers = {"Content-Type": kind, "X-DD-Signature": f"sha256={signature}"}
    answer = asyncio.run(receive(func.HttpRequest("POST", url, headers=headers, body=body)))
    answers[name] = [answer.status_code, json.loads(answer.get_body())]
print(json.dumps(answers))
"""


def answers(**environ: str) -> dict[str, Any]:
    found: dict[str, Any] = run(POST, **NEEDED, **environ)
    return found


def test_with_all_settings_each_fault_of_a_delivery_has_its_status() -> None:
    found = answers(**SECRET, **FORM)

    assert {name: status for name, (status, _) in found.items()} == {
        "signed": 400,
        "unsigned": 401,
        "text": 415,
        "large": 413,
    }
    assert found["signed"][1]["error"] == "no_ticket"
    assert found["unsigned"][1] == {"error": "signature", "message": "The signature is missing or wrong."}


@pytest.mark.parametrize("missing", ["BOARD_ID", *SECRET])
def test_a_setting_that_is_missing_is_named_to_deskdirector_alone(missing: str) -> None:
    given = {name: value for name, value in (SECRET | FORM).items() if name != missing}
    found = answers(**given)

    status, body = found["signed"]
    assert (status, body["error"]) == (503, "settings")
    assert body["message"].startswith(f"{missing} is missing: ")
    assert found["unsigned"][0] == (503 if missing in SECRET else 401)
