"""docs/quickstart.md: its steps are counted, and the commands that it shows are there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from servorg.cli.main import cli as program
from tests.infra.bicep import read

ROOT = Path(__file__).parents[2]
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
TEXTS = [ROOT / "docs" / "quickstart.md", ROOT / "docs" / "threat-model.md", ROOT / "SECURITY.md"]
STEPS = {"ServOrg: six commands": 6, "Each CustOrg: four commands": 4, "The first preview: six commands": 6}


def section(title: str) -> str:
    return QUICKSTART.split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(text: str) -> list[str]:
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]


def used(program_name: str) -> Iterator[list[str]]:
    """The words after the program's name, wherever the quickstart shows it as a command."""
    for line in commands(QUICKSTART):
        if line.startswith(program_name):
            yield line.removeprefix(program_name).split()


@pytest.mark.parametrize("title", STEPS)
def test_each_step_is_one_command(title: str) -> None:
    steps = re.split(r"^\*\*(\d)\.\*\* ", section(title), flags=re.MULTILINE)[1:]

    assert [int(number) for number in steps[::2]] == list(range(1, STEPS[title] + 1))
    assert [len(commands(step)) for step in steps[1::2]] == [1] * STEPS[title]


def test_every_command_is_one_that_a_shell_reads() -> None:
    for line in commands(QUICKSTART):
        ran = subprocess.run(["bash", "-n"], input=line, capture_output=True, text=True, timeout=20, check=False)

        assert ran.returncode == 0, line


def test_every_command_of_servorg_has_the_options_that_are_shown() -> None:
    shown = list(used(".venv/bin/python -m servorg"))

    assert shown
    for words in shown:
        command: click.Command = program
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        known = {name for parameter in command.params for name in parameter.opts}

        assert {word for word in words if word.startswith("--")} <= known, command.name


def test_every_command_of_servorg_that_a_text_names_exists() -> None:
    named = [
        name for path in TEXTS for name in re.findall(r"python -m servorg ([a-z]+)", path.read_text(encoding="utf-8"))
    ]
    alerts = (ROOT / "infra" / "modules" / "alerts.bicep").read_text(encoding="utf-8")
    named += re.findall(r"python -m servorg ([a-z]+)", alerts)

    assert named
    assert set(named) - program.commands.keys() == set()


@pytest.mark.parametrize("script", ["grant-permissions", "publish", "offboard"])
def test_every_option_of_a_script_is_in_its_help(script: str) -> None:
    told = subprocess.run(
        [ROOT / "infra" / script, "--help"], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    options = {word for words in used(f"infra/{script}") for word in words if word.startswith("--")}

    assert {option for option in options if option not in told} == set()


def test_every_parameter_of_the_template_that_is_given_exists() -> None:
    given = set(re.findall(r"\b(\w+)=\S+", " ".join(re.findall(r"--parameters (\w+=[^`\n]+)", QUICKSTART))))

    assert given >= {"name", "signInClientId", "networkIsolation"}
    assert given <= read(ROOT / "infra" / "main.bicep").names("parameter").keys()
