"""Settings, indexing, and what the host refuses before it says READY."""

import json
import re
import socket

import pytest

from tests.localhost.host_rig import Rig

HELLO = '@app.route("hello")\ndef hello(req: func.HttpRequest) -> str:\n    return os.environ.get("GREETING", "none")\n'
TIMER = '@app.timer_trigger(arg_name="timer", schedule="{}")\ndef tick(timer: func.TimerRequest) -> None:\n    pass\n'
QUEUE = '@app.queue_trigger(arg_name="m", queue_name="{}", connection="{}")\ndef work(m: str) -> None:\n    pass\n'
# azure-functions itself says this of every app without HTTP functions.
SDK_WARNING = "Auth level is not applied to non http function app"
ONE_SENTENCE = re.compile(r"[^\n]+\.\n?")


def test_ready_names_address_and_number_of_functions_and_needs_no_storage_for_http_alone(bare_rig: Rig) -> None:
    """The line is this host's own (interfaces.md); HTTP needs no storage connection as "Azure Functions Core Tools"
    https://learn.microsoft.com/azure/azure-functions/functions-run-local tells.
    """
    host = bare_rig.run_app(HELLO + HELLO.replace("hello", "hello2"))

    assert re.fullmatch(r"READY http://127\.0\.0\.1:\d+ 2 functions\n", host.out.read_text())


def test_the_environment_wins_over_the_settings_file(bare_rig: Rig) -> None:
    """See "Local settings file": values are read as environment variables
    https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file.
    """
    folder = bare_rig.write(HELLO)
    (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": {"GREETING": "file"}}))
    (folder / "other.json").write_text(json.dumps({"Values": {"GREETING": "other"}}))
    hosts = [
        bare_rig.start(folder),
        bare_rig.start(folder, "--settings", "other.json"),
        bare_rig.start(folder, GREETING="environment"),
    ]

    assert [host.get("/api/hello").text for host in hosts] == ["file", "other", "environment"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "named.json cannot be read: No such file or directory"),
        ("{", "named.json is no JSON"),
        ("[]", "named.json must hold a JSON object"),
        ('{"IsEncrypted": true}', "named.json is encrypted"),
        ('{"Values": {"A": {}}}', "Values must be an object of names and texts"),
    ],
)
def test_a_wrong_settings_file_is_refused_with_one_sentence(bare_rig: Rig, content: str | None, words: str) -> None:
    """See "Local settings file" https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file."""
    if content is not None:
        (bare_rig.write(HELLO) / "named.json").write_text(content)
    errors = bare_rig.fail(HELLO, "--settings", "named.json")

    assert words in errors
    assert ONE_SENTENCE.fullmatch(errors)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("second = func.FunctionApp()", "More than one FunctionApp or other top level function app instances"),
        ('@app.route("a")\ndef a(req: int) -> str:\n    return ""', "cannot load the a function"),
        ('@app.route("a")\ndef a(other: func.HttpRequest) -> str:\n    return ""', "cannot load the a function"),
        ("raise RuntimeError('at import')", "RuntimeError: at import"),
        ("sys.exit(4)", "function_app.py ended the process with status 4."),
    ],
)
def test_an_app_that_cannot_be_indexed_is_shown_as_azure_shows_it(bare_rig: Rig, source: str, words: str) -> None:
    """See "Troubleshoot Python errors in Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/recover-python-functions.
    """
    errors = bare_rig.fail(source)

    assert words in errors


def test_indexing_errors_carry_the_runtimes_result_exception_and_stack(bare_rig: Rig) -> None:
    """See "Troubleshoot Python errors in Azure Functions": Result, Exception, Stack
    https://learn.microsoft.com/azure/azure-functions/recover-python-functions.
    """
    errors = bare_rig.fail("raise RuntimeError('at import')")

    assert errors.startswith(
        "Worker failed to index functions\nResult: Failure\nException: RuntimeError: at import\nStack: "
    )
    assert "function_app.py" in errors


