"""How the text of a CSV file is written: its encoding, and what parts its columns. Pure."""

import re

NO_TEXT = "It is not text in UTF-8; save it as “CSV UTF-8”."
SEPARATORS = ",;\t"

_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_TOLD = re.compile(r'"?sep=([,;|\t])"?[\r\n]*', re.IGNORECASE)


class UnreadableFileError(ValueError):
    """It is no such file; the text is a sentence that says what to do."""


def encoding_of(head: bytes) -> str:
    """UTF-8, with a mark or not, or UTF-16 with one, as spreadsheets write them: by the first bytes, at least three."""
    return next((name for mark, name in _ENCODINGS if head.startswith(mark)), "utf-8")


def told_separator(line: str) -> str | None:
    """What a first line `sep=;`, which Excel understands, says of the others; None where it is a line like them."""
    found = _TOLD.fullmatch(line)
    return found[1] if found else None
