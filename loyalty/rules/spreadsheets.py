"""Lines of a CSV file in which a spreadsheet takes nothing for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a text begins that a spreadsheet would calculate; the wide forms some locales read alike."""


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would calculate with an apostrophe before it, which it takes for a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


class _Echo:
    """What a csv.writer writes to: it hands the line on."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The rows as lines of CSV (RFC 4180), one at a time, each cell harmless: headings too, which a file may bring."""
    written = csv.writer(_Echo())
    for row in rows:
        yield written.writerow([harmless(value) for value in row])
