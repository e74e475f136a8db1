"""The lines of a CSV file, one after the other: never more of it in memory than a line. Pure."""

import csv
import io
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from loyalty.rules.csv_text import NO_TEXT, SEPARATORS, UnreadableFileError, encoding_of, told_separator
from loyalty.rules.spreadsheets import FORMULA

MOST_LINES = 500_000
MOST_COLUMNS = 100
LONGEST_LINE = 64 * 1024  # characters
MOST_JOINED = 100  # lines of the file that one quoted cell may reach over

LINE_COLUMN, PROBLEM_COLUMN = "import_line", "import_problem"
"""Of a file of what was refused, which may be corrected and imported as it is."""

_KEPT = 200  # characters of what is too long
_CONTROL = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank. `number`: where it begins, 1 is the file's first; `cells` trimmed, such as can be
    stored; `fault`: why it can't be read."""

    number: int
    cells: list[str]
    fault: str | None = None


@dataclass(slots=True)
class _Source:
    """The text's lines with their ends; `last` is the newest, `number` its number. What is too long is cut, and
    noted."""

    text: io.TextIOWrapper
    number: int = 0
    last: str = ""
    cut: set[int] = field(default_factory=set)

    def __iter__(self) -> Iterator[str]:
        while line := self._read():
            self.number += 1
            self.last = self._cut(line) if len(line) > LONGEST_LINE else line
            yield self.last

    def _cut(self, line: str) -> str:
        """Its beginning. A cell that it opens or closes stays so by a mark at its front."""
        begin, marks = line[:_KEPT].replace('"', ""), line.count('"')
        while line and not line.endswith(("\n", "\r")):
            line = self._read()
            marks += line.count('"')
        self.cut.add(self.number)
        return '"' * (marks % 2) + begin + "\n"

    def skip_cell(self) -> None:
        """Pass over the rest of a quoted cell that reaches into the newest line."""
        is_open = self.last.count('"') % 2 == 0
        lines = iter(self)
        while is_open and (line := next(lines, "")):
            is_open = line.count('"') % 2 == 0

    def _read(self) -> str:
        try:
            return self.text.readline(LONGEST_LINE + 1)
        except UnicodeDecodeError as error:
            raise UnreadableFileError(NO_TEXT) from error


def read_lines(stream: IO[bytes]) -> Generator[Line, None, None]:
    """The heading first, then each line.

    UTF-8, with a mark or not, or UTF-16 with one, as spreadsheets write them; columns are parted by whichever of
    comma, semicolon and tab the first line has most, or by what Excel's `sep=;` before it says. A faulty line spoils
    no other. Raises UnreadableFileError, also in the middle.
    """
    head = stream.read(4)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding_of(head), newline="")
    try:
        yield from _lines(_Source(text))
    finally:
        text.detach()  # whose the file is, closes it


def _lines(source: _Source) -> Iterator[Line]:
    physical = iter(source)
    first = next((line for line in physical if line.strip()), None)
    if first is None:
        return
    told = told_separator(first)
    if told:
        first = next((line for line in physical if line.strip()), "")
    separator = told or max(SEPARATORS, key=first.count)
    rows = csv.reader(_chain(first, physical), delimiter=separator, strict=True)
    heading: Line | None = None
    found, number = 0, source.number
    while line := _next(rows, source, number):
        number = source.number + 1
        if not any(line.cells) and not line.fault:
            continue
        if heading is None:
            heading = _heading(line)
            yield heading
            continue
        found += 1
        if found > MOST_LINES:
            raise UnreadableFileError(f"At most {MOST_LINES:,} lines; part the file.")
        yield _fitted(line, heading)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _next(rows: Any, source: _Source, number: int) -> Line | None:
    fault = None
    try:
        cells = next(rows, None)
    except csv.Error as error:
        # Only a quoted cell is longer than a line may be; what stands in it is no line.
        if "field limit" in str(error):
            source.skip_cell()
        cells = []
        reach = f" All up to line {source.number} is lost with it." if source.number > number else ""
        fault = f"It can't be read ({error}); is a quotation mark missing or left open?{reach}"
    if cells is None:
        return None
    last = source.number
    if not source.cut.isdisjoint(range(number, last + 1)):
        reach = f" All up to line {last} is lost with it." if last > number else ""
        fault = f"It is longer than {LONGEST_LINE:,} characters.{reach}"
    elif last - number >= MOST_JOINED:
        fault = f"A quotation mark is left open: it reaches to line {last}."
    elif any(_CONTROL.search(cell) for cell in cells):
        fault = "It holds a character that can't be stored (NUL)."
    if fault:
        cells = [_CONTROL.sub("\N{REPLACEMENT CHARACTER}", cell)[:_KEPT] for cell in cells]
    return Line(number, [cell.strip() for cell in cells], fault)


