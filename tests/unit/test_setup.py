"""scripts/setup installs into this folder only, never through a link into another checkout's."""

import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "scripts" / "setup"


@pytest.mark.parametrize(("target", "folder"), [("python", ".venv"), ("node", "node_modules")])
@pytest.mark.parametrize("there", [True, False])
def test_a_linked_folder_of_packages_is_refused_with_one_sentence_and_left_as_it_is(
    tmp_path: Path, target: str, folder: str, *, there: bool
) -> None:
    original, here = tmp_path / "original" / folder, tmp_path / "worktree"
    (here / "scripts").mkdir(parents=True)
    shutil.copy(SETUP, here / "scripts" / "setup")
    if there:
        original.mkdir(parents=True)
        (original / "package").touch()
    (here / folder).symlink_to(original)

    ran = subprocess.run([here / "scripts" / "setup", target], capture_output=True, text=True, timeout=20, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith(f"{folder} is a symbolic link to {original}")
    assert [path.name for path in original.glob("*")] == ["package"] * there
    assert (here / folder).is_symlink()
