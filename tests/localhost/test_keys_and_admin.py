"""Function keys and the host's own /admin routes."""

import pytest

from tests.localhost.host_rig import Host, Rig, wait_until

APP = """
@app.route("open", auth_level=func.AuthLevel.ANONYMOUS)
def for_all(req: func.HttpRequest) -> str:
    return "in"

@app.route("keyed", auth_level=func.AuthLevel.FUNCTION)
def keyed(req: func.HttpRequest) -> str:
    return "in"

@app.route("master", auth_level=func.AuthLevel.ADMIN)
def master(req: func.HttpRequest) -> str:
    return "in"
"""
BY_HAND = """
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def yearly(timer: func.TimerRequest) -> None:
    time.sleep(1)
    note(f"timer {timer.past_due}")

@app.queue_trigger(arg_name="message", queue_name="by-hand", connection=STORAGE)
def work(message: func.QueueMessage) -> None:
    note(f"{message.get_body().decode()} {message.dequeue_count}")

@app.route("page")
def page(req: func.HttpRequest) -> str:
    return "page"
"""
KEY = {"x-functions-key": "localhost-key"}


@pytest.fixture(scope="module")
def keyed_host(module_rig: Rig) -> Host:
    return module_rig.start(module_rig.write(APP), "--http-keys")


@pytest.mark.parametrize("path", ["/api/keyed", "/api/master", "/admin/host/status"])
def test_without_the_right_key_the_answer_is_401(keyed_host: Host, path: str) -> None:
    """See "Work with access keys in Azure Functions" https://learn.microsoft.com/azure/azure-functions/function-keys-how-to."""
    refused = [
        keyed_host.get(path),
        keyed_host.get(path, headers={"x-functions-key": "another"}),
        keyed_host.get(path, headers={"x-functions-key": "schlüssel".encode("latin-1")}),
        keyed_host.get(path, headers={"x-functions-key": "schlüssel".encode()}),
        keyed_host.get(path + "?code=another"),
        keyed_host.get(path + "?code=%FF%ED%A0%80"),
        keyed_host.get(path + "?code="),
    ]

    assert [(answer.status_code, answer.text) for answer in refused] == [(401, "")] * 7


@pytest.mark.parametrize("path", ["/api/keyed", "/api/master", "/admin/host/status"])
def test_the_key_opens_by_header_and_by_query(keyed_host: Host, path: str) -> None:
    """See "Use access keys", x-functions-key and code
    https://learn.microsoft.com/azure/azure-functions/function-keys-how-to.
    """
    answers = keyed_host.get(path, headers=KEY), keyed_host.get(path + "?code=localhost-key")

    assert [answer.status_code for answer in answers] == [200, 200]


def test_an_anonymous_function_asks_for_no_key(keyed_host: Host) -> None:
    """See "HTTP trigger", authorization level
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#http-auth.
    """
    assert keyed_host.get("/api/open").text == "in"


def test_without_the_option_no_key_is_asked_for(bare_rig: Rig) -> None:
    """See "When you run locally, authorization isn't enforced"
    https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http.
    """
    host = bare_rig.run_app(APP)

    assert [host.get(path).text for path in ("/api/keyed", "/api/master")] == ["in", "in"]


def test_timer_and_queue_functions_are_fired_by_hand_and_answered_at_once(rig: Rig) -> None:
    """See "Manually run a non HTTP-triggered function"
    https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http.
    """
    host = rig.run_app(BY_HAND)
    timer = host.get("/admin/functions/yearly", "POST", json={"input": ""})
    noted_at_answer = host.notes()
    queue = host.get("/admin/functions/WORK", "POST", json={"input": "given by hand"})
    wait_until(lambda: len(host.notes()) == 2)

    assert (timer.status_code, timer.text, noted_at_answer) == (202, "", [])
    assert queue.status_code == 202
    assert sorted(host.notes()) == ["given by hand 1", "timer False"]


def test_what_cannot_be_fired_by_hand_is_refused(rig: Rig) -> None:
    """See "Manually run a non HTTP-triggered function"
    https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http.
    """
    host = rig.run_app(BY_HAND)
    unknown = host.get("/admin/functions/nobody", "POST", json={"input": ""})
    http = host.get("/admin/functions/page", "POST", json={"input": ""})
    no_json = host.get("/admin/functions/work", "POST", data="{")
    no_object = host.get("/admin/functions/work", "POST", data="[1]")

    assert [answer.status_code for answer in (unknown, http, no_json, no_object)] == [404, 400, 400, 400]


def test_running_calls_that_were_fired_by_hand_end_before_the_host(rig: Rig) -> None:
    """The host ends after its running calls (interfaces.md); in Azure "Event-driven scaling"
    https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#scale-in-behaviors.
    """
    host = rig.run_app(BY_HAND)
    host.get("/admin/functions/yearly", "POST", json={})

    assert host.stop() == 0
    assert host.notes() == ["timer False"]
