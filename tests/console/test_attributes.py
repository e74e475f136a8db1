"""What templates put into attributes: words, never markup."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
ATTRIBUTE = re.compile(r"""\b(aria-label|title|alt|placeholder)=(?:"([^"]*)"|'([^']*)')""")


def test_no_label_or_title_holds_markup() -> None:
    """`signed` makes an element of a negative number; a quote of its class would end the attribute."""
    found = [
        f"{file.relative_to(TEMPLATES)}: {match.group()}"
        for file in TEMPLATES.rglob("*.html")
        for match in ATTRIBUTE.finditer(file.read_text())
        if re.search(r"\|signed|<\w|\|safe\b", match.group(2) or match.group(3) or "")
    ]
    assert found == []
