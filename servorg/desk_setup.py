"""DeskDirector's side of the port `Setup`: what was set up in the site for the form."""

from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from servorg.desk_fields import flag, number, text, wrong
from servorg.desk_http import Call, DeskHttp
from servorg.desk_lists import Lists
from servorg.dialect import Dialect
from servorg.form_check import AccountFacts, FormFields
from servorg.form_result import field_types
from shared.errors import DeskForbidden, DeskRejected


class DeskSetup:
    """Boards, statuses, forms and accounts of one DeskDirector site. Every request waits for the budget."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self._dialect, self._http, self._lists = dialect, http, Lists(dialect, http)
        self._paths, self._answer = dialect.paths, dialect.answer

    def boards(self) -> Mapping[int, str]:
        return dict(self._lists.whole("the boards", self._paths.boards, {}, lambda row: self._named(row, "a board")))

    def statuses(self, board: int) -> Mapping[int, str]:
        query, what = {self._dialect.request.board_id: board}, f"the statuses of board {board}"
        return dict(self._lists.whole(what, self._paths.statuses, query, lambda row: self._named(row, "a status")))

    def forms(self) -> Mapping[int, str]:
        rows = self._lists.paged(
            "the forms", self._paths.forms, {}, lambda row: self._named(row, "a form"), lambda row: row[0]
        )
        return dict(rows)

    def form_fields(self, form: int, wanted: Collection[str]) -> FormFields:
        """As the port says: in the schema of the form's results, else in the form as its designer sees it."""
        told = self._read(self._paths.form_schema.format(formId=form))
        named = frozenset(wanted) & set(_words(told))
        if len(named) == len(set(wanted)):
            return FormFields(named, whole=True)
        designed = self._read(self._paths.designed_form.format(formId=form))
        if designed is None:
            return FormFields(named, whole=False)
        return FormFields(frozenset(wanted) & field_types(designed, self._dialect.form).keys(), whole=True)

    def account(self, account: int) -> AccountFacts | None:
        what, row = "an account", self._read(self._paths.account.format(companyId=account), forbidden=False)
        if row is None:
            return None
        if number(row, self._answer.id, what) != account:
            raise wrong(what, "of another id than was asked for")
        return AccountFacts(text(row, self._answer.name, what), flag(row, self._answer.is_active, what))

    def _named(self, row: Any, what: str) -> tuple[int, str]:
        return number(row, self._answer.id, what), text(row, self._answer.name, what)

    def _read(self, path: str, *, forbidden: bool = True) -> Any:
        """The answer; None for a 404, and for a 401 or 403 where `forbidden` is an answer too (a site without it)."""
        try:
            return self._http.ask(Call(method="GET", path=path))
        except DeskRejected as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
        except DeskForbidden:
            if not forbidden:
                raise
        return None


def _words(schema: Any) -> Iterator[str]:
    """Every name and text in a schema: fields are its properties, or stand in an `enum`, by the site's own shape."""
    parts = [schema]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            parts += [*part, *part.values()]
        elif isinstance(part, list):
            parts += part
