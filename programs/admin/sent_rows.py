"""Rows of a form that were sent as lists, one for each column."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest


def sent_rows(request: HttpRequest, prefix: str, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The texts of each row, in the order of `names`, without spaces round them. Raises SuspiciousOperation (400) for
    what no browser sends from the page: columns of different length, and characters that no text has."""
    columns = [request.POST.getlist(f"{prefix}_{name}") for name in names]
    if len({len(column) for column in columns}) > 1:
        raise SuspiciousOperation(f"The columns of {prefix} have different numbers of rows.")
    if any("\0" in text for column in columns for text in column):
        raise SuspiciousOperation(f"A text of {prefix} has a NUL character.")
    return [tuple(text.strip() for text in row) for row in zip(*columns, strict=True)]
