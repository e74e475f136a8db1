"""Lines of a CSV file in which a spreadsheet takes nothing for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a text begins that a spreadsheet would calculate; the wide forms some locales read alike."""


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would calculate with an apostrophe before it, which it takes for a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as lines of CSV (RFC 4180), each cell harmless."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in rows:
        writer.writerow([harmless(value) for value in row])
    return written.getvalue()
