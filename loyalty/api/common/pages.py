"""Keyset pages: the cost of a page does not grow with its depth (api.md)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from audit.errors import InvalidRequest

ModelT = TypeVar("ModelT", bound=Model)
DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` rows after `cursor`, in `order` (`asc` | `desc`) of the list's key columns."""

    limit: int
    order: str
    cursor: str | None

    @classmethod
    def parse(cls, query: dict[str, Any]) -> "PageRequest":
        return cls(query.get("limit", DEFAULT_LIMIT), query.get("order", "desc"), query.get("cursor"))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursor of the page after them where there is one."""

    rows: list[Any]
    next_cursor: str | None

    def as_json(self, data: list[Any]) -> dict[str, Any]:
        return {"data": data, "has_more": self.next_cursor is not None, "next_cursor": self.next_cursor}


def paginate(rows: QuerySet[ModelT], key: Sequence[str], request: PageRequest) -> Page:
    """One page of `rows` by the columns `key` (together unique); one statement.

    Raises InvalidRequest for a cursor that this list did not make.
    """
    descending = request.order == "desc"
    if request.cursor:
        rows = rows.filter(_after(key, _decode(rows.model, key, request.cursor), descending=descending))
    rows = rows.order_by(*[f"-{name}" if descending else name for name in key])
    found = list(rows[: request.limit + 1])
    page = found[: request.limit]
    return Page(page, _encode(page[-1], key) if len(found) > len(page) else None)


def _after(key: Sequence[str], values: list[Any], *, descending: bool) -> Q:
    comparison = "lt" if descending else "gt"
    condition = Q()
    for index, name in enumerate(key):
        equal = {key[before]: values[before] for before in range(index)}
        condition |= Q(**equal, **{f"{name}__{comparison}": values[index]})
    return condition


def _encode(row: Model, key: Sequence[str]) -> str:
    return _packed(type(row), [getattr(row, name) for name in key])


def _packed(model: type[Model], values: Sequence[Any]) -> str:
    text = json.dumps([model._meta.model_name, *[_text(value) for value in values]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _decode(model: type[Model], key: Sequence[str], cursor: str) -> list[Any]:
    """The values of the key columns. Only what `_encode` makes of a row of this model is taken."""
    refusal = InvalidRequest.field("cursor", "invalid", "Use the next_cursor of the same list.")
    try:
        _, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields: list[Any] = [model._meta.get_field(name) for name in key]
        found = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, ValidationError, OverflowError) as error:
        raise refusal from error
    if None in found or any(isinstance(value, int) and abs(value) >= 2**63 for value in found):
        raise refusal
    if _packed(model, found) != cursor:
        raise refusal
    return found
