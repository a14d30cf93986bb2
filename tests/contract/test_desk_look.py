"""What `doctor` asks DeskDirector, against the double; the fake of the unit tests answers alike."""

from typing import Any

import pytest

from servorg.desk_http import Access, DeskHttp, Patience
from servorg.desk_look import DeskLook
from servorg.dialect import Dialect
from servorg.dialect_check import action_shapes, schema_check, shapes
from servorg.doctor import DeskLook as Port
from shared.checks import State
from shared.errors import DeskForbidden, DeskRejected, DeskUnavailable
from tests.contract.helpdesk_stages import Waits
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.desk_look import FakeLook

CONTOSO, FABRIKAM = 12, 40
NEWER = '{"request": {"firstName": "givenName", "lastName": "surname"}}'


def over_http(rig: Rig, words: str = "{}", key: str = "demo-key") -> DeskLook:
    dialect = Dialect.read(words)
    access = Access(rig.site, rig.functions, key, 7)
    return DeskLook(dialect, DeskHttp(access, dialect, Waits(), patience=Patience(retry=1)))


@pytest.fixture
def rig(desk_rig: Rig) -> Rig:
    desk_rig.reset()
    return desk_rig


@pytest.fixture(params=["fake", "over http"])
def look(request: pytest.FixtureRequest, rig: Rig) -> Port:
    return FakeLook() if request.param == "fake" else over_http(rig)


class TestEitherOne:
    def test_the_site_accepts_the_key_and_gives_a_token(self, look: Port) -> None:
        look.test()
        look.fetch_token(7)

        assert look.dialect == Dialect()

    def test_its_schemas_fit_the_dialect(self, look: Port) -> None:
        found = [schema_check(shape.name, shape, look.schema(shape.name)) for shape in shapes(look.dialect)]

        assert [check for check in found if check.state is not State.OK] == []

    def test_its_actions_are_where_the_dialect_says_and_fit(self, look: Port) -> None:
        offered, pairs = look.actions(), action_shapes(look.dialect)
        found = [schema_check(shape.name, shape, look.action_schema(action)) for action, shape in pairs]

        assert {action.category for action, _ in pairs} == offered.keys()
        assert all(action.id in offered[action.category] for action, _ in pairs)
        assert [check for check in found if check.state is not State.OK] == []

    def test_pages_are_as_large_as_asked_for(self, look: Port) -> None:
        assert look.takes_pages(100) is True


class TestOverHttp:
    def test_another_dialect_is_noticed_and_its_override_fits(self, rig: Rig) -> None:
        rig.edit("set", dialect="given")
        wrong, right = over_http(rig), over_http(rig, NEWER)
        [shape], [other] = ([one for one in shapes(look.dialect) if one.name == "CreateContactRequest"]
                            for look in (wrong, right))  # fmt: skip

        assert schema_check("x", shape, wrong.schema(shape.name)).state is State.BAD
        assert schema_check("x", other, right.schema(other.name)).state is State.OK

    def test_an_older_site_shows_its_schemas_elsewhere(self, rig: Rig) -> None:
        rig.fault(rig.site, path="/schema2/", status=404, times=None)
        rig.fault(rig.functions, path="/schema2/", status=404, times=None)
        look = over_http(rig)
        action = look.dialect.actions.activate_contact

        assert "properties" in look.schema("ContactDetails")
        assert "properties" in look.action_schema(action)

    def test_a_schema_that_is_nowhere_is_none(self, rig: Rig) -> None:
        assert over_http(rig).schema("Nothing") is None

    def test_the_roles_of_people_in_contact_groups_are_told(self, rig: Rig) -> None:
        look = over_http(rig)

        assert look.role_words(CONTOSO) == frozenset({"regular"})
        assert look.role_words(FABRIKAM) is None

    def test_fewer_rows_than_there_are_are_noticed(self, rig: Rig) -> None:
        rows: list[Any] = [{"id": 12, "tags": []}]
        rig.fault(rig.site, path="/companies/find", body={"results": rows, "totalResults": 2})

        assert over_http(rig).takes_pages(100) is False

    def test_accounts_without_tags_are_an_error(self, rig: Rig) -> None:
        rig.fault(rig.site, path="/companies/find", body={"results": [{"id": 12}], "totalResults": 1})

        with pytest.raises(DeskUnavailable, match="without `tags`"):
            over_http(rig).takes_pages(100)

    def test_a_wrong_key_and_an_unknown_agent_are_refused(self, rig: Rig) -> None:
        with pytest.raises(DeskForbidden):
            over_http(rig, key="other").test()
        with pytest.raises((DeskForbidden, DeskRejected)):
            over_http(rig).fetch_token(99)
        with pytest.raises(DeskForbidden):
            over_http(rig, key="other").actions()
