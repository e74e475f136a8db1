"""Lists: one page, and lazily all that follow."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from loyalty_engine_client.errors import UnexpectedAnswerError

T = TypeVar("T")
_MISSING = object()


class Page(Generic[T]):
    """A page of a list. Iterating goes on through the following pages, fetching each when it is reached.

    `data`: the rows of this page; `next_cursor`: where the next one begins, None if there is none.
    """

    def __init__(self, body: dict[str, Any], fetch: Callable[[str], "Page[T]"]) -> None:
        data, cursor = body.get("data"), body.get("next_cursor", _MISSING)
        if not isinstance(data, list) or not (cursor is None or isinstance(cursor, str)):
            raise UnexpectedAnswerError("The answer is not a page of a list.")
        self.data: list[T] = data
        self.next_cursor: str | None = cursor
        self.has_more = cursor is not None
        self._fetch = fetch

    def next_page(self) -> "Page[T] | None":
        """Fetch the page after this one; None where this is the last."""
        return self._fetch(self.next_cursor) if self.next_cursor is not None else None

    def __iter__(self) -> Iterator[T]:
        page: Page[T] | None = self
        while page is not None:
            yield from page.data
            page = page.next_page()

    def __repr__(self) -> str:
        return f"<Page of {len(self.data)} rows{', more follow' if self.has_more else ''}>"