BLOB = """
@app.blob_trigger(arg_name="blob", path="in/x", connection=STORAGE)
def watch(blob: func.InputStream) -> None:
    pass
"""
RETRY = '@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:01")\n'
QUEUES = {"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}
SPAN = {"version": "2.0", "extensions": {"queues": {"visibilityTimeout": 5}}}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (BLOB, "Function 'watch': the local host does not know the binding 'blob' (blobTrigger)."),
        (RETRY + TIMER.format("0 * * * * *"), "Function 'tick': the local host does not run retry policies."),
        (TIMER.format("0 * * *"), "The schedule expression '0 * * *' was not recognized as a valid cron expression"),
        (TIMER.format("%NOT_SET%"), "'%NOT_SET%' does not resolve to a value."),
        (QUEUE.format("Bad_Name", "AzureWebJobsStorage"), "Function 'work': 'bad_name' is no valid queue name."),
        (QUEUE.format("{name}", "AzureWebJobsStorage"), "does not know the binding expression '{name}'"),
        (QUEUE.format("items", "Elsewhere"), "Storage account connection string 'Elsewhere' does not exist."),
        (TIMER.format("0 * * * * *"), "Storage account connection string 'AzureWebJobsStorage' does not exist."),
        (
            HELLO.replace('"hello"', '"a/{id:whole}"'),
            "the constraint reference 'whole' could not be resolved to a type",
        ),
        (HELLO.replace('"hello"', '"a/{id"'), "Function 'hello': 'api/a/{id' is no valid route template."),
    ],
)
def test_what_the_host_cannot_run_is_refused_with_one_sentence(bare_rig: Rig, source: str, words: str) -> None:
    """Ruling 30; the words for settings and schedules are Azure's: "Azure Functions binding expression patterns"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns.
    """
    errors = bare_rig.fail(source)
    said = [line for line in errors.splitlines() if SDK_WARNING not in line]

    assert len(said) == 1
    assert words in said[0]
    assert ONE_SENTENCE.fullmatch(said[0])


@pytest.mark.parametrize(
    ("host_json", "words"),
    [
        ({"version": "1.0"}, 'host.json must say "version": "2.0".'),
        (QUEUES, "host.json: batchSize must be a whole number from 1 to 32, not 33."),
        (SPAN, "host.json: visibilityTimeout must be a time span such as '00:00:05', not 5."),
    ],
)
def test_a_wrong_host_json_is_refused_with_one_sentence(bare_rig: Rig, host_json: object, words: str) -> None:
    """See "host.json reference" https://learn.microsoft.com/azure/azure-functions/functions-host-json."""
    errors = bare_rig.fail(HELLO, host_json=host_json)

    assert words in errors
    assert ONE_SENTENCE.fullmatch(errors)


def test_a_folder_without_an_app_is_refused(bare_rig: Rig) -> None:
    """See "Python developer reference", folder structure
    https://learn.microsoft.com/azure/azure-functions/functions-reference-python#folder-structure.
    """
    folder = bare_rig.write("")
    (folder / "function_app.py").unlink()
    host = bare_rig.launch(folder)

    assert host.wait() == 1
    assert "There is no function_app.py in" in host.errors()


def test_a_taken_port_is_refused(bare_rig: Rig) -> None:
    """Port 7071 by default, as "Azure Functions Core Tools"
    https://learn.microsoft.com/azure/azure-functions/functions-core-tools-reference#func-start.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        errors = bare_rig.fail(HELLO, "--port", str(port))

    assert errors == f"Port {port} cannot be listened on: Address already in use.\n"


def test_a_malformed_connection_string_ends_the_host_with_one_sentence(bare_rig: Rig) -> None:
    """See "Azure Queue storage trigger", connections
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections.
    """
    host = bare_rig.launch(bare_rig.write(QUEUE.format("items", "AzureWebJobsStorage")), AzureWebJobsStorage="nonsense")

    assert host.wait() == 1
    assert "The setting AzureWebJobsStorage is no storage connection string" in host.errors()


def test_a_function_that_a_setting_disables_is_not_there(bare_rig: Rig) -> None:
    """See "How to disable functions in Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/disable-function.
    """
    host = bare_rig.start(bare_rig.write(HELLO), **{"AzureWebJobs.hello.Disabled": "true"})

    assert host.out.read_text().endswith(" 0 functions\n")
    assert host.get("/api/hello").status_code == 404


def test_an_app_without_functions_runs_and_says_so(bare_rig: Rig) -> None:
    """See "Troubleshoot Python errors": no functions found
    https://learn.microsoft.com/azure/azure-functions/recover-python-functions.
    """
    host = bare_rig.run_app("")

    assert host.out.read_text().endswith(" 0 functions\n")
    assert "No functions found." in host.errors()
