"""`form publish`, as a command of its own."""

from click.testing import CliRunner

from servorg.cli.form_publish import publish
from servorg.form_lists import ACCOUNTS, SYNC_MODES
from tests.unit.servorg.cli_rig import App


def test_both_lists_are_published_and_counted() -> None:
    app = App()
    done = CliRunner(env={"COLUMNS": "200"}).invoke(publish, obj=app.tools)

    assert (done.exit_code, app.form_lists.published) == (0, [ACCOUNTS, SYNC_MODES])
    assert done.output == "published: 1 customer and 5 sync modes; forms show them within a minute\n"


def test_several_customers_are_several() -> None:
    app = App()
    app.book.put(id="fabrikam", name="Fabrikam", url="https://custorg.example", account=99)
    done = CliRunner(env={"COLUMNS": "200"}).invoke(publish, obj=app.tools)

    assert "2 customers" in done.output
