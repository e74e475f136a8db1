"""What is in a file of codes: the first column of a CSV file, or one code a line. Pure."""

import csv
import io
import re
from collections.abc import Iterator

from loyalty.rules.csv_text import NO_TEXT, SEPARATORS, UnreadableFileError, encoding_of, told_separator

MOST_CODES = 1_000_000
HEADERS = frozenset(
    word + tail
    for word in ("code", "coupon", "voucher", "promo", "gift")
    for tail in ("", "s", " code", " codes", "_code", "_codes")
)
"""What the first line may say, in any case, without being a code itself."""

_FIRST_LINE = re.compile(r"[\r\n]*([^\r\n]*)")


def read_codes(data: bytes) -> Iterator[tuple[int, str]]:
    """Each line (1 is the first) that is not blank, with the text of its first column, untrimmed.

    UTF-8, with a mark or not, or UTF-16 with one, as spreadsheets write them; columns are parted by what parts
    those of the first line: comma, semicolon or tab, or by what Excel's `sep=;` says. Raises UnreadableFileError,
    also in the middle.
    """
    text = _text(data)
    first = _FIRST_LINE.match(text)
    told = told_separator(first[1]) if first else None
    separator = told or next((sign for sign in SEPARATORS if first and sign in first[1]), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found, is_first = 0, True
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if told:
                told = None
                continue
            is_heading = is_first and row[0].strip().lower() in HEADERS
            is_first = False
            if is_heading:
                continue
            found += 1
            if found > MOST_CODES:
                raise UnreadableFileError(f"At most {MOST_CODES:,} codes; part the file.")
            yield rows.line_num, row[0]
    except csv.Error as error:
        fault = f"Line {rows.line_num} can't be read ({error}); is a quotation mark left open?"
        raise UnreadableFileError(fault) from error


def _text(data: bytes) -> str:
    try:
        text = data.decode(encoding_of(data[:4]))
    except UnicodeDecodeError as error:
        raise UnreadableFileError(NO_TEXT) from error
    if "\0" in text:  # UTF-16 or UTF-32 without its mark
        raise UnreadableFileError(NO_TEXT)
    return text