def _heading(line: Line) -> Line:
    if line.fault and "\N{REPLACEMENT CHARACTER}" in "".join(line.cells):  # UTF-16 or UTF-32 without its mark
        raise UnreadableFileError(NO_TEXT)
    if line.fault:
        raise UnreadableFileError(f"The heading, line {line.number}: {line.fault}")
    while line.cells and not line.cells[-1]:
        line.cells.pop()
    if len(line.cells) > MOST_COLUMNS:
        raise UnreadableFileError(f"At most {MOST_COLUMNS} columns.")
    return line


def _fitted(line: Line, heading: Line) -> Line:
    """The line with as many cells as the heading has; blank ones at its end don't count."""
    wanted = len(heading.cells)
    cells = line.cells[:]
    while len(cells) > wanted and not cells[-1]:
        cells.pop()
    if line.fault or len(cells) == wanted:
        return Line(line.number, cells[:wanted], line.fault)
    told = f"It has {_cells(len(cells))}, the heading has {wanted}."
    return Line(line.number, cells[:MOST_COLUMNS], told)


def unescaped(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The cells of a line as they were before our own file of problems put an apostrophe before what a spreadsheet
    would calculate."""
    if PROBLEM_COLUMN not in columns:
        return list(cells)
    return [without_apostrophe(cell) for cell in cells]


def without_apostrophe(cell: str) -> str:
    """The cell as it was before `harmless`."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def unescaped_headings(headings: Sequence[str]) -> list[str]:
    """The headings as they were before our own file of problems was made."""
    return unescaped(headings, [_usual(heading) for heading in headings])


def _cells(number: int) -> str:
    return f"{number} cell" if number == 1 else f"{number} cells"


def as_columns(
    headings: Sequence[str], known: Sequence[str], needed: Sequence[str], prefix: str
) -> list[str]:
    """The names of the columns: of those `known` in any case, with spaces for underscores; others keep theirs
    behind `prefix` and a dot, as they may stand in the file too (then a column of another name is refused where
    `prefix` begins with `=`).

    Raises UnreadableFileError for a column that is unknown, missing, nameless, or there twice.
    """
    strict, prefix = prefix.startswith("="), prefix.removeprefix("=")
    found = [_column(heading, known, prefix, strict=strict) for heading in headings]
    for name in found:
        if found.count(name) > 1:
            raise UnreadableFileError(f"The column “{name}” is there twice.")
    missing = [name for name in needed if name not in found]
    if missing:
        raise UnreadableFileError(
            f"There is no column “{missing[0]}”. The first line names the columns: {', '.join(known)}."
        )
    return found


def _column(heading: str, known: Sequence[str], prefix: str, *, strict: bool) -> str:
    usual = _usual(heading)
    if usual in known or usual in (LINE_COLUMN, PROBLEM_COLUMN):
        return usual
    has_prefix = heading.lower().startswith(f"{prefix}.")
    name = heading[len(prefix) + 1 :].strip() if has_prefix else heading
    if strict and not has_prefix:
        raise UnreadableFileError(
            f"The column “{heading[:60]}” is not known here; there are {', '.join(known)} and {prefix}.<name>."
        )
    if not 0 < len(name) <= 100 or not name.isprintable() or "." in name or name in known:
        raise UnreadableFileError(
            f"“{heading[:60]}” is no name of a column: 1 to 100 characters, without dots."
        )
    return f"{prefix}.{name}"


def _usual(heading: str) -> str:
    return re.sub(r"[\s-]+", "_", heading.strip().lower())
