"""The table's place in docs/performance.md."""

import platform
from datetime import UTC, datetime

from benchmarks.database import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- make bench: begin -->\n", "<!-- make bench: end -->\n"


def write(table: str) -> None:
    """Replace what stands between the two marks. Raises ValueError where a mark is missing."""
    before, begin, rest = DOCUMENT.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has lost its marks {BEGIN.strip()} and {END.strip()}.")
    said = f"Measured on {datetime.now(UTC):%d %B %Y}, Python {platform.python_version()}.\n\n"
    DOCUMENT.write_text(before + BEGIN + said + table + END + after)
