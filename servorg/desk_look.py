"""DeskDirector's side of the port `DeskLook`: what a site says of itself, its schemas and its advanced actions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from servorg.desk_fields import field, number, text
from servorg.desk_http import Call, DeskHttp
from servorg.desk_rows import Rows
from servorg.dialect import Action, Dialect
from shared.errors import DeskRejected

_CONNECTOR = "/api/v2/automate/connector"  # facts of the vendor's connector definition, so no words of the dialect
_TEST = f"{_CONNECTOR}/connections/test"
_SCHEMAS = (f"{_CONNECTOR}/schema2/types/{{name}}/$schema", f"{_CONNECTOR}/schema/dynamic-types/{{name}}")
_FUNCTIONS = f"{_CONNECTOR}/functions"
_ACTION_SCHEMAS = (f"{_FUNCTIONS}/{{name}}/schema2/$request", f"{_FUNCTIONS}/{{name}}/$request")
FEW = 5


class DeskLook:
    """One DeskDirector site. Every request waits for the budget; calls raise DeskError."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self.dialect = dialect
        self._http, self._rows = http, Rows(dialect)

    def test(self) -> None:
        self._http.tell(Call(method="GET", path=_TEST))

    def fetch_token(self, agent: int) -> None:
        path = self.dialect.paths.user_key.format(agentId=agent)
        self._rows.user_key(self._http.ask(Call(method="GET", path=path)))

    def schema(self, name: str) -> Any:
        return self._schema(_SCHEMAS, name, None)

    def actions(self) -> Mapping[str, frozenset[str]]:
        return {category: self._actions(category) for category in self._ids("listAdvancedActionCategories", "")}

    def action_schema(self, action: Action) -> Any:
        return self._schema(_ACTION_SCHEMAS, action.id, action.category)

    def role_words(self, account: int) -> frozenset[str] | None:
        paths, words = self.dialect.paths, self.dialect.request
        body = {words.company_id: account, words.skip: 0, words.take: FEW}
        groups, _ = self._rows.page(self._http.ask(Call(method="POST", path=paths.find_groups, body=body)))
        for group in map(self._rows.group_id, groups):
            path = paths.group_users.format(companyId=account, teamId=quote(group, safe=""))
            call = Call(method="GET", path=path, query={words.skip: 0, words.take: FEW}, as_agent=True)
            users, _ = self._rows.page(self._http.ask(call))
            if users:
                return frozenset(text(user, self.dialect.answer.role, "a contact group's user") for user in users)
        return None

    def takes_pages(self, rows: int) -> bool:
        words = self.dialect.request
        body = {words.skip: 0, words.take: rows}
        found, total = self._rows.page(
            self._http.ask(Call(method="POST", path=self.dialect.paths.find_accounts, body=body))
        )
        for row in found:
            number(row, self.dialect.answer.id, "an account")
            field(row, self.dialect.answer.tags, "an account")
        return len(found) == min(rows, total)

    def _actions(self, category: str) -> frozenset[str]:
        return frozenset(self._ids("listAdvancedActions", category))

    def _ids(self, function: str, category: str) -> list[str]:
        answer = self._http.ask(Call(method="GET", path=f"{_FUNCTIONS}/{function}", category=category))
        return [text(row, self.dialect.answer.id, "an advanced action") for row in self._rows.page(answer)[0]]

    def _schema(self, paths: tuple[str, ...], name: str, category: str | None) -> Any:
        """The first schema that one of the paths has, newer path first; None where all of them are 404."""
        for path in paths:
            try:
                found = self._http.ask(
                    Call(method="GET", path=path.format(name=quote(name, safe="")), category=category)
                )
            except DeskRejected as refusal:
                if refusal.status != HTTPStatus.NOT_FOUND:
                    raise
            else:
                return found["schema"] if isinstance(found, dict) and isinstance(found.get("schema"), dict) else found
        return None
