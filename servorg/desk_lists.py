"""Lists of DeskDirector that are read with GET: whole at once, or in pages. Complete, or an error."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from servorg.desk_http import Call, DeskHttp
from servorg.desk_rows import Rows, read_all
from servorg.dialect import PAGE, Dialect
from shared.errors import DeskUnavailable

type Query = Mapping[str, int | str]


class Lists:
    """Reads lists of one site."""

    def __init__(self, dialect: Dialect, http: DeskHttp) -> None:
        self._words, self._rows, self._http = dialect.request, Rows(dialect), http

    def whole[T](self, what: str, path: str, query: Query, parse: Callable[[Any], T]) -> list[T]:
        """A list that has no pages; DeskUnavailable when it says that there is more."""
        rows, total = self._page(path, query)
        if len(rows) != total:
            raise DeskUnavailable(f"{what} could not be read completely: {len(rows)} rows instead of {total}")
        return [parse(row) for row in rows]

    def paged[T](
        self, what: str, path: str, query: Query, parse: Callable[[Any], T], key: Callable[[T], Hashable]
    ) -> list[T]:
        """A list in pages."""

        def page(skip: int) -> tuple[list[Any], int]:
            return self._page(path, {**query, self._words.skip: skip, self._words.take: PAGE})

        return list(read_all(what, page, parse, key).values())

    def _page(self, path: str, query: Query) -> tuple[list[Any], int]:
        return self._rows.page(self._http.ask(Call(method="GET", path=path, query=query)))
