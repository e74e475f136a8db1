"""A chart with what belongs to it: its name, what it shows in a sentence, its table, and the same as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

from loyalty.admin.charts.bars import Bars
from loyalty.admin.charts.plots import Plot
from loyalty.admin.charts.scales import words_of
from loyalty.admin.csv_files import csv_answer


@dataclass(frozen=True, slots=True)
class Column:
    """`key` heads it in the file, `title` in the table."""

    key: str
    title: str
    is_figure: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    words: str
    title: str
    is_figure: bool
    link: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Plain values in rows, the first column naming the row: what the table shows, and what the file holds. `links`:
    where the names lead, one for each row."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    links: Sequence[str] = ()

    def lines(self) -> Iterator[list[Cell]]:
        """For the table."""
        for number, row in enumerate(self.rows):
            cells = [
                Cell(shown(value), column.title, column.is_figure)
                for column, value in zip(self.columns, row, strict=True)
            ]
            if self.links:
                cells[0] = Cell(cells[0].words, cells[0].title, False, self.links[number])
            yield cells

    def as_csv(self, name: str) -> StreamingHttpResponse:
        """For a spreadsheet: figures as they are, an empty cell where there is none."""
        header = [column.key for column in self.columns]
        rows = (["" if value is None else value for value in row] for row in self.rows)
        return csv_answer(name, header, rows)


@dataclass(frozen=True, slots=True)
class Report:
    """`drawing`: None where there is nothing to draw yet; then `empty` says what will stand there, and how it comes.
    `file`: what the file holds, where that is finer than the table. `slug` names its file, and its place on the page;
    `csv` is the file's address. `more`: a page that says more."""

    slug: str
    title: str
    summary: str
    drawing: Plot | Bars | None
    sheet: Sheet
    empty: str
    file: Sheet | None = None
    note: str = ""
    more: str = ""
    more_words: str = ""
    csv: str = ""

    def as_csv(self, name: str) -> StreamingHttpResponse:
        return (self.file or self.sheet).as_csv(name)


def shown(value: Any) -> str:
    """As people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words_of(value)
    if isinstance(value, Decimal):
        return f"{value:,f}".replace("-", "−")
    if isinstance(value, date):
        return f"{value:%a} {value.day} {value:%b %Y}"
    return str(value)
