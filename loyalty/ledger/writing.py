"""All that one transaction writes, in one statement (posting.sql)."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from django.db import connection, models

from loyalty.ledger.rows import as_rows

_FILE = (Path(__file__).parent / "posting.sql").read_text()
_SECTIONS = dict(
    re.findall(r"^-- section: (\w+)\n(.*?)(?=\n-- section: |\Z)", _FILE, re.DOTALL | re.MULTILINE)
)


def write_rows(rows: Mapping[str, Iterable[models.Model]]) -> None:
    """Write the instances of each section of posting.sql; one statement, none where there is nothing.

    Raises IntegrityError where a constraint refuses a row; then nothing is written.
    """
    given = {name: list(instances) for name, instances in rows.items()}
    filled = {name: as_rows(instances) for name, instances in given.items() if instances}
    if filled:
        with connection.cursor() as cursor:
            cursor.execute(_statement(tuple(filled)), filled)


@cache
def _statement(names: tuple[str, ...]) -> str:
    """One text for each kind of posting, so that the server prepares it once."""
    parts = ",\n".join(f"{name} AS (\n{_SECTIONS[name].strip()}\n)" for name in names)
    return f"WITH {parts}\nSELECT"
