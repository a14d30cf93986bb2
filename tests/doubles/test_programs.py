import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.programs import Program, ProgramFailed

STAYS = "import time; print('READY', flush=True); time.sleep(60)"


def program(tmp_path: Path, code: str) -> Program:
    return Program("sample", [sys.executable, "-c", code], log=tmp_path / "sample.log", environ={"GIVEN": "yes"})


def test_a_program_that_ends_before_it_is_ready_fails_with_its_output(tmp_path: Path) -> None:
    sample = program(tmp_path, "import sys; sys.exit('no luck today')")
    sample.start()

    with pytest.raises(ProgramFailed, match=r"ended before it was ready(.|\n)*no luck today"):
        sample.ready("READY")


def test_a_program_that_takes_too_long_fails_with_its_output(tmp_path: Path) -> None:
    sample = program(tmp_path, STAYS.replace("READY", "still loading"))
    sample.start()
    sample.ready("still loading")

    with pytest.raises(ProgramFailed, match=r"not ready after 0.2 s(.|\n)*still loading"):
        sample.ready("READY", within=0.2)
    sample.kill()


def test_a_program_gets_nothing_of_our_environment_beside_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLE", "ours")
    sample = program(tmp_path, "import os; print('SEES', os.environ.get('ROLE'), os.environ['GIVEN'])")
    sample.start()

    assert sample.ready(r"SEES (.*)$")[1] == "None yes"
    sample.stop()


@pytest.mark.parametrize("end", [Program.stop, Program.kill])
def test_a_program_can_be_started_again_and_is_waited_for_anew(tmp_path: Path, end: Callable[[Program], None]) -> None:
    sample = program(tmp_path, STAYS)
    for _ in range(2):
        sample.start()
        sample.ready("READY")
        end(sample)

    assert not sample.running
    assert sample.log.read_text() == "READY\nREADY\n"
