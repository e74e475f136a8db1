"""SQL files beside the code, in sections that begin with `-- section: name`."""

import re
from pathlib import Path


def sections(file: str) -> dict[str, str]:
    """The statements of a file in this folder, by name."""
    text = (Path(__file__).parent / file).read_text()
    found = re.findall(r"^-- section: (\w+)\n(.*?)(?=\n-- section: |\Z)", text, re.DOTALL | re.MULTILINE)
    return {name: statement.strip() for name, statement in found}
