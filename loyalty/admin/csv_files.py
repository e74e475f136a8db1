"""Files for spreadsheets: streamed, and nothing in them is taken for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from loyalty.rules.spreadsheets import harmless


class _Echo:
    """What a csv.writer writes to: it hands the line on."""

    def write(self, line: str) -> str:
        return line


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """The rows as `<name>.csv`, one at a time."""
    answer = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    written = csv.writer(_Echo())
    yield written.writerow(header)
    for row in rows:
        yield written.writerow([harmless(value) for value in row])
