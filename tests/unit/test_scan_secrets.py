"""The look for secrets finds one that somebody left in a file, and does not look where git does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from detect_secrets.core import baseline
from detect_secrets.settings import configure_settings_from_baseline, transient_settings

from scripts.scan_secrets import BASELINE, scan

# In two parts, or this file would be found.
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"
STORAGE = "AccountKey=" + "c2VudGluZWwga2V5IG9mIHRoaXMgdGVzdCwgd2hpY2ggaXMgbG9uZyBlbm91Z2ggdG8gYmUgb25lIQ" * 2 + "=="


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """The settings that stand in the baseline, for this test alone."""
    with transient_settings({}):
        configure_settings_from_baseline(baseline.load_from_file(str(BASELINE)))
        yield


@pytest.mark.parametrize(
    "text", [KEY, STORAGE[:99] + "==", 'DESKDIRECTOR_API_KEY = "4f2a9c1b7e"', "https://al:4f2a9c1b7e@example.org/"]
)
def test_a_secret_in_a_file_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / ".gitignore").write_text("ignored/\n")
    for folder in ("code", "ignored"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "settings.py").write_text(f"{text}\n")
    found = scan(tmp_path)

    assert {name for name, _ in found} == {"code/settings.py"}


def test_what_is_no_secret_is_not_found(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("")
    (tmp_path / "settings.py").write_text('DESKDIRECTOR_URL = "https://desk.example.org"\nkey = settings.key\n')

    assert list(scan(tmp_path)) == []
