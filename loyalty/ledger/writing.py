"""All that one transaction writes, in one statement (posting.sql, posting_benefits.sql)."""

from collections.abc import Iterable, Mapping
from functools import cache

from django.db import connection, models

from loyalty.ledger.rows import as_rows
from loyalty.ledger.sql import sections

_SECTIONS = sections("posting.sql") | sections("posting_benefits.sql")


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
    """One text for each kind of posting, so that the server prepares it once. Without the file's line
    breaks: psycopg looks for the parameters once in statements of up to 4,096 characters, in longer ones, as
    those of redemptions are, each time (some 20 µs)."""
    parts = ", ".join(f"{name} AS ({' '.join(_SECTIONS[name].split())})" for name in names)
    return f"WITH {parts} SELECT"
