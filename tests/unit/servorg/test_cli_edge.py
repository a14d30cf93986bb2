"""The edge of the command line: settings, help, wrong usage, and errors as one sentence."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from rich.console import Console

from servorg.cli import local_settings, show
from servorg.cli.main import cli, sentence
from servorg.cli.progress import progress
from servorg.cli.watch import Seen
from servorg.records import Run, RunStatus
from shared.errors import SettingsError
from tests.unit.servorg.cli_rig import App

ROOT = Path(__file__).parents[3]
READING = {
    "doctor",
    "list",
    "show",
    "configurations",
    "groups",
    "offers",
    "plan",
    "sync",
    "runs",
    "run",
    "report",
    "explain",
    "check",
}
DECIDING = {"approve", "reject", "cancel", "replay"}
SETTINGS = {
    "ROLE": "servorg",
    "TENANT_ID": "00000000-0000-0000-0000-000000000000",
    "DESKDIRECTOR_URL": "https://desk.example",
    "DESKDIRECTOR_API_KEY": "key",
    "DESKDIRECTOR_AGENT_ID": "1",
    "AzureWebJobsStorage": "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;"
    "TableEndpoint=http://127.0.0.1:1/x;QueueEndpoint=http://127.0.0.1:1/x;",
}


def servorg(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The program itself, in a folder of its own and with these settings only."""
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    command = [sys.executable, "-m", "servorg", *arguments]
    return subprocess.run(
        command, cwd=folder, env=plain | environ, capture_output=True, text=True, timeout=60, check=False
    )


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in every_command(cli)], ids=" ".join)
def test_every_help_has_examples_that_fit(path: tuple[str, ...]) -> None:
    told = App().run(*path, "--help")

    assert told.exit_code == 0
    assert f"python -m servorg {path[0]}" in told.stdout.partition("Examples:")[2]
    assert max(map(len, told.stdout.splitlines())) <= 80


def test_every_command_that_reads_takes_json() -> None:
    reading = {path[-1] for path, command in every_command(cli) if any("--json" in p.opts for p in command.params)}

    assert reading == READING | DECIDING


def test_help_needs_no_settings_and_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text("no json")

    told = servorg(tmp_path, "sync", "--help", PYTHONPROFILEIMPORTTIME="1")

    assert told.returncode == 0
    assert "python -m servorg sync contoso --wait" in told.stdout
    assert not [name for name in ("azure.core", "pydantic", "requests", "rich.console") if f" {name}\n" in told.stderr]


@pytest.mark.parametrize(
    "arguments", [("bogus",), ("plan",), ("plan", "contoso", "--bogus"), ("--bogus",), (), ("runs", "--limit", "0")]
)
def test_wrong_usage_exits_with_64(arguments: tuple[str, ...]) -> None:
    refused = App().run(*arguments)

    assert (refused.exit_code, refused.stdout) == (64, "")
    assert refused.stderr.startswith("Usage:")


def test_the_program_itself_exits_with_64_for_an_unknown_command(tmp_path: Path) -> None:
    assert servorg(tmp_path, "bogus").returncode == 64


def test_missing_settings_are_named_in_one_sentence(tmp_path: Path) -> None:
    refused = servorg(tmp_path, "runs", TENANT_ID=SETTINGS["TENANT_ID"])

    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert all(name in refused.stderr for name in SETTINGS if name != "TENANT_ID")


def test_storage_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    refused = servorg(tmp_path, "runs", **SETTINGS)

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("Error: storage could not be reached")


def test_a_connection_string_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    refused = servorg(tmp_path, "runs", **SETTINGS | {"AzureWebJobsStorage": "rubbish"})

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "AzureWebJobsStorage is no connection string" in refused.stderr


def test_settings_of_the_folder_are_read_and_warned_about(tmp_path: Path) -> None:
    values = SETTINGS | {"MAX_REMOVAL_SHARE": "100"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))

    refused = servorg(tmp_path, "runs", MAX_REMOVALS="5000")

    assert [line.partition(" ")[0] for line in refused.stderr.splitlines()] == ["warning:"] * 3 + ["Error:"]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(
        '\ufeff{"Values": {"A": "file", "B": true, "C": 3, "D": "x"}}', "utf-8"
    )
    environ = {"A": "environment"}

    local_settings.load(tmp_path, environ)

    assert environ == {"A": "environment", "B": "true", "C": "3", "D": "x"}


def test_no_file_changes_nothing(tmp_path: Path) -> None:
    environ: dict[str, str] = {}

    local_settings.load(tmp_path, environ)

    assert environ == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"Values": []}', '{"Values": {"A": {}}}', '{"IsEncrypted": true}', None])
def test_a_file_that_cannot_be_used_is_a_wrong_setting(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.mkdir() if text is None else file.write_text(text)

    with pytest.raises(SettingsError, match=r"local\.settings\.json"):
        local_settings.load(tmp_path, {})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SettingsError(["A is missing", "B is missing"]), "the settings are not right: A is missing; B is missing"),
        (ClientAuthenticationError("x"), "sign in with `az login`"),
        (ServiceRequestError("no route\nto host"), "(ServiceRequestError: no route)"),
        (KeyError("x"), "unexpected error (KeyError: 'x'); please report it"),
        (RuntimeError(), "unexpected error (RuntimeError); please"),
    ],
)
def test_each_error_has_its_sentence(error: Exception, said: str) -> None:
    assert said in sentence(error)
    assert "\n" not in sentence(error)


def test_an_unexpected_error_is_one_sentence_unless_debug_wants_the_traceback() -> None:
    app = App()
    app.custorg.error = LookupError("a bug of ours")

    plain = app.run("groups", "contoso")
    debug = app.run("--debug", "groups", "contoso")

    assert (plain.exit_code, plain.stderr.count("\n")) == (1, 1)
    assert "please report it" in plain.stderr
    assert debug.exception is app.custorg.error


def test_ctrl_c_ends_any_command_with_130() -> None:
    app = App()
    app.custorg.error = KeyboardInterrupt()

    stopped = app.run("groups", "contoso")

    assert (stopped.exit_code, stopped.stderr.strip()) == (130, "stopped")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("\ud800\U000e0041\n", r"\ud800\U000e0041\x0a"),
        ("héllo 👩\u200d💻 שלום", "héllo 👩\u200d💻 שלום"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert show.visible(text) == shown


@pytest.mark.parametrize("text", ["x" * 256, "漢" * 256, "\u0301" * 256, "\x1b" * 256])
def test_a_long_name_is_cut_to_its_columns(text: str) -> None:
    cut = show.brief(text, 40)

    assert cut.endswith("…")
    assert len(cut) <= 40


def test_a_short_name_stays_whole() -> None:
    assert show.brief("x" * 40, 40) == "x" * 40


def test_on_a_terminal_progress_is_a_picture_with_the_phase_of_each_run() -> None:
    written = io.StringIO()
    to = Console(file=written, force_terminal=True, width=80, markup=False)
    run = Run(
        "contoso-1", "contoso", status=RunStatus.RUNNING, options={"planned": True}, counts={"changes": 4, "planned": 1}
    )

    with progress(to) as tell:
        tell([Seen(run, 0)], 1)

    assert "contoso-1" in written.getvalue()
    assert "3 of 4 changes" in written.getvalue()
