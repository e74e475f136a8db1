"""What the pages of an import show."""

from collections.abc import Iterator
from typing import Any

from loyalty.models import Import, ImportPiece, ImportProblem
from loyalty.rules.import_files import LINE_COLUMN, PROBLEM_COLUMN

SHOWN = 20  # problems
FIRST = 8  # lines
_CHUNK = 500


def first_lines(found: Import) -> list[tuple[int, list[tuple[str, str]]]]:
    """The first lines that can be read as such: number, and each cell with its heading; one statement."""
    piece = ImportPiece.objects.filter(file=found, number=1).first()
    lines = [line for line in piece.content if not line[2]] if piece else []
    return [(number, list(zip(found.columns, cells, strict=False))) for number, cells, _ in lines[:FIRST]]


def problems_of(found: Import) -> tuple[list[ImportProblem], int]:
    """The first problems by line, and how many there are; two statements."""
    rows = ImportProblem.objects.filter(file=found)
    shown = list(rows.order_by("line")[:SHOWN])
    return shown, rows.count() if len(shown) == SHOWN else len(shown)


def problem_columns(found: Import) -> list[str]:
    """The headings of a file of problems: the file's own, then what tells of the problem."""
    return [found.columns[place] for place in _places(found)] + [LINE_COLUMN, PROBLEM_COLUMN]


def problem_cells(found: Import) -> Iterator[list[Any]]:
    """The lines of that file, by line; a statement for each few hundred, so that memory does not grow with them."""
    places = _places(found)
    for row in _problem_rows(found):
        cells = [row.content[place] if place < len(row.content) else "" for place in places]
        yield [*cells, row.line, row.problem]


def _places(found: Import) -> list[int]:
    names = enumerate(found.columns)
    return [place for place, name in names if name.lower() not in (LINE_COLUMN, PROBLEM_COLUMN)]


def _problem_rows(found: Import) -> Iterator[ImportProblem]:
    after = -1
    while rows := list(ImportProblem.objects.filter(file=found, line__gt=after).order_by("line")[:_CHUNK]):
        yield from rows
        after = rows[-1].line
